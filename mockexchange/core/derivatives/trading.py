"""Trades of derivatives: the handlers that record them, the fills of a combo's legs, and the parties and their fees.

A position that is opened without a trade is here too, since later trades change it.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from mockexchange.core.commands import OpenHolding, TradeDerivative
from mockexchange.core.derivatives.balances import changed_holding, charge, holding_of
from mockexchange.core.derivatives.derivative import Derivative, Terms
from mockexchange.core.derivatives.formulas import form_of, is_option, option_fee, unit_usd
from mockexchange.core.derivatives.holdings import Holding
from mockexchange.core.derivatives.listing import open_derivative_of, require_price, require_trader, touch
from mockexchange.core.derivatives.orders import DerivativeOrder, DerivativeTrade
from mockexchange.core.derivatives.precision import ZERO, quotient
from mockexchange.core.derivatives.vocabulary import COMBOS, Direction, OrderState
from mockexchange.core.events import DerivativeTraded, Event
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import SubaccountRef


class Fill(NamedTuple):
    """A fill of one derivative. `size` is positive if the account that the command names buys, negative if it sells."""

    derivative: Derivative
    size: Decimal
    price: Decimal
    is_first: bool = True

    @property
    def amount(self) -> Decimal:
        return abs(self.size)


class Party(NamedTuple):
    """One account's part in a trade.

    `sign` is -1 for the counterparty; `fee` is None if it is computed from the fee rates.
    """

    subaccount_ref: SubaccountRef
    sign: int
    is_taker: bool
    order_id: str
    label: str
    fee: Decimal | None
    order: DerivativeOrder | None = None
    """The order that was matched; None for a trade recorded by a command, which gives at most the order's id."""

    def fee_of(self, fill: Fill, index: Decimal) -> Decimal:
        """Return the fee of a fill for this party. A fee that is given for a combo is charged on its first leg only."""
        if self.fee is not None:
            return self.fee if fill.is_first else ZERO
        terms = fill.derivative.terms
        rate = terms.taker_fee if self.is_taker else terms.maker_fee
        if is_option(terms):
            return fill.amount * option_fee(terms, rate, fill.price, index)
        return rate * form_of(terms).value(fill.size, fill.price)


@derivative_handler
def trade_derivative(state: State, command: TradeDerivative, at: int) -> Iterator[Event]:
    """Record a trade of a derivative, or of the legs of a combo, for one account or for two."""
    derivative = open_derivative_of(state, command.derivative)
    for subaccount_ref in (command.subaccount_ref, command.against):
        if subaccount_ref is not None:
            require_trader(state, subaccount_ref)
    require_price(derivative.terms, command.price)
    if command.trade in state.derivatives.trade_ids:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"trade {command.trade} exists already")
    fills = fills_of(state, derivative, command)
    require_amount(derivative.terms, command.amount)
    for fill in fills:
        require_amount(fill.derivative.terms, fill.amount)
    order_id = command.order or new_id(state, derivative)
    parties = [Party(command.subaccount_ref, 1, command.taker, order_id, command.label, command.fee)]
    if command.against is not None:
        parties.append(Party(command.against, -1, not command.taker, new_id(state, derivative), "", None))
    for fill in fills:
        combo = command.derivative if fill.derivative is not derivative else None
        yield from record_fill(state, fill, parties, at, combo, command.trade if fill.is_first else None)
    if derivative.terms.kind in COMBOS:  # its legs were recorded as fills, the combo itself was not
        _record_on_tape(state, derivative, command.price, at)


def fills_of(state: State, derivative: Derivative, command: TradeDerivative) -> list[Fill]:
    """Return the fills of a trade: one of the derivative, or for a combo one of each leg.

    The legs of a combo trade at their mark prices, except the first leg, whose price makes up the difference to the
    combo's price.

    Raises Refused if that price of the first leg is not above 0.
    """
    size = command.amount if command.direction is Direction.BUY else -command.amount
    if derivative.terms.kind not in COMBOS:
        return [Fill(derivative, size, command.price)]
    (first, ratio), *others = [(open_derivative_of(state, name), ratio) for name, ratio in derivative.terms.legs]
    marked = sum((leg.mark * ratio for leg, ratio in others), ZERO)
    price = quotient(command.price - marked, Decimal(ratio))
    if price <= 0:
        message = f"{derivative.name} at {command.price} needs {first.name} at {price}: expected a price above 0"
        raise Refused(RefusalCode.PRICE_OUT_OF_RANGE, message)
    return [Fill(first, size * ratio, price), *(Fill(leg, size * ratio, leg.mark, False) for leg, ratio in others)]


def record_fill(
    state: State, fill: Fill, parties: Iterable[Party], at: int, combo: str | None = None, trade_id: str | None = None
) -> Iterator[Event]:
    """Carry out a fill for its parties: add it to the list of trades, change positions, charge fees and premiums."""
    derivative, terms, price = fill.derivative, fill.derivative.terms, fill.price
    trade_id = trade_id or new_id(state, derivative)
    state.derivatives.trade_ids.add(trade_id)
    is_long_tick = _record_on_tape(state, derivative, price, at)
    index = state.derivatives.indexes[terms.index]
    for party in parties:
        order = party.order
        size, fee = fill.size * party.sign, party.fee_of(fill, index)
        holding = holding_of(state, party.subaccount_ref, derivative.name)
        profit = holding.trade(form_of(terms), size, price, price * unit_usd(terms, index))
        row = DerivativeTrade(
            subaccount_ref=party.subaccount_ref,
            derivative=derivative.name,
            currency=terms.settlement_currency,
            kind=terms.kind,
            serial=state.next_revision(),
            created_at=at,
            trade_id=trade_id,
            trade_seq=derivative.trades,
            order_id=party.order_id,
            direction=Direction.BUY if size > 0 else Direction.SELL,
            amount=fill.amount,
            price=price,
            fee=fee,
            mark=derivative.mark,
            index=index,
            iv=derivative.iv,
            profit=profit,
            is_taker=party.is_taker,
            is_long_tick=is_long_tick,
            label=party.label,
            combo=combo,
            position_size=holding.size,
            # A recorded trade has no order: it shows a filled limit order.
            order_type="limit" if order is None else order.order_type,
            order_state=OrderState.FILLED if order is None else order.state,
            post_only=order is not None and order.post_only,
            reduce_only=order is not None and order.reduce_only,
        )
        state.derivatives.trades.add(row, row.serial)
        yield DerivativeTraded(
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
        yield changed_holding(state, party.subaccount_ref, derivative.name, holding, at)
        premium = size * price if is_option(terms) else ZERO
        yield from charge(state, party.subaccount_ref, terms.settlement_currency, fee, premium)


def _record_on_tape(state: State, derivative: Derivative, price: Decimal, at: int) -> bool:
    """Count a trade as the derivative's last; return whether its price is not below the previous trade's."""
    is_long_tick = derivative.last is None or price >= derivative.last
    derivative.last = price
    derivative.trades += 1
    touch(state, derivative, at)
    return is_long_tick


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


def new_id(state: State, derivative: Derivative) -> str:
    """Return an unused id for a trade or an order, in the venue's form: settlement currency and number."""
    while True:
        name = f"{derivative.terms.settlement_currency}-{state.next_revision()}"
        if name not in state.derivatives.trade_ids:
            return name


def require_amount(terms: Terms, amount: Decimal) -> None:
    """Raise Refused for an amount below `amount_min`, or not a multiple of min(`contract_size`, `amount_min`)."""
    unit = amount_step(terms)
    if amount < terms.amount_min or amount % unit:
        message = f"{amount} of {terms.name}: expected a multiple of {unit}, {terms.amount_min} or more"
        raise Refused(RefusalCode.AMOUNT_OUT_OF_RANGE, message)


def amount_step(terms: Terms) -> Decimal:
    """Return the number of which every traded amount is a multiple."""
    return min(terms.contract_size, terms.amount_min)
