"""Makes the scenario of a Kalshi account from its rows: opening positions, fills, settlements, and all other steps.

The deposit at its beginning is computed afterwards.
"""

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.core.position_cost import Stake, trade
from mockexchange.core.vocabulary import Action, FeeRounding, Side
from mockexchange.importing.kalshi.amounts import Row as Plain
from mockexchange.importing.kalshi.amounts import (
    centis_of,
    contracts,
    dollars,
    fee_of,
    instant_of,
    is_exact,
    micros_of,
    price_of,
    trimmed,
)
from mockexchange.importing.kalshi.cash import cash_steps, subaccounts_of_cash
from mockexchange.importing.kalshi.facts import Facts
from mockexchange.importing.kalshi.fcm_owners import rule_steps
from mockexchange.importing.kalshi.fills import cent_fees, rounding_at
from mockexchange.importing.kalshi.order_steps import (
    CANCELED,
    assumed_order_steps,
    group_steps,
    order_steps,
    resting_orders,
)
from mockexchange.importing.kalshi.step import ACCOUNT, Step, fills_in_order, holder, ticker_of, trade_of

# The part of a position that was held before its first recorded fill
# Size, traded amount and fees are linear. The exposure after all fills is affine in the exposure before them, except
# that each reduction cuts it to a micro-dollar. So two replays of the fills determine it, and nearby values are tried.


NEARBY_MICROS = 3


class Trade(NamedTuple):
    """One fill of a position. The fee is None if the API date does not have it exactly."""

    side: Side
    action: Action
    count_centis: int
    price_centicents: int
    fee_micros: int | None


class Row(NamedTuple):
    """The amounts in the row of a recorded position."""

    quantity_centis: int
    exposure_micros: int
    realized_micros: int
    traded_micros: int
    fees_micros: int


def opening_of(row: Row, trades: Sequence[Trade], fees_micros: int) -> Row | None:
    """Return the position before the first trade, from which the trades lead to the recorded row.

    Returns None if the trades explain the whole row. `fees_micros` is the sum of the trades' fees.
    """
    folded = fold(Stake(), trades)
    size = row.quantity_centis - folded.quantity_centis
    exposure = _exposure(row, trades, size)
    end = fold(Stake(quantity_centis=size, cost_micros=exposure), trades)
    found = Row(
        size,
        exposure,
        row.realized_micros - end.realized_micros,
        row.traded_micros - end.traded_micros,
        row.fees_micros - fees_micros,
    )
    return found if any(found) else None


def fold(stake: Stake, trades: Sequence[Trade]) -> Stake:
    for one in trades:
        stake, _ = trade(stake, one.side, one.action, one.count_centis, one.price_centicents)
    return stake


def _exposure(row: Row, trades: Sequence[Trade], size: int) -> int:
    """Return the opening exposure; 0 if nothing was open, or if the trades leave nothing of it in the row."""
    if not size:
        return 0
    most = abs(size) * 10_000
    low, high = (fold(Stake(quantity_centis=size, cost_micros=cost), trades).cost_micros for cost in (0, most))
    if low == high:
        return min(most, max(0, row.exposure_micros)) if not trades else most // 2
    guess = (row.exposure_micros - low) * most // (high - low)
    nearby = sorted(range(guess - NEARBY_MICROS, guess + NEARBY_MICROS + 1), key=lambda one: abs(one - guess))
    allowed = [one for one in nearby if 0 <= one <= most] or [min(most, max(0, guess))]
    exact = (one for one in allowed if _ends_at(row, trades, size, one))
    return next(exact, allowed[0])


def _ends_at(row: Row, trades: Sequence[Trade], size: int, cost: int) -> bool:
    return fold(Stake(quantity_centis=size, cost_micros=cost), trades).cost_micros == row.exposure_micros


# All steps: fills, settlements and opening balances, with those of cash and orders


CENTICENTS = 10_000
MICROS_PER_CENT = 10_000
SCALAR, VOID = "scalar", "void"
PAID = ("settled", "finalized")
"""The status of a settled market, by API date."""


def steps_of(facts: Facts, start: int) -> list[Step]:
    """Return all steps of the history in order.

    Raises KeyError, TypeError and ValueError for rows that cannot be read.
    """
    found = [
        *_opening_steps(facts, start),
        *cash_steps(facts, start),
        *group_steps(facts, start),
        *order_steps(facts),
        *assumed_order_steps(facts),
        *_fill_steps(facts),
        *(_settlement_step(row) for row in facts.settlements.values()),
        *_settled_markets(facts),
        *rule_steps(facts),
    ]
    return sorted(found, key=lambda step: (step.at, step.rank))


def _fill_steps(facts: Facts) -> Iterator[Step]:
    known = {order["order_id"] for order in resting_orders(facts)}
    fees = cent_fees(facts)
    for fill, other in _trades_in_order(facts):
        order_id = fill["order_id"]
        fee = fee_of(fill) or fees.get((fill["fill_id"], order_id))
        body = {
            **trade_of(fill),
            "count": contracts(centis_of(fill, "count")),
            "price": trimmed(price_of(fill, fill["side"])),
            **({"taker": True} if fill["is_taker"] else {}),
            **({"fee": fee} if fee is not None else {}),
            "id": fill["fill_id"],
            "order": order_id if order_id in known else {"new": order_id},
            **(_counterparty(other, known) if other else {}),
        }
        client_id = facts.orders.get(order_id, fill).get("client_order_id")
        if client_id and order_id not in known:
            body["client_order_id"] = client_id
        known |= {order_id, other["order_id"]} if other else {order_id}
        yield Step(instant_of(fill, "created_time"), 2, {"fill": body})


def _trades_in_order(facts: Facts) -> list[tuple[Plain, Plain | None]]:
    """Return the fills, oldest first, each with the fill of its counterparty if that is of this account too.

    Of two fills of one trade the first is the one whose order is new, of two new orders the one with a client order id:
    the order of a counterparty has no such id and, unless it rested, the side of the first. Else it is the older one.
    """
    rested = {order["order_id"] for order in resting_orders(facts)}
    named = {key for key, order in facts.orders.items() if key not in rested and order.get("client_order_id")}
    trades: dict[str, list[Plain]] = {}
    for fill in fills_in_order(facts):
        trades.setdefault(fill["fill_id"], []).append(fill)
    sides = [sorted(fills, key=lambda fill: _rank(fill, rested, named)) for fills in trades.values()]
    return [(one[0], one[1] if len(one) > 1 else None) for one in sides]


def _rank(fill: Plain, rested: Container[str], named: Container[str]) -> tuple[bool, bool]:
    return fill["order_id"] in rested, fill["order_id"] not in named


def _counterparty(fill: Plain, known: Container[str]) -> dict[str, Any]:
    """Return the parameters of a fill step that say what the counterparty of the trade has of it."""
    order_id, fee = fill["order_id"], fee_of(fill)
    return {
        "against": holder(int(fill["subaccount_number"] or 0)),
        "against_order": order_id if order_id in known else {"new": order_id},
        **({"against_fee": fee} if fee is not None else {}),
    }


def _settlement_step(row: Plain) -> Step:
    """Return a settlement; a scalar one without a value gave the stakes back."""
    result, value = row["market_result"], row.get("value")
    body: dict[str, Any] = {"market": row["ticker"], "result": result}
    if result == SCALAR and value is None:
        body["result"] = VOID
    elif result == SCALAR:
        body["value"] = trimmed(_value_of(value))
    return Step(instant_of(row, "settled_time"), 4, {"settle": body})


def _value_of(value: Any) -> Decimal:
    """Return the value of a contract in dollars: text is dollars, a number cents."""
    return Decimal(value) if isinstance(value, str) else Decimal(value) / 100


def _settled_markets(facts: Facts) -> Iterator[Step]:
    """Yield the settlements of markets that paid this account nothing, so that only rows of markets show them.

    A row without a result is of a market that settled at its value, or gave stakes back if it has none either (until
    2026). Rows of 2025 have no instant: it is that at which the market's last order was canceled, if there was one.
    """
    ended: dict[str, str] = defaultdict(str)
    for order in facts.orders.values():
        if order["status"] == CANCELED:
            ended[ticker_of(order)] = max(ended[ticker_of(order)], order["last_update_time"])
    for ticker, row in facts.markets.items():
        at = row.get("settlement_ts") or ended[ticker]
        if ticker not in facts.settlements and row.get("status") in PAID and at:
            value = row.get("settlement_value_dollars")
            yield _settlement_step(
                {"ticker": ticker, "market_result": row.get("result") or SCALAR, "settled_time": at, "value": value}
            )


def _opening_steps(facts: Facts, start: int) -> Iterator[Step]:
    trades: dict[tuple[int, str], list[tuple[int, Trade]]] = defaultdict(list)
    for fill in fills_in_order(facts):
        key = (int(fill["subaccount_number"] or 0), ticker_of(fill))
        trades[key].append((instant_of(fill, "created_time"), _trade(fill)))
    held = {key: dated for key, dated in facts.positions.items() if not _is_settled(facts, key[1], dated.at)}
    before = {key: [one for at, one in trades[key] if at <= dated.at] for key, dated in held.items()}
    openings = {key: _opening(dated.row, before[key]) for key, dated in held.items()}
    shares = _shares(facts, {key: found for key, found in openings.items() if found}, before)
    for key, dated in held.items():
        if (opening := openings[key]) is not None:
            at = start if before[key] else instant_of(dated.row, "last_updated_ts")
            yield _opening_step(key, opening, at, shares.get(key))
    known = {*(key for key, one in trades.items() if one), *held}
    for key, settled in facts.payouts.items() if not facts.fcm.numbers else ():
        # A list without a subaccount has rows of all: with another one in the market it is unknown of which this is.
        if key not in held and not any(other[1] == key[1] for other in known - {key}):
            yield from _settled_opening(key, settled, [one for _, one in trades.get(key, ())], start)


def _is_settled(facts: Facts, ticker: str, at: int) -> bool:
    """Return whether a market had paid by an instant, so that its position is what the settlement left."""
    row = facts.settlements.get(ticker)
    return row is not None and instant_of(row, "settled_time") <= at


def _settled_opening(key: tuple[int, str], row: Plain, trades: Sequence[Trade], start: int) -> Iterator[Step]:
    """Yield what a settlement has beyond the recorded fills, if it is of one side: all that was ever bought of it."""
    opened = {side: _bought_before(row, trades, side) for side in Side}
    (yes, _), (no, _) = opened[Side.YES], opened[Side.NO]
    if min(yes, no) or max(yes, no) <= 0:
        return
    _, cost = opened[Side.YES if yes else Side.NO]
    fees = micros_of({"fee_dollars": fee_of(row)}, "fee") or 0
    fees -= sum(one.fee_micros or 0 for one in trades)
    yield _opening_step(key, Row(yes - no, cost, 0, cost, fees), start, yes + no)


def _bought_before(row: Plain, trades: Sequence[Trade], side: Side) -> tuple[int, int]:
    """Return the count, in hundredths, and the cost in micro-dollars that the trades do not give of a side."""
    count, cost = centis_of(row, f"{side.value}_count"), micros_of(row, f"{side.value}_total_cost") or 0
    for one in trades:
        is_purchase = one.action is Action.BUY
        if (one.side is side) is is_purchase:
            count -= one.count_centis
            cost -= one.count_centis * (one.price_centicents if is_purchase else CENTICENTS - one.price_centicents)
    return count, cost


def _opening(plain: Plain, trades: Sequence[Trade]) -> Row | None:
    """Return the opening balance of a position: fees only if each fill has its own, and no rests of a cent."""
    row = _row_of(plain)
    fees = [one.fee_micros for one in trades if one.fee_micros is not None]
    if len(fees) < len(trades):
        row, fees = row._replace(fees_micros=0), []
    opening = opening_of(row, trades, sum(fees))
    if opening is None or is_exact(plain["market_exposure_dollars"]):
        return opening
    size, *amounts = opening
    whole = Row(size, *(micros if abs(micros) >= MICROS_PER_CENT else 0 for micros in amounts))
    return whole if any(whole) else None


def _shares(
    facts: Facts, openings: dict[tuple[int, str], Row], before: dict[tuple[int, str], list[Trade]]
) -> dict[tuple[int, str], int]:
    """Return the contracts that openings bought: events have the sum, of which the first opening takes the rest.

    Of the others it is what is held, which an `open` without shares means.
    """
    found = {}
    for (subaccount, event), row in facts.shares.items():
        if row.get("total_cost_shares_fp") is None and row.get("total_cost_shares") is None:
            continue
        members = [key for key in before if key[0] == subaccount and key[1].startswith(f"{event}-")]
        folded = 0
        for key in members:
            opening = openings.get(key)
            stake = Stake(opening.quantity_centis, opening.exposure_micros) if opening else Stake()
            folded += fold(stake, before[key]).shares_centis
        opened = [key for key in members if key in openings]
        if opened:
            others = sum(abs(openings[key].quantity_centis) for key in opened[1:])
            found[opened[0]] = max(0, centis_of(row, "total_cost_shares") - folded - others)
    return found


def _opening_step(key: tuple[int, str], opening: Row, at: int, shares_centis: int | None = None) -> Step:
    """Return an opening balance. Totals below nothing are left out: rows that are not in the recording explain them."""
    body = {
        "account": holder(key[0]),
        "market": key[1],
        "position": contracts(opening.quantity_centis),
        "exposure": dollars(opening.exposure_micros),
    }
    others = {
        "realized": opening.realized_micros,
        "fees": max(0, opening.fees_micros),
        "traded": max(0, opening.traded_micros),
    }
    body |= {name: dollars(micros) for name, micros in others.items() if micros}
    body |= {} if shares_centis is None else {"shares": contracts(shares_centis)}
    return Step(at, 0, {"open": body})


def _row_of(row: Plain) -> Row:
    exposure, realized, traded, fees = (
        micros_of(row, name) or 0 for name in ("market_exposure", "realized_pnl", "total_traded", "fees_paid")
    )
    return Row(centis_of(row, "position"), exposure, realized, traded, fees)


def _trade(fill: Plain) -> Trade:
    side = Side(fill["side"])
    fee = fee_of(fill)
    return Trade(
        side,
        Action(fill["action"]),
        centis_of(fill, "count"),
        int(price_of(fill, side.value) * CENTICENTS),
        None if fee is None else micros_of({"fee_dollars": fee}, "fee"),
    )


# The scenario


SECOND_US = 1_000_000
AT_START = -1
"""A stand-in for the start, which is known only after the instants of all other steps."""
MARKET_TEXTS = {"title": "title", "rules_primary": "rules", "yes_sub_title": "yes_title", "no_sub_title": "no_title"}


def scenario_of_rows(facts: Facts, name: str, first_at: int) -> dict[str, Any]:
    """Return the scenario for the recorded rows; `first_at` is the time of the first answer."""
    steps = steps_of(facts, AT_START)
    start = midnight_before(min([first_at, *(step.at for step in steps if step.at != AT_START)]))
    found: dict[str, Any] = {"scenario": name, "title": f"Imported from {name}", "start": format_instant(start)}
    if (rounding := rounding_at(start)) is not FeeRounding.GRID:
        found["fees"] = {"rounding": rounding.value}
    # The instant before which rows are history: the recorded one, else just after the rows that are.
    recorded = [str(value) for value in facts.cutoff.values() if value]
    archived = [parse_instant(instant) + 1 for instant in facts.archived]
    if cutoff := min(recorded, default=format_instant(max(archived)) if archived else ""):
        found["historical"] = {"cutoff": cutoff}
    if not facts.balances or facts.fcm.numbers:
        found["orders"] = {"check_cash": False}  # the cash is unknown, and amendments have to be carried out
    found["accounts"] = {ACCOUNT: _account(facts)}
    found["markets"] = {ticker: _market(facts, ticker) for ticker in _tickers(facts)}
    found["history"] = [(step._replace(at=start) if step.at == AT_START else step).written() for step in steps]
    return found


def midnight_before(first: int) -> int:
    """Return the last midnight, in microseconds, that is at least a second before an instant."""
    day = datetime.fromtimestamp(first // SECOND_US, UTC).replace(hour=0, minute=0, second=0)
    if first - int(day.timestamp()) * SECOND_US < SECOND_US:
        day -= timedelta(days=1)
    return int(day.timestamp()) * SECOND_US


def _account(facts: Facts) -> dict[str, Any]:
    users = [order["user_id"] for order in facts.orders.values() if order.get("user_id")]
    rows = [*facts.fills.values(), *facts.orders.values()]
    numbers = {int(row["subaccount_number"] or 0) for row in rows} | {number for number, _ in facts.positions}
    numbers |= facts.subaccounts | subaccounts_of_cash(facts)
    subaccounts: dict[str, Any] = {str(number): {} for number in sorted(numbers) if number}
    found = {"user_id": users[0] if users else "", "tier": facts.tier, **_members(facts, subaccounts)}
    return {name: value for name, value in found.items() if value}


def _members(facts: Facts, subaccounts: dict[str, Any]) -> dict[str, Any]:
    """Return the subaccounts of a member, or the subtraders of an FCM, in the order of their recorded list."""
    if not facts.fcm.numbers:
        return {"subaccounts": subaccounts}
    known = facts.fcm.numbers
    ids = [*facts.fcm.listed, *(one for one in known if one not in facts.fcm.listed)]
    subtraders = {str(known[one]): {"subtrader_id": one} for one in ids}
    return {"kind": "fcm", "account_id": facts.fcm.account_id, "subtraders": subtraders}


def _tickers(facts: Facts) -> list[str]:
    rows = [*facts.fills.values(), *facts.orders.values(), *facts.settlements.values(), *facts.markets.values()]
    return sorted({*(ticker_of(row) for row in rows), *(ticker for _, ticker in facts.positions), *facts.books})


def _market(facts: Facts, ticker: str) -> dict[str, Any]:
    """Return a market; its event is the recorded one that its ticker begins with, else its ticker without the end."""
    row = facts.markets.get(ticker, {})
    events = {*facts.events, *(event for _, event in facts.shares)}
    known = sorted((one for one in events if ticker.startswith(f"{one}-")), key=len)
    event = row.get("event_ticker") or (known[-1] if known else ticker.rpartition("-")[0] or ticker)
    series = facts.events.get(event, {}).get("series_ticker") or event.partition("-")[0]
    texts = {key: row[name] for name, key in MARKET_TEXTS.items() if row.get(name)}
    indexes = [one["exchange_index"] for _, held in facts.positions.items() for one in [held.row] if _is(one, ticker)]
    index = row.get("exchange_index") or next(iter(indexes), 0)
    return {"event": event, "series": series, **texts, **({"exchange_index": index} if index else {})}


def _is(row: Any, ticker: str) -> bool:
    return bool(row["ticker"] == ticker and row.get("exchange_index"))
