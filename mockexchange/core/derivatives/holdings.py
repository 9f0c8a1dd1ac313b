"""Positions in derivatives (holdings), cash, and how trades, settlements and funding change them.

Each holding has two costs. `cost` is at the entry prices and gives the profit since the position was opened.
`session_cost` gives the profit of the session, which can have the other sign: size that was held at the last settlement
costs its settlement price, size that was opened later costs its entry price.
"""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.formulas import Formulas
from mockexchange.core.derivatives.precision import ZERO, quotient


class Holding(Struct, eq=False):
    """A position in one derivative.

    `size` is signed, in the unit in which the derivative trades: the base coin for a linear future.
    """

    size: Decimal = ZERO
    cost: Decimal = ZERO
    session_cost: Decimal = ZERO
    cost_usd: Decimal = ZERO
    """Cost of the position in dollars, each entry converted at the index of its time; venues show it for options."""
    realized: Decimal = ZERO
    """Profit realized in the session so far, measured against the session cost; includes funding."""
    realized_funding: Decimal = ZERO
    """Funding received less funding paid in the session so far."""
    interest_value: Decimal = ZERO
    """Interest value that the last funding payment was given with."""
    revision: int = 0
    updated_at: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether the holding is flat and realized nothing in the session, so that a settlement changes nothing."""
        return not (self.size or self.realized or self.realized_funding)

    def trade(self, form: Formulas, size: Decimal, price: Decimal, price_usd: Decimal) -> Decimal:
        """Apply a trade of a signed `size`: first close a position of the other sign, then open the rest.

        Returns the profit realized by closing, measured against `session_cost`.
        """
        profit, opened = ZERO, size
        if self.size and (self.size > 0) != (size > 0):
            # What the trade closes has the sign of the position. Costs fall pro rata, to exactly 0 in a full close.
            closed = self.size if abs(self.size) <= abs(size) else -size
            session_cost = self._share(self.session_cost, closed)
            self.cost -= self._share(self.cost, closed)
            self.cost_usd -= self._share(self.cost_usd, closed)
            self.session_cost -= session_cost
            self.size -= closed
            profit = form.worth(closed, price) - session_cost
            self.realized += profit
            opened = size + closed
        if opened:
            self.open(form, opened, price, price, price_usd)
        return profit

    def open(self, form: Formulas, size: Decimal, price: Decimal, reference: Decimal, price_usd: Decimal) -> None:
        """Add `size` to the position. `price` is its entry price.

        `reference` is the price that counts for the session's profit, and `price_usd` the entry price in dollars.
        """
        self.size += size
        self.cost += form.worth(size, price)
        self.session_cost += form.worth(size, reference)
        self.cost_usd += size * price_usd

    def fund(self, payment: Decimal, interest_value: Decimal | None) -> None:
        """Add a funding payment to the realized profit; a payment by the holder is negative."""
        self.realized += payment
        self.realized_funding += payment
        if interest_value is not None:
            self.interest_value = interest_value

    def end_session(self, form: Formulas, price: Decimal) -> Decimal:
        """Begin a new session at `price`; return the profit of the session that ended."""
        worth = form.worth(self.size, price)
        made = worth - self.session_cost + self.realized
        self.session_cost = worth
        self.realized = self.realized_funding = ZERO
        return made

    def clear(self) -> None:
        """Set the size, the costs and the session profit of the position to zero."""
        self.size = self.cost = self.session_cost = self.cost_usd = ZERO
        self.realized = self.realized_funding = ZERO

    def _share(self, cost: Decimal, closed: Decimal) -> Decimal:
        return cost if closed == self.size else quotient(cost * closed, self.size)


class Cash(Struct, eq=False):
    """Cash of a subaccount in one currency: credits, option premiums and settled profits, less fees."""

    amount: Decimal = ZERO
    credited: Decimal = ZERO
    """Sum of the credits from outside the exchange."""
    traded: Decimal = ZERO
    """Option premiums received less option premiums paid."""
    settled: Decimal = ZERO
    """Sum of the profits that daily settlements and deliveries paid."""
    fees: Decimal = ZERO
    revision: int = 0
