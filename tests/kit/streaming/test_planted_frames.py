"""Each rule of the stream is broken in transit from a correct server, and has to find it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import httpx
import pytest

from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Outcome
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.stream.recording import NAMES, ONE_MARKET, RESTRICTED_KEY
from mockexchange.kit.streaming.connections import Arrival, FrameType, HandshakeRefused, StreamConnection
from mockexchange.kit.streaming.target import StreamTarget
from tests.helpers.effort import one_in
from tests.helpers.rows import each_row
from tests.kit.streaming.tampering import (
    Change,
    Frame,
    data_after_end,
    double,
    drop,
    enveloped,
    honest,
    late,
    of,
    only,
    tampered,
    tampered_target,
    with_body,
    without,
    without_key_in_body,
)

pytestmark = pytest.mark.contract


NARROWED, BOUND = NAMES.index(ONE_MARKET) + 1, NAMES.index(RESTRICTED_KEY) + 1
"""The numbers of the streams of the recording, in the order of opening."""


class Planted(NamedTuple):
    """A change of frames, and the rule that has to find it."""

    rule: str
    words: str
    make: Callable[[], Change]
    alias: str = "2026-10"


def other_sid(frame: Frame) -> list[Frame]:
    return [{**frame, "sid": frame["sid"] % 2 + 1}]


def next_sid(frame: Frame) -> list[Frame]:
    return with_body(sid=frame["msg"]["sid"] + 1)(frame)


def shorter(frame: Frame) -> list[Frame]:
    """Remove the last of the listed subscriptions."""
    return [{**frame, "msg": frame["msg"][:-1]}] if isinstance(frame["msg"], list) else [frame]


def other_markets(frame: Frame) -> list[Frame]:
    """Change the filter in the answer to a change of it."""
    has_filter = isinstance(frame["msg"], dict) and "market_tickers" in frame["msg"]
    return with_body(market_tickers=["A", "B"])(frame) if has_filter else [frame]


def other_code(frame: Frame) -> list[Frame]:
    return with_body(code=frame["msg"]["code"] + 1)(frame)


def refused(frame: Frame) -> list[Frame]:
    return [{"id": frame["id"], "type": "error", "msg": {"code": 6, "msg": "Already subscribed"}}]


def numbered_twice(frame: Frame) -> list[Frame]:
    return [{**frame, "seq": max(frame["seq"] - 1, 1)}]


def named(frame: Frame) -> list[Frame]:
    """Add an id to the answer to a command without one."""
    return [{"id": 77, **frame}]


def of_the_second_book(frame: Frame) -> list[Frame]:
    return with_body(subaccount=2)(frame) if frame["msg"].get("subaccount") == 1 else [frame]


def descending(frame: Frame) -> list[Frame]:
    return with_body(yes_dollars_fp=[["0.5500", "1.00"], ["0.5400", "1.00"]])(frame)


PLANTED = (
    Planted("stream.accepted", "a channel is refused", of("subscribed", refused, 2)),
    Planted("stream.acks", "an acknowledgement is missing", only(1, of("subscribed", drop, 3))),
    Planted("stream.acks", "one comes twice", of("subscribed", double, 3)),
    Planted("stream.acks", "one is of another channel", only(1, of("subscribed", with_body(channel="fill"), 2))),
    Planted("stream.sids", "sids begin at 2", of("subscribed", next_sid)),
    Planted("stream.acks-first", "data before its acknowledgement", late("subscribed")),
    Planted("stream.silence", "data after the end", data_after_end),
    Planted("stream.numbers", "a gap", of("orderbook_delta", drop, 2)),
    Planted("stream.numbers", "a number twice", of("orderbook_delta", numbered_twice, 2)),
    Planted("stream.numbers", "numbers from 7", of("order_group_updates", enveloped(seq=7), 1)),
    Planted("stream.ids", "a reply without its id", only(1, of("subscribed", without("id"), 1))),
    Planted("stream.ids", "a reply with another id", only(1, of("subscribed", enveloped(id=999), 1))),
    Planted("stream.right-channel", "a fill in another's subscription", of("fill", other_sid)),
    Planted("stream.told", "a channel is silent", of("ticker", drop)),
    Planted("stream.numbers", "an answer without a number of its own", of("ok", enveloped(seq=1))),
    Planted("stream.fills", "no fill is told at all", of("fill", drop)),
    Planted("stream.orders", "no order is told at all", of("user_order", drop)),
    Planted("stream.positions", "no position is told at all", of("market_position", drop)),
    Planted("stream.groups", "no group is told at all", of("order_group_updates", drop)),
    Planted("stream.trades", "no trade is told at all", of("trade", drop)),
    Planted("stream.once", "a fill twice", of("fill", double, 1)),
    Planted("stream.once", "a position twice", of("market_position", double, 1)),
    Planted("frames.documented", "a key too many", of("fill", with_body(surprise=1))),
    Planted("frames.documented", "a key too few", of("user_order", without_key_in_body("status"))),
    Planted("frames.documented", "a reply with one too many", of("subscribed", enveloped(seq=1))),
    Planted("stream.books", "no snapshot", of("orderbook_snapshot", drop)),
    Planted("stream.books", "more taken than there is", of("orderbook_delta", with_body(delta_fp="-99999.00"), 1)),
    Planted("stream.books", "levels that descend", of("orderbook_snapshot", descending)),
    Planted("stream.book-equals-rest", "a change is missing", of("orderbook_delta", drop, 1)),
    Planted("stream.book-equals-rest", "another side", of("orderbook_delta", with_body(side="no"))),
    Planted("stream.positions", "the wrong sign", of("market_position", with_body(position_fp="-1.00"))),
    Planted("stream.positions", "a cent too much", of("market_position", with_body(fees_paid_dollars="0.010001"))),
    Planted(
        "stream.positions", "centi-cents that are cents", of("market_position", with_body(position_cost=1)), "2025-11"
    ),
    Planted("stream.positions", "a market of nobody", of("market_position", with_body(market_ticker="KXELSE"))),
    Planted("stream.subaccount-positions", "of the primary one", of("market_position", with_body(subaccount=0))),
    Planted("stream.post-position", "the same after each fill", of("fill", with_body(post_position_fp="1.00"))),
    Planted("stream.fills", "a fill that REST has not", of("fill", with_body(trade_id="nobody"), 1)),
    Planted("stream.fills", "a fill that is not told", of("fill", drop, 1)),
    Planted("stream.fills", "another count", of("fill", with_body(count_fp="99.00"))),
    Planted("stream.orders", "another state", of("user_order", with_body(status="resting", remaining_count_fp="1.50"))),
    Planted("stream.orders", "an order of nobody", of("user_order", with_body(order_id="nobody's"))),
    Planted("stream.groups", "a deletion that is not told", of("order_group_updates", with_body(event_type="created"))),
    Planted("stream.groups", "another limit", of("order_group_updates", with_body(contracts_limit_fp="1.00"))),
    Planted("stream.trades", "another price", of("trade", with_body(yes_price_dollars="0.0100"))),
    Planted("stream.trades", "another price then", of("trade", with_body(yes_price=1)), "2025-11"),
    Planted("stream.tickers", "another bid", of("ticker", with_body(yes_bid_dollars="0.0100"))),
    Planted("stream.tickers", "a market of nobody", of("ticker", with_body(market_ticker="KXELSE"))),
    Planted("stream.lifecycle", "settled too early", of("market_lifecycle_v2", with_body(event_type="settled"))),
    Planted("stream.lifecycle", "another result", of("market_lifecycle_v2", with_body(result="no"))),
    Planted("stream.lifecycle", "a state of nobody", of("market_lifecycle_v2", with_body(market_ticker="KXELSE"))),
    Planted("stream.filter", "another market", of("trade", with_body(market_ticker="KXELSE"))),
    Planted("stream.filter", "too few", only(NARROWED, of("fill", drop))),
    Planted("stream.own", "the same user", of("market_position", with_body(user_id="everybody"))),
    Planted("stream.own", "two users", of("market_position", with_body(user_id="another"), 1)),
    Planted("stream.own", "the same order", of("user_order", with_body(order_id="everybody's"))),
    Planted("stream.bound", "another subaccount", only(BOUND, of("fill", of_the_second_book))),
    Planted("stream.bound", "too few", only(BOUND, of("user_order", drop, 1))),
    Planted("stream.codes", "another code", of("error", other_code)),
    Planted("stream.codes", "no error at all", of("error", drop, 1)),
    Planted("stream.list", "one is missing", of("ok", shorter)),
    Planted("stream.list", "no reply", of("ok", drop)),
    Planted("stream.unsubscribe", "no end is told", of("unsubscribed", drop)),
    Planted("stream.repeat", "refused", of("subscribed", refused, 2)),
    Planted("stream.add", "an empty list", of("ok", with_body(market_tickers=[]), 1)),
    Planted("stream.add", "no snapshot", of("orderbook_snapshot", drop, 2)),
    Planted("stream.delete", "the list as before", of("ok", other_markets)),
    Planted("stream.get-snapshot", "without its id", of("orderbook_snapshot", without("id"))),
    Planted("stream.initial-snapshot", "none", of("ticker", drop)),
    Planted("stream.skip-ack", "the list is there", of("ok", with_body(market_tickers=["A"]), 1)),
    Planted("stream.no-id", "an id out of nowhere", of("ok", named)),
    Planted("stream.binary", "no reply", of("subscribed", drop)),
    Planted(
        "stream.yes-price",
        "levels stay as they are",
        only(2, of("orderbook_snapshot", without_key_in_body("no_dollars_fp"))),
    ),
    Planted("stream.anonymous", "a private channel is open", of("error", other_code), "2026-02"),
)


def outcomes(target: StreamTarget, rule: str) -> set[Outcome]:
    """Return the outcome of a rule."""
    checks = [check for check in KALSHI.stream_checks if check.rule == rule]
    verdicts = run_checks(checks, target)
    return {verdict.outcome for verdict in verdicts if any(one.rule == rule for one in verdict.findings)}


@each_row("planted", one_in(4, PLANTED), ids=lambda planted: f"{planted.rule}: {planted.words}")
def test_what_is_planted_is_found(planted: Planted) -> None:
    with tampered_target(planted.make, planted.alias) as target:
        assert Outcome.BROKEN in outcomes(target, planted.rule)


def binary(arrival: Arrival) -> Arrival:
    return arrival._replace(type=FrameType.BINARY) if arrival.type is FrameType.TEXT else arrival


def other_payload(arrival: Arrival) -> Arrival:
    return arrival if arrival.type in (FrameType.TEXT, FrameType.CLOSE) else arrival._replace(raw=b"other")


def other_end(arrival: Arrival) -> Arrival:
    return arrival._replace(code=1011)


def thrown_out(arrival: Arrival) -> Arrival:
    """End the connection with the first fill."""
    return Arrival(FrameType.CLOSE, b"", 1011) if b'"fill","sid"' in arrival.raw else arrival


def thrown_out_for_errors(arrival: Arrival) -> Arrival:
    return Arrival(FrameType.CLOSE, b"", 1008) if b'"type":"error"' in arrival.raw else arrival


@each_row(
    ("rule", "touch"),
    [
        ("stream.open", thrown_out),
        ("stream.codes", thrown_out_for_errors),
        ("stream.text", binary),
        ("stream.pong", other_payload),
        ("stream.heartbeat", other_payload),
        ("stream.close", other_end),
    ],
)
def test_what_is_planted_below_the_frames_is_found(rule: str, touch: Callable[[Arrival], Arrival]) -> None:
    with tampered_target(honest, transport="over a socket") as target:
        target.connect = tampered(target.connect, honest, touch)
        assert Outcome.BROKEN in outcomes(target, rule)


def nobody(url: str, headers: Mapping[str, str], timeout_s: float) -> StreamConnection:
    raise HandshakeRefused(403, b"Forbidden\n")


@each_row("rule", ["stream.refusals", "stream.paths"])
def test_a_server_that_lets_everybody_in_is_found(rule: str) -> None:
    with tampered_target(honest) as target:
        connect, url = target.connect, target.url
        good = target.signer("member").headers("GET", url)
        target.connect = lambda _, headers, timeout_s: connect(url, good, timeout_s)
        assert outcomes(target, rule) == {Outcome.BROKEN}


@each_row(
    ("rule", "alias"),
    [("stream.handshake", "2026-10"), ("stream.refusals", "2026-10"), ("stream.anonymous", "2026-02")],
)
def test_a_server_that_refuses_every_key_is_found(rule: str, alias: str) -> None:
    with tampered_target(honest, alias) as target:
        target.connect = nobody
        assert outcomes(target, rule) == {Outcome.BROKEN}


def test_answers_from_before_the_events_are_found() -> None:
    known: dict[str, httpx.Response] = {}
    with tampered_target(honest) as target:
        inner = target.rest.http

        def answer(request: httpx.Request) -> httpx.Response:
            forwarded = httpx.Request(request.method, request.url, headers=request.headers)
            return known.setdefault(str(request.url), inner.send(forwarded))

        target.rest.http = httpx.Client(transport=httpx.MockTransport(answer))
        assert outcomes(target, "stream.fresh") == {Outcome.BROKEN}


def test_every_rule_is_broken_once() -> None:
    below = {"stream.open", "stream.text", "stream.pong", "stream.heartbeat", "stream.close"}
    opening = {"stream.refusals", "stream.paths", "stream.handshake", "stream.fresh"}
    assert {planted.rule for planted in PLANTED} | below | opening == {one.rule for one in KALSHI.stream_checks}
