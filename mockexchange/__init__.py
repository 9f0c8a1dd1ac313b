"""mockexchange: a mock of trading venues that runs on your machine and keeps the venues' rules.

    with mockexchange.serve("demo") as exchange:
        exchange.fill("alice", "KXRAINNYC-25NOV05-T1", side="yes", action="buy", count=10, price="0.56")

Names are loaded when they are first used, so that importing this package costs nothing.
"""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
    from mockexchange.api.asynchronous.connect import connect_async
    from mockexchange.api.asynchronous.exchange import AsyncExchange
    from mockexchange.api.errors import (
        Closed,
        MockExchangeError,
        PortInUse,
        Refused,
        TimedOut,
        Unavailable,
        UnknownAccount,
        UnknownVenue,
        Unreachable,
        WrongArgument,
        WrongRequest,
    )
    from mockexchange.api.serve import Application, asgi, serve, serve_async
    from mockexchange.api.synchronous.connect import connect
    from mockexchange.api.synchronous.exchange import Exchange
    from mockexchange.api.values.accounts import Account, Key
    from mockexchange.api.values.records import Deprecation, Frame, Request, Subscription
    from mockexchange.api.values.results import Fault, Outcome, Position, ScriptStep, Stub
    from mockexchange.guard import RealVenueReached
    from mockexchange.version import __version__ as __version__

__all__ = [
    "Account",
    "Application",
    "AsyncExchange",
    "Closed",
    "Deprecation",
    "Exchange",
    "Fault",
    "Frame",
    "Key",
    "MockExchangeError",
    "Outcome",
    "PortInUse",
    "Position",
    "RealVenueReached",
    "Refused",
    "Request",
    "ScriptStep",
    "Stub",
    "Subscription",
    "TimedOut",
    "Unavailable",
    "UnknownAccount",
    "UnknownVenue",
    "Unreachable",
    "WrongArgument",
    "WrongRequest",
    "asgi",
    "connect",
    "connect_async",
    "serve",
    "serve_async",
]

_MODULES = {
    "mockexchange.api.values.accounts": "Account Key",
    "mockexchange.api.asynchronous.connect": "connect_async",
    "mockexchange.api.asynchronous.exchange": "AsyncExchange",
    "mockexchange.api.errors": (
        "Closed MockExchangeError PortInUse Refused TimedOut Unavailable UnknownAccount UnknownVenue Unreachable"
        " WrongArgument WrongRequest"
    ),
    "mockexchange.api.values.records": "Deprecation Frame Request Subscription",
    "mockexchange.api.values.results": "Fault Outcome Position ScriptStep Stub",
    "mockexchange.api.serve": "Application asgi serve serve_async",
    "mockexchange.api.synchronous.connect": "connect",
    "mockexchange.api.synchronous.exchange": "Exchange",
    "mockexchange.guard": "RealVenueReached",
    "mockexchange.version": "__version__",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> _typing.Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _importlib.import_module("mockexchange.api.imports").young_objects_aged():
        value = globals()[name] = getattr(_importlib.import_module(_MODULE_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULE_OF])
