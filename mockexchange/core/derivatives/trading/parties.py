"""The parties of a trade of a derivative: one account or two, and the fee that each pays."""

from decimal import Decimal
from typing import NamedTuple

from mockexchange.core.commands import TradeDerivative
from mockexchange.core.derivatives.derivative import Derivative, Terms
from mockexchange.core.derivatives.forms import future_of, is_option
from mockexchange.core.derivatives.holdings.holdings import ZERO
from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.trading.legs import Fill
from mockexchange.core.derivatives.vocabulary import Form
from mockexchange.core.instruments import option
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef


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

    def size_of(self, fill: Fill) -> Decimal:
        """Return the signed size of a fill for this party."""
        return fill.size * self.sign

    def fee_of(self, fill: Fill, index: Decimal) -> Decimal:
        """Return the fee of a fill for this party. A fee that is given for a combo is charged on its first leg only."""
        if self.fee is not None:
            return self.fee if fill.is_first else ZERO
        terms = fill.derivative.terms
        rate = terms.taker_fee if self.is_taker else terms.maker_fee
        if is_option(terms):
            return fill.amount * option_fee(terms, rate, fill.price, index)
        return rate * future_of(terms).value(fill.size, fill.price)


def parties_of(state: State, derivative: Derivative, command: TradeDerivative) -> list[Party]:
    """Return the account of the command, and its counterparty if that has an account on this exchange too."""
    order_id = command.order or new_id(state, derivative)
    parties = [Party(command.subaccount_ref, 1, command.taker, order_id, command.label, command.fee)]
    if command.against is not None:
        parties.append(Party(command.against, -1, not command.taker, new_id(state, derivative), "", None))
    return parties


def new_id(state: State, derivative: Derivative) -> str:
    """Return an unused id for a trade or an order, in the venue's form: settlement currency and number."""
    while True:
        name = f"{derivative.terms.settlement_currency}-{state.next_revision()}"
        if name not in state.derivatives.trade_ids:
            return name


def option_fee(terms: Terms, rate: Decimal, price: Decimal, index: Decimal) -> Decimal:
    """Return the fee per unit of an option: `rate` of the underlying, at most `FEE_CAP` of the option's price."""
    underlying = Decimal(1) if terms.form is Form.INVERSE else index
    return min(rate * underlying, option.FEE_CAP * price)
