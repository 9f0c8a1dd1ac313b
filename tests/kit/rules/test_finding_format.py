"""Amounts and timestamps of rows in every format, and the rows that filters keep."""

from decimal import Decimal
from typing import Any

import pytest

from mockexchange.kit.kalshi.amounts import CENT, ONE, Amount, contract_count, dollars, price
from mockexchange.kit.kalshi.lists import MARKET_STATE, event_of_market, series_of_market
from mockexchange.kit.list_facts import (
    Query,
    Row,
    equal_to,
    field_of,
    instant_of,
    nonzero_of,
    not_after,
    not_before,
    one_of,
)
from mockexchange.kit.rules.finding_format import differing, row_text
from mockexchange.kit.target import NotJudged
from tests.helpers.rows import each_row


class EmptyReader:
    """A reader that finds nothing."""

    def rows(self, operation_id: str, query: Query | None = None) -> list[Row]:
        raise NotJudged("nothing is there")

    def body(self, operation_id: str) -> dict[str, Any]:
        raise NotJudged("nothing is there")

    def known(self, name: str) -> list[str]:
        raise NotJudged("nothing is there")

    def row(self, operation_id: str, name: str) -> Row:
        raise NotJudged("nothing is there")

    def lasting(self, subject: str) -> dict[str, str]:
        return {}


@each_row(
    ("row", "amount"),
    [
        ({"cost_dollars": "1.234567"}, Amount(Decimal("1.234567"), Decimal(0))),
        ({"cost_dollars": "1.2300", "cost": 5}, Amount(Decimal("1.23"), CENT)),
        ({"cost": -123}, Amount(Decimal("-1.23"), CENT)),
    ],
    ids=["exact", "cents in dollars", "cents"],
)
def test_money_is_read_as_it_is_spelt(row: Row, amount: Amount) -> None:
    assert dollars(row, "cost") == amount


def test_counts_are_read_as_they_are_spelt() -> None:
    assert contract_count({"count_fp": "1.50", "count": 1}, "count") == Amount(Decimal("1.5"), Decimal(0))
    assert contract_count({"count": -2}, "count") == Amount(Decimal(-2), ONE)
    assert price({"yes_price_fixed": "0.3401"}, "yes") == Decimal("0.3401")


@each_row("read", [dollars, contract_count, price])
def test_what_a_row_does_not_tell_is_not_judged(read: Any) -> None:
    with pytest.raises(NotJudged, match="a row has no yes"):
        read({}, "yes")


@each_row(
    ("amount", "exact", "slack", "matches"),
    [
        (Amount(Decimal("1.23"), CENT), "1.239999", "0", True),
        (Amount(Decimal("-1.23"), CENT), "-1.239999", "0", True),
        (Amount(Decimal("1.24"), CENT), "1.239999", "0", False),
        (Amount(Decimal("1.24"), CENT), "1.239999", "0.000001", True),
        (Amount(Decimal("1.239999"), Decimal(0)), "1.239999", "0", True),
        (Amount(Decimal("1.239998"), Decimal(0)), "1.239999", "0", False),
    ],
)
def test_an_amount_is_cut_off_toward_zero(amount: Amount, exact: str, slack: str, matches: bool) -> None:
    assert amount.matches(Decimal(exact), Decimal(slack)) is matches


@each_row("value", [None, True, -1, 10**13, "soon", "2025-11-04T12:00:00", 1.5])
def test_what_is_no_instant_is_none(value: object) -> None:
    assert instant_of(value) is None


def test_seconds_and_texts_tell_the_same_instant() -> None:
    assert instant_of(1762257600) == instant_of("2025-11-04T12:00:00Z")


TIMES = {"at": "2025-11-04T12:00:00.5Z"}


@each_row(
    ("second", "is_not_before", "is_not_after"),
    [("1762257599", True, False), ("1762257600", True, None), ("1762257601", False, True)],
)
def test_within_the_last_second_of_a_window_is_undefined(
    second: str, is_not_before: bool, is_not_after: bool | None
) -> None:
    assert not_before("at").keeps(EmptyReader(), TIMES, second) is is_not_before
    assert not_after("at").keeps(EmptyReader(), TIMES, second) is is_not_after
    assert not_before("other").keeps(EmptyReader(), TIMES, second) is None


def test_what_a_row_does_not_tell_is_kept_or_not() -> None:
    assert equal_to(field_of("x")).keeps(EmptyReader(), {}, "1") is None
    assert one_of(field_of("x")).keeps(EmptyReader(), {}, "1,2") is None
    assert one_of(field_of("x")).keeps(EmptyReader(), {"x": True}, "true,2") is True


def test_a_rough_zero_may_be_none() -> None:
    counts = nonzero_of({"exact": ("a",), "rough": ()}, {"rough": ("b",)})
    assert counts.keeps(EmptyReader(), {"a": "0.00", "b": 0}, "exact") is False
    assert counts.keeps(EmptyReader(), {"a": "0.00", "b": 0}, "exact,rough") is None
    assert counts.keeps(EmptyReader(), {"a": "0.01", "b": 0}, "exact,rough") is True
    assert counts.keeps(EmptyReader(), {"a": "no number"}, "exact") is False
    assert counts.keeps(EmptyReader(), {}, "exact") is None


def test_what_cannot_be_looked_up_is_undefined() -> None:
    assert event_of_market(EmptyReader(), {"ticker": "KX-A"}) is None
    assert series_of_market(EmptyReader(), {"event_ticker": "KX"}) is None
    assert MARKET_STATE.keeps(EmptyReader(), {"status": "amended"}, "closed") is None


def test_a_row_is_shown_by_what_names_it_and_what_is_meant() -> None:
    row = {"action": "buy", "order_id": "a1", "status": "executed", "ticker": "KX-A", "note": "x" * 500}
    assert row_text(row, ["status"]) == "order_id a1, status executed, ticker KX-A"
    assert row_text({"side": "yes"}) == "{'side': 'yes'}"
    assert differing(row, {**row, "status": "resting", "more": 1}) == ["status", "more"]
