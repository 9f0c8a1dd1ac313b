"""What a caller gives wrongly is told at once, in the same way everywhere, and nobody is asked."""

import asyncio
import pickle
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mockexchange import (
    MockExchangeError,
    Refused,
    UnknownAccount,
    UnknownVenue,
    Unreachable,
    WrongArgument,
    WrongRequest,
    asgi,
    connect,
    connect_async,
)
from mockexchange.api.transport.remote import find_control
from mockexchange.api.values.arguments import ARGUMENTS, CHARS_SHOWN_MAX, require
from tests.api.connections import TOKEN
from tests.api.test_connect import FREE_PORT, nowhere, ready_file
from tests.helpers.rows import each_row

__all__ = ["nowhere"]
JSON = "what JSON can say: mappings, lists, text, finite numbers, true, false and null"
DURATION = "a duration such as 250ms, 5s, 1h30m or 90d, or a timedelta of 0 or more"
COUNT = "a whole number of 1 or more"
PATH = "GET /trade-api/v2/x"
CASES: list[tuple[Callable[[Any], object], str]] = [
    (lambda it: it.advance(5), f"duration: expected {DURATION}, got 5"),
    (lambda it: it.advance(timedelta(-1)), f"duration: expected {DURATION}, got datetime.timedelta(days=-1)"),
    (lambda it: it.advance("-5s"), f"duration: expected {DURATION}, got '-5s'"),
    (lambda it: it.respond(PATH, json={1, 2}), f"json: expected {JSON}, got {{1, 2}}"),
    (lambda it: it.respond(PATH, json=Decimal(1)), f"json: expected {JSON}, got Decimal('1')"),
    (lambda it: it.respond(PATH, json={"a": float("nan")}), f"json: expected {JSON}, got {{'a': nan}}"),
    (lambda it: it.respond(PATH, result=float("inf")), f"result: expected {JSON}, got inf"),
    (lambda it: it.respond(PATH, body="text"), "body: expected bytes, got 'text'"),
    (lambda it: it.respond(PATH, query={"a": b"x"}), "query.a: expected text, a number, a mapping or a list, got b'x'"),
    (lambda it: it.clear_stubs(5), "name: expected a name, got 5"),
    (lambda it: it.clear_faults(""), "name: expected a name, got ''"),
    (
        lambda it: it.fault(then={"delay": object}),
        f"then.delay: expected text, a number, a mapping or a list, got {object}",
    ),
    (
        lambda it: it.deposit("bob", float("nan")),
        "amount: expected a finite number, got nan",
    ),
    (lambda it: it.do({"a": 1}, {"b": [b""]}), "[1].b[0]: expected text, a number, a mapping or a list, got b''"),
    (lambda it: it.ask("POST", "wait", {"for": b""}), f"json: expected {JSON}, got {{'for': b''}}"),
    (lambda it: it.positions(5), "account: expected the name of an account, got 5"),
    (lambda it: it.ledger(None), "account: expected the name of an account, got None"),
    (lambda it: it.env(5), "client: expected the name of a client such as ccxt, got 5"),
    (lambda it: it.env(account=5), "account: expected the name of an account, got 5"),
    (lambda it: it.journal.expect(times=-1), "times: expected a whole number of 0 or more, got -1"),
    (lambda it: it.journal.expect(times=True), "times: expected a whole number of 0 or more, got True"),
    (lambda it: it.journal.expect(within=3), f"within: expected {DURATION}, got 3"),
    (lambda it: it.journal.expect(account=7), "account: expected the name of an account, got 7"),
    (lambda it: it.journal.expect(query="a=1"), "query: expected a mapping such as {'limit': '100'}, got 'a=1'"),
    (lambda it: it.journal.expect(["GetBalance"]), "operation: no operation is called ['GetBalance']; the nearest are"),
    (
        lambda it: it.journal.assert_clean(allow=404),
        "allow: expected a list of statuses and operations such as [404, 'GetMarket'], got 404",
    ),
    (
        lambda it: it.journal.assert_clean(allow="GetMarket"),
        "allow: expected a list of statuses and operations such as [404, 'GetMarket'], got 'GetMarket'",
    ),
    (lambda it: it.stream.wait_subscribed(count=0), f"count: expected {COUNT}, got 0"),
    (lambda it: it.stream.received(count=0), f"count: expected {COUNT}, got 0"),
    (lambda it: it.stream.sent(count="2"), f"count: expected {COUNT}, got '2'"),
    (lambda it: it.stream.sent(within=1.5, count=1), f"within: expected {DURATION}, got 1.5"),
    (
        lambda it: it.stream.send(b"\xff"),
        r"raw: expected text, UTF-8 as bytes, or a mapping that JSON can say, got b'\xff'",
    ),
    (
        lambda it: it.stream.send({"a": {1}}),
        "raw: expected text, UTF-8 as bytes, or a mapping that JSON can say, got {'a': {1}}",
    ),
    (lambda it: it.stream.send(None), "raw: expected text, UTF-8 as bytes, or a mapping that JSON can say, got None"),
]


@pytest.mark.parametrize(("call", "text"), CASES, ids=[text for _, text in CASES])
def test_an_argument_that_can_be_none_is_told(exchange: Any, call: Callable[[Any], object], text: str) -> None:
    with pytest.raises(WrongArgument) as caught:
        call(exchange)
    assert str(caught.value).startswith(text)
    error = caught.value
    assert isinstance(error, WrongRequest)
    assert isinstance(error, ValueError)
    assert (error.code, error.where) == ("bad_argument", text.partition(":")[0])
    assert exchange.stubs() == []


def test_what_can_be_is_taken(exchange: Any) -> None:
    assert exchange.respond(PATH, json=None, times=1).name
    assert exchange.journal.expect(times=0, query={"limit": 10}) == []
    exchange.journal.assert_clean(allow={404})
    exchange.journal.assert_clean(allow=("GetMarket", 404))
    assert exchange.journal.requests(account=None) == []
    assert exchange.journal.requests(account="alice") == []
    assert exchange.stream.received() == exchange.stream.sent("alice") == []


@pytest.mark.parametrize(
    "call",
    [
        lambda it: it.stream.received("alic"),
        lambda it: it.stream.sent("alic"),
        lambda it: it.journal.requests(account="alic"),
        lambda it: it.journal.frames(account="alic"),
        lambda it: it.journal.expect(times=0, account="alic"),
    ],
)
def test_nothing_is_not_found_for_an_account_that_there_is_not(exchange: Any, call: Callable[[Any], object]) -> None:
    with pytest.raises(UnknownAccount) as caught:
        call(exchange)
    assert str(caught.value) == "no account 'alic': did you mean 'alice'? (known: alice, bob, desk)"


def test_what_is_shown_is_cut_off_and_what_is_not_given_is_not_looked_at() -> None:
    require(**dict.fromkeys(ARGUMENTS))
    with pytest.raises(WrongArgument) as caught:
        require(port="1" * 1_000)
    assert len(str(caught.value)) < CHARS_SHOWN_MAX + 100


def test_an_application_of_nothing_is_told_where_it_is_made() -> None:
    with pytest.raises(WrongRequest, match=r"^no scenario 'dmeo': did you mean 'demo'\?"):
        asgi("dmeo")
    with pytest.raises(WrongArgument, match=r"^scenario: expected a name, a file, YAML text or a mapping, got None$"):
        asgi(None)  # type: ignore[arg-type]  # that is what is told


# --- connecting


@each_row(
    ("words", "where"),
    [
        ({"scenario": "deribit"}, "scenario"),
        ({"api_date": "2026-06"}, "api_date"),
        ({"clock": "paused"}, "clock"),
        ({"faults": ["flaky"]}, "faults"),
        ({"own_port": True}, "own_port"),
    ],
)
def test_a_sandbox_that_there_is_is_made_of_nothing_else(words: dict[str, Any], where: str) -> None:
    context = connect("http://127.0.0.1:9", TOKEN, sandbox="default", **words)
    with pytest.raises(WrongArgument, match=rf"^{where}: expected none beside `sandbox`, which is used as it is, got "):
        context.__enter__()


@each_row("words", [{"token": ""}, {"token": "a\nb"}, {"url": ""}, {"sandbox": ""}, {"sandbox": 5}])
def test_where_to_connect_is_looked_at(words: dict[str, Any]) -> None:
    with pytest.raises(WrongArgument, match=f"^{next(iter(words))}: expected "):
        connect(**{"url": "http://127.0.0.1:9", **words}).__enter__()


@pytest.mark.usefixtures("nowhere")
def test_a_url_and_the_ready_file_of_another_server_are_told(server: Any, tmp_path: Any) -> None:
    file = ready_file(server, tmp_path / "ready.json")
    assert find_control(server.control_url, "mine", file, None).control.url == server.control_url
    text = (
        f"url: expected the server of the ready file, {server.control_url}, or one of the two alone, got 'http://h:1'"
    )
    with pytest.raises(WrongArgument) as caught:
        find_control("http://h:1", None, file, None)
    assert str(caught.value) == text


@pytest.mark.usefixtures("nowhere")
def test_that_nobody_is_there_is_told_before_that_a_token_is_missing() -> None:
    url = f"http://127.0.0.1:{FREE_PORT}"
    with pytest.raises(Unreachable, match=r"^no server answers at "):
        connect(url).__enter__()

    async def live() -> None:
        async with connect_async(url):
            pass

    with pytest.raises(Unreachable, match=r"^no server answers at "):
        asyncio.run(live())


# --- errors as others get them


@each_row("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@each_row(
    "error",
    [
        WrongRequest("bad_step", "what", "where"),
        WrongArgument("what", "where"),
        UnknownAccount("no account 'x'"),
        UnknownVenue("no venue 'x'"),
        Refused("insufficient_cash", "what", {"fill": {}}),
        MockExchangeError("what"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_crosses_to_another_process(error: MockExchangeError, protocol: int) -> None:
    again = pickle.loads(pickle.dumps(error, protocol))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
