"""Checks commas in parameters: they separate names if the API date accepts lists, else they belong to the name."""

from collections.abc import Iterator
from typing import NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.lists import event_of_market
from mockexchange.kit.list_facts import Find, Row, field_of
from mockexchange.kit.rules.finding_format import finding
from mockexchange.kit.target import NotJudged, Target

COMMAS = "filters.commas"


class Named(NamedTuple):
    """A parameter that accepts a name, or a list of names at some API dates. `find` returns the name in a row."""

    operation_id: str
    parameter: str
    find: Find


TICKER = field_of("ticker")
NAMED = (
    Named("GetPositions", "event_ticker", event_of_market),
    Named("GetFCMPositions", "event_ticker", event_of_market),
    Named("GetSettlements", "event_ticker", event_of_market),
    Named("GetFCMOrders", "event_ticker", event_of_market),
    Named("GetOrders", "ticker", TICKER),
    Named("GetFills", "ticker", TICKER),
    Named("GetMarkets", "event_ticker", event_of_market),
)


def judge(target: Target, subject: str) -> Iterator[Finding]:
    operation_id, name = subject.split()
    named = next(one for one in NAMED if (one.operation_id, one.parameter) == (operation_id, name))
    whole = target.whole(operation_id)
    found = [(named.find(target, row), row) for row in whole.rows]
    names = list(dict.fromkeys(text for text, _ in found if text))[:2]
    if len(names) < 2:
        raise NotJudged(f"there are no two values of {name!r} to filter by")
    part = target.whole(operation_id, {name: ",".join(names)})
    is_list = "pattern" in target.operations[operation_id].query[name].schema
    expected: list[Row] = [row for text, row in found if text in names] if is_list else []
    if part.rows != expected:
        wanted = f"{len(expected)} rows, {'those of both names' if is_list else 'as a comma is part of the name'}"
        yield finding(target, COMMAS, part.where, f"{len(part.rows)} rows", wanted, operation_id)


def _subjects(target: Target) -> list[str]:
    return [
        f"{one.operation_id} {one.parameter}"
        for one in NAMED
        if one.operation_id in target.operations and one.parameter in target.operations[one.operation_id].query
    ]


CHECKS: tuple[Check[Target], ...] = (
    Check(COMMAS, "Commas separate names where lists are accepted.", "contracts/kalshi/README.md", _subjects, judge),
)
