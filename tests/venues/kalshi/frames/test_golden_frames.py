"""Every message at every API date, byte for byte.

`golden/NAME.txt` has a line a date: the date and the frame's `msg`. They were checked by hand against the wire facts.
"""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path

from mockexchange.core.commands import (
    AcceptRfqQuote,
    CancelOrder,
    CloseMarket,
    ConfirmRfqQuote,
    CreateRfq,
    DeleteGroup,
    DeleteRfq,
    DescribeEvent,
    ExecuteRfqQuote,
    LimitGroup,
    ListCombination,
    ListMarket,
    OpenGroup,
    QuoteMarket,
    QuoteRfq,
    ResetGroup,
    SettleMarket,
    TriggerGroup,
)
from mockexchange.core.instants import parse_instant
from mockexchange.core.model.markets import EventDetails, Leg, MarketDetails
from mockexchange.core.vocabulary import Action, Result, SelfTradePrevention, Side
from mockexchange.venues.dated_fields import pick
from mockexchange.venues.kalshi.frames import FRAMES
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.stream.feed import Message, snapshot_of
from tests.helpers.rows import each_row
from tests.venues.kalshi.bodies import DATES
from tests.venues.kalshi.frames.frame_texts import Telling, body, only
from tests.venues.kalshi.world import ALICE, ALICE_3, BOB, Venue, buy, rest_order

GOLDEN = Path(__file__).parent / "golden"
SINCE = {"user_order": "2026-02", "order_group_updates": "2026-02"}
"""The first date that has messages of that kind, where that is not the first of all."""
HALF = Decimal("56.5")
KEPT: list[Telling] = []
"""The worlds of the messages, which read them when they are written: a state that nobody has takes its rows apart."""


def world() -> Telling:
    venue = Venue(at=parse_instant("2025-11-10T09:30:00.12345Z"))
    venue.fund(ALICE, ALICE_3, BOB)
    venue.list_markets("RAIN-1", "RAIN-2")
    venue.do(QuoteMarket(market="RAIN-1", yes=((5_500, 10_000), (5_400, 250)), no=((4_300, 8_050),)))
    KEPT.append(Telling(venue))
    return KEPT[-1]


def of_listing() -> dict[str, Message]:
    """A market of an event of which everything was said."""
    event = EventDetails(
        title="Heat of July",
        sub_title="In July",
        strike_at=parse_instant("2026-07-01T00:00:00Z"),
        strike_period="month",
    )
    market = MarketDetails(
        yes_title="Above 40",
        open_at=parse_instant("2025-11-11T00:00:00Z"),
        close_at=parse_instant("2026-07-31T00:00:00Z"),
        rules_primary='If it is "hot"',
        strike_type="between",
        floor_strike="40.5",
        cap_strike="45",
    )
    told = world().does(
        DescribeEvent(event="HEAT", details=event),
        ListMarket(market="HEAT-1", event="HEAT", series="HEAT", title="Heat", details=market, exchange_index=2),
    )
    return {"event": only(told, "event_lifecycle"), "market_created": only(told, "market_lifecycle_v2")}


def of_ending() -> dict[str, Message]:
    telling, scalar = world(), SettleMarket(market="RAIN-2", result=Result.SCALAR, value_centicents=4_567)
    told = telling.does(CloseMarket(market="RAIN-1"), SettleMarket(market="RAIN-1", result=Result.NO), scalar)
    deactivated, determined, settled, by_value, _ = [one for one in told if one.kind == "market_lifecycle_v2"]
    return {
        "market_deactivated": deactivated,
        "market_determined": determined,
        "market_settled": settled,
        "market_determined_scalar": by_value,
    }


def of_filling() -> dict[str, Message]:
    """A subaccount's order with everything to it, part of which is filled, and a plain sale by somebody else."""
    telling = world()
    telling.does(OpenGroup(subaccount_ref=ALICE_3, group="g1", limit_centis=1_250))
    told = telling.does(
        rest_order(
            "RAIN-1",
            7,
            HALF,
            ALICE_3,
            order="o1",
            client_order_id="mine \u2713",
            group="g1",
            expires_at=parse_instant("2025-12-01T00:00:00Z"),
            self_trade_prevention=SelfTradePrevention.MAKER,
        )
    )
    part = telling.does(buy("RAIN-1", 2, HALF, ALICE_3, order="o1", fill_id="x1", fee_micros=12_345))
    sale = telling.does(
        buy("RAIN-1", 1, Decimal("40.25"), BOB, Side.NO, action=Action.SELL, taker=True, new="o2", fill_id="x2")
    )
    return {
        "user_order_resting": only(told, "user_order"),
        "orderbook_delta": only(told, "orderbook_delta"),
        "user_order_filled": only(part, "user_order"),
        "fill": only(part, "fill"),
        "market_position": only(part, "market_position"),
        "trade": only(part, "trade"),
        "ticker": only(part, "ticker"),
        "user_order_plain": only(sale, "user_order"),
        "fill_plain": only(sale, "fill"),
        "market_position_primary": only(sale, "market_position"),
        "user_order_canceled": only(telling.does(CancelOrder(order="o1")), "user_order"),
    }


def of_books() -> dict[str, Message]:
    telling = world()
    state = telling.venue.exchange.state
    whole = snapshot_of(state, state.markets["RAIN-1"])
    (told,) = telling.does(QuoteMarket(market="RAIN-2", yes=((125, 10_050),)), channels=["ticker"])
    return {
        "orderbook_snapshot": whole,
        "orderbook_snapshot_one_side": snapshot_of(state, state.markets["RAIN-2"]),
        "ticker_new": told,
    }


def of_groups() -> dict[str, Message]:
    commands = (
        OpenGroup(subaccount_ref=ALICE, group="g1", limit_centis=1_000),
        LimitGroup(group="g1", limit_centis=550),
        TriggerGroup(group="g1"),
        ResetGroup(group="g1"),
        DeleteGroup(group="g1"),
        OpenGroup(subaccount_ref=ALICE, group="g2"),
    )
    names = ("created", "limit_updated", "triggered", "reset", "deleted", "unlimited")
    return {f"order_group_{name}": told for name, told in zip(names, world().does(*commands), strict=True)}


def of_rfqs() -> dict[str, Message]:
    """An RFQ of a subaccount with a cost in a combination, its quote as each side sees it, and one that is deleted."""
    telling, legs = world(), (Leg("RAIN", "RAIN-1", Side.YES), Leg("RAIN", "RAIN-2", Side.NO))
    telling.does(ListCombination(market="BOTH-1", event="BOTH", series="BOTH", collection="BOTH-R", legs=legs))
    asked = telling.does(CreateRfq(subaccount_ref=ALICE_3, market="BOTH-1", cost_micros=9_912_345, rfq="r1"))
    quoted = telling.does(QuoteRfq(subaccount_ref=BOB, rfq="r1", yes_centicents=3_500, no_centicents=6_000, quote="q1"))
    accepted = telling.does(AcceptRfqQuote(quote="q1", side=Side.NO))
    executed = telling.does(ConfirmRfqQuote(quote="q1"), ExecuteRfqQuote(quote="q1"))
    told = telling.does(
        CreateRfq(subaccount_ref=ALICE, market="RAIN-1", count_centis=1_250, rfq="r2"), DeleteRfq(rfq="r2")
    )
    pairs = {"quote_created": quoted, "quote_accepted": accepted, "quote_executed": executed}
    ofs = {kind: [one for one in found if one.kind == kind] for kind, found in pairs.items()}
    return {
        "rfq_created_cost": only(asked, "rfq_created"),
        "rfq_created": only(told, "rfq_created"),
        "rfq_deleted": only(told, "rfq_deleted"),
        **{f"{kind}_maker": maker for kind, (maker, _) in ofs.items()},
        **{f"{kind}_asker": asker for kind, (_, asker) in ofs.items()},
    }


@cache
def messages() -> dict[str, Message]:
    return {**of_listing(), **of_ending(), **of_filling(), **of_books(), **of_groups(), **of_rfqs()}


def bodies(name: str) -> dict[str, str]:
    """What the message is, by date; the owner's view of a level stands beside everybody's."""
    message = messages()[name]
    dates = [date for date in DATES if date >= SINCE.get(message.kind, "")]
    found = {date: body(message, date) for date in dates}
    if message.owner is not None:
        found |= {f"{date}/own": body(message, date, is_own=True) for date in dates}
    if message.channel == "orderbook_delta":
        found |= {f"{date}/yes": body(message, date, in_yes_price=True) for date in dates}
    return found


def golden(name: str) -> dict[str, str]:
    lines = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return {date: text for date, _, text in (line.partition(" ") for line in lines)}


NAMES = sorted(path.stem for path in GOLDEN.glob("*.txt"))


def test_there_is_a_file_for_every_message() -> None:
    assert sorted(messages()) == NAMES
    assert {message.kind for message in messages().values()} == FRAMES.keys()


@each_row("name", NAMES)
def test_a_message_is_the_one_of_its_date(name: str) -> None:
    assert bodies(name) == golden(name)


@each_row("name", NAMES)
def test_keys_are_in_the_order_of_the_table(name: str) -> None:
    kind = messages()[name].kind
    order = list(dict.fromkeys(row.name for row in FRAMES[kind]))
    for text in golden(name).values():
        keys = list(json.loads(text))
        assert keys == sorted(keys, key=order.index)


@each_row("name", NAMES)
def test_there_is_no_key_that_the_date_does_not_have_and_none_missing(name: str) -> None:
    kind = messages()[name].kind
    for date, text in golden(name).items():
        rows = pick(FRAMES[kind], api_date(date.partition("/")[0]))
        required = {key for key, row in rows.items() if row.empty == "never"}
        assert required <= json.loads(text).keys() <= rows.keys(), date
