"""The event loop that a server runs in: uvloop's, which is faster, where it can be had."""

import asyncio
import sys
from collections.abc import Callable


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed; never on Windows. None means the standard library's."""
    if sys.platform == "win32":
        return None
    try:
        import uvloop  # noqa: PLC0415  # optional
    except ImportError:
        return None
    return uvloop.new_event_loop
