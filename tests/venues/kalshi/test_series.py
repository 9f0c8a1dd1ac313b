"""A series at every API date."""

import json
from typing import Any

from mockexchange.core.commands import ListMarket, ListSeries
from mockexchange.core.vocabulary import FeeType
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES, unreadable
from tests.venues.kalshi.world import ALICE, PREFIX, START, Venue, at, buy, refusal, why

LATE = {"2026-04", "2026-06", "2026-10", "compat"}
TEXT = """
scenario: series
start: 2025-11-04T12:00:00Z
accounts: {alice: {}}
series:
  RAIN:
    title: Rain in New York
    category: Climate
    frequency: daily
    tags: [Rain, NYC]
    fee_type: quadratic_with_maker_fees
    fee_multiplier: 0.5
"""
WORDS: dict[str, Any] = {
    "additional_prohibitions": [],
    "category": "Climate",
    "contract_terms_url": "",
    "contract_url": "",
    "fee_multiplier": 0.5,
    "fee_type": "quadratic_with_maker_fees",
    "frequency": "daily",
    "settlement_sources": [],
    "tags": ["Rain", "NYC"],
    "ticker": "RAIN",
    "title": "Rain in New York",
}
JANUARY = {"additional_prohibitions": None}
"""Null where there are none, as recorded on 2026-01-12."""
SPRING = {"last_updated_ts": "2025-11-04T12:00:00Z"}
AUTUMN = {"categories": ["Climate"], "exchange_index": 0}
ROWS = {
    "2025-11": WORDS,
    "2025-12": WORDS,
    "2026-02": {**WORDS, **JANUARY},
    "2026-04": {**WORDS, **JANUARY, **SPRING},
    "2026-06": {**WORDS, **JANUARY, **SPRING},
    "2026-10": {**WORDS, **JANUARY, **SPRING, **AUTUMN},
    "compat": {**WORDS, **SPRING, **AUTUMN},
}


@each_row("date", DATES)
def test_a_series_is_written_as_of_its_date(date: str) -> None:
    answer = make(TEXT, date).answer(Request("GET", f"{PREFIX}/series/RAIN"))[0]
    wanted = {"series": ROWS[date]}
    assert json.loads(answer.body) == wanted
    assert answer.body == json.dumps(wanted, separators=(",", ":"), sort_keys=True).encode()


def test_what_a_scenario_does_not_say_is_something_sound() -> None:
    venue = Venue()
    venue.list_markets("RAIN-1", exchange_index=2)
    row = venue.read("series/RAIN")["series"]
    assert {name: row[name] for name in ("title", "category", "categories", "frequency", "tags")} == {
        "title": "RAIN",
        "category": "",
        "categories": [],
        "frequency": "custom",
        "tags": None,
    }
    assert (row["fee_type"], row["fee_multiplier"], row["exchange_index"]) == ("quadratic", 1, 2)


@each_row(
    ("fee_type", "old"),
    [
        (FeeType.QUADRATIC, "quadratic"),
        (FeeType.QUADRATIC_WITH_MAKER_FEES, "quadratic_with_maker_fees"),
        (FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES, "quadratic_with_maker_fees"),
        (FeeType.FLAT, "flat"),
    ],
)
def test_makers_fees_of_combinations_have_a_word_since_august(fee_type: FeeType, old: str) -> None:
    venue = Venue()
    venue.do(ListSeries(series="S", fee_type=fee_type))
    words = {day: venue.read("series/S", date=day)["series"]["fee_type"] for day in ("2026-08-19", "2026-08-20")}
    assert words == {"2026-08-19": old, "2026-08-20": fee_type.value}


@each_row(("multiplier", "text"), [(10_000, "1"), (5_000, "0.5"), (0, "0"), (12_345, "1.2345")])
def test_the_multiplier_is_a_plain_number(multiplier: int, text: str) -> None:
    venue = Venue()
    venue.do(ListSeries(series="S", fee_multiplier=multiplier))
    assert f'"fee_multiplier":{text},'.encode() in venue.ask("series/S").body


def traded() -> Venue:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1", "RAIN-2", "HEAT-1")
    venue.do(ListMarket(market="R-1", event="R", series="RAIN"))
    venue.do(buy("RAIN-1", 3, 50), buy("RAIN-2", 4, 50), buy("R-1", 5, 50), buy("HEAT-1", 100, 50))
    return venue


@each_row("date", DATES)
def test_the_volume_is_there_where_it_is_asked_for(date: str) -> None:
    venue = traded()
    answer = venue.ask("series/RAIN?include_volume=true", date=date)
    row = json.loads(answer.body)["series"]
    assert row.get("volume_fp") == ("12.00" if date in LATE else None)
    told = ["parameter 'include_volume' is unknown to GetSeries: ignored"]
    assert answer.findings == ([] if date in LATE else told)
    assert "volume_fp" not in venue.read("series/RAIN", date=date)["series"]
    if date in LATE:
        assert "volume_fp" not in venue.read("series/RAIN?include_volume=false", date=date)["series"]
        assert refusal(venue.ask("series/RAIN?include_volume=much", date=date)) == at(
            unreadable("include_volume"), date
        )


def test_no_market_no_volume() -> None:
    venue = Venue()
    venue.do(ListSeries(series="S"))
    assert venue.read("series/S?include_volume=true")["series"]["volume_fp"] == "0.00"
    assert venue.at > START


@each_row("date", DATES)
def test_a_series_that_is_not_there(date: str) -> None:
    answer = Venue().ask("series/NONE", date=date)
    body = bodies.NOT_FOUND if date in ("2026-10", "compat") else bodies.NOT_FOUND_2025
    assert refusal(answer) == at(body, date)
    assert why(answer) == "there is no series 'NONE': tickers are spelt as in the scenario"
