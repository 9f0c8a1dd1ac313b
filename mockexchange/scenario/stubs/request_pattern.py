"""A pattern of the requests that a stub answers: an HTTP method with a path, or a JSON-RPC method of a venue."""

import re
from typing import NamedTuple
from urllib.parse import unquote

from mockexchange.scenario.errors import did_you_mean
from mockexchange.scenario.types.value_types import Scalar
from mockexchange.venues.registry import STREAM_PATHS, VENUES

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
RPC_VENUES = tuple(venue.name for venue in VENUES.values() if venue.rest.rpc_call_of)
"""Venues whose requests name a JSON-RPC method, in the path or in the body."""
OWN_PATHS = ("/_mock", "/_mock/")
ANYTHING = "*"
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class RequestPattern(NamedTuple):
    """A pattern of requests: an HTTP method and a decoded path, or a venue and its JSON-RPC method.

    In a path, `*` stands for any characters, and a segment such as {id} for any segment: /markets/{id}.
    """

    method: str
    path: str = ""
    venue: str = ""
    names: tuple[str | None, ...] = ()
    """The name of each segment of the path, None for a literal segment; empty if no segment has a name."""

    def values_in(self, path: str) -> dict[str, str] | None:
        """Return the values of the named segments in a decoded path; None if the path does not match the pattern.

        Call this function only if the pattern has named segments.
        """
        wanted, given = self.path.split("/"), path.split("/")
        if wanted[-1] == ANYTHING and len(given) >= len(wanted):
            given = [*given[: len(wanted) - 1], ANYTHING]
        if len(wanted) != len(given):
            return None
        values: dict[str, str] = {}
        for name, literal, segment in zip(self.names, wanted, given, strict=True):
            if not segment if name else literal != segment:
                return None
            if name:
                values[name] = segment
        return values


def _request_pattern(text: str) -> RequestPattern:
    method, space, rest = text.partition(" ")
    if not space or not rest:
        raise ValueError("write both, with a space between them")
    if method in RPC_VENUES:
        return RequestPattern(_rpc_method(rest), venue=method)
    if method not in METHODS:
        raise ValueError(did_you_mean(method, (*METHODS, *RPC_VENUES)).removeprefix(": "))
    return RequestPattern(method, _path(rest), names=_names(rest))


def _rpc_method(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]+/[A-Za-z_]+", text):
        raise ValueError("the method of a call is such as public/get_time")
    return text


def _path(text: str) -> str:
    if "?" in text:
        raise ValueError("write the query under `query`, such as {limit: 100}")
    if not re.fullmatch(r"/[\x21-\x7e]{0,2000}", text):
        raise ValueError("a path begins with a slash, and has no spaces")
    path = unquote(text)
    if path in ("/", *OWN_PATHS) or path.startswith(OWN_PATHS[1]):
        raise ValueError("this path is the server's own")
    if path in STREAM_PATHS:
        raise ValueError("this path is a stream's: see the faults `refuse` and `frame`")
    return path


def _names(text: str) -> tuple[str | None, ...]:
    """Return the names of the segments of a path as it is written, where %7B is no placeholder; () without names."""
    segments = text.split("/")
    found = [_PLACEHOLDER.fullmatch(segment) for segment in segments]
    names = tuple(match and match[1] for match in found)
    given = [name for name in names if name]
    if not given:
        return ()
    if len(set(given)) < len(given):
        raise ValueError("each segment has a name of its own")
    if set("{}") & set("".join(segment for segment, name in zip(segments, names, strict=True) if not name)):
        raise ValueError("a name such as {id} is a whole segment, of small letters, digits and _")
    if ANYTHING in text.removesuffix(f"/{ANYTHING}"):
        raise ValueError("beside names * is the last segment")
    if "%2f" in text.lower():
        raise ValueError("a path with names has no %2F")
    return names


REQUEST = Scalar(
    "a method and a path such as GET /trade-api/v2/milestones/{id}, "
    f"or a venue and its method such as {RPC_VENUES[0]} public/get_time",
    _request_pattern,
    {"type": "string", "pattern": rf"^(?:(?:{'|'.join(METHODS)}) /|(?:{'|'.join(RPC_VENUES)}) )[^ ?]+$"},
    shows_reason=True,
)
