"""Keeps Python's garbage collector from visiting many new objects that are all in use."""

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
