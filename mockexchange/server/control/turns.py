"""Shares the event loop while a long list is read."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

from mockexchange.server.control.json_text import SLICE_S

Item = TypeVar("Item")


async def in_turns(items: Iterable[Item]) -> AsyncIterator[Item]:
    """Yield the items unchanged, and let other tasks of the event loop run every SLICE_S seconds."""
    until = time.perf_counter() + SLICE_S
    for item in items:
        yield item
        if time.perf_counter() >= until:
            await asyncio.sleep(0)
            until = time.perf_counter() + SLICE_S
