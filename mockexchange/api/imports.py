"""Imports that are special: of optional libraries, and of many modules at once."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from mockexchange.api.errors import Unavailable
from mockexchange.version import install_command


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector around imports: the server's modules make no garbage, but many objects.

    They leave the youngest generation too, or the first collection afterwards would walk all of them. A program that
    froze objects of its own keeps them frozen.
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
    """Pause the collector around imports, as above, in a process that keeps the modules until it ends: a test run.

    Everything that exists then is left out of later collections. pytest makes several at the end of a run, which would
    take longer than the server's start. Garbage that is young when this begins is collected, so that it is reported.
    """
    gc.collect(1)
    with collector_paused():
        yield
        gc.freeze()


def import_httpx_transports() -> ModuleType:
    """Import the transports for httpx. Raises Unavailable without httpx."""
    try:
        return import_module("mockexchange.api.transport.httpx_transports")
    except ImportError as error:
        if error.name != "httpx":
            raise
        raise Unavailable(f"transports for httpx need httpx: {install_command('httpx')}") from None
