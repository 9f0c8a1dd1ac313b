"""An account with as many fills, settlements and orders as wanted, in four books; every filter finds several pages.

A step a second: in second n book n % 4 gets a row in market n // 4, half of them by a fill with an order of its own.
The other half are opening balances; in those seconds an order rests in one of two busy markets, half of those
orders are canceled at once, and another order there gets a fill. Then the markets settle, four rows at once, and again
it takes a second for each row. The busy markets stay open.
"""

from collections.abc import Iterator

from benchmarks.world import ACCOUNT, MARKETS_PER_EVENT, SECOND, SUBACCOUNT_REF, Timed, event_name, market_name
from mockexchange.core import commands
from mockexchange.core.commands import Command, Fill, ListMarket, NewOrder
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, Action, Result, Side, SubaccountRef

SUBACCOUNT_REFS = (SUBACCOUNT_REF, *(SubaccountRef(ACCOUNT, str(number)) for number in range(1, 4)))
ROWS_PER_EVENT = MARKETS_PER_EVENT * len(SUBACCOUNT_REFS)
INDEXES = 4
BUSY_EVENT = "KXBUSY"
BUSY = ("KXBUSY-0", "KXBUSY-1")
BUSY_INDEX = 1
BUSY_ORDER_FILLS = 250
PRICE_CENTICENTS = 5_600
PRICES = 20


def list_markets(count: int, start: int) -> Iterator[Timed]:
    """The account and its markets."""
    yield start, commands.OpenAccount(account=ACCOUNT)
    for subaccount_ref in SUBACCOUNT_REFS:
        if subaccount_ref.subaccount != PRIMARY_SUBACCOUNT:
            yield start, commands.OpenSubaccount(account=ACCOUNT, subaccount=subaccount_ref.subaccount)
    for busy in BUSY:
        yield start, _market(busy, BUSY_EVENT, BUSY_INDEX)
    for number in range(markets_of(count)):
        index = number // MARKETS_PER_EVENT % INDEXES
        yield start, _market(market_name(number), event_name(number), index)


def history(count: int, start: int) -> Iterator[Timed]:
    """The whole world."""
    yield from list_markets(count, start)
    for number in range(count):
        for command in _second(number):
            yield start + number * SECOND, command
    for number in range(markets_of(count)):
        at = start + (count + number * len(SUBACCOUNT_REFS)) * SECOND
        yield at, commands.SettleMarket(market=market_name(number), result=Result.YES)


def markets_of(count: int) -> int:
    return -(-count // len(SUBACCOUNT_REFS))


def busy_order(number: int) -> str:
    return f"busy-order-{number:06d}"


def busy_orders_of(count: int) -> int:
    return -(-count // (2 * BUSY_ORDER_FILLS))


def open_own(number: int) -> Command:
    subaccount_ref, market = _place(number)
    return commands.OpenPosition(
        subaccount_ref=subaccount_ref, market=market, quantity_centis=100, cost_micros=100 * PRICE_CENTICENTS
    )


def fill_own(number: int, order: str | NewOrder | None = None) -> Command:
    return _fill(*_place(number), order)


def rest_busy(number: int, order: str) -> Command:
    """Rest an order in a busy market, at one of a few prices."""
    return commands.RestOrder(
        subaccount_ref=SUBACCOUNT_REFS[number % len(SUBACCOUNT_REFS)],
        market=BUSY[number % len(BUSY)],
        side=Side.YES,
        action=Action.BUY,
        count_centis=100,
        price_centicents=1_000 + number // 8 % PRICES * 100,
        order=order,
    )


def _second(number: int) -> Iterator[Command]:
    event, place = divmod(number, ROWS_PER_EVENT)
    if place >= ROWS_PER_EVENT // 2:
        yield fill_own(number)
        return
    yield open_own(number)
    yield from _busy(event * (ROWS_PER_EVENT // 2) + place, is_canceled=place >= ROWS_PER_EVENT // 4)


def _busy(number: int, is_canceled: bool) -> Iterator[Command]:
    rested = f"rested-{number:06d}"
    yield rest_busy(number, rested)
    if is_canceled:
        yield commands.CancelOrder(order=rested)
    order = number // BUSY_ORDER_FILLS
    named = busy_order(order) if number % BUSY_ORDER_FILLS else NewOrder(busy_order(order))
    yield _fill(SUBACCOUNT_REFS[order % len(SUBACCOUNT_REFS)], BUSY[order % len(BUSY)], named)


def _place(number: int) -> tuple[SubaccountRef, str]:
    """The book and the market of a second."""
    return SUBACCOUNT_REFS[number % len(SUBACCOUNT_REFS)], market_name(number // len(SUBACCOUNT_REFS))


def _fill(subaccount_ref: SubaccountRef, market: str, order: str | NewOrder | None) -> Fill:
    return Fill(
        subaccount_ref=subaccount_ref,
        market=market,
        side=Side.YES,
        action=Action.BUY,
        count_centis=100,
        price_centicents=PRICE_CENTICENTS,
        fee_micros=17_500,
        order=order,
    )


def _market(market: str, event: str, index: int) -> ListMarket:
    return ListMarket(
        market=market, event=event, series="KXBENCH", price_centicents=PRICE_CENTICENTS, exchange_index=index
    )
