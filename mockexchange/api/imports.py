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


def import_httpx_transports() -> ModuleType:
    """Import the transports for httpx. Raises Unavailable without httpx."""
    try:
        return import_module("mockexchange.api.transport.httpx_transports")
    except ImportError as error:
        if error.name != "httpx":
            raise
        raise Unavailable(f"transports for httpx need httpx: {install_command('httpx')}") from None
