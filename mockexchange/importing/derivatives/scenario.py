"""Makes the scenario of a derivatives account from its rows. The cash at its beginning is computed afterwards."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.formulas import form_of, is_option, option_fee
from mockexchange.core.derivatives.precision import precise
from mockexchange.core.instants import format_instant
from mockexchange.importing.derivatives.facts import (
    US_PER_MS,
    ZERO,
    Facts,
    Key,
    Row,
    amount_of,
    at_of,
    plain,
    trades_in_order,
)
from mockexchange.importing.derivatives.openings import Opening, Position, Trade, fits, opening_of
from mockexchange.importing.derivatives.terms import core_terms, greeks_of, instrument_of, names_of

ACCOUNT = "me"
DAY_US = 86_400_000_000
SESSION_US = 8 * 3_600_000_000
"""The time of day in microseconds at which trading sessions begin: 08:00 UTC."""
SESSIONS_TRIED_MAX = 200
PRICE_STEP = Decimal("1e-15")
Plain = dict[str, Any]


class Step(NamedTuple):
    """A step of the history.

    Steps at the same instant are sorted: prices, opening positions, trades, orders, funding.
    """

    at: int
    rank: int
    body: Plain

    def written(self) -> Plain:
        return {"at": format_instant(self.at), **self.body}


@dataclass(frozen=True, slots=True)
class _Listed:
    """An instrument of the scenario."""

    given: Plain
    terms: Terms
    settlement: Decimal


def scenario_of(venue: str, facts: Facts, name: str, first_at: int) -> Plain:
    """Return the scenario for the rows of a recording; `first_at` is the time of the first answer.

    Raises KeyError and ValueError.
    """
    # Midnight before everything that has an instant.
    first = min([first_at, *(at_of(row) for row in facts.trades.values())])
    start = first // DAY_US * DAY_US - (DAY_US if first % DAY_US < US_PER_MS else 0)
    listed = {one: _listed(facts, one) for one in names_of(facts)}
    session_at = _session_at(facts, listed, first_at)
    steps = sorted(_steps(facts, listed, start, session_at), key=lambda step: (step.at, step.rank))
    indexes = _indexes(facts, listed)
    numbers: Plain = {str(number): {} for number in sorted(facts.subaccounts) if number}
    return {
        "scenario": name,
        "start": format_instant(start),
        "accounts": {ACCOUNT: {"venue": venue, **({"subaccounts": numbers} if numbers else {})}},
        "indexes": {index: plain(price) for index, price in indexes.items()},
        "instruments": {one: found.given for one, found in listed.items()},
        "history": [step.written() for step in steps],
    }


def holder(subaccount: int) -> str:
    return f"{ACCOUNT}/{subaccount}" if subaccount else ACCOUNT


def _listed(facts: Facts, name: str) -> _Listed:
    """Return an instrument with its first known prices."""
    given = instrument_of(facts, name)
    terms = core_terms(name, given)
    rows = [dated.row for (_, held), dated in facts.positions.items() if held == name]
    rows += [facts.tickers[name]] if name in facts.tickers else []
    prices = sorted((seen for seen in facts.seen if seen.instrument == name), key=lambda seen: seen.at)
    first: dict[str, Decimal] = {}
    for seen in prices:
        first = {**seen.prices, **first}
    settlement = next((amount_of(row["settlement_price"]) for row in rows if row.get("settlement_price")), ZERO)
    given |= {"mark": plain(first.get("price", settlement or Decimal(1)))}
    given |= {"settlement": plain(settlement)} if settlement else {}
    given |= _pricing(rows, first) if is_option(terms) else {}
    return _Listed(given, terms, settlement or first.get("price", Decimal(1)))


def _pricing(rows: list[Row], first: Mapping[str, Decimal]) -> Plain:
    """Return the volatility and the Greeks of an option."""
    known = [(amount_of(row.get("size") or 0), row) for row in rows]
    known += [(Decimal(1), row["greeks"]) for row in rows if isinstance(row.get("greeks"), dict)]
    size, most = max(known, key=lambda pair: abs(pair[0]), default=(ZERO, {}))
    greeks = greeks_of(most, size) if size else {}
    iv = first.get("iv")
    return {**({"iv": plain(iv)} if iv else {}), **({"greeks": greeks} if greeks else {})}


def _indexes(facts: Facts, listed: Mapping[str, _Listed]) -> dict[str, Decimal]:
    """Return the first known price of each index that an instrument has."""
    found = dict(facts.indexes)
    for seen in sorted(facts.seen, key=lambda seen: seen.at):
        if seen.index_price and seen.instrument in listed:
            found.setdefault(listed[seen.instrument].terms.index, seen.index_price)
    return {**{one.terms.index: Decimal(1) for one in listed.values()}, **found}


def _positions(facts: Facts, listed: Mapping[str, _Listed]) -> dict[Key, Position]:
    """Return the recorded positions with the trades before their rows."""
    trades: dict[Key, list[Trade]] = defaultdict(list)
    for subaccount, row in trades_in_order(facts):
        size = amount_of(row["amount"]) * (1 if row["direction"] == "buy" else -1)
        one = Trade(at_of(row), size, amount_of(row["price"]), amount_of(row.get("index_price") or 1))
        trades[subaccount, row["instrument_name"]].append(one)
    return {
        key: Position(
            listed[key[1]].terms,
            dated.row,
            [one for one in trades[key] if one.at <= dated.at],
            listed[key[1]].settlement,
        )
        for key, dated in facts.positions.items()
        if key[1] in listed
    }


def _session_at(facts: Facts, listed: Mapping[str, _Listed], first_at: int) -> int:
    """Return the last instant before the session of the rows; 0 if no trade is older than it.

    It is the one that explains most rows: 08:00 UTC, else one between two trades.
    """
    positions = [one for one in _positions(facts, listed).values() if one.trades]
    instants = sorted({trade.at for one in positions for trade in one.trades})
    usual = (first_at - SESSION_US) // DAY_US * DAY_US + SESSION_US - 1
    others = [last + (after - last) // 2 for last, after in pairwise(instants)][-SESSIONS_TRIED_MAX:]
    tried = [0, *([usual] if instants and instants[0] < usual else []), *others, *(one + 1 for one in instants[-1:])]
    return max(tried, key=lambda at: sum(fits(one, at) for one in positions)) if positions else 0


def _steps(facts: Facts, listed: Mapping[str, _Listed], start: int, session_at: int) -> Iterator[Step]:
    # Marks and index prices where they change.
    marks = {name: {"price": Decimal(one.given["mark"])} for name, one in listed.items()}
    volatilities = {name: one.given.get("iv") for name, one in listed.items()}
    indexes = _indexes(facts, listed)
    for seen in sorted((one for one in facts.seen if one.instrument in listed), key=lambda one: one.at):
        index = listed[seen.instrument].terms.index
        if seen.index_price and indexes[index] != seen.index_price:
            indexes[index] = seen.index_price
            yield Step(seen.at, 0, {"index": {"index": index, "price": plain(seen.index_price)}})
        mark, iv = seen.prices.get("price"), seen.prices.get("iv")
        is_other = mark is not None and marks[seen.instrument]["price"] != mark
        if mark is not None and (is_other or (iv and plain(iv) != volatilities[seen.instrument])):
            marks[seen.instrument]["price"] = mark
            body: Plain = {"instrument": seen.instrument, "price": plain(mark)}
            body |= {"greeks": greeks} if (greeks := listed[seen.instrument].given.get("greeks")) else {}
            if iv:
                volatilities[seen.instrument] = body["iv"] = plain(iv)
            yield Step(seen.at, 1, {"mark": body})
    if session_at:
        prices = {name: plain(one.settlement) for name, one in listed.items()}
        yield Step(session_at, 2, {"session": {"prices": prices}})
    for key, position in _positions(facts, listed).items():
        opening = opening_of(position, session_at)
        if any(opening) or not position.trades:
            is_whole = bool(opening.size) or not session_at
            yield Step(start if is_whole else session_at, 3, {"hold": _hold(key, position, opening)})
        interest = position.amount("interest_value")
        if interest and position.size:
            at = position.trades[-1].at if position.trades else start
            yield Step(at, 6, {"funding": {"instrument": key[1], "rate": 0, "interest": plain(interest)}})
    for subaccount, row in trades_in_order(facts):
        if row["instrument_name"] in listed:
            yield Step(at_of(row), 4, {"trade": _trade(subaccount, row, listed[row["instrument_name"]].terms)})
    for subaccount, row in facts.orders.values():
        if row["instrument_name"] in listed:
            yield Step(int(row["creation_timestamp"]) * US_PER_MS, 5, {"order": _order(subaccount, row)})


def _hold(key: Key, position: Position, opening: Opening) -> Plain:
    subaccount, name = key
    prices = {"average_price": opening.average_price or position.settlement}
    if opening.size:
        prices["reference"] = opening.reference
    if opening.size and is_option(position.terms) and position.row.get("average_price_usd"):
        prices["average_price_usd"] = opening.average_price_usd
    others = {"realized": opening.realized, "realized_funding": opening.realized_funding}
    return {
        "account": holder(subaccount),
        "instrument": name,
        "size": plain(opening.size),
        **{key: plain(price.quantize(PRICE_STEP)) for key, price in prices.items()},
        **{key: plain(amount.quantize(PRICE_STEP)) for key, amount in others.items() if amount},
    }


def _trade(subaccount: int, row: Row, terms: Terms) -> Plain:
    """Return a trade; a fee that the rates give is left out, since rows have it cut to nine decimals."""
    is_given = "fee" in row and amount_of(row["fee"]) != _fee(row, terms)
    return {
        "account": holder(subaccount),
        "instrument": row["instrument_name"],
        "direction": row["direction"],
        "amount": plain(amount_of(row["amount"])),
        "price": plain(amount_of(row["price"])),
        **({"taker": True} if row.get("liquidity") == "T" else {}),
        **({"fee": plain(amount_of(row["fee"]))} if is_given else {}),
        "order": row["order_id"],
        "id": row["trade_id"],
        **({"label": row["label"]} if row.get("label") else {}),
    }


@precise
def _fee(row: Row, terms: Terms) -> Decimal:
    """Return the fee that the rates of an instrument give, as rows show it."""
    rate = terms.taker_fee if row.get("liquidity") == "T" else terms.maker_fee
    amount, price = amount_of(row["amount"]), amount_of(row["price"])
    if is_option(terms):
        return round(amount * option_fee(terms, rate, price, amount_of(row.get("index_price") or 1)), 9)
    return round(rate * form_of(terms).value(amount, price), 9)


def _order(subaccount: int, row: Row) -> Plain:
    flags = ("post_only", "reduce_only")
    return {
        "account": holder(subaccount),
        "instrument": row["instrument_name"],
        "direction": row["direction"],
        "amount": plain(amount_of(row["amount"])),
        "price": plain(amount_of(row["price"])),
        **{flag: True for flag in flags if row.get(flag)},
        "order": row["order_id"],
        **({"label": row["label"]} if row.get("label") else {}),
    }
