"""Channels of a day: access to them, and the numbering of their data."""

import itertools
import json

from mockexchange.core.commands import ListMarket, OpenGroup, QuoteMarket
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated_fields import ALWAYS
from mockexchange.venues.kalshi.named_days import FIRST_DAY, SOURCES, api_date
from mockexchange.venues.kalshi.stream.channels import CHANNELS, channels_of
from mockexchange.venues.kalshi.stream.feed import messages_of
from mockexchange.venues.kalshi.stream.session import Session
from tests.helpers.rows import each_row
from tests.venues.kalshi.stream.sessions import (
    HEAT,
    RAIN,
    command,
    frames_of,
    kinds,
    make_venue,
    open_session,
    subscribe,
    tell,
    told,
    trade,
)
from tests.venues.kalshi.world import ALICE, ALICE_3, BOB, ST1, ST2, Venue, rest_order

ALWAYS_THERE = {"orderbook_delta", "ticker", "trade", "fill", "market_positions", "market_lifecycle_v2"}


@each_row(
    ("date", "others"),
    [
        ("2025-11", {"multivariate", "communications"}),
        ("2026-01-28", {"multivariate", "communications"}),
        ("2026-01-29", {"multivariate", "communications", "order_group_updates"}),
        ("2026-01-31", {"multivariate", "communications", "order_group_updates", "ticker_v2"}),
        ("2026-02-03", {"multivariate", "communications", "order_group_updates", "ticker_v2", "user_orders"}),
        ("2026-02-12", {"multivariate", "communications", "order_group_updates", "user_orders"}),
    ],
)
def test_a_day_has_its_channels_and_no_other(date: str, others: set[str]) -> None:
    session = open_session(make_venue(), date)
    for name in sorted({row.name for row in CHANNELS}):
        [ack, *_] = [json.loads(one) for one in subscribe(session, name, market_ticker=RAIN)]
        if name in ALWAYS_THERE | others:
            assert ack["msg"]["channel"] == name
        else:
            assert ack["msg"] == {"code": 8, "msg": "Unknown channel name"}
    assert set(channels_of(api_date(date))) == ALWAYS_THERE | others


def test_compat_has_every_channel_that_ever_was() -> None:
    session = open_session(make_venue(), "compat")
    names = sorted({row.name for row in CHANNELS})
    assert len(subscribe(session, *names, market_ticker=RAIN)) == len(names) + 1


def test_a_channel_that_nothing_feeds_stays_quiet_and_says_so() -> None:
    session = open_session(make_venue())
    for row in channels_of(api_date("2026-10")).values():
        if not row.is_emulated:
            [ack] = tell(session, command("subscribe", channels=[row.name]))
            assert ack.note == f"{row.name} is not emulated: it stays quiet"


@each_row(("date", "is_numbered"), [("2025-11", False), ("2026-06-10", False), ("2026-06-11", True), ("compat", True)])
def test_trades_are_numbered_since_they_were_seen_to_be(date: str, is_numbered: bool) -> None:
    venue = make_venue()
    session = open_session(venue, date)
    subscribe(session, "trade")
    found = told(session, venue, trade(), trade(HEAT))
    assert [one.get("seq") for one in found] == ([1, 2] if is_numbered else [None, None])
    assert list(found[0]) == ["type", "sid", *(["seq"] if is_numbered else []), "msg"]


def test_one_counter_for_all_markets_of_a_subscription() -> None:
    venue = make_venue()
    session = open_session(venue)
    subscribe(session, "orderbook_delta", "trade", market_tickers=[RAIN, HEAT])
    quotes = [QuoteMarket(market=market, yes=((4_000, 500),)) for market in (RAIN, HEAT)]
    found = told(session, venue, *quotes, trade())
    assert [(one["type"], one["sid"], one["seq"]) for one in found] == [
        ("orderbook_delta", 1, 3),
        ("orderbook_delta", 1, 4),
        ("trade", 2, 1),
    ]


def test_what_a_filter_holds_back_takes_no_number() -> None:
    venue = make_venue()
    session = open_session(venue)
    subscribe(session, "trade", market_tickers=[HEAT])
    assert [one["seq"] for one in told(session, venue, trade(RAIN), trade(HEAT), trade(RAIN), trade(HEAT))] == [1, 2]


@each_row(("date", "is_told"), [("2026-02-11", True), ("2026-02-12", False), ("2026-10", False), ("compat", True)])
def test_combinations_left_the_lifecycle_of_markets(date: str, is_told: bool) -> None:
    venue = make_venue()
    session = open_session(venue, date)
    subscribe(session, "market_lifecycle_v2")
    combination = ListMarket(market="KXMVE-1-A", event="KXMVE-1", series="KXMVE")
    plain = ListMarket(market="HAIL-1", event="HAIL", series="HAIL")
    found = told(session, venue, combination, plain)
    tickers = {one["msg"].get("market_ticker") for one in found} - {None}
    assert tickers == ({"KXMVE-1-A", "HAIL-1"} if is_told else {"HAIL-1"})
    assert [one.get("seq") for one in found] in ([None] * len(found), list(range(1, len(found) + 1)))


PRIVATE = ("fill", "market_positions", "user_orders", "order_group_updates")
ON_A_FILL = ["user_order", "fill", "market_position"]


# who reads | whose books it sees
@each_row(
    ("who", "seen"),
    [
        ("alice", {ALICE, ALICE_3}),
        ("only_3", {ALICE_3}),
        ("bob", {BOB}),
        ("desk", {ST1, ST2}),
        ("st1", {ST1}),
    ],
)
def test_a_key_sees_its_books_and_no_others(who: str, seen: set[SubaccountRef]) -> None:
    venue = make_venue()
    venue.fund(ST1, ST2)
    session = open_session(venue, who=who)
    subscribe(session, *PRIVATE)
    for subaccount_ref in (ALICE, ALICE_3, BOB, ST1, ST2):
        group = f"group-of-{subaccount_ref}"
        found = told(
            session,
            venue,
            trade(subaccount_ref=subaccount_ref),
            OpenGroup(subaccount_ref=subaccount_ref, group=group, limit_centis=100),
        )
        assert kinds(found) == ([*ON_A_FILL, "order_group_updates"] if subaccount_ref in seen else []), subaccount_ref


def test_an_anonymous_reader_sees_what_is_public() -> None:
    venue = make_venue()
    session = open_session(venue, "2026-02", who=None)
    subscribe(session, "ticker", "trade", "market_lifecycle_v2")
    assert set(kinds(told(session, venue, trade()))) == {"trade", "ticker"}


def own_marks(who: str, subaccount_ref: SubaccountRef) -> set[str]:
    """What an order of that book adds to the delta that the key sees, beside what strangers see."""
    venue = make_venue()
    sessions = [open_session(venue, who=name) for name in (who, "bob" if who != "bob" else "alice")]
    for session in sessions:
        subscribe(session, "orderbook_delta", market_tickers=[RAIN])
    outcome = [keys_of_delta(session, venue, subaccount_ref) for session in sessions]
    return set(outcome[0]) - set(outcome[1])


def keys_of_delta(session: Session, venue: Venue, subaccount_ref: SubaccountRef) -> list[str]:
    order = rest_order(RAIN, 5, 40, subaccount_ref=subaccount_ref, client_order_id=f"mine-{venue.at}")
    [delta] = told(session, venue, order)
    return list(delta["msg"])


@each_row(
    ("who", "subaccount_ref", "is_marked"),
    [
        ("alice", ALICE, True),
        ("alice", ALICE_3, True),
        ("only_3", ALICE_3, True),
        ("only_3", ALICE, False),
        ("alice", ST1, False),
    ],
)
def test_own_orders_are_marked_for_who_may_see_them(who: str, subaccount_ref: SubaccountRef, is_marked: bool) -> None:
    assert own_marks(who, subaccount_ref) == ({"client_order_id", "subaccount"} if is_marked else set())


def test_no_sides_in_yes_prices_are_asked_for_by_subscription() -> None:
    venue = make_venue()
    venue.do(QuoteMarket(market=RAIN, yes=((4_700, 300),), no=((4_800, 200),)))
    for date, params, price in (
        ("2026-10", {}, "0.4800"),
        ("2026-10", {"use_yes_price": True}, "0.5200"),
        ("2026-05-08", {"use_yes_price": True}, "0.5200"),
        ("2026-05-07", {"use_yes_price": True}, "0.4800"),
    ):
        session = open_session(venue, date)
        found = [json.loads(one) for one in subscribe(session, "orderbook_delta", market_ticker=RAIN, **params)]
        assert found[1]["msg"]["no_dollars_fp"] == [[price, "2.00"]], (date, params)


def test_both_price_ways_of_one_message_are_told_apart() -> None:
    venue = make_venue()
    plain, yes = open_session(venue), open_session(venue)
    subscribe(plain, "orderbook_delta", market_ticker=RAIN)
    subscribe(yes, "orderbook_delta", market_ticker=RAIN, use_yes_price=True)
    venue.at += 1_000
    outcome = venue.exchange.execute(QuoteMarket(market=RAIN, no=((4_800, 200),)), venue.at)
    assert isinstance(outcome, tuple)
    found: dict[str, list[str]] = {"plain": [], "yes": []}
    for message in messages_of(venue.exchange.state, outcome, venue.at):
        for name, session in (("plain", plain), ("yes", yes), ("plain", plain)):
            frame = session.frame_of(message)
            found[name] += [json.loads(frame.raw)["msg"]["price_dollars"]] if frame else []
    assert found == {"plain": ["0.4800", "0.4800"], "yes": ["0.5200"]}


def test_an_owners_mark_is_kept_apart_from_what_others_are_told() -> None:
    venue = make_venue()
    sessions = [open_session(venue, who=who) for who in ("alice", "bob", "only_3", "alice")]
    for session in sessions:
        subscribe(session, "orderbook_delta", market_tickers=[RAIN])
    outcome = venue.exchange.execute(rest_order(RAIN, 5, 40, client_order_id="mine"), venue.at)
    assert isinstance(outcome, tuple)
    told_ones = messages_of(venue.exchange.state, outcome, venue.at)
    [delta] = [one for one in told_ones if one.kind == "orderbook_delta"]
    frames = [session.frame_of(delta) for session in sessions]
    assert [frame is not None and b"mine" in frame.raw for frame in frames] == [True, False, False, True]


def test_what_two_readers_share_is_one_object() -> None:
    venue = make_venue()
    first, second = open_session(venue), open_session(venue)
    other = open_session(venue, "2025-11")
    for session in (first, second, other):
        subscribe(session, "fill")
    outcome = venue.exchange.execute(trade(), venue.at + 1)
    assert isinstance(outcome, tuple)
    [message] = [one for one in messages_of(venue.exchange.state, outcome, venue.at) if one.kind == "fill"]
    assert first.frame_of(message) is second.frame_of(message)
    assert other.frame_of(message) != first.frame_of(message)


def test_readers_of_one_message_have_it_under_their_own_sids() -> None:
    venue = make_venue()
    first, second = open_session(venue), open_session(venue)
    subscribe(first, "fill")
    subscribe(second, "ticker", "fill")
    outcome = venue.exchange.execute(trade(), venue.at + 1)
    assert isinstance(outcome, tuple)
    [message] = [one for one in messages_of(venue.exchange.state, outcome, venue.at) if one.kind == "fill"]
    frames = [session.frame_of(message) for session in (first, second, first)]
    assert [frame and (frame.sid, json.loads(frame.raw)["sid"]) for frame in frames] == [(1, 1), (2, 2), (1, 1)]


def test_frames_say_where_they_belong() -> None:
    venue = make_venue()
    session = open_session(venue)
    subscribe(session, "ticker", "fill")
    frames = {frame.kind: (frame.channel, frame.sid, frame.note) for frame in frames_of(session, venue, trade())}
    assert frames["fill"] == ("fill", 2, "")


def test_rows_have_sources_and_disjoint_lives() -> None:
    assert {row.source for row in CHANNELS} <= set(SOURCES)
    for name in {row.name for row in CHANNELS}:
        rows = sorted((row for row in CHANNELS if row.name == name), key=lambda row: row.since)
        assert all(row.since < row.until for row in rows)
        assert all(before.until == after.since for before, after in itertools.pairwise(rows))
        assert rows[0].since == ALWAYS or rows[0].since >= FIRST_DAY
