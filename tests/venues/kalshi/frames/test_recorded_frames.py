"""Frames that were recorded, made again byte for byte; and the documents' examples, made again key for key.

A market's id is a function of its ticker here, so the recorded one is put in its place.
"""

import json
from pathlib import Path
from typing import Any

from mockexchange.core.commands import (
    Command,
    DeleteGroup,
    LimitGroup,
    ListMarket,
    OpenAccount,
    OpenGroup,
    OpenPosition,
    QuoteMarket,
    ResetGroup,
    TriggerGroup,
)
from mockexchange.core.instants import parse_instant
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import SelfTradePrevention, SubaccountRef
from mockexchange.venues.kalshi.market_ids import market_id
from mockexchange.venues.kalshi.stream.feed import Message, messages_of, snapshot_of
from tests.contracts.collection import ROOT
from tests.helpers.rows import each_row
from tests.venues.kalshi.frames.facts import frames
from tests.venues.kalshi.frames.frame_texts import Telling, body, only
from tests.venues.kalshi.world import ALICE, ALICE_3, Venue, buy, rest_order

WIRE = ROOT / "fixtures" / "wire" / "kalshi"
TENNIS = "KXWTACHALLENGERMATCH-26JUN11JIMLEP-LEP"
RECORDED_ID = "f5ed38e2-0991-4c8f-817e-08c4fd9cbfdb"
DOLLAR = 1_000_000
Levels = tuple[tuple[int, int], ...]


def recorded(name: str, *kinds: str) -> list[str]:
    """The `msg` of each frame of those kinds, as its bytes were."""
    lines = Path(WIRE / name).read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if json.loads(line)["type"] in kinds]
    return [line[line.index('"msg":') + len('"msg":') : -1] for line in found]


def tennis() -> Telling:
    venue = Venue(at=parse_instant("2026-06-11T06:00:00Z"))
    event = TENNIS.rpartition("-")[0]
    venue.do(ListMarket(market=TENNIS, event=event, series="KXWTACHALLENGERMATCH"))
    return Telling(venue)


def quote(telling: Telling, at: str, yes: Levels, no: Levels) -> Message:
    """The one level that changes at that instant."""
    exchange = telling.venue.exchange
    outcome = exchange.execute(QuoteMarket(market=TENNIS, yes=yes, no=no), parse_instant(at))
    assert not isinstance(outcome, Refusal)
    return only(messages_of(exchange.state, outcome, exchange.last_at), "orderbook_delta")


def whole(telling: Telling) -> Message:
    state = telling.venue.exchange.state
    return snapshot_of(state, state.markets[TENNIS])


def written(messages: list[Message], **shown: Any) -> list[str]:
    bodies = [body(message, "2026-06", **shown) for message in messages]
    return [text.replace(market_id(TENNIS), RECORDED_ID) for text in bodies]


def test_a_recorded_book_and_its_changes() -> None:
    telling, bid, ask = tennis(), (4_700, 300), (4_800, 200)
    telling.venue.do(QuoteMarket(market=TENNIS, yes=(bid,), no=(ask,)))
    made = [
        whole(telling),
        quote(telling, "2026-06-11T06:31:29.957081Z", (), (ask,)),
        quote(telling, "2026-06-11T06:31:29.957466Z", (), ()),
        quote(telling, "2026-06-11T06:31:42.550982Z", (bid,), ()),
        quote(telling, "2026-06-11T06:31:42.552147Z", (bid,), ((4_800, 100),)),
    ]
    assert written(made) == recorded("stream_orderbook.2026-06-11.jsonl", "orderbook_snapshot", "orderbook_delta")


def test_a_recorded_book_in_prices_of_yes() -> None:
    telling, bid = tennis(), (4_700, 300)
    telling.venue.do(QuoteMarket(market=TENNIS, yes=(bid,), no=((4_800, 100),)))
    made = [
        whole(telling),
        quote(telling, "2026-06-11T06:29:47.354803Z", (bid,), ()),
        quote(telling, "2026-06-11T06:29:47.42784Z", (bid,), ((4_800, 200),)),
    ]
    name = "stream_orderbook_yes_price.2026-06-11.jsonl"
    assert written(made, in_yes_price=True) == recorded(name, "orderbook_snapshot", "orderbook_delta")


def test_a_recorded_order_group() -> None:
    group = "3e027f77-5bd4-48db-b953-339d3f56b8c6"
    instants_ms = (1781268395264, 1781268399712, 1781268400123, 1781268402742, 1781268405360)
    commands: tuple[Command, ...] = (
        OpenGroup(subaccount_ref=ALICE, group=group, limit_centis=1_000),
        LimitGroup(group=group, limit_centis=500),
        TriggerGroup(group=group),
        ResetGroup(group=group),
        DeleteGroup(group=group),
    )
    telling, made = Telling(Venue(at=parse_instant("2026-06-12T00:00:00Z"))), []
    for at_ms, command in zip(instants_ms, commands, strict=True):
        telling.venue.at = (at_ms - 1) * 1_000
        made.append(only(telling.does(command), "order_group_updates"))
    found = recorded("stream_order_groups.2026-06-12.jsonl", "order_group_updates")
    assert [body(message, "2026-06") for message in made] == found
    assert [json.loads(text) for text in found] == [frame["msg"] for frame in frames("order_group_updates")]


# --- examples of the documents


def example(kind: str, place: int) -> dict[str, Any]:
    found: dict[str, Any] = frames(kind)[place]["msg"]
    return found


def at_least(wanted: dict[str, Any], message: Message, date: str) -> dict[str, Any]:
    """What the message says of the keys that the example has; the examples leave some out that are required."""
    sent = json.loads(body(message, date))
    assert [key for key in sent if key in wanted] == list(wanted)
    return {key: sent[key] for key in wanted}


@each_row(("date", "place"), [("2025-11", 0), ("2026-10", 1)])
def test_the_documented_position(date: str, place: int) -> None:
    """In October's the amounts have four decimals, here the six of REST."""
    wanted = example("market_position", place)
    telling, subaccount_ref = Telling(Venue()), SubaccountRef("somebody")
    telling.venue.do(OpenAccount(account="somebody", user_id="user123"))
    telling.venue.do(ListMarket(market="FED-23DEC-T3.00", event="FED-23DEC", series="FED"))
    opened = OpenPosition(
        subaccount_ref=subaccount_ref,
        market="FED-23DEC-T3.00",
        quantity_centis=10_000,
        cost_micros=50 * DOLLAR,
        realized_micros=10 * DOLLAR,
        fees_micros=DOLLAR,
        shares_centis=1_500,
    )
    message = only(telling.does(opened), "market_position")
    sent = at_least(wanted, message, date)
    if date == "2025-11":
        assert body(message, date) == json.dumps(wanted, separators=(",", ":"))
    else:
        wanted["position_fee_cost_dollars"] = "1.0000"
        assert sent == {key: f"{text}00" if key.endswith("_dollars") else text for key, text in wanted.items()}


@each_row(("date", "place"), [("2025-11", 0), ("2026-08-22", 1)])
def test_the_documented_fill(date: str, place: int) -> None:
    """In August's the price has three decimals still, here the four that frames of June had."""
    wanted = example("fill", place)
    venue, market = Venue(at=1_671_890_000_000_000), wanted["market_ticker"]
    venue.do(ListMarket(market=market, event="HIGHNY-22DEC23", series="HIGHNY", exchange_index=2))
    venue.do(buy(market, 222, 50, ALICE_3))
    venue.at = wanted["ts"] * 1_000_000 - 1_000
    trade = buy(market, 278, 75, ALICE_3, taker=True, fill_id=wanted["trade_id"], new=wanted["order_id"])
    sent = at_least(wanted, only(Telling(venue).does(trade), "fill"), date)
    if date != "2025-11":
        assert sent.pop("yes_price_dollars") == f"{wanted.pop('yes_price_dollars')}0"
    assert sent == wanted


def test_the_documented_order() -> None:
    wanted = example("user_order", 0)
    venue, subaccount_ref = Venue(at=parse_instant("2024-12-01T09:59:00Z")), SubaccountRef("somebody")
    venue.do(OpenAccount(account="somebody", user_id=wanted["user_id"]))
    venue.do(ListMarket(market=wanted["ticker"], event="FED-23DEC", series="FED"))
    venue.do(OpenGroup(subaccount_ref=subaccount_ref, group="og_123"))
    venue.at = parse_instant(wanted["created_time"]) - 1_000
    order = rest_order(
        wanted["ticker"],
        10,
        35,
        subaccount_ref,
        order=wanted["order_id"],
        client_order_id="my-order-1",
        group="og_123",
        self_trade_prevention=SelfTradePrevention.TAKER_AT_CROSS,
        expires_at=parse_instant(wanted["expiration_time"]),
    )
    assert at_least(wanted, only(Telling(venue).does(order), "user_order"), "2026-08-22") == wanted
