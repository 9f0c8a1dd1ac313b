"""The session of a stream: logins, private methods, subscriptions, logging out, and every bad frame."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.venues.deribit import rest
from mockexchange.venues.deribit.resources.streaming import OPERATIONS
from mockexchange.venues.deribit.stream.channels import CHANNELS, QUIET_CHANNELS
from mockexchange.venues.deribit.stream.commands import COMMANDS
from mockexchange.venues.deribit.stream.session import answer_plainly, shake_hands
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.venues.deribit.keyring import (
    ERIC_ID,
    ERIC_SECRET,
    HOST,
    NOW,
    OLD_ID,
    OLD_SECRET,
    READER_ID,
    READER_SECRET,
    SECOND,
    bench,
    buy,
    request,
    rpc,
    signed,
)
from tests.venues.deribit.stream.sessions import STREAM, client

INVALID_TOKEN = {"code": 13009, "data": {"reason": "invalid_token"}, "message": "unauthorized"}
ALL = "user.changes.any.any.raw"


def test_anybody_may_open_a_stream() -> None:
    handshake = shake_hands(bench().context, STREAM, NOW, HOST)
    assert handshake.answer.status == 101
    assert handshake.answer.operation == "OpenStream"
    assert handshake.session is not None
    assert handshake.session.key is None


@each_row(("method", "status"), [("GET", 400), ("POST", 405), ("DELETE", 405)])
def test_the_streams_path_without_an_upgrade_is_explained(method: str, status: int) -> None:
    answer = answer_plainly(bench().context, request(method, "/ws/api/v2", None), NOW, HOST)
    assert answer.status == status
    assert json.loads(answer.body)["error"] == {"code": -32600, "message": "Invalid Request"}
    assert "open it as ws://" in (answer.diagnosis or "")


def test_a_login_sets_the_key_of_the_stream() -> None:
    one = client()
    one.log_in()
    assert one.session.key is not None
    assert one.session.key.account == "dora"


def test_an_answer_has_the_envelope_of_rest_and_the_id_as_it_was_written() -> None:
    made = bench()
    one = client(made)
    one.log_in()
    (frame,) = one.session.receive(rpc("private/get_positions", {"currency": "BTC"}, "4711"), NOW, HOST)
    rest_body = rest.answer(made.context, signed(), NOW, HOST).body
    assert frame.raw == rest_body.replace(b'"2.0",', b'"2.0","id":"4711",')
    assert (frame.kind, frame.sid, frame.is_answer) == ("result", 0, True)


IDS = ["1", "-1", "9007199254740993", "1234567890123456789012345", '"text"', '"\\u20ac"', "1.50"]


@each_row("written", IDS)
def test_ids_come_back_as_they_were_written(written: str) -> None:
    (frame,) = client().session.receive(f'{{"id":{written},"method":"public/test"}}'.encode(), NOW, HOST)
    shown = written if "u20ac" not in written else '"\u20ac"'
    assert f'"id":{shown},' in frame.raw.decode()


def test_without_a_login_private_methods_are_refused() -> None:
    one = client()
    assert one.ask("private/get_positions") == INVALID_TOKEN
    assert "send the access_token of public/auth" in one.note
    assert one.subscribe(ALL) == INVALID_TOKEN
    assert one.ask("private/logout") == INVALID_TOKEN
    assert one.session.ending is None


def test_a_token_among_the_parameters_counts_for_one_request() -> None:
    made = bench()
    made.execute(buy(100))
    one, other = client(made), client(made)
    token = other.log_in()["access_token"]
    assert [row["size"] for row in one.ask("private/get_positions", access_token=token)] == [100]
    assert one.session.key is None
    assert one.ask("private/get_positions") == INVALID_TOKEN


def test_a_wrong_token_counts_more_than_the_login() -> None:
    one = client()
    one.log_in()
    assert one.ask("private/get_positions", access_token="abc") == INVALID_TOKEN
    assert one.ask("private/get_positions", access_token="") == INVALID_TOKEN
    assert one.ask("private/get_positions") == []


def test_a_token_that_expires_ends_the_login() -> None:
    one = client()
    one.log_in(scope="expires:60")
    one.host_at += 60 * SECOND
    assert one.ask("private/get_positions") == INVALID_TOKEN
    assert "the token expired" in one.note


def test_a_second_login_replaces_the_first() -> None:
    one = client()
    one.log_in()
    one.log_in(ERIC_ID, ERIC_SECRET)
    assert one.session.key is not None
    assert one.session.key.account == "eric"


def test_a_key_with_a_date_of_its_own_is_answered_as_of_then() -> None:
    one = client()
    one.log_in(OLD_ID, OLD_SECRET)
    assert one.session.api_date.day == "2025-11-01"
    one.log_in()
    assert one.session.api_date == one.made.context.api_date


def test_a_failed_login_changes_nothing() -> None:
    one = client()
    one.log_in()
    assert one.log_in(secret="wrong")["code"] == 13004
    assert "not the secret of dora's key" in one.note
    assert one.ask("private/get_positions") == []


def test_a_wrong_signature_is_explained_in_the_note() -> None:
    one = client()
    params = {"client_id": "dora-key", "timestamp": HOST // 1_000, "nonce": "n", "signature": "0" * 64}
    assert one.ask("public/auth", grant_type="client_signature", **params)["code"] == 13004
    assert "nothing known fits" in one.note


# --- subscriptions

SUBSCRIBED: list[tuple[list[str], list[str], str]] = [
    # requested, subscribed to, note
    ([ALL], [ALL], ""),
    (["user.changes.BTC-PERPETUAL.raw"], ["user.changes.BTC-PERPETUAL.raw"], ""),
    (["user.trades.future.BTC.100ms", ALL], ["user.trades.future.BTC.100ms", ALL], ""),
    (["user.trades.combo.USDC.agg2"], ["user.trades.combo.USDC.agg2"], ""),
    (["user.portfolio.BTC"], ["user.portfolio.btc"], ""),
    (["user.portfolio.btc", "user.portfolio.BTC"], ["user.portfolio.btc"], ""),
    (["user.portfolio.any"], ["user.portfolio.any"], ""),
    (["user.changes.any.any.1s", ALL], [ALL], "there is no channel 'user.changes.any.any.1s': left out"),
    (["user.changes.swap.BTC.raw"], [], "there is no channel"),
    (["user.changes.future.DOGE.raw"], [], "there is no channel"),
    (["user.changes"], [], "there is no channel"),
    (["user.portfolio"], [], "there is no channel"),
    (["user.portfolio.doge"], [], "there is no channel"),
    (["nonsense.raw"], [], "there is no channel"),
    (["x" * 129], [], "there is no channel"),
    ([], [], ""),
    (["trades.BTC-PERPETUAL.100ms"], ["trades.BTC-PERPETUAL.100ms"], "trades is not emulated: it stays quiet"),
    (["ticker.BTC-PERPETUAL"], [], "there is no channel"),
    (["quote.BTC-PERPETUAL.100ms"], [], "there is no channel"),
    (["quote.DOGE-PERPETUAL"], [], "is of an unknown instrument"),
    (["book.BTC-PERPETUAL.1s"], [], "there is no channel"),
    (["book.BTC-PERPETUAL.3.10.100ms"], [], "there is no channel"),
    (["book.BTC-PERPETUAL.5.11.100ms"], [], "there is no channel"),
    (["book.BTC-PERPETUAL.5.10.1s"], [], "there is no channel"),
    (["user.mmp_trigger.any"], ["user.mmp_trigger.any"], "user.mmp_trigger is not emulated"),
]


@each_row(("asked", "subscribed", "noted"), SUBSCRIBED)
@each_row("method", ["private/subscribe", "public/subscribe"])
def test_an_answer_lists_what_is_really_subscribed_to(
    asked: list[str], subscribed: list[str], noted: str, method: str
) -> None:
    one = client()
    one.log_in()
    assert one.subscribe(*asked, method=method) == subscribed
    assert noted in one.note
    assert list(one.session.channels) == subscribed
    families = [channel for channel in CHANNELS if any(name.startswith(f"{channel}.") for name in subscribed)]
    assert set(one.frames[-1].acknowledged) == set(families)
    assert all(one.session.follows(family) for family in families)


def test_without_a_login_private_channels_are_left_out() -> None:
    one = client()
    asked = ("user.changes.any.any.100ms", "user.portfolio.btc", "trades.BTC-PERPETUAL.100ms")
    assert one.subscribe(*asked, method="public/subscribe") == ["trades.BTC-PERPETUAL.100ms"]
    assert "private, and the client is not logged in" in one.note


def test_without_a_login_nothing_is_subscribed_to_where_a_channel_is_raw() -> None:
    one = client()
    error = one.subscribe("ticker.BTC-PERPETUAL.100ms", "trades.BTC-PERPETUAL.raw", method="public/subscribe")
    assert error == {"code": 13778, "message": "raw_subscriptions_not_available_for_unauthorized"}
    assert "trades.BTC-PERPETUAL.raw" in one.note
    assert not one.session.channels


def test_a_scope_that_is_missing_leaves_a_channel_out() -> None:
    one = client()
    one.log_in(READER_ID, READER_SECRET)
    assert one.subscribe(ALL, "user.portfolio.btc") == ["user.portfolio.btc"]
    assert "needs trade:read, and there is account:read" in one.note


def test_subscribing_again_changes_nothing() -> None:
    one = client()
    one.log_in()
    one.subscribe(ALL, "user.portfolio.btc")
    sid = one.session.channels[ALL].sid
    assert one.subscribe(ALL) == [ALL]
    assert one.session.channels[ALL].sid == sid
    assert list(one.session.subscriptions) == [sid, sid + 1]


def test_what_is_unsubscribed_from_is_listed() -> None:
    one = client()
    one.log_in()
    one.subscribe(ALL, "user.portfolio.btc", "user.trades.any.any.raw")
    assert one.ask("private/unsubscribe", channels=["user.portfolio.BTC", "nonsense"]) == ["user.portfolio.btc"]
    assert "'nonsense' was not subscribed to" in one.note
    assert one.ask("public/unsubscribe", channels=[ALL, ALL]) == [ALL]
    assert list(one.session.channels) == ["user.trades.any.any.raw"]
    assert one.ask("private/unsubscribe_all") == "ok"
    assert not one.session.channels
    assert not one.session.subscriptions


def test_numbers_of_subscriptions_are_never_used_again() -> None:
    one = client()
    one.log_in()
    sids = []
    for _ in range(3):
        one.subscribe(ALL)
        sids.append(one.session.channels[ALL].sid)
        one.ask("public/unsubscribe_all")
    assert sids == [1, 2, 3]


def test_a_subscription_knows_what_it_is_narrowed_down_to() -> None:
    one = client()
    one.log_in()
    one.subscribe(ALL, "user.trades.BTC-PERPETUAL.raw")
    assert [(each.channel, each.markets) for each in one.session.channels.values()] == [
        ("user.changes", None),
        ("user.trades", ("BTC-PERPETUAL",)),
    ]


def test_a_client_that_is_too_slow_loses_its_stream() -> None:
    one = client()
    one.log_in()
    one.subscribe(ALL)
    frame = one.session.terminate(1, 25, 0, "the outbox was full")
    assert json.loads(frame.raw) == {"jsonrpc": "2.0", "error": {"code": 10028, "message": "too_many_requests"}}
    assert frame.note == f"the stream was ended at {ALL}: the outbox was full"
    assert frame.channel == "user.changes"
    assert one.session.ending == (1008, "too_many_requests")
    with pytest.raises(KeyError):
        one.session.terminate(1, 25, 0)


def test_a_logout_has_no_answer_and_ends_the_stream() -> None:
    one = client()
    one.log_in()
    assert one.send(rpc("private/logout")) == []
    assert one.session.ending == (1000, "")
    assert one.session.wakes_at is None


def test_literal_frames_go_out_as_they_are() -> None:
    one = client()
    one.session.apply_recorded(b"x", "literal", "user.changes")
    assert one.session.fill_placeholders('{"sid":"$sid"}', "user.changes") == '{"sid":"$sid"}'


# --- bad frames

BAD: list[tuple[bytes, int, str]] = [
    # frame, code, note
    (b"", -32700, "no JSON"),
    (b"{", -32700, "no JSON"),
    (b"\xff\xfe", -32700, "no JSON"),
    (b"[" * 20_000, -32700, "nested too deep"),
    (b"[]", -32600, "batch"),
    (b"5", -32600, "expected an object"),
    (b'{"id":1}', 11050, "method"),
    (b'{"id":1,"method":5}', 11050, "method: expected a string"),
    (b'{"id":{},"method":"public/test"}', -32600, "id: expected"),
    (b'{"id":1,"method":"public/test","params":[]}', -32602, "params: expected an object"),
    (rpc("public/tset"), -32601, "public/test"),
    (rpc("private/withdraw"), -32601, "not emulated"),
    (rpc("public/subscribe"), -32602, "needs channels"),
    (rpc("public/subscribe", {"channels": "x"}), -32602, "channels: expected a list"),
    (rpc("public/subscribe", {"channels": [5]}), -32602, "an item is no string"),
    (rpc("public/set_heartbeat"), -32602, "needs interval"),
    (rpc("public/set_heartbeat", {"interval": 9}), -32602, "expected 10 seconds or more, got 9"),
    (rpc("public/set_heartbeat", {"interval": "10"}), -32602, "interval: expected an integer"),
    (rpc("public/test", {"expected_result": "exception"}), 10001, "asks for an error"),
    (rpc("public/test", {"x": "y" * 33_000}), -32600, "is too large"),
]


@each_row(("raw", "code", "noted"), BAD)
def test_a_bad_frame_is_an_error_and_the_stream_goes_on(raw: bytes, code: int, noted: str) -> None:
    one = client()
    one.log_in()
    (answer,) = one.send(raw)
    assert answer["error"]["code"] == code
    assert noted in one.note
    assert {"usIn", "usOut", "usDiff", "testnet"} <= answer.keys()
    assert one.frames[-1].kind == "error"
    assert one.ask("public/test") == {"version": "1.2.26"}


@settings(max_examples=examples(150), deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_get_one_answer(raw: bytes) -> None:
    assert len(client().send(raw)) == 1


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([ALL, "user.portfolio.btc"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
METHODS = st.sampled_from(sorted(COMMANDS.keys() - {"private/logout"} | {"public/auth", "private/get_positions"}))
NAMES = st.sampled_from(["channels", "interval", "access_token", "grant_type", "label", "scope", "currency"])


@settings(max_examples=examples(80), deadline=None)
@given(st.lists(st.tuples(METHODS, st.dictionaries(NAMES, JSON, max_size=4)), max_size=6))
def test_any_requests_get_one_answer_each(asked: list[tuple[str, dict[str, Any]]]) -> None:
    one = client()
    one.log_in()
    for method, params in asked:
        assert len(one.send(rpc(method, params))) == 1
    assert one.session.channels.keys() == {each.name for each in one.session.subscriptions.values()}


def test_every_method_of_streams_is_known_here_and_refused_over_http() -> None:
    assert COMMANDS.keys() == {operation.name for operation in OPERATIONS}
    made = bench()
    for operation in OPERATIONS:
        answer = rest.answer(made.context, signed("POST", f"/api/v2/{operation.name}", rpc(operation.name)), NOW, HOST)
        assert json.loads(answer.body)["error"] == {"code": 10030, "message": "must_be_websocket_request"}


def test_quiet_channels_are_those_that_nothing_feeds() -> None:
    fed = {"book", "quote", "ticker", "user.changes", "user.orders", "user.portfolio", "user.trades"}
    assert set(CHANNELS) - set(QUIET_CHANNELS) == fed
