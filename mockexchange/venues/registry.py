"""The venues that there are, and which of them a path belongs to: the one place where they are named."""

from mockexchange.venues.deribit.venue import DERIBIT
from mockexchange.venues.kalshi.venue import KALSHI
from mockexchange.venues.signalplus.venue import SIGNALPLUS
from mockexchange.venues.venue import Venue

DEFAULT = KALSHI
"""Speaks where nothing says who is meant: accounts without a venue, paths that are nobody's, bytes that are no HTTP."""
VENUES: dict[str, Venue] = {venue.name: venue for venue in (DEFAULT, DERIBIT, SIGNALPLUS)}
STREAM_PATHS = {path: venue for venue in VENUES.values() for path in venue.stream.paths}
OPEN_STREAMS = tuple(dict.fromkeys(venue.stream.open_operation for venue in VENUES.values()))
_OTHERS = tuple(venue for venue in VENUES.values() if venue is not DEFAULT)


def venue_of(name: str) -> Venue:
    """The venue of that name; "" is the default one. Raises KeyError."""
    return VENUES[name] if name else DEFAULT


def venue_at(path: str) -> Venue:
    """The venue that answers a raw path, REST or stream."""
    for venue in _OTHERS:
        if path.startswith(venue.prefix) and path[len(venue.prefix) :][:1] in ("", "/"):
            return venue
    return STREAM_PATHS.get(path, DEFAULT)


def known_paths_hint(path: str) -> str:
    """Where everybody is, for a raw path that is nobody's; "" for one that is somebody's."""
    if venue_at(path) is not DEFAULT or path in STREAM_PATHS or path.startswith(f"{DEFAULT.prefix}/"):
        return ""
    return "; served here: " + ", ".join(f"{venue.title} at {venue.prefix}" for venue in VENUES.values())
