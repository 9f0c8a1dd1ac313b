"""The steps that give the recorded rows: fills, resting orders, cancellations, settlements and opening balances."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant
from mockexchange.core.instruments.binary import Stake
from mockexchange.core.vocabulary import Action, Side
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
from mockexchange.importing.kalshi.facts import Facts
from mockexchange.importing.kalshi.openings import Row, Trade, fold, opening_of

ACCOUNT = "me"
CENTICENTS = 10_000
MICROS_PER_CENT = 10_000
RESTING, CANCELED = "resting", "canceled"
LIMIT_UNKNOWN = "1000000"
"""More than any order has, so that a group whose limit no answer has is not triggered."""
SCALAR, VOID = "scalar", "void"


class Step(NamedTuple):
    """A step of the history; of one instant, opening balances come first, then orders, fills and what ends orders."""

    at: int
    rank: int
    body: dict[str, Any]

    def written(self) -> dict[str, Any]:
        return {"at": format_instant(self.at), **self.body}


def steps_of(facts: Facts, start: int) -> list[Step]:
    """Return all steps in their order. Raises KeyError, TypeError and ValueError for rows that cannot be read."""
    found = [
        *_opening_steps(facts, start),
        *_group_steps(facts, start),
        *_order_steps(facts),
        *_fill_steps(facts),
        *(_settlement_step(row) for row in facts.settlements.values()),
    ]
    return sorted(found, key=lambda step: (step.at, step.rank))


def holder(subaccount: int) -> str:
    return f"{ACCOUNT}/{subaccount}" if subaccount else ACCOUNT


def ticker_of(row: Plain) -> str:
    return str(row.get("ticker") or row["market_ticker"])


def fills_in_order(facts: Facts) -> list[Plain]:
    """Return the fills, the oldest first; of one instant, the last in the list is the oldest."""
    oldest_first = list(facts.fills.values())[::-1]
    return sorted(oldest_first, key=lambda fill: instant_of(fill, "created_time"))


def _trade_of(row: Plain) -> dict[str, Any]:
    return {
        "account": holder(int(row["subaccount_number"] or 0)),
        "market": ticker_of(row),
        "side": row["side"],
        "action": row["action"],
    }


def _fill_steps(facts: Facts) -> Iterator[Step]:
    known = {order["order_id"] for order in _resting(facts)}
    for fill in fills_in_order(facts):
        order_id = fill["order_id"]
        body = {
            **_trade_of(fill),
            "count": contracts(centis_of(fill, "count")),
            "price": trimmed(price_of(fill, fill["side"])),
            **({"taker": True} if fill["is_taker"] else {}),
            **({"fee": fee} if (fee := fee_of(fill)) is not None else {}),
            "id": fill["fill_id"],
            "order": order_id if order_id in known else {"new": order_id},
        }
        client_id = facts.orders.get(order_id, fill).get("client_order_id")
        if client_id and order_id not in known:
            body["client_order_id"] = client_id
        known.add(order_id)
        yield Step(instant_of(fill, "created_time"), 2, {"fill": body})


def _resting(facts: Facts) -> Iterator[Plain]:
    """Yield the orders that were in the book: they rest, were canceled, or were made before their first fill."""
    first_fills: dict[str, int] = {}
    for fill in fills_in_order(facts):
        first_fills.setdefault(fill["order_id"], instant_of(fill, "created_time"))
    for order_id, order in facts.orders.items():
        filled_at = first_fills.get(order_id)
        is_maker = filled_at is not None and filled_at > instant_of(order, "created_time")
        if is_maker or order["status"] in (RESTING, CANCELED):
            yield order


def _group_steps(facts: Facts, start: int) -> Iterator[Step]:
    """Yield the groups that are listed or that orders are in; only newer lists have their limits."""
    named = {order["order_group_id"]: order for order in facts.orders.values() if order.get("order_group_id")}
    for group_id, row in {**named, **facts.groups}.items():
        limit = contracts(centis_of(row, "contracts_limit")) if _has_limit(row) else LIMIT_UNKNOWN
        body = {"account": holder(int(row["subaccount_number"] or 0)), "group": group_id, "limit": limit}
        yield Step(start, 0, {"group": body})


def _has_limit(row: Plain) -> bool:
    return "contracts_limit_fp" in row or row.get("contracts_limit") is not None


def _order_steps(facts: Facts) -> Iterator[Step]:
    for order in _resting(facts):
        body = {
            **_trade_of(order),
            "count": contracts(centis_of(order, "initial_count")),
            "price": trimmed(price_of(order, order["side"])),
            "order": order["order_id"],
        }
        kept = {"client_order_id": "client_order_id", "expiration_time": "expires"}
        kept |= {"self_trade_prevention_type": "self_trade_prevention", "order_group_id": "group"}
        body |= {step: order[name] for name, step in kept.items() if order.get(name)}
        yield Step(instant_of(order, "created_time"), 1, {"rest": body})
        if order["status"] == CANCELED:
            yield Step(instant_of(order, "last_update_time"), 3, {"cancel": {"order": order["order_id"]}})


def _settlement_step(row: Plain) -> Step:
    """Return a settlement; a scalar one without a value gave the stakes back."""
    result, value = row["market_result"], row.get("value")
    body: dict[str, Any] = {"market": row["ticker"], "result": result}
    if result == SCALAR and value is None:
        body["result"] = VOID
    elif result == SCALAR:
        body["value"] = trimmed(price_of({"yes_price": value}, "yes"))
    return Step(instant_of(row, "settled_time"), 4, {"settle": body})


def _opening_steps(facts: Facts, start: int) -> Iterator[Step]:
    trades: dict[tuple[int, str], list[tuple[int, Trade]]] = defaultdict(list)
    for fill in fills_in_order(facts):
        key = (int(fill["subaccount_number"] or 0), ticker_of(fill))
        trades[key].append((instant_of(fill, "created_time"), _trade(fill)))
    before = {key: [one for at, one in trades[key] if at <= dated.at] for key, dated in facts.positions.items()}
    openings = {key: _opening(dated.row, before[key]) for key, dated in facts.positions.items()}
    shares = _shares(facts, {key: found for key, found in openings.items() if found}, before)
    for key, dated in facts.positions.items():
        if (opening := openings[key]) is not None:
            at = start if before[key] else instant_of(dated.row, "last_updated_ts")
            yield _opening_step(key, opening, at, shares.get(key))
    seen = {ticker for _, ticker in [*trades, *facts.positions]}
    for ticker, settled in facts.settlements.items():
        if ticker not in seen:
            yield from _settled_opening(ticker, settled, start)


def _settled_opening(ticker: str, row: Plain, start: int) -> Iterator[Step]:
    """Yield what was held of a settled market whose fills are older than the recording, if it was of one side."""
    yes, no = centis_of(row, "yes_count"), centis_of(row, "no_count")
    if bool(yes) != bool(no):
        cost = micros_of(row, "yes_total_cost" if yes else "no_total_cost") or 0
        fees = micros_of({"fee_dollars": fee_of(row)}, "fee") or 0
        yield _opening_step((0, ticker), Row(yes - no, cost, 0, cost, fees), start, yes + no)


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
