"""Days on which keys of a market came, went or changed, each with its source."""

import datetime as dt
import json
from typing import Any

from mockexchange.core.commands import SettleMarket
from mockexchange.core.vocabulary import Result
from mockexchange.venues.dated_fields import pick
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources.markets import MARKET
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make
from tests.venues.kalshi.world import PREFIX, Venue

SUBTITLE = '    subtitle: Over 1"\n'
TEXT = f"""
scenario: markets
start: 2025-11-04T12:00:00Z
markets:
  RAIN-25NOV05-T1:
    event: RAIN-25NOV05
    series: RAIN
{SUBTITLE}
    book: {{yes: [[0.53, 81], [0.54, 6.5]], no: [[0.44, 300], [0.43, 12]]}}
"""


def row(date: str, text: str = TEXT) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(make(text, date).answer(Request("GET", f"{PREFIX}/markets"))[0].body)
    [market] = found["markets"]
    return dict(market)


# source | day | keys that came or went on it
LIVES = [
    ("changelog of 2026-01-06 and pages", "2026-01-08", "category risk_limit_cents", ""),
    ("pages", "2026-01-09", "", "is_provisional"),
    ("pages", "2026-01-22", "", "updated_time"),
    ("pages", "2026-02-12", "", "fractional_trading_enabled"),
    ("changelog of 2026-04-30, recorded without it on 2026-06-11", "2026-05-07", "tick_size", ""),
    ("changelog", "2026-07-09", "fractional_trading_enabled response_price_units", ""),
]


@each_row(("source", "day", "gone", "new"), LIVES, ids=[row[1] for row in LIVES])
def test_a_key_lives_as_long_as_its_source_says(source: str, day: str, gone: str, new: str) -> None:
    before = dt.date.fromisoformat(day) - dt.timedelta(days=1)
    earlier, later = (table_keys(date) for date in (before.isoformat(), day))
    assert (earlier - later, later - earlier) == ({*gone.split()}, {*new.split()}), source


def table_keys(date: str) -> set[str]:
    return set(pick(MARKET, api_date(date)))


@each_row(
    ("day", "price", "wanted"),
    [("2026-02-12", "183.6000", 18360), ("2026-02-13", "0.0000", 0), ("2026-06-11", "0.0000", None)],
)
def test_liquidity_is_nothing_since_february_2026(day: str, price: str, wanted: int | None) -> None:
    """Changelog of 2026-02-13; so in all 200 markets that were recorded on 2026-06-11."""
    market = row(day)
    assert (market["liquidity_dollars"], market.get("liquidity")) == (price, wanted)


@each_row(("day", "wanted"), [("2025-11-27", None), ("2025-11-28", ""), ("2026-01-12", "")])
def test_a_result_is_null_before_it_is_known_in_november_2025(day: str, wanted: str | None) -> None:
    """Recorded on 2025-11-03 (null) and 2026-01-12 (empty); the pages stop naming null on 2025-11-28."""
    assert row(day)["result"] == wanted


@each_row(("day", "is_there"), [("2026-01-12", True), ("2026-03-20", True), ("2026-03-21", False)])
def test_an_empty_subtitle_is_left_out_since_march_2026(day: str, is_there: bool) -> None:
    """Recorded on 2026-01-12 (empty) and 2026-06-11 (absent); not required in the pages of 2026-03-21."""
    assert row(day)["subtitle"] == 'Over 1"'
    assert row(day, TEXT.replace(SUBTITLE, "")).get("subtitle") == ("" if is_there else None)


@each_row(("day", "is_there"), [("2025-12-24", False), ("2025-12-25", True), ("2026-06-11", True)])
def test_a_market_shows_when_it_was_settled_since_december_2025(day: str, is_there: bool) -> None:
    """Changelog: released on 2025-12-25. The pages have it from 2025-12-20 on."""
    venue = Venue()
    venue.list_markets("RAIN-1")
    venue.do(SettleMarket(market="RAIN-1", result=Result.YES))
    assert ("settlement_ts" in venue.read("markets/RAIN-1", date=day)["market"]) is is_there
