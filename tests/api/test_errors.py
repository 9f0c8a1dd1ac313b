"""How errors of the API read: tracebacks end at the user's line, and a wrong name is told with the right one."""

import asyncio
import copy
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mockexchange
from mockexchange.api.errors import USUAL_NAMES, MockExchangeError

# Tracebacks


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


# Names


def refusal_of(owner: object, name: str) -> str:
    with pytest.raises(AttributeError) as raised:
        getattr(owner, name)
    return str(raised.value)


def test_a_name_of_other_libraries_is_answered_with_the_name_here(exchange_sandbox: mockexchange.Exchange) -> None:
    owners = (exchange_sandbox, exchange_sandbox.accounts["alice"])
    for name, usual in USUAL_NAMES.items():
        known = re.split(r"\W", usual)[0]
        owner = next(one for one in owners if known in dir(one))
        assert refusal_of(owner, name) == f"'{type(owner).__name__}' object has no attribute '{name}': use {usual}"


def test_a_misspelt_name_is_answered_with_the_nearest(exchange_sandbox: mockexchange.Exchange) -> None:
    assert refusal_of(exchange_sandbox, "positons").endswith("'positons': did you mean 'positions'?")
    assert refusal_of(exchange_sandbox.journal, "expects").endswith("'expects': did you mean 'expect'?")
    assert refusal_of(exchange_sandbox.accounts["alice"].key, "private_key_paths").endswith("'private_key_path'?")
    assert refusal_of(exchange_sandbox.accounts["alice"], "balance").endswith("no attribute 'balance'")
    assert refusal_of(exchange_sandbox, "_positons").endswith("no attribute '_positons'")


def test_other_attributes_are_as_they_were(exchange_sandbox: mockexchange.Exchange) -> None:
    account = exchange_sandbox.accounts["alice"]
    assert not hasattr(account, "__dict__")
    assert copy.copy(account) == account
    assert not hasattr(exchange_sandbox, "balance")


def test_the_asynchronous_exchange_answers_alike(async_exchange_sandbox: mockexchange.AsyncExchange) -> None:
    assert refusal_of(async_exchange_sandbox, "cancel").endswith("has no attribute 'cancel': use cancel_order(order)")


def test_a_rule_as_a_mapping_is_explained(exchange_sandbox: mockexchange.Exchange) -> None:
    rule: Any = {"match": {"operation": "GetPositions"}, "then": {"status": 503}}
    with pytest.raises(mockexchange.WrongRequest, match=r"are given by name, as in fault\(\*\*rule\)"):
        exchange_sandbox.fault(rule)
    assert exchange_sandbox.fault(**rule)
