"""What must hold in every state, recomputed from scratch: for tests and for the end of a replay."""

from collections.abc import Iterator

from mockexchange.core.holdings import Holdings
from mockexchange.core.positions import EventTotals, Position
from mockexchange.core.state import State

SUMMED = ("cost_micros", "realized_micros", "fees_micros")


def violations(state: State) -> list[str]:
    """Return a line per broken invariant; an empty list is what everybody wants."""
    return [line for holdings in state.holdings.values() for line in _of_book(state, holdings)]


def _of_book(state: State, holdings: Holdings) -> Iterator[str]:
    yield from _conservation(holdings)
    yield from _event_sums(holdings)
    yield from _indexes(holdings)
    yield from _resting(state, holdings)


def _conservation(holdings: Holdings) -> Iterator[str]:
    total = EventTotals()
    for row in holdings.positions.values():
        total.add(row, 1)
    for name in SUMMED:
        if getattr(total, name) != getattr(holdings, name):
            yield f"{holdings.purse}: {name} is {getattr(holdings, name)}, its rows sum to {getattr(total, name)}"
    held_micros = holdings.cash_micros + total.cost_micros - total.realized_micros + total.fees_micros
    if held_micros != holdings.contributed_micros:
        yield f"{holdings.purse}: holds {held_micros} micro-dollars, contributed {holdings.contributed_micros}"
    value_micros = sum(row.value_micros for row in holdings.positions.values())
    if value_micros != sum(holdings.values_micros.values()):
        yield f"{holdings.purse}: value {sum(holdings.values_micros.values())}, its rows are worth {value_micros}"


def _event_sums(holdings: Holdings) -> Iterator[str]:
    sums: dict[str, EventTotals] = {}
    for row in holdings.positions.values():
        sums.setdefault(row.market.event.ticker, EventTotals()).add(row, 1)
    for ticker, event in holdings.events.items():
        for name in EventTotals.__slots__:
            kept, summed = getattr(event.totals(None), name), getattr(sums[ticker], name)
            if name != "revision" and kept != summed:
                yield f"{holdings.purse}: event {ticker} keeps {name} {kept}, its markets sum to {summed}"


def _indexes(holdings: Holdings) -> Iterator[str]:
    for row in holdings.positions.values():
        if not _is_filed(holdings, row):
            yield f"{holdings.purse}: row {row.market.ticker} is not where its filters look for it"
    filed = sum(len(rows) for rows in holdings.rows.values())
    if filed != len(holdings.positions):
        yield f"{holdings.purse}: {filed} rows filed, {len(holdings.positions)} exist"


def _is_filed(holdings: Holdings, row: Position) -> bool:
    event = holdings.events[row.market.event.ticker]
    before = (row.rank[0] - 1, "")
    return row in holdings.rows[row.partition].after(before) and row in event.rows[row.partition].after(before)


def _resting(state: State, holdings: Holdings) -> Iterator[str]:
    orders = [order for order in state.orders.values() if order.holdings is holdings]
    reserved_micros = sum(order.reserve_micros(order.remaining_centis) for order in orders)
    if reserved_micros != holdings.reserved_micros:
        yield f"{holdings.purse}: {holdings.reserved_micros} reserved, its orders need {reserved_micros}"
    for ticker, row in holdings.positions.items():
        resting_centis = sum(order.remaining_centis for order in orders if order.market.ticker == ticker)
        if resting_centis != row.resting_centis:
            yield f"{holdings.purse}: row {ticker} rests {row.resting_centis}, its orders {resting_centis}"
