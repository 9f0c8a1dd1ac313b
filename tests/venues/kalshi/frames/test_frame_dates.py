"""Keys of the messages come, go and change on their day: not the day before, not the day after."""

import json
from datetime import date, timedelta
from typing import Any

from mockexchange.venues.dated_fields import ALWAYS, FOREVER
from mockexchange.venues.kalshi.frames import FRAMES, NESTED
from mockexchange.venues.kalshi.named_days import FIRST_DAY
from tests.helpers.rows import each_row
from tests.venues.kalshi.frames.frame_texts import body
from tests.venues.kalshi.frames.test_golden_frames import messages

WHOLE_END = "2026-03-10"
POSITION, FILL, ORDER, TICKER = "market_position", "fill", "user_order_filled", "ticker"
TRADE, BOOK, DELTA, CREATED = "trade", "orderbook_snapshot", "orderbook_delta", "market_created"
# Message, keys, first day, first day without them.
LIVES: list[tuple[str, str, str | None, str | None]] = [
    (POSITION, "position volume", None, WHOLE_END),
    (POSITION, "position_fp volume_fp", "2026-01-22", None),
    (POSITION, "subaccount", "2026-01-27", None),
    (POSITION, "position_cost realized_pnl fees_paid", None, WHOLE_END),
    (POSITION, "position_fee_cost", "2026-01-31", WHOLE_END),
    (POSITION, "position_cost realized_pnl fees_paid position_fee_cost", "2026-03-13", "2026-04-02"),
    (
        POSITION,
        "position_cost_dollars realized_pnl_dollars fees_paid_dollars position_fee_cost_dollars",
        "2026-03-09",
        None,
    ),
    (FILL, "yes_price count post_position", None, WHOLE_END),
    (FILL, "count_fp post_position_fp", "2026-01-22", None),
    (FILL, "subaccount", "2026-01-27", None),
    (FILL, "fee_cost", "2026-01-29", None),
    (FILL, "ts_ms", "2026-04-15", None),
    (FILL, "outcome_side book_side", "2026-05-06", None),
    (FILL, "exchange_index", "2026-08-20", None),
    (ORDER, "is_yes", "2026-03-05", None),
    (ORDER, "taker_fees_dollars", WHOLE_END, None),
    (ORDER, "created_ts_ms last_updated_ts_ms expiration_ts_ms", "2026-04-15", None),
    (ORDER, "outcome_side book_side", "2026-05-06", None),
    (ORDER, "exchange_index", "2026-08-27", None),
    (ORDER, "last_update_reason", "2026-10-01", None),
    ("order_group_created", "ts_ms", "2026-05-05", None),
    (TICKER, "price yes_bid yes_ask volume open_interest", None, WHOLE_END),
    (TICKER, "volume_fp open_interest_fp", "2026-01-22", None),
    (TICKER, "market_id yes_ask_dollars", "2026-01-31", None),
    (TICKER, "no_bid_dollars", None, "2026-01-31"),
    (TICKER, "time", "2026-02-11", None),
    (TICKER, "yes_bid_size_fp yes_ask_size_fp last_trade_size_fp", "2026-02-12", None),
    (TICKER, "ts_ms", "2026-04-15", None),
    (TRADE, "yes_price no_price count", None, WHOLE_END),
    (TRADE, "count_fp", "2026-01-22", None),
    (TRADE, "trade_id", "2026-01-31", None),
    (TRADE, "ts_ms", "2026-04-15", None),
    (TRADE, "taker_outcome_side taker_book_side", "2026-05-06", None),
    (TRADE, "is_block_trade", "2026-08-13", None),
    (BOOK, "yes yes_dollars no no_dollars", None, WHOLE_END),
    (BOOK, "yes_dollars_fp no_dollars_fp", "2026-01-22", None),
    (BOOK, "market_id", "2026-01-31", None),
    (DELTA, "price delta", None, WHOLE_END),
    (DELTA, "delta_fp", "2026-01-22", None),
    (DELTA, "subaccount", "2026-01-27", None),
    (DELTA, "market_id ts", "2026-01-31", None),
    (DELTA, "ts_ms", "2026-04-15", None),
    (CREATED, "price_level_structure", "2026-03-12", None),
    (CREATED, "fractional_trading_enabled", "2026-03-12", "2026-04-17"),
    (CREATED, "price_ranges", "2026-07-02", None),
    (CREATED, "exchange_index", "2026-07-30", None),
    ("market_determined", "settlement_value", "2026-02-26", None),
    ("event", "sub_title", None, "2026-01-31"),
    ("event", "subtitle", "2026-01-31", None),
    ("event", "exchange_index", "2026-07-30", None),
    ("rfq_created_cost", "target_cost", None, WHOLE_END),
    ("rfq_created", "contracts", None, WHOLE_END),
    ("rfq_created", "contracts_fp", "2026-01-22", None),
    ("quote_created_maker", "rfq_creator_id", "2026-07-27", None),
    ("quote_created_asker", "subaccount", "2026-07-30", None),
    ("quote_accepted_asker", "subaccount", "2026-03-26", None),
    ("quote_executed_asker", "subaccount", "2026-03-26", None),
]
# Message, key, day, what it was the day before, what it is then.
TURNS: list[tuple[str, str, str, object, object]] = [
    (FILL, "yes_price_dollars", WHOLE_END, "0.565", "0.5650"),
    (FILL, "fee_cost", "2026-03-07", "0.0100", "0.012345"),
    (POSITION, "fees_paid", "2026-03-07", 100, 123),
    (ORDER, "maker_fees_dollars", "2026-03-07", "0.0100", "0.0123"),
    (ORDER, "maker_fill_cost_dollars", "2026-10-01", "1.1300", "1.130000"),
    (ORDER, "maker_fees_dollars", "2026-10-01", "0.0123", "0.012345"),
    ("ticker_new", "price_dollars", "2026-01-31", "", "0.000"),
    ("ticker_new", "price_dollars", WHOLE_END, "0.000", "0.0000"),
    (TICKER, "yes_ask_dollars", WHOLE_END, "0.570", "0.5700"),
    (TRADE, "no_price_dollars", WHOLE_END, "0.435", "0.4350"),
    (DELTA, "price_dollars", WHOLE_END, "0.565", "0.5650"),
    ("market_determined_scalar", "result", "2026-04-01", "", "scalar"),
    (CREATED, "event_ticker", "2026-01-31", None, "HEAT"),
    (CREATED, "floor_strike", "2026-04-01", "40.5", 40.5),
]


def before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def sent(name: str, day: str) -> dict[str, Any]:
    message = messages()[name]
    found: dict[str, Any] = json.loads(body(message, day, is_own=message.owner is not None))
    return found


@each_row(("name", "keys", "since", "until"), LIVES)
def test_keys_live_from_day_to_day(name: str, keys: str, since: str | None, until: str | None) -> None:
    wanted = set(keys.split())
    if since is not None:
        assert not wanted & sent(name, before(since)).keys()
    assert wanted <= sent(name, since or FIRST_DAY).keys()
    if until is not None:
        assert wanted <= sent(name, before(until)).keys()
        assert not wanted & sent(name, until).keys()


@each_row(("name", "key", "day", "was", "then"), TURNS)
def test_a_key_changes_on_its_day(name: str, key: str, day: str, was: object, then: object) -> None:
    def shown(when: str) -> object:
        found = sent(name, when)
        return {**found.get("additional_metadata", {}), **found}.get(key)

    assert (shown(before(day)), shown(day)) == (was, then)


def test_every_day_of_the_tables_is_looked_at() -> None:
    """Keys of event types that nothing here brings about have days that no message can show."""
    unseen = {"2026-05-11", "2026-06-18"}
    began = {"2026-01-29", "2026-02-03"}
    days = {day for rows in {**FRAMES, **NESTED}.values() for row in rows for day in (row.since, row.until)}
    looked_at = {day for _, _, *lives in LIVES for day in lives} | {day for _, _, day, _, _ in TURNS}
    assert days - {ALWAYS, FOREVER} - unseen - began <= looked_at


def test_a_market_position_had_seven_shapes_in_ten_weeks() -> None:
    days = (
        "2026-01-21",
        "2026-01-22",
        "2026-01-27",
        "2026-01-31",
        "2026-03-09",
        "2026-03-10",
        "2026-03-13",
        "2026-04-02",
    )
    shapes = [tuple(sent(POSITION, day)) for day in days]
    assert len(set(shapes)) == len(days) - 1
    assert shapes[-1] == shapes[-3]
