"""Holdings of derivatives and cash: how trades, settlements and funding change them, in settlement currency.

Two costs are kept. `cost` counts from the entry prices and gives the profit since the position was opened;
`session_cost` counts from the last settlement, for what was carried over it, and from the entry prices for what came
since: it gives the profit of the session, which can have the other sign.
"""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.precision import quotient
from mockexchange.core.instruments.instrument import Instrument

ZERO = Decimal(0)


class Holding(Struct, eq=False):
    """A position in one derivative. `size` is signed, in the unit of trading: the base coin for a linear future."""

    size: Decimal = ZERO
    cost: Decimal = ZERO
    session_cost: Decimal = ZERO
    cost_usd: Decimal = ZERO
    """Of an option, in dollars at the index of each entry."""
    realized: Decimal = ZERO
    """In the session so far, against what the session counts from, funding included."""
    realized_funding: Decimal = ZERO
    """In the session so far."""
    interest_value: Decimal = ZERO
    """As the last funding gave it."""
    revision: int = 0
    updated_at: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether a settlement would change nothing: flat, and nothing realized in the session."""
        return not (self.size or self.realized or self.realized_funding)

    def trade(self, form: Instrument, size: Decimal, price: Decimal, price_usd: Decimal) -> Decimal:
        """Take in a trade of a signed `size`: first close what is held the other way, then open the rest.

        Returns what closing realized, against what the session counts from.
        """
        closed = self._closed_by(size)
        profit = self._close(form, closed, price) if closed else ZERO
        opened = size + closed
        if opened:
            self.open(form, opened, price, price, price_usd)
        return profit

    def open(self, form: Instrument, size: Decimal, price: Decimal, reference: Decimal, price_usd: Decimal) -> None:
        """Add to what is held; `reference` is the price that the session counts from."""
        self.size += size
        self.cost += form.worth(size, price)
        self.session_cost += form.worth(size, reference)
        self.cost_usd += size * price_usd

    def fund(self, payment: Decimal, interest_value: Decimal | None) -> None:
        """Take in a payment, below 0 where it is paid."""
        self.realized += payment
        self.realized_funding += payment
        if interest_value is not None:
            self.interest_value = interest_value

    def settle(self, form: Instrument, price: Decimal) -> Decimal:
        """Begin a session that counts from `price`; return what the last one made."""
        worth = form.worth(self.size, price)
        made = worth - self.session_cost + self.realized
        self.session_cost = worth
        self.realized = self.realized_funding = ZERO
        return made

    def clear(self) -> None:
        """Set size, costs and session profit to zero."""
        self.size = self.cost = self.session_cost = self.cost_usd = ZERO
        self.realized = self.realized_funding = ZERO

    def _closed_by(self, size: Decimal) -> Decimal:
        """How much of what is held a trade closes, with the sign of what is held."""
        if (self.size > 0) == (size > 0):
            return ZERO
        return self.size if abs(self.size) <= abs(size) else -size

    def _close(self, form: Instrument, closed: Decimal, price: Decimal) -> Decimal:
        """Costs fall pro rata; the last part closed takes all that is left of them."""
        session_cost = self._share(self.session_cost, closed)
        self.cost -= self._share(self.cost, closed)
        self.cost_usd -= self._share(self.cost_usd, closed)
        self.session_cost -= session_cost
        self.size -= closed
        profit = form.worth(closed, price) - session_cost
        self.realized += profit
        return profit

    def _share(self, cost: Decimal, closed: Decimal) -> Decimal:
        return cost if closed == self.size else quotient(cost * closed, self.size)


class Cash(Struct, eq=False):
    """Cash of a subaccount in one currency: amount = credited + traded + settled - fees."""

    amount: Decimal = ZERO
    credited: Decimal = ZERO
    """Credits from outside."""
    traded: Decimal = ZERO
    """Premiums of options, received less paid."""
    settled: Decimal = ZERO
    """Sum of daily settlements and deliveries."""
    fees: Decimal = ZERO
    revision: int = 0
