"""Keeps Python's garbage collector from visiting many new objects, none of which is garbage."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector inside the `with` block, since it would visit all new objects again and again."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


@contextmanager
def objects_left_out() -> Iterator[Callable[[], None]]:
    """Yield a function that leaves all objects made so far out of collections, while other work goes on in between.

    The state of a long history is millions of objects, which a full collection would visit each time. They are freed
    when nothing refers to them any more. If the block fails, the collector visits them again, since the state of half a
    history is garbage with cycles.
    """
    try:
        yield gc.freeze
    except BaseException:
        gc.unfreeze()
        raise
