"""Commands that list derivatives, set prices, record trades, settle sessions, pay funding, deliver, and credit cash."""

from decimal import Decimal

from mockexchange.core.commands.validation import CommandStruct, require, require_above_0, require_decimal
from mockexchange.core.derivatives.derivative import NO_GREEKS, Greeks, Terms
from mockexchange.core.derivatives.vocabulary import COMBOS, DerivativeKind, Direction
from mockexchange.core.vocabulary import SubaccountRef


class ListDerivative(CommandStruct, frozen=True, kw_only=True):
    """List a derivative. `settlement` is its last settlement price, 0 if there was none."""

    terms: Terms
    mark: Decimal
    settlement: Decimal = Decimal(0)
    greeks: Greeks = NO_GREEKS
    iv: Decimal | None = None

    def __post_init__(self) -> None:
        terms = self.terms
        _check_terms(terms)
        _check_mark(terms, self.mark)
        require_decimal("settlement", self.settlement)
        require(self.settlement >= 0 or terms.kind in COMBOS, "settlement: expected 0 or more")
        _check_option(self.iv, self.greeks)


class SetIndex(CommandStruct, frozen=True, kw_only=True):
    """Set the price of an index."""

    index: str
    price: Decimal

    def __post_init__(self) -> None:
        require(bool(self.index), "index: expected a name")
        require_above_0("price", self.price)


class MarkDerivative(CommandStruct, frozen=True, kw_only=True):
    """Set the mark price of a derivative, and of an option also its implied volatility `iv` and its Greeks.

    The price must be above 0, except for a combo. Greeks that are None are computed from `iv`; without `iv` they stay
    unchanged.
    """

    derivative: str
    price: Decimal
    iv: Decimal | None = None
    greeks: Greeks | None = None

    def __post_init__(self) -> None:
        require_decimal("price", self.price)
        _check_option(self.iv, self.greeks)


class TradeDerivative(CommandStruct, frozen=True, kw_only=True):
    """Record a trade of an account. `amount` is above 0, in the unit of sizes (see `core.derivatives.vocabulary`)."""

    subaccount_ref: SubaccountRef
    derivative: str
    direction: Direction
    amount: Decimal
    price: Decimal
    taker: bool = False
    fee: Decimal | None = None
    """Fee in settlement currency; None computes it from the fee rates of the derivative's terms."""
    against: SubaccountRef | None = None
    order: str | None = None
    trade: str | None = None
    label: str = ""

    def __post_init__(self) -> None:
        require_above_0("amount", self.amount)
        require_decimal("price", self.price)
        if self.fee is not None:
            require_decimal("fee", self.fee)
        require(self.against != self.subaccount_ref, "against: expected another book than the account's own")


class OpenHolding(CommandStruct, frozen=True, kw_only=True):
    """Open a position in a derivative without trades, for an account imported from elsewhere.

    `reference` is the price from which the session's profit counts, by default the last settlement price if there is
    one.
    """

    subaccount_ref: SubaccountRef
    derivative: str
    size: Decimal
    average_price: Decimal
    reference: Decimal | None = None
    average_price_usd: Decimal | None = None
    realized: Decimal = Decimal(0)
    realized_funding: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        require_above_0("average_price", self.average_price)
        if self.reference is not None:
            require_above_0("reference", self.reference)
        if self.average_price_usd is not None:
            require_above_0("average_price_usd", self.average_price_usd)
        for name in ("size", "realized", "realized_funding"):
            require_decimal(name, getattr(self, name))


class SettleSession(CommandStruct, frozen=True, kw_only=True):
    """Carry out the daily settlement of all derivatives, at the given prices or else at their mark prices."""

    prices: tuple[tuple[str, Decimal], ...] = ()

    def __post_init__(self) -> None:
        for name, price in self.prices:
            require_decimal(f"prices: {name}", price)


class PayFunding(CommandStruct, frozen=True, kw_only=True):
    """Pay the funding of a perpetual, `rate` times each position's value.

    Longs pay if `rate` is above 0, shorts if it is below.
    """

    derivative: str
    rate: Decimal
    interest_value: Decimal | None = None

    def __post_init__(self) -> None:
        require_decimal("rate", self.rate)
        if self.interest_value is not None:
            require_decimal("interest_value", self.interest_value)


class DeliverDerivative(CommandStruct, frozen=True, kw_only=True):
    """Deliver an expired derivative at the given price, by default at its index price. Its positions become zero."""

    derivative: str
    price: Decimal | None = None

    def __post_init__(self) -> None:
        if self.price is not None:
            require_above_0("price", self.price)


class CreditCurrency(CommandStruct, frozen=True, kw_only=True):
    """Add cash in a currency to a subaccount, or deduct it if the amount is below 0."""

    subaccount_ref: SubaccountRef
    currency: str
    amount: Decimal

    def __post_init__(self) -> None:
        require(bool(self.currency), "currency: expected one")
        require_decimal("amount", self.amount)
        require(self.amount != 0, "amount: expected another than 0")


def _check_mark(terms: Terms, price: Decimal) -> None:
    """Check a mark. The price of a combo can be 0 or below, because it is a difference of its legs' prices."""
    require_decimal("mark", price)
    require(price > 0 or terms.kind in COMBOS, "mark: expected more than 0")


def _check_terms(terms: Terms) -> None:
    for name in ("name", "base", "quote", "index"):
        require(bool(getattr(terms, name)), f"{name}: expected one")
    for name in ("contract_size", "tick", "amount_min"):
        require_above_0(name, getattr(terms, name))
    for name in ("maker_fee", "taker_fee"):
        require_decimal(name, getattr(terms, name))
    require(terms.is_perpetual == (terms.expires_at is None), "expires: expected one, or period perpetual")
    require(not terms.is_perpetual or terms.kind is DerivativeKind.FUTURE, "period: only futures can be perpetual")
    _check_strike(terms)
    _check_legs(terms)
    require_above_0("margin: initial", terms.margin.initial)
    require(terms.margin.maintenance >= 0 and terms.margin.slope >= 0, "margin: expected 0 or more")


def _check_strike(terms: Terms) -> None:
    given = (terms.strike is not None, terms.option_type is not None)
    expected = (True, True) if terms.kind is DerivativeKind.OPTION else (False, False)
    require(given == expected, "strike and option_type: expected both, and for options alone")
    if terms.strike is not None:
        require_above_0("strike", terms.strike)


def _check_legs(terms: Terms) -> None:
    names = [name for name, _ in terms.legs]
    require(bool(names) == (terms.kind in COMBOS), "legs: expected some, and for combos alone")
    require(len(set(names)) == len(names), "legs: expected each contract once")
    require(all(ratio for _, ratio in terms.legs), "legs: expected ratios other than 0")


def _check_option(iv: Decimal | None, greeks: Greeks | None) -> None:
    if iv is not None:
        require_above_0("iv", iv)
    if greeks is not None:
        for name in ("delta", "gamma", "vega", "theta"):
            require_decimal(name, getattr(greeks, name))
