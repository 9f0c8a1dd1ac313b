"""Finds a venue by its name or by a path of a request. This is the only module that names the venues.

A venue is imported when its `Venue` is first requested, since that takes a while. Its tables for clients are small, and
can be loaded without the venue.
"""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockexchange.venues.client_setup import ClientSetup, RequestSigner
    from mockexchange.venues.venue import Venue

NAMES = ("kalshi", "deribit", "signalplus")
"""Names of the venues, the default first. To add a venue, add its folder of this name and an entry here."""

DEFAULT: "Venue"
"""The venue of accounts without a venue, of paths that belong to none, and of bytes that are no HTTP."""
VENUES: "dict[str, Venue]"
STREAM_PATHS: "dict[str, Venue]"
OPEN_STREAMS: tuple[str, ...]


def __getattr__(name: str) -> Any:
    if name not in ("DEFAULT", "VENUES", "STREAM_PATHS", "OPEN_STREAMS"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    venues = _venues()
    globals().update(
        DEFAULT=venues[NAMES[0]],
        VENUES=venues,
        STREAM_PATHS=_stream_paths(),
        OPEN_STREAMS=tuple(dict.fromkeys(venue.stream.open_operation for venue in venues.values())),
    )
    return globals()[name]


def client_setups() -> "dict[str, ClientSetup]":
    """Return each venue's table of published clients (`ClientSetup`), by venue, without loading the venues."""
    return {name: _load(name, "client_variables").CLIENT_SETUP for name in NAMES}


def request_signers() -> "dict[str, RequestSigner]":
    """Return the function of each venue that signs requests as clients do, by venue, without loading the venues."""
    return {name: _load(name, "request_signer").REQUEST_SIGNER for name in NAMES}


def venue_of(name: str) -> "Venue":
    """Return the venue with a name; "" is the default venue. Raises KeyError for an unknown name."""
    return _venues()[name or NAMES[0]]


def venue_at(path: str) -> "Venue":
    """Return the venue that answers a raw path of REST or of a stream; the default venue if none does."""
    for venue in _venues().values():
        prefix = venue.prefix
        if path.startswith(prefix) and path[len(prefix) :][:1] in ("", "/"):
            return venue
    return _stream_paths().get(path) or _venues()[NAMES[0]]


def known_paths_hint(path: str) -> str:
    """Return a text with the path prefixes of all venues if a raw path belongs to no venue; else ""."""
    venues = _venues()
    default = venues[NAMES[0]]
    if venue_at(path) is not default or path in _stream_paths() or path.startswith(f"{default.prefix}/"):
        return ""
    return "; served here: " + ", ".join(f"{venue.title} at {venue.prefix}" for venue in venues.values())


@cache
def _venues() -> "dict[str, Venue]":
    return {name: getattr(_load(name, "venue"), name.upper()) for name in NAMES}


@cache
def _stream_paths() -> "dict[str, Venue]":
    return {path: venue for venue in _venues().values() for path in venue.stream.paths}


def _load(name: str, module: str) -> Any:
    return import_module(f"{__package__}.{name}.{module}")
