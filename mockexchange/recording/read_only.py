"""Decides which requests and stream commands a recording proxy passes on: only those that read."""

import json
from collections.abc import Mapping

from mockexchange.venues.registry import STREAM_PATHS, venue_at
from mockexchange.venues.request import Request

METHODS = ("GET", "HEAD", "OPTIONS")
RPC_PUBLIC = "public/"
RPC_READS = ("get_", "subscribe", "unsubscribe", "logout", "simulate")
"""Prefixes of the names of JSON-RPC methods that only read; a name is the part after the last slash."""
METHOD_CHARS_MAX = 100
REFUSED = "is not sent: this recording only reads, and --allow-writes lets it through"


def why_not_sent(request: Request) -> str | None:
    """Return why a request is not passed on; None for a request that only reads.

    At a JSON-RPC venue the JSON-RPC method decides, not the HTTP method.
    """
    call_of = venue_at(request.path).rest.rpc_call_of
    if call_of is None or request.path in STREAM_PATHS:
        return None if request.method in METHODS else f"{request.method} {REFUSED}"
    if request.method not in (*METHODS, "POST"):
        return f"{request.method} {REFUSED}"
    call = call_of(request)
    if call is None:
        return f"a call without a method that can be read {REFUSED}"
    return None if is_read(call[0]) else f"{call[0][:METHOD_CHARS_MAX]} {REFUSED}"


def why_no_command(payload: bytes) -> str | None:
    """Return why a client's message is not sent on a stream; None for a message that only reads.

    Commands of streams only subscribe. At JSON-RPC venues the method decides.
    """
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return None  # no venue reads a command in it
    methods = [one.get("method") for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping)]
    wrong = [method for method in methods if isinstance(method, str) and not is_read(method)]
    return f"{wrong[0][:METHOD_CHARS_MAX]} {REFUSED}" if wrong else None


def is_read(method: str) -> bool:
    """Return whether a JSON-RPC method only reads."""
    return method.startswith(RPC_PUBLIC) or method.rpartition("/")[2].startswith(RPC_READS)
