"""Defines the exceptions of the Python API.

MockExchangeError
├── WrongRequest        the request cannot be executed: `code`, `message` and, where it helps, `where`
│   ├── WrongArgument       an argument of a call is not valid (also a ValueError)
│   ├── UnknownAccount      (also a KeyError)
│   └── UnknownVenue        (also a KeyError)
├── Refused             the exchange refused a step: `code`, `message`
├── TimedOut            an awaited event did not come in time (also an AssertionError)
├── PortInUse           the port is taken
├── Unreachable         no server answers at the address
├── Unavailable         the feature is not available here, such as the application of a remote sandbox
└── Closed              the exchange has ended
"""

import copyreg
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isfunction, isgeneratorfunction
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mockexchange.scenario.errors import did_you_mean

ENDED = "this exchange's server has ended: use it inside its `with` block"


class MockExchangeError(Exception):
    """The base class of this package's exceptions."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the exception without its constructor's arguments, so that it can cross processes."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # no stub has it


class WrongRequest(MockExchangeError):
    """Raised if a request cannot be executed; nothing has changed.

    `code` is for programs (`bad_step`, `unknown_sandbox`, `bad_scenario`), `where` is the place in the input.
    """

    def __init__(self, code: str, message: str, where: str | None = None) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.code, self.message, self.where = code, message, where


class UnknownAccount(WrongRequest, KeyError):
    """Raised for an account that the sandbox does not have, and for a key that an account does not have."""

    def __init__(self, message: str) -> None:
        super().__init__("unknown_account", message)

    __str__ = Exception.__str__
    """Replaces the method of KeyError, which would put the text in quotes."""


class UnknownVenue(WrongRequest, KeyError):
    """Raised for a venue that the server does not have."""

    def __init__(self, message: str) -> None:
        super().__init__("unknown_venue", message)

    __str__ = Exception.__str__


class WrongArgument(WrongRequest, ValueError):
    """Raised if an argument of a call is not valid; `where` is its name. No request was sent."""

    def __init__(self, message: str, where: str) -> None:
        super().__init__("bad_argument", message, where)


class Refused(MockExchangeError):
    """Raised if the exchange refuses a step; nothing has changed.

    `code` is for programs, such as `insufficient_cash`.
    """

    def __init__(self, code: str, message: str, step: Mapping[str, Any]) -> None:
        super().__init__(f"{code}: {message} ({json.dumps(step)})")
        self.code, self.message, self.step = code, message, step


class TimedOut(AssertionError, MockExchangeError):
    """Raised if an awaited event does not come in time; the message lists what came instead."""


class PortInUse(MockExchangeError):
    """Raised if the port of a server is taken; the message names a free port."""


class Unreachable(MockExchangeError):
    """Raised if no server answers at an address."""


class Unavailable(MockExchangeError):
    """Raised if a feature is not available here, such as the ASGI application of a remote sandbox."""


class Closed(MockExchangeError):
    """Raised by calls to an exchange that has ended."""


# Tracebacks that end at the user's own line
#
# Such an error explains itself, and the package's frames below the call would hide the line that is wrong. Errors other
# than `MockExchangeError` are bugs of the package, and keep all their frames.


CALLS_BACK = frozenset({"settled"})
"""Methods that call a function of the user, whose frames stay in the traceback."""
Arguments = ParamSpec("Arguments")
Entered = TypeVar("Entered")
Result = TypeVar("Result")


class ShortTracebacks:
    """The base of classes whose public methods raise the API's errors without the package's frames in the traceback."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, method in list(vars(cls).items()):
            if not isfunction(method) or name.startswith("_") or name in CALLS_BACK:
                continue
            if not isgeneratorfunction(method) and not isasyncgenfunction(method):
                shortened = _shortened_coroutine if iscoroutinefunction(method) else _shortened_call
                setattr(cls, name, shortened(method))


def _shortened_call(method: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    @wraps(method)
    def call(*args: Arguments.args, **words: Arguments.kwargs) -> Result:
        __tracebackhide__ = True
        try:
            return method(*args, **words)
        except MockExchangeError as error:
            raise error.with_traceback(None)  # noqa: B904  # it is the same error

    return call


def _shortened_coroutine(method: Callable[Arguments, Awaitable[Result]]) -> Callable[Arguments, Awaitable[Result]]:
    @wraps(method)
    async def call(*args: Arguments.args, **words: Arguments.kwargs) -> Result:
        __tracebackhide__ = True
        try:
            return await method(*args, **words)
        except MockExchangeError as error:
            raise error.with_traceback(None)  # noqa: B904  # it is the same error

    return call


def short_traceback_contextmanager(
    make: Callable[Arguments, Iterator[Entered]],
) -> Callable[Arguments, AbstractContextManager[Entered]]:
    """Return `contextmanager(make)`. Errors on entering the block lack the package's frames in their tracebacks."""
    managed = contextmanager(make)

    @wraps(make)
    def call(*args: Arguments.args, **words: Arguments.kwargs) -> AbstractContextManager[Entered]:
        return _Entering(managed(*args, **words))

    return call


def short_traceback_asynccontextmanager(
    make: Callable[Arguments, AsyncIterator[Entered]],
) -> Callable[Arguments, AbstractAsyncContextManager[Entered]]:
    """Return `asynccontextmanager(make)`.

    Errors on entering the block lack the package's frames in their tracebacks.
    """
    managed = asynccontextmanager(make)

    @wraps(make)
    def call(*args: Arguments.args, **words: Arguments.kwargs) -> AbstractAsyncContextManager[Entered]:
        return _EnteringAsync(managed(*args, **words))

    return call


class _Entering(AbstractContextManager[Entered]):
    def __init__(self, managed: AbstractContextManager[Entered]) -> None:
        self._managed = managed

    def __enter__(self) -> Entered:
        __tracebackhide__ = True
        try:
            return self._managed.__enter__()
        except MockExchangeError as error:
            raise error.with_traceback(None)  # noqa: B904  # it is the same error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return self._managed.__exit__(kind, error, traceback)


class _EnteringAsync(AbstractAsyncContextManager[Entered]):
    def __init__(self, managed: AbstractAsyncContextManager[Entered]) -> None:
        self._managed = managed

    async def __aenter__(self) -> Entered:
        __tracebackhide__ = True
        try:
            return await self._managed.__aenter__()
        except MockExchangeError as error:
            raise error.with_traceback(None)  # noqa: B904  # it is the same error

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._managed.__aexit__(kind, error, traceback)


# The right name, where an object of the API has no attribute of the one that was used


USUAL_NAMES = {
    "account": "accounts[name]",
    "add_fault": "fault(match=..., then=...)",
    "api_key": "key_id",
    "balance": "ledger(account)['cash']",
    "cancel": "cancel_order(order)",
    "eventually": "settled(predicate)",
    "fills": "ledger(account)['fills']",
    "inject": "fault(match=..., then=...)",
    "market": "market_state(market)",
    "markets": "list_markets()",
    "orderbook": "market_state(market)",
    "place_order": "place(...)",
    "private_key": "private_key_path, or private_key_pem",
    "settlements": "ledger(account)['settlements']",
    "stub": "respond(request, json=...)",
    "url": "base_url",
    "wait_for": "settled(predicate)",
    "wait_for_request": "journal.expect(operation, within='2s')",
}
"""Names that other libraries use, and what an object of the API has instead."""


class NameAdvice:
    """The base of classes whose AttributeError names what was probably meant."""

    __slots__ = ()

    if not TYPE_CHECKING:  # else every name would be an attribute to type checkers

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{_advice(self, name)}")


def _advice(owner: object, name: str) -> str:
    if name.startswith("_"):  # Python itself looks such names up, also to list the attributes
        return ""
    known = [one for one in dir(owner) if not one.startswith("_")]
    usual = USUAL_NAMES.get(name, "")
    if re.split(r"\W", usual)[0] in known:
        return f": use {usual}"
    return did_you_mean(name, known)
