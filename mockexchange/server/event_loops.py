"""Chooses the event loop of a server: uvloop's, which is faster, if it is installed."""

import asyncio
import sys
from collections.abc import Callable


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the factory of uvloop's event loop if uvloop is installed; None means the standard library's loop."""
    if sys.platform == "win32":
        return None
    try:
        import uvloop  # noqa: PLC0415  # optional
    except ImportError:
        return None
    return uvloop.new_event_loop
