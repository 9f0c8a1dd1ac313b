"""Imports many modules without garbage collection in between, and imports optional libraries."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from mockexchange.api.errors import Unavailable
from mockexchange.version import install_command


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector in a block of imports, which make many objects but no garbage.

    At the end, the new objects are moved out of the youngest generation, since the next collection would visit them
    all. Objects that the program has frozen stay frozen.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


@contextmanager
def modules_kept() -> Iterator[None]:
    """Pause the garbage collector in a block of imports, and exclude the imported objects from later collections.

    This is for a process that keeps the modules, such as pytest: its collections at the end of a run would take longer
    than the start of the server. Young garbage is collected first, so that its warnings are reported.
    """
    gc.collect(1)
    with collector_paused():
        yield
        gc.freeze()


def import_httpx_transports() -> ModuleType:
    """Import and return the module of transports for httpx. Raises Unavailable if httpx is not installed."""
    try:
        return import_module("mockexchange.api.transport.httpx_transports")
    except ImportError as error:
        if error.name != "httpx":
            raise
        raise Unavailable(f"transports for httpx need httpx: {install_command('httpx')}") from None
