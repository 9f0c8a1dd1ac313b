"""The open streams of an exchange: waited for, spoken to, cut off; what crossed them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_stream

from mockexchange.api.errors import MockExchangeError, TimedOut, WrongArgument, WrongRequest
from tests.api.calls import signed
from tests.helpers.patience import PATIENCE_S

STREAM = "/trade-api/ws/v2"
MARKET = "KXRAINNYC-25NOV05-T1"


@contextmanager
def stream_of(exchange: Any, account: str = "alice") -> Iterator[ClientConnection]:
    """An open stream of an account."""
    headers = signed(exchange, STREAM, account=account)
    with open_stream(exchange.ws_url, additional_headers=headers, close_timeout=1) as stream:
        yield stream


def subscribe(stream: ClientConnection, *channels: str, number: int = 1) -> None:
    stream.send(json.dumps({"id": number, "cmd": "subscribe", "params": {"channels": list(channels)}}))


def answer(stream: ClientConnection) -> Any:
    return json.loads(stream.recv(timeout=PATIENCE_S))


def test_it_waits_until_a_client_is_subscribed(exchange: Any) -> None:
    with stream_of(exchange) as stream:
        thread = threading.Thread(target=subscribe, args=(stream, "fill", "market_positions"))
        thread.start()
        (fill,) = exchange.stream.wait_subscribed("alice", "fill", within="10s")
        both = exchange.stream.wait_subscribed("alice", count=2, within="10s")
        thread.join()
    assert (fill.account, fill.channel, fill.connection) == ("alice", "fill", 1)
    assert sorted(one.channel for one in both) == ["fill", "market_positions"]
    assert len({one.sid for one in both}) == 2


def test_it_waits_in_vain_and_says_who_is_subscribed(exchange: Any) -> None:
    with stream_of(exchange) as stream:
        subscribe(stream, "fill")
        exchange.stream.wait_subscribed()
        with pytest.raises(TimedOut, match=r"1 of 2 within 0.02 s\n  subscribed are: alice has fill"):
            exchange.stream.wait_subscribed("alice", "fill", count=2, within="20ms")
        with pytest.raises(AssertionError, match=r"no account 'alcie': did you mean 'alice'\?"):
            exchange.stream.wait_subscribed("alcie", within="1ms")


def test_a_channel_that_there_is_not_is_refused_at_once(exchange: Any) -> None:
    with pytest.raises(WrongArgument, match="no channel is called 'fills'; the nearest are fill"):
        exchange.stream.wait_subscribed("alice", "fills", within="10m")


@pytest.mark.parametrize("raw", ['{"hello": 1}', b'{"hello": 1}', {"hello": 1}], ids=["text", "bytes", "mapping"])
def test_a_frame_is_sent_as_it_is(exchange: Any, raw: Any) -> None:
    with stream_of(exchange) as stream:
        assert exchange.stream.send(raw) == 1
        assert stream.recv(timeout=PATIENCE_S) == '{"hello": 1}'
    assert exchange.stream.sent(kind="literal")[0].text == '{"hello": 1}'
    exchange.journal.assert_clean()


def test_text_that_is_no_json_is_sent_too(exchange: Any) -> None:
    with stream_of(exchange) as stream:
        exchange.stream.send("{not json")
        assert stream.recv(timeout=PATIENCE_S) == "{not json"


def test_frames_and_ends_are_for_an_account_or_a_connection(exchange: Any) -> None:
    with stream_of(exchange) as of_alice, stream_of(exchange, "bob") as of_bob:
        assert exchange.stream.send("to bob", account="bob") == 1
        assert exchange.stream.send("to all") == 2
        assert exchange.stream.send("to the first", connection=1) == 1
        assert [of_bob.recv(timeout=PATIENCE_S), of_bob.recv(timeout=PATIENCE_S)] == ["to bob", "to all"]
        assert [of_alice.recv(timeout=PATIENCE_S), of_alice.recv(timeout=PATIENCE_S)] == ["to all", "to the first"]
        assert exchange.stream.close(4001, account="alice", reason="done") == 1
        with pytest.raises(ConnectionClosedError) as caught:
            of_alice.recv(timeout=PATIENCE_S)
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4001, "done")
        assert exchange.stream.send("still there") == 1


def test_a_stream_is_cut_without_a_close_frame(exchange: Any) -> None:
    with stream_of(exchange) as stream:
        assert exchange.stream.close() == 1
        with pytest.raises(ConnectionClosedError) as caught:
            stream.recv(timeout=PATIENCE_S)
        assert caught.value.rcvd is None
    exchange.journal.assert_clean()


@pytest.mark.parametrize("call", ["send", "close"])
def test_where_nobody_listens_it_says_so(exchange: Any, call: str) -> None:
    given = ("x",) if call == "send" else ()
    with pytest.raises(MockExchangeError, match=r"no stream is open: wait for one with stream.wait_subscribed\(\)"):
        getattr(exchange.stream, call)(*given)
    with pytest.raises(MockExchangeError, match="no stream of alice is open"):
        getattr(exchange.stream, call)(*given, account="alice")


def test_an_account_that_there_is_not_is_refused(exchange: Any) -> None:
    with pytest.raises(WrongRequest, match=r"no account 'alcie'.*'alice'"):
        exchange.stream.send("x", account="alcie")


def test_a_connection_that_is_not_open_is_refused(exchange: Any) -> None:
    with stream_of(exchange), pytest.raises(WrongRequest, match=r"^no open connection 9; open: 1$") as caught:
        exchange.stream.send("x", connection=9)
    assert caught.value.code == "unknown_connection"


def test_handshakes_are_refused_as_often_as_said(exchange: Any) -> None:
    exchange.stream.reject(403, times=2)
    for _ in range(2):
        with pytest.raises(InvalidStatus) as caught, stream_of(exchange):
            pass
        assert caught.value.response.status_code == 403
    with stream_of(exchange):
        pass
    exchange.journal.assert_clean()


def test_handshakes_of_an_account_are_refused_for_good(exchange: Any) -> None:
    exchange.stream.reject(401, times=None, account="alice")
    for _ in range(3):
        with pytest.raises(InvalidStatus), stream_of(exchange):
            pass
    with stream_of(exchange, "bob"):
        pass
    exchange.clear_faults()
    with stream_of(exchange):
        pass


def test_a_status_that_cannot_be_is_refused(exchange: Any) -> None:
    with pytest.raises(WrongRequest, match="expected a status from 200 to 599 whose answer has a body, got '101'"):
        exchange.stream.reject(101)


def test_an_edge_refuses_a_handshake_with_its_page(exchange: Any) -> None:
    page = "<html>You have been blocked</html>"
    exchange.stream.reject(403, headers={"CF-RAY": "8c0f-EWR"}, body=page, content_type="text/html")
    with pytest.raises(InvalidStatus) as caught, stream_of(exchange):
        pass
    response = caught.value.response
    told = (response.status_code, response.headers["CF-RAY"], response.headers["Content-Type"], response.body)
    assert told == (403, "8c0f-EWR", "text/html", page.encode())


def test_what_clients_sent_is_there(exchange: Any) -> None:
    with stream_of(exchange) as stream, stream_of(exchange, "bob") as other:
        subscribe(stream, "fill")
        subscribe(other, "trade", number=2)
        answer(stream)
        answer(other)
    both = exchange.stream.received()
    assert [(one.account, one.json["id"], one.direction) for one in sorted(both, key=lambda one: one.account)] == [
        ("alice", 1, "in"),
        ("bob", 2, "in"),
    ]
    (one,) = exchange.stream.received("bob")
    assert one.json["params"] == {"channels": ["trade"]}
    assert exchange.stream.received(contains={"params": {"channels": ["fill"]}}) == exchange.stream.received("alice")


def test_what_was_sent_is_there_with_its_kind(exchange: Any) -> None:
    with stream_of(exchange) as stream:
        subscribe(stream, "fill")
        answer(stream)
        exchange.fill("alice", MARKET, "yes", "buy", 2, "0.56")
        answer(stream)
    assert [one.kind for one in exchange.stream.sent("alice")] == ["subscribed", "fill"]
    (fill,) = exchange.stream.sent(channel="fill", contains={"msg": {"count_fp": "2.00"}}, kind="fill")
    assert fill.json["msg"]["market_ticker"] == MARKET


def test_it_waits_for_frames(exchange: Any) -> None:
    with stream_of(exchange) as stream:
        thread = threading.Thread(target=subscribe, args=(stream, "fill"))
        thread.start()
        (command,) = exchange.stream.received("alice", contains={"cmd": "subscribe"}, within="10s")
        (subscribed,) = exchange.stream.sent("alice", kind="subscribed", within="10s")
        thread.join()
    assert command.number < subscribed.number


def test_frames_awaited_in_vain_show_near_misses(exchange: Any) -> None:
    with stream_of(exchange) as stream:
        subscribe(stream, "fill")
        answer(stream)
        with pytest.raises(TimedOut) as caught:
            exchange.stream.received("alice", contains={"cmd": "unsubscribe"}, count=2, within="20ms")
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("expected at least 2 frames from clients with account 'alice', contains ")
    assert lines[0].endswith(" within 20ms; got 0")
    assert lines[1] == "  near miss: frame 2 from alice subscribe: contains.cmd is 'subscribe', wanted 'unsubscribe'"
    assert len(lines) == 2


def test_too_few_frames_fail_at_once_without_a_time(exchange: Any) -> None:
    with pytest.raises(AssertionError, match="expected at least 1 frame to clients; got 0") as caught:
        exchange.stream.sent(count=1)
    assert not isinstance(caught.value, TimedOut)
    assert exchange.stream.sent() == []


def test_the_journal_has_all_frames(exchange: Any) -> None:
    with stream_of(exchange) as stream:
        subscribe(stream, "fill")
        answer(stream)
        stream.send("{}")
        answer(stream)
    assert [one.kind for one in exchange.journal.frames("in")][:2] == ["open", "subscribe"]
    assert [one.kind for one in exchange.journal.frames("out", account="alice")] == ["subscribed", "error"]
    assert exchange.journal.frames("lost") == []
    assert [one.kind for one in exchange.journal.frames(channel="fill")] == ["subscribed"]
    assert [one.json["id"] for one in exchange.journal.frames(contains={"cmd": "subscribe"})] == [1]
    with pytest.raises(AssertionError, match="stream error: frame"):
        exchange.journal.assert_clean()


def test_channels_that_are_retired_are_told(server: Any) -> None:
    with server.sandbox("demo", api_date="2026-02-01") as exchange:
        with stream_of(exchange) as stream:
            subscribe(stream, "ticker_v2", "market_positions")
            answer(stream)
            exchange.fill("alice", MARKET, "yes", "buy", 2, "0.56")
            exchange.stream.sent(kind="market_position", within="10s")
        rows = {row.name: row for row in exchange.journal.deprecated()}
    assert (rows["ticker_v2"].kind, rows["ticker_v2"].until.isoformat()) == ("channel", "2026-02-12")
    assert rows["market_position message position"].advice == "read position_fp"
    assert rows["market_position message position"].first.title.startswith("frame ")
