"""Makes steps for orders that only rows of positions show, if the recording has no list of orders.

A position has the number of its resting contracts, and an order that was canceled leaves a row of a flat position. Such
a row gets an order at the lowest price, and the assumption is reported.
"""

from collections.abc import Iterator

from mockexchange.importing.kalshi.amounts import Row, contracts, instant_of
from mockexchange.importing.kalshi.facts import Dated, Facts
from mockexchange.importing.kalshi.step import Step, holder, ticker_of
from mockexchange.importing.recorded_answers import Problem

LOWEST_PRICE = "0.01"
RESTS, ENDS = 1, 3
CENTIS = 100
AMOUNTS = ("market_exposure", "realized_pnl", "total_traded", "fees_paid")


def assumed_order_steps(facts: Facts) -> Iterator[Step]:
    """Yield the steps of orders that rows of positions show; none for subaccounts whose orders were recorded."""
    known = {(int(row["subaccount_number"] or 0), ticker_of(row)) for row in facts.orders.values()}
    traded = {(int(row["subaccount_number"] or 0), ticker_of(row)) for row in facts.fills.values()}
    for key, held in facts.positions.items():
        if key in known or key[0] in facts.listed_orders or held.row["ticker"] in facts.settlements:
            continue
        count_centis = int(held.row.get("resting_orders_count") or 0) * CENTIS
        if count_centis:
            yield _rest(key, held, count_centis)
            _assume(facts, held, f"an order for {contracts(count_centis)} rests at {LOWEST_PRICE}")
        elif key not in traded and _is_empty(held.row):
            rest = _rest(key, held, CENTIS)
            order = f"assumed-{key[0]}-{key[1]}"
            yield rest._replace(body={"rest": {**rest.body["rest"], "order": order}})
            yield Step(rest.at, ENDS, {"cancel": {"order": order}})
            _assume(facts, held, f"an order at {LOWEST_PRICE} was canceled")


def _rest(key: tuple[int, str], held: Dated, count_centis: int) -> Step:
    subaccount, ticker = key
    body = {"account": holder(subaccount), "market": ticker, "side": "yes", "action": "buy"}
    body |= {"count": contracts(count_centis), "price": LOWEST_PRICE}
    return Step(instant_of(held.row, "last_updated_ts"), RESTS, {"rest": body})


def _assume(facts: Facts, held: Dated, what: str) -> None:
    why = f"{held.row['ticker']}: {what}, since no list of orders was recorded"
    facts.assumed.append(Problem(held.line, why))


def _is_empty(row: Row) -> bool:
    """Return whether a row has no position, and nothing that was ever traded."""
    values = [row.get(name) or row.get(f"{name}_dollars") for name in AMOUNTS]
    size = row.get("position_fp") or row.get("position")
    return not any(float(value or 0) for value in [size, *values])
