"""Checks lists of trades: their order, their counts and their filters."""

from collections.abc import Iterator
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.calls import call_result
from mockexchange.kit.deribit.lists import currency_of
from mockexchange.kit.findings import Finding
from mockexchange.kit.rules.finding_format import finding, shown
from mockexchange.kit.target import OTHER, NotJudged, Target

ORDER, COUNT, BETWEEN, KIND, INSTRUMENT, APART = (
    f"trades.{name}" for name in ("order", "count", "between", "kind", "instrument", "apart")
)
BY_CURRENCY, BY_INSTRUMENT = "private/get_user_trades_by_currency", "private/get_user_trades_by_instrument"
AND_TIME = "_and_time"
CURRENCIES = ("BTC", "ETH", "USDC", "USDT", "EURR")
MOST = 1000
"""The venue's bound of `count`, with which a list has all trades of the account."""
Trade = dict[str, Any]


def _list(target: Target, method: str, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = call_result(target, method, params)
    return found


def _own(target: Target) -> dict[str, list[Trade]]:
    """Return the account's trades by currency, newest first. Raises NotJudged if there are too few to sort."""
    found = {one: _list(target, BY_CURRENCY, currency=one, count=MOST)["trades"] for one in CURRENCIES}
    if all(len(trades) < 2 for trades in found.values()):
        raise NotJudged("the account has fewer than two trades in each currency")
    return {currency: trades for currency, trades in found.items() if trades}


def _id(trade: Trade) -> str:
    return str(trade["trade_id"])


def _where(method: str, **params: Any) -> str:
    return f"POST /{method} {params}"


def judge_order(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that trades come newest first by default, and that ascending order is the reverse."""
    for currency, trades in _own(target).items():
        times = [trade["timestamp"] for trade in trades]
        where = _where(operation_id, currency=currency)
        if times != sorted(times, reverse=True):
            yield finding(target, ORDER, where, shown(times), "newest first", operation_id)
        ascending = _list(target, BY_CURRENCY, currency=currency, count=MOST, sorting="asc")["trades"]
        if ascending != trades[::-1]:
            yield finding(target, ORDER, f"{where} sorting=asc", shown(ascending), "the reverse list", operation_id)
        for trade in trades:
            if currency_of(trade["instrument_name"]) != currency:
                yield finding(target, ORDER, where, shown(trade), f"trades in {currency}", operation_id)


def judge_count(target: Target, operation_id: str) -> Iterator[Finding]:
    for currency, trades in _own(target).items():
        for count in {1, len(trades) - 1, len(trades)} - {0}:
            page = _list(target, BY_CURRENCY, currency=currency, count=count)
            expected = {"trades": trades[:count], "has_more": count < len(trades)}
            if page != expected:
                where = _where(operation_id, currency=currency, count=count)
                yield finding(target, COUNT, where, shown(page), shown(expected), operation_id)


def judge_between(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a range of time includes both of its ends."""
    for currency, trades in _own(target).items():
        newest, oldest = trades[0]["timestamp"], trades[-1]["timestamp"]
        for start, end in ((oldest, newest), (newest, newest), (oldest, oldest), (newest + 1, newest + 2)):
            params = {"currency": currency, "start_timestamp": int(start), "end_timestamp": int(end), "count": MOST}
            found = _list(target, operation_id, **params)["trades"]
            expected = [trade for trade in trades if start <= trade["timestamp"] <= end]
            if sorted(found, key=_id) != sorted(expected, key=_id):
                yield finding(
                    target, BETWEEN, _where(operation_id, **params), shown(found), shown(expected), operation_id
                )


def judge_kind(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the trades of futures and of options add up to all trades."""
    for currency, trades in _own(target).items():
        parts = {
            kind: _list(target, BY_CURRENCY, currency=currency, kind=kind, count=MOST) for kind in ("future", "option")
        }
        together = sorted((trade for part in parts.values() for trade in part["trades"]), key=_id)
        where = _where(operation_id, currency=currency)
        if together != sorted(trades, key=_id):
            yield finding(target, KIND, where, shown(together), shown(trades), operation_id)
        for trade in parts["option"]["trades"]:
            if trade["instrument_name"].rpartition("-")[2] not in {"C", "P"}:
                yield finding(target, KIND, f"{where} kind=option", shown(trade), "trades of options", operation_id)


def judge_instrument(target: Target, operation_id: str) -> Iterator[Finding]:
    for trades in _own(target).values():
        for name in sorted({trade["instrument_name"] for trade in trades}):
            params: dict[str, Any] = {"instrument_name": name, "count": MOST}
            if operation_id.endswith(AND_TIME):
                params |= {"start_timestamp": 0, "end_timestamp": int(trades[0]["timestamp"])}
            found = _list(target, operation_id, **params)["trades"]
            expected = [trade for trade in trades if trade["instrument_name"] == name]
            if sorted(found, key=_id) != sorted(expected, key=_id):
                yield finding(
                    target, INSTRUMENT, _where(operation_id, **params), shown(found), shown(expected), operation_id
                )


def judge_apart(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that no order id occurs in the trades of two accounts."""
    own = {trade["order_id"] for trades in _own(target).values() for trade in trades}
    key, seen = target.key(OTHER), 0
    for currency in CURRENCIES:
        for trade in call_result(target, BY_CURRENCY, {"currency": currency, "count": MOST}, key)["trades"]:
            seen += 1
            if trade["order_id"] in own:
                where = f"{_where(operation_id, currency=currency)} by the other key"
                yield finding(target, APART, where, shown(trade), "orders of its own", operation_id)
    if not seen:
        raise NotJudged("the other account has no trade")


PLACE = "contracts/deribit/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(ORDER, "Trades come newest first.", PLACE, lambda target: [BY_CURRENCY], judge_order),
    Check(COUNT, "A page has the requested count.", PLACE, lambda target: [BY_CURRENCY], judge_count),
    Check(
        BETWEEN,
        "Trades are in the requested range of time.",
        PLACE,
        lambda target: [BY_CURRENCY, f"{BY_CURRENCY}{AND_TIME}"],
        judge_between,
    ),
    Check(KIND, "Kinds split the list.", PLACE, lambda target: [BY_CURRENCY], judge_kind),
    Check(
        INSTRUMENT,
        "Instruments split the list.",
        PLACE,
        lambda target: [BY_INSTRUMENT, f"{BY_INSTRUMENT}{AND_TIME}"],
        judge_instrument,
    ),
    Check(APART, "No account reads another's trades.", PLACE, lambda target: [BY_CURRENCY], judge_apart),
)
