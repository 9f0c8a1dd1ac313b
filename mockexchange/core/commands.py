"""What may be asked of the exchange: frozen, keyword-only values that are valid once they exist.

A value out of its range raises ValueError on construction; what depends on the state (an unknown market, a closed
one) is a Refusal from `Exchange.execute`. Units are those of `vocabulary`.
"""

from dataclasses import dataclass

from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    AccountKind,
    Action,
    BookRef,
    FeeType,
    Result,
    Side,
)

FEE_MULTIPLIER_UNIT = 10_000
"""A series' `fee_multiplier` is counted in ten-thousandths: 10_000 is one, 5_000 is a half."""


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def _require_price(price_centicents: int) -> None:
    _require(0 < price_centicents < CENTICENTS_PER_DOLLAR, "price: expected more than 0 and less than 1 dollar")


def _require_result(result: Result, value_centicents: int | None) -> None:
    if result is Result.SCALAR:
        in_range = value_centicents is not None and 0 <= value_centicents <= CENTICENTS_PER_DOLLAR
        _require(in_range, "value: a scalar result needs a value from 0 to 1 dollar")
    else:
        _require(value_centicents is None, f"value: only a scalar result has one, {result} has not")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    account: str
    kind: AccountKind = AccountKind.MEMBER
    account_id: str = ""
    """The venue's name of the account where it differs (prefix of subtrader ids)."""

    def __post_init__(self) -> None:
        _require(bool(self.account) and "/" not in self.account, "account: expected a name without a slash")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBook:
    """A member's subaccount ("1" to "63") or an FCM's subtrader (any name)."""

    account: str
    book: str
    book_id: str = ""
    """The venue's id of the book where the scenario gives one verbatim."""

    def __post_init__(self) -> None:
        _require(bool(self.book) and "/" not in self.book, "book: expected a name without a slash")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddKey:
    account: str
    key: str
    key_id: str
    public_key: str
    """PEM, SubjectPublicKeyInfo. The core compares it and never parses it."""
    scopes: tuple[str, ...] = ("read", "write")
    book: str | None = None
    """The only book this key may see, or None for all of the account."""
    api_date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSeries:
    series: str
    fee_type: FeeType = FeeType.QUADRATIC
    fee_multiplier: int = FEE_MULTIPLIER_UNIT

    def __post_init__(self) -> None:
        _require(self.fee_multiplier >= 0, "fee_multiplier: expected 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMarket:
    """List a market; its event and series come into being with the first market that names them."""

    market: str
    event: str
    series: str
    title: str = ""
    price_centicents: int | None = None
    exchange_index: int = 0

    def __post_init__(self) -> None:
        _require(bool(self.market and self.event and self.series), "market, event and series: expected names")
        _require(0 <= self.exchange_index < 64, "exchange_index: expected 0 to 63")
        if self.price_centicents is not None:
            _require_price(self.price_centicents)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMarket:
    market: str
    price_centicents: int

    def __post_init__(self) -> None:
        _require_price(self.price_centicents)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseMarket:
    market: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetermineMarket:
    market: str
    result: Result
    value_centicents: int | None = None

    def __post_init__(self) -> None:
        _require_result(self.result, self.value_centicents)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeMarket:
    market: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeMarket:
    market: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleMarket:
    """Determine where that is still to be done, then finalize: what a test wants nine times in ten."""

    market: str
    result: Result
    value_centicents: int | None = None

    def __post_init__(self) -> None:
        _require_result(self.result, self.value_centicents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A trade that happened. It needs no order behind it: then its order id is derived."""

    purse: BookRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int
    """Of `side`: a NO bought at 0.30 is `price_centicents=3_000`."""
    taker: bool = False
    fee_micros: int | None = None
    against: BookRef | None = None
    order: str | None = None

    def __post_init__(self) -> None:
        _require(self.count_centis > 0, "count: expected more than 0")
        _require_price(self.price_centicents)
        _require(self.fee_micros is None or self.fee_micros >= 0, "fee: expected 0 or more")
        _require(self.against != self.purse, "against: expected another book than the account's own")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPosition:
    """An opening balance without fills, for an account imported from elsewhere."""

    purse: BookRef
    market: str
    quantity_centis: int
    cost_micros: int
    realized_micros: int = 0
    fees_micros: int = 0
    traded_micros: int = 0
    shares_centis: int | None = None
    """Contracts bought so far, YES plus NO; the size of the position when not given."""

    def __post_init__(self) -> None:
        _require(self.cost_micros >= 0, "exposure: expected 0 or more")
        _require(self.quantity_centis != 0 or self.cost_micros == 0, "exposure: no position, so expected 0")
        _require(self.fees_micros >= 0 and self.traded_micros >= 0, "fees and traded: expected 0 or more")
        _require(self.shares_centis is None or self.shares_centis >= 0, "shares: expected 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOrder:
    purse: BookRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int
    order: str | None = None

    def __post_init__(self) -> None:
        _require(self.count_centis > 0, "count: expected more than 0")
        _require_price(self.price_centicents)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceOrder:
    order: str
    count_centis: int

    def __post_init__(self) -> None:
        _require(self.count_centis > 0, "count: expected more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    purse: BookRef
    amount_micros: int

    def __post_init__(self) -> None:
        _require(self.amount_micros > 0, "amount: expected more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    purse: BookRef
    amount_micros: int

    def __post_init__(self) -> None:
        _require(self.amount_micros > 0, "amount: expected more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Cash between two books of one account."""

    source: BookRef
    target: BookRef
    amount_micros: int

    def __post_init__(self) -> None:
        _require(self.amount_micros > 0, "amount: expected more than 0")
        _require(self.source.account == self.target.account, "target: expected a book of the same account")
        _require(self.source != self.target, "target: expected another book than the source")


Command = (
    OpenAccount
    | OpenBook
    | AddKey
    | ListSeries
    | ListMarket
    | PriceMarket
    | CloseMarket
    | DetermineMarket
    | DisputeMarket
    | FinalizeMarket
    | SettleMarket
    | Fill
    | OpenPosition
    | RestOrder
    | ReduceOrder
    | CancelOrder
    | Deposit
    | Withdraw
    | Transfer
)
