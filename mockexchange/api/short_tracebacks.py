"""Cuts the tracebacks of the API's errors after the user's own line.

Such an error explains itself, and the package's frames below the call would hide the line that is wrong. Errors other
than `MockExchangeError` are bugs of the package, and keep all their frames.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isfunction, isgeneratorfunction
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from mockexchange.api.errors import MockExchangeError

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
            if isfunction(method) and not name.startswith("_") and name not in CALLS_BACK:
                setattr(cls, name, _shortened(method))


def _shortened(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that cuts tracebacks; what returns an iterator or a context is left as it is."""
    if isgeneratorfunction(method) or isasyncgenfunction(method):
        return method
    return _shortened_coroutine(method) if iscoroutinefunction(method) else _shortened_call(method)


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
