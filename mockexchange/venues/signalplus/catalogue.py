"""The path of the methods, and the explanation of an unknown method: a misspelt name, or one that only Deribit has."""

import difflib
from collections.abc import Sequence

from mockexchange.venues.quoting import quote

PREFIX = "/signalplus/api"
"""Base path in the mock. The venue's own is /api, but the mock serves several venues on one host."""
CONNECT_PATH = "/signalplus/ws/api"
PRIVATE_PATH = "/signalplus/ws/private"
"""Path in the mock of private streams.

The venue's own is /ws/private, but the mock serves several venues on one host.
"""
EMULATED = ("private/get_positions", "private/subscribe", "private/unsubscribe", "connect")
"""Names of the methods, in the order of `operations.OPERATIONS`."""
_BASES = (CONNECT_PATH, PRIVATE_PATH)
STREAM_PATHS = (*_BASES, *(f"{base}/{name}" for base in _BASES for name in EMULATED))
"""All paths that open a stream. A method's name may follow, as over HTTP; it has no effect [choice]."""
OPEN_STREAM = "OpenStream"
METHOD_CHARS_MAX = 100
SCOPES = ("private/", "public/")


def explain_unknown_method(name: str, known: Sequence[str]) -> str:
    """Return a text that explains why a method is unknown. Never raises."""
    shown, bare = quote(name, METHOD_CHARS_MAX), name.strip("/ ").lower()[:METHOD_CHARS_MAX]
    for wanted in known:
        if bare in (wanted, wanted.rpartition("/")[2]) or _plain(bare) == _plain(wanted):
            return f"unknown method {shown}: did you mean {quote(wanted)}?"
    near = difflib.get_close_matches(bare, known, n=1, cutoff=0.8)
    if near:
        return f"unknown method {shown}: did you mean {quote(near[0])}?"
    problem = "no method of this gateway that is emulated" if bare.startswith(SCOPES) else "no method"
    return f"{shown} is {problem}: it answers {', '.join(known)}"


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(".", "/")
