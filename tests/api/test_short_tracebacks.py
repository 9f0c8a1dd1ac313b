"""Errors of the API end in the user's line: the package's own frames below the call are cut."""

import asyncio
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mockexchange
from mockexchange.api.errors import MockExchangeError

PACKAGE = str(Path(mockexchange.__file__).parent)
CALLS: dict[str, Callable[[Any], object]] = {
    "refused": lambda exchange: exchange.fill("alice", "KX", "yes", "buy", 1, "0.5"),
    "wrong request": lambda exchange: exchange.do({"fill": {"account": "alice"}}),
    "wrong argument": lambda exchange: exchange.advance("soon"),
    "timed out": lambda exchange: exchange.stream.wait_subscribed(within="0s"),
}


@pytest.fixture(scope="module")
def exchange() -> Iterator[Any]:
    with mockexchange.serve("empty") as one:
        yield one


def _own_frames(error: BaseException) -> list[str]:
    """Return the functions of the package in a traceback."""
    return [frame.name for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(PACKAGE)]


@pytest.mark.parametrize("name", CALLS)
def test_a_refused_call_shows_one_frame_of_the_package(name: str, exchange: Any) -> None:
    with pytest.raises(MockExchangeError) as caught:
        CALLS[name](exchange)
    assert _own_frames(caught.value) == ["call"]


def test_asynchronous_calls_too() -> None:
    async def fail() -> None:
        async with mockexchange.serve_async("empty") as exchange:
            await exchange.advance("soon")

    with pytest.raises(MockExchangeError) as caught:
        asyncio.run(fail())
    assert _own_frames(caught.value)[-1] == "call"
    assert "advance" not in _own_frames(caught.value)


def test_an_exchange_that_does_not_start_shows_one_frame() -> None:
    async def fail() -> None:
        async with mockexchange.serve_async("nothing-of-this-name"):
            pass

    with pytest.raises(MockExchangeError) as caught, mockexchange.serve("nothing-of-this-name"):
        pass
    assert _own_frames(caught.value) == ["__enter__"]
    with pytest.raises(MockExchangeError) as caught:
        asyncio.run(fail())
    assert _own_frames(caught.value) == ["__aenter__"]


def test_frames_of_a_callback_stay(exchange: Any) -> None:
    def predicate() -> bool:
        return bool(exchange.advance("soon"))

    with pytest.raises(MockExchangeError) as caught:
        exchange.settled(predicate)
    assert "predicate" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
