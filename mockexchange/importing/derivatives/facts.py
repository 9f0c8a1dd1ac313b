"""Collects the rows of one derivatives account in a recording, from the answers of JSON-RPC methods."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.importing.recorded_answers import JSON_HEADERS, Problem, RecordedAnswer
from mockexchange.recording.read_errors import reason_of
from mockexchange.venues.registry import venue_at
from mockexchange.venues.request import Request

Row = Mapping[str, Any]
Key = tuple[int, str]
"""A subaccount's number and an instrument's name."""
ZERO = Decimal(0)
US_PER_MS = 1_000
_CAPITAL = re.compile("([A-Z])")
_PRICES = (("mark_price", "price"), ("mark_iv", "iv"), ("iv", "iv"))


class Dated(NamedTuple):
    """A row of an answer, and the time of the answer in microseconds."""

    row: Row
    at: int


class Seen(NamedTuple):
    """The mark price, volatility and index price that an answer showed for an instrument; missing ones are left out."""

    at: int
    instrument: str
    prices: dict[str, Decimal]
    index_price: Decimal | None


@dataclass(slots=True)
class Facts:
    """All recorded rows by id. A row of a later answer replaces the earlier one with the same id."""

    positions: dict[Key, Dated] = field(default_factory=dict)
    trades: dict[tuple[int, str], Row] = field(default_factory=dict)
    orders: dict[str, tuple[int, Row]] = field(default_factory=dict)
    instruments: dict[str, Row] = field(default_factory=dict)
    tickers: dict[str, Row] = field(default_factory=dict)
    indexes: dict[str, Decimal] = field(default_factory=dict)
    """Prices by index name, from answers that have them."""
    seen: list[Seen] = field(default_factory=list)
    balances: list[RecordedAnswer] = field(default_factory=list)
    subaccounts: set[int] = field(default_factory=set)
    unread: list[tuple[RecordedAnswer, str]] = field(default_factory=list)
    """Answers with a row that could not be read, each with the reason."""
    assumed: list[Problem] = field(default_factory=list)
    """Assumptions about rows that lack a fact, with their lines; none are made so far."""


def facts_of(bodies: Iterable[tuple[RecordedAnswer, Any]]) -> Facts:
    """Return the rows of all answers in a recording."""
    facts = Facts()
    for answer, body in bodies:
        try:
            _take(facts, answer, body)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            facts.unread.append((answer, reason_of(error)))
    return facts


def call_of(answer: RecordedAnswer) -> tuple[str, Mapping[str, str]]:
    """Return the JSON-RPC method that a request calls, without its namespace, and its parameters as text."""
    path, _, query = answer.target.partition("?")
    asked = Request(answer.method, path, query, JSON_HEADERS, answer.body.encode())
    rpc_call_of = venue_at(path).rest.rpc_call_of
    method, params = (rpc_call_of(asked) if rpc_call_of else None) or ("", {})
    return method.rpartition("/")[2], params


def subaccount_of(params: Mapping[str, str]) -> int:
    """Return the number of the subaccount that a request names; 0 if it names none."""
    return int(params.get("subaccount_id") or params.get("subaccountId") or 0)


def amount_of(value: Any) -> Decimal:
    """Return a number of a row, which is a JSON number or text, as a Decimal. Raises ArithmeticError."""
    return Decimal(str(value))


def plain(amount: Decimal) -> str:
    """Return an amount as text without an exponent and without trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def rows_in(result: Any) -> list[Row]:
    """Return the rows of a result, which is a list or one object, with field names in snake case."""
    return [_row_of(row) for row in (result if isinstance(result, list) else [result])]


def _row_of(row: Row) -> Row:
    found = {_CAPITAL.sub(lambda capital: f"_{capital[1].lower()}", name): value for name, value in row.items()}
    return {**found, "direction": found["side"]} if "side" in found else found


def _take(facts: Facts, answer: RecordedAnswer, body: Any) -> None:
    result, (method, params) = body.get("result"), call_of(answer)
    if answer.is_write or result is None:
        return
    subaccount = subaccount_of(params)
    if method in ("get_positions", "get_position"):
        _take_positions(facts, subaccount, rows_in(result), answer.at)
    elif method.startswith("get_user_trades"):
        _take_trades(facts, subaccount, rows_in(result["trades"]))
    elif method.startswith("get_open_orders"):
        facts.orders |= {row["order_id"]: (subaccount, row) for row in rows_in(result)}
    elif method.startswith("get_account_summar"):
        facts.balances.append(answer)
    elif method.startswith("get_instrument"):
        facts.instruments |= {row["instrument_name"]: row for row in rows_in(result)}
    elif method in ("ticker", "get_order_book"):
        facts.tickers |= {row["instrument_name"]: row for row in rows_in(result)}
        facts.seen += [_seen(row, answer.at) for row in rows_in(result)]
    elif method == "get_index_price":
        facts.indexes[params["index_name"]] = amount_of(result["index_price"])
    facts.subaccounts.add(subaccount)


def _take_positions(facts: Facts, subaccount: int, rows: Iterable[Row], at: int) -> None:
    for row in rows:
        facts.positions[subaccount, row["instrument_name"]] = Dated(row, at)
        facts.seen.append(_seen(row, at))


def _take_trades(facts: Facts, subaccount: int, rows: list[Row]) -> None:
    """Take trades, the oldest first: of one millisecond in the order of their list."""
    is_newest_first = bool(rows) and rows[0]["timestamp"] >= rows[-1]["timestamp"]
    for row in reversed(rows) if is_newest_first else rows:
        facts.trades[subaccount, row["trade_id"]] = row
        facts.seen.append(_seen(row, at_of(row)))


def at_of(row: Row) -> int:
    """Return the time of a trade in microseconds."""
    return int(row["timestamp"]) * US_PER_MS


def trades_in_order(facts: Facts) -> Iterator[tuple[int, Row]]:
    """Yield the subaccount and the row of each trade, oldest first."""
    yield from sorted(
        ((subaccount, row) for (subaccount, _), row in facts.trades.items()), key=lambda pair: pair[1]["timestamp"]
    )


def _seen(row: Row, at: int) -> Seen:
    prices = {name: amount_of(row[key]) for key, name in _PRICES if row.get(key) is not None}
    index = row.get("index_price")
    return Seen(at, row["instrument_name"], prices, None if index is None else amount_of(index))
