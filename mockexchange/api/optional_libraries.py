"""What works with libraries that are not required."""

from importlib import import_module
from types import ModuleType

from mockexchange.api.errors import Unavailable


def import_httpx_transports() -> ModuleType:
    """The module of the transports. Raises Unavailable without httpx."""
    try:
        return import_module("mockexchange.api.transport.httpx_transports")
    except ImportError as error:
        if error.name != "httpx":
            raise
        raise Unavailable("transports for httpx need httpx: pip install httpx") from None
