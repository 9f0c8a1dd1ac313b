"""Accounts with many rows: what never changes is read once, and rows are found without comparing each with each."""

from collections.abc import Sequence
from typing import Any

from mockexchange.kit.kalshi.lists import event_of_market, series_of_market
from mockexchange.kit.list_facts import Query, Row
from mockexchange.kit.rules.filters import absent_rows
from mockexchange.kit.target import NotJudged
from tests.helpers.rows import each_row

LISTED = [{"ticker": f"M{number}", "event_ticker": f"E{number // 2}"} for number in range(100)]


class CountedReader:
    """A server with a hundred markets and one that is archived; it counts what is read."""

    def __init__(self, *, has_list: bool = True) -> None:
        self.read: list[str] = []
        self._has_list = has_list
        self._lasting: dict[str, dict[str, str]] = {}

    def rows(self, operation_id: str, query: Query | None = None) -> Sequence[Row]:
        self.read.append(operation_id)
        if not self._has_list:
            raise NotJudged("there is no list")
        return LISTED

    def row(self, operation_id: str, name: str) -> Row:
        self.read.append(f"{operation_id} {name}")
        if name == "GONE" or (name == "OLD" and operation_id == "GetMarket"):
            raise NotJudged("it is not there")
        return {"event_ticker": f"E of {name}", "series_ticker": f"S of {name}"}

    def body(self, operation_id: str) -> dict[str, Any]:
        raise NotImplementedError

    def known(self, name: str) -> Sequence[str]:
        raise NotImplementedError

    def lasting(self, subject: str) -> dict[str, str]:
        return self._lasting.setdefault(subject, {})


def test_the_events_of_a_hundred_markets_are_one_read() -> None:
    reader = CountedReader()
    for _ in range(2):
        assert [event_of_market(reader, {"ticker": row["ticker"]}) for row in LISTED] == [
            row["event_ticker"] for row in LISTED
        ]
    assert reader.read == ["GetMarkets"]


@each_row("has_list", [True, False])
def test_a_market_that_is_not_listed_is_read_once(has_list: bool) -> None:
    reader = CountedReader(has_list=has_list)
    for _ in range(3):
        assert event_of_market(reader, {"ticker": "OLD"}) == "E of OLD"
    assert reader.read == ["GetMarkets", "GetMarket OLD", "GetHistoricalMarket OLD"]
    assert event_of_market(reader, {"ticker": "GONE"}) is None
    assert event_of_market(reader, {"ticker": "GONE", "event_ticker": "E"}) == "E"


def test_the_series_of_an_event_is_read_once() -> None:
    reader = CountedReader()
    assert {series_of_market(reader, {"event_ticker": "E1"}) for _ in range(5)} == {"S of E1"}
    assert reader.read == ["GetEvent E1"]
    assert series_of_market(reader, {"event_ticker": "GONE"}) is None


class CountedRow(dict[str, Any]):
    """A row that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        CountedRow.compared += 1
        return super().__eq__(other)

    __hash__ = None


def test_rows_are_looked_up_without_comparing_each_with_each() -> None:
    rows = [CountedRow(ticker=f"M{number}") for number in range(1_000)]
    others = [CountedRow(ticker=f"M{number}") for number in range(1_000)]
    assert absent_rows(rows, others) == []
    assert absent_rows([CountedRow(ticker="M1000"), *rows], others) == [{"ticker": "M1000"}]
    assert CountedRow.compared < 5_000
