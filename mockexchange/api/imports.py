"""Imports of many modules at once, without garbage collection in between, and of optional libraries."""

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

    The new objects leave the youngest generation at the end, or the first collection afterwards would visit all of
    them. Objects that the program froze itself stay frozen.
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
    """Pause the garbage collector in a block of imports, in a process that keeps the modules, such as pytest.

    All objects that exist at the end of the block are left out of later collections: pytest makes several at the end of
    a run, which would take longer than the server's start. Young garbage is collected at first, so that it is reported.
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
