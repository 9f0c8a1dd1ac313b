"""Keeps Python's garbage collector from visiting many new objects that are all in use.

What else is done for memory elsewhere, and what it brings, measured in November 2026 with and without:

* `gc=False` of the journal's entries: a full collection beside a full journal takes 41 ms instead of 46 (`python -m
  benchmarks.calls polled`, which fills it).
* `gc=False` of orders, trades and stakes: 72 and 37 of 3,620 bytes for a position with its fills, an order and a
  settlement (`python -m benchmarks.memory history 6000`). The collector does not find their cycles, so `State` breaks
  them; without both, a deleted sandbox of the demo leaves 1,500 objects, and opening one takes a third longer.

Elsewhere `gc=False` showed nothing.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector inside the `with` block, which makes many objects that all stay in use."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


@contextmanager
def objects_left_out() -> Iterator[Callable[[], None]]:
    """Yield a function that excludes all objects made so far from garbage collections.

    The state of a long history is millions of objects, which each full collection would visit. They are freed when
    nothing refers to them any more. If the `with` block fails, the collector visits them again, since the state of half
    a history is garbage with cycles.
    """
    try:
        yield gc.freeze
    except BaseException:
        gc.unfreeze()
        raise


def collect_newest() -> None:
    """Free the garbage among the objects that were made since the last collection."""
    gc.collect(1)


def collect_early() -> None:
    """Free the newest garbage if a collection is near: call this after an answer, before a client waits again.

    Collections of older objects still come when Python starts them, since these are a hundredth as many.
    """
    (newest, middle, _), (newest_max, middle_max, _) = gc.get_count(), gc.get_threshold()
    if newest > newest_max // 2 and middle <= middle_max and gc.isenabled() and newest_max:
        gc.collect(0)
