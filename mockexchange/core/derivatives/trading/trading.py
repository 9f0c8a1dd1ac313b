"""Handlers that record trades of derivatives and open positions without trades."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.core.commands import OpenHolding, TradeDerivative
from mockexchange.core.derivatives import cash
from mockexchange.core.derivatives.derivative import Derivative, Terms
from mockexchange.core.derivatives.forms import form_of, is_option, unit_usd
from mockexchange.core.derivatives.holdings.holding_changes import changed_holding
from mockexchange.core.derivatives.holdings.holdings import ZERO, Holding
from mockexchange.core.derivatives.listing import require_price
from mockexchange.core.derivatives.lookup import holding_of, open_derivative_of, require_trader
from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.trading.legs import Fill, fills_of
from mockexchange.core.derivatives.trading.parties import Party, new_id, parties_of
from mockexchange.core.derivatives.trading.trades import DerivativeTrade
from mockexchange.core.derivatives.vocabulary import COMBOS, Direction
from mockexchange.core.events import DerivativeTraded, Event
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused


@derivative_handler
def trade_derivative(state: State, command: TradeDerivative, at: int) -> Iterator[Event]:
    """Record a trade of a derivative, or of the legs of a combo, for one account or for two."""
    derivative = open_derivative_of(state, command.derivative)
    _require_tradable(state, derivative, command)
    fills = fills_of(state, derivative, command)
    for terms, amount in (
        (derivative.terms, command.amount),
        *((fill.derivative.terms, fill.amount) for fill in fills),
    ):
        require_amount(terms, amount)
    parties = parties_of(state, derivative, command)
    for fill in fills:
        combo = command.derivative if fill.derivative is not derivative else None
        yield from record_fill(state, fill, parties, at, combo, command.trade if fill.is_first else None)
    if derivative.terms.kind in COMBOS:
        _print(state, derivative, command.price, at)


def record_fill(
    state: State, fill: Fill, parties: Iterable[Party], at: int, combo: str | None = None, trade_id: str | None = None
) -> Iterator[Event]:
    """Carry out a fill for its parties: add it to the list of trades, change positions, charge fees and premiums."""
    trade_id = trade_id or new_id(state, fill.derivative)
    state.derivatives.trade_ids.add(trade_id)
    is_long_tick = _print(state, fill.derivative, fill.price, at)
    for party in parties:
        yield from _fill(state, fill, party, _Printed(trade_id, is_long_tick, at, combo))


@derivative_handler
def open_holding(state: State, command: OpenHolding, at: int) -> Iterator[Event]:
    """Open a position without a trade. Cash does not change: even the premium of an option was paid elsewhere."""
    derivative = open_derivative_of(state, command.derivative)
    require_trader(state, command.subaccount_ref)
    if derivative.terms.kind in COMBOS:
        message = f"{derivative.name} is a {derivative.terms.kind}, which is never held: expected one of its legs"
        raise Refused(RefusalCode.WRONG_KIND, message)
    if not state.derivatives.holdings.get(command.subaccount_ref, {}).get(derivative.name, Holding()).is_settled:
        message = f"{command.subaccount_ref} holds {derivative.name} already: trade it instead"
        raise Refused(RefusalCode.POSITION_EXISTS, message)
    reference = command.reference or derivative.settlement or command.average_price
    index = state.derivatives.indexes[derivative.terms.index]
    usd = command.average_price_usd or command.average_price * unit_usd(derivative.terms, index)
    holding = holding_of(state, command.subaccount_ref, derivative.name)
    if command.size:
        holding.open(form_of(derivative.terms), command.size, command.average_price, reference, usd)
    holding.realized += command.realized
    holding.realized_funding += command.realized_funding
    yield changed_holding(state, command.subaccount_ref, derivative.name, holding, at)


class _Printed(NamedTuple):
    """The values that both sides of a trade share, besides the fill."""

    trade_id: str
    is_long_tick: bool
    at: int
    combo: str | None


def _require_tradable(state: State, derivative: Derivative, command: TradeDerivative) -> None:
    for subaccount_ref in (command.subaccount_ref, command.against):
        if subaccount_ref is not None:
            require_trader(state, subaccount_ref)
    require_price(derivative.terms, command.price)
    if command.trade in state.derivatives.trade_ids:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"trade {command.trade} exists already")


def require_amount(terms: Terms, amount: Decimal) -> None:
    """Raise Refused for an amount below `amount_min`, or not a multiple of min(`contract_size`, `amount_min`)."""
    unit = amount_step(terms)
    if amount < terms.amount_min or amount % unit:
        message = f"{amount} of {terms.name}: expected a multiple of {unit}, {terms.amount_min} or more"
        raise Refused(RefusalCode.AMOUNT_OUT_OF_RANGE, message)


def amount_step(terms: Terms) -> Decimal:
    """Return the number of which every traded amount is a multiple."""
    return min(terms.contract_size, terms.amount_min)


def _print(state: State, derivative: Derivative, price: Decimal, at: int) -> bool:
    """Record a trade on the derivative's tape; return whether its price is not below the previous trade's."""
    is_long_tick = derivative.last is None or price >= derivative.last
    derivative.last = price
    derivative.trades += 1
    derivative.revision, derivative.updated_at = state.next_revision(), at
    return is_long_tick


def _fill(state: State, fill: Fill, party: Party, printed: _Printed) -> Iterator[Event]:
    """Carry out one party's side of a fill: change the holding, add the trade's row, and charge fee and premium."""
    derivative, terms = fill.derivative, fill.derivative.terms
    index = state.derivatives.indexes[terms.index]
    size = party.size_of(fill)
    fee = party.fee_of(fill, index)
    holding = holding_of(state, party.subaccount_ref, derivative.name)
    profit = holding.trade(form_of(terms), size, fill.price, fill.price * unit_usd(terms, index))
    row = DerivativeTrade(
        subaccount_ref=party.subaccount_ref,
        derivative=derivative.name,
        currency=terms.settlement_currency,
        kind=terms.kind,
        serial=state.next_revision(),
        created_at=printed.at,
        trade_id=printed.trade_id,
        trade_seq=derivative.trades,
        order_id=party.order_id,
        direction=Direction.BUY if size > 0 else Direction.SELL,
        amount=fill.amount,
        price=fill.price,
        fee=fee,
        mark=derivative.mark,
        index=index,
        iv=derivative.iv,
        profit=profit,
        is_taker=party.is_taker,
        is_long_tick=printed.is_long_tick,
        label=party.label,
        combo=printed.combo,
        position_size=holding.size,
        **_order_fields(party.order),
    )
    state.derivatives.trades.add(row, row.serial)
    yield _told(row)
    yield changed_holding(state, party.subaccount_ref, derivative.name, holding, printed.at)
    premium = size * fill.price if is_option(terms) else ZERO
    yield from cash.charge(state, party.subaccount_ref, terms.settlement_currency, fee, premium)


def _order_fields(order: DerivativeOrder | None) -> dict[str, Any]:
    if order is None:
        return {}
    return {
        "order_type": order.order_type,
        "order_state": order.state,
        "post_only": order.post_only,
        "reduce_only": order.reduce_only,
    }


def _told(row: DerivativeTrade) -> DerivativeTraded:
    return DerivativeTraded(
        subaccount_ref=row.subaccount_ref,
        derivative=row.derivative,
        trade_id=row.trade_id,
        order_id=row.order_id,
        serial=row.serial,
        direction=row.direction,
        amount=row.amount,
        price=row.price,
        fee=row.fee,
    )
