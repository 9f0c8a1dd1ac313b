"""Imports many modules without garbage collection in between."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from mockexchange.sandbox.garbage_collection import collector_paused


@contextmanager
def young_objects_aged() -> Iterator[None]:
    """Pause the garbage collector in a block of imports, and move the new objects into the oldest generation.

    `collector_paused` alone leaves them in the youngest generation, where the next collection would visit them all.
    Objects that the program has frozen stay frozen.
    """
    was_enabled = gc.isenabled()
    with collector_paused():
        try:
            yield
        finally:
            # `unfreeze` would also release the objects that the program has frozen.
            if was_enabled and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()


@contextmanager
def modules_kept() -> Iterator[None]:
    """Pause the garbage collector in a block of imports, and exclude the imported objects from later collections.

    This is for a process that keeps the modules, such as pytest: its collections at the end of a run would take longer
    than the start of the server. Young garbage is collected first, so that its warnings are reported.
    """
    gc.collect(1)
    with young_objects_aged():
        yield
        gc.freeze()
