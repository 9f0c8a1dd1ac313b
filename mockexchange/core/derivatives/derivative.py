"""The terms of a derivative and its current state: prices, Greeks and volatility."""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.vocabulary import DerivativeKind, Form, OptionType, Period


class MarginTerms(Struct, frozen=True):
    """The margin rates of a future: margin = value * (rate + slope * coins).

    The initial and the maintenance margin have a `rate` each. `value` is in settlement currency, `coins` is the size in
    the base coin; for an inverse future both are the same number [recomputed to 9 decimals: an inverse position of
    source-docs/004, and a real linear one, ccxt#20880].
    """

    initial: Decimal = Decimal("0.04")
    maintenance: Decimal = Decimal("0.02")
    slope: Decimal = Decimal("0.00005")


class Greeks(Struct, frozen=True):
    """Greeks of a long position of size 1. The Greeks of a position are these values times its size."""

    delta: Decimal = Decimal(0)
    gamma: Decimal = Decimal(0)
    vega: Decimal = Decimal(0)
    theta: Decimal = Decimal(0)


NO_GREEKS = Greeks()


class Terms(Struct, frozen=True):
    """The fixed terms of a derivative.

    `expires_at` is None for a perpetual; only a combo has `legs`: (derivative, ratio).
    """

    name: str
    kind: DerivativeKind
    form: Form
    base: str
    quote: str
    index: str
    """The price index of the derivative, such as btc_usd."""
    period: Period
    contract_size: Decimal
    tick: Decimal
    amount_min: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    expires_at: int | None = None
    strike: Decimal | None = None
    option_type: OptionType | None = None
    legs: tuple[tuple[str, int], ...] = ()
    margin: MarginTerms = MarginTerms()

    @property
    def settlement_currency(self) -> str:
        """The currency of profit, fees and margins."""
        return self.base if self.form is Form.INVERSE else self.quote

    @property
    def is_perpetual(self) -> bool:
        return self.period is Period.PERPETUAL


class Derivative(Struct, eq=False):
    """A listed derivative with its prices: `mark` is the mark price, `settlement` the last settlement price or 0."""

    terms: Terms
    serial: int
    created_at: int
    mark: Decimal
    settlement: Decimal = Decimal(0)
    greeks: Greeks = NO_GREEKS
    iv: Decimal | None = None
    """Implied volatility of an option, in percent."""
    last: Decimal | None = None
    """The price of the last trade."""
    delivery: Decimal | None = None
    """Delivery price, which for an option is the price of the underlying. None while the derivative trades."""
    trades: int = 0
    """Number of trades so far, which is the sequence number of the last trade."""
    revision: int = 0
    updated_at: int = 0

    @property
    def name(self) -> str:
        return self.terms.name

    @property
    def is_open(self) -> bool:
        return self.delivery is None
