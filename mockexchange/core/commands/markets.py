"""Commands that list, describe, quote, price, pause and settle markets, and that open or halt the whole exchange."""

from mockexchange.core.commands.validation import CommandStruct, require, require_price, require_result
from mockexchange.core.model.descriptions import EventDetails, MarketDetails, SeriesDetails
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, EXCHANGE_INDEX_MAX, FeeType, Result, Severity

FEE_MULTIPLIER_UNIT = 10_000
"""The unit of a series' `fee_multiplier`: 10_000 is a multiplier of one, 5_000 of a half."""
PLAIN = EventDetails()


class ListSeries(CommandStruct, frozen=True, kw_only=True):
    """List a series with its fees and details."""

    series: str
    fee_type: FeeType = FeeType.QUADRATIC
    fee_multiplier: int = FEE_MULTIPLIER_UNIT
    details: SeriesDetails | None = None

    def __post_init__(self) -> None:
        require(self.fee_multiplier >= 0, "fee_multiplier: expected 0 or more")


class ListMarket(CommandStruct, frozen=True, kw_only=True):
    """List a market; the first market that names an event or a series also creates that event or series."""

    market: str
    event: str
    series: str
    title: str = ""
    price_centicents: int | None = None
    exchange_index: int = 0
    details: MarketDetails | None = None

    def __post_init__(self) -> None:
        require(bool(self.market and self.event and self.series), "market, event and series: expected names")
        require(0 <= self.exchange_index <= EXCHANGE_INDEX_MAX, "exchange_index: expected 0 to 63")
        if self.price_centicents is not None:
            require_price(self.price_centicents)


class DescribeEvent(CommandStruct, frozen=True, kw_only=True):
    """Set the details of an event, which may be listed later."""

    event: str
    details: EventDetails = PLAIN


class QuoteMarket(CommandStruct, frozen=True, kw_only=True):
    """Replace the bids of outside traders in a market's order book: (price, count) levels for each side."""

    market: str
    yes: tuple[tuple[int, int], ...] = ()
    no: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        for price_centicents, count_centis in (*self.yes, *self.no):
            require_price(price_centicents)
            require(count_centis > 0, "count: expected more than 0")
        best = []
        for bids in (self.yes, self.no):
            prices = [price_centicents for price_centicents, _ in bids]
            require(len(set(prices)) == len(prices), "book: expected each price of a side once")
            best.append(max(prices, default=0))
        require(sum(best) < CENTICENTS_PER_DOLLAR, "book: bids for yes and no that add up to a dollar would trade")


class ReplenishMarket(CommandStruct, frozen=True, kw_only=True):
    """Restore the contracts that trades took from a market's outside bids.

    The sandbox submits this command `OrderRules.replenish_us` after such a trade.
    """

    market: str


class PriceMarket(CommandStruct, frozen=True, kw_only=True):
    """Set the last traded price of YES in a market."""

    market: str
    price_centicents: int

    def __post_init__(self) -> None:
        require_price(self.price_centicents)


class SwitchMarket(CommandStruct, frozen=True, kw_only=True):
    """Pause trading in one market, or resume it; resuming cancels every order that rests there."""

    market: str
    trading: bool = True


class CloseMarket(CommandStruct, frozen=True, kw_only=True):
    """Stop trading in a market."""

    market: str


class DetermineMarket(CommandStruct, frozen=True, kw_only=True):
    """Set the result of a market, before the market pays out."""

    market: str
    result: Result
    value_centicents: int | None = None

    def __post_init__(self) -> None:
        require_result(self.result, self.value_centicents)


class DisputeMarket(CommandStruct, frozen=True, kw_only=True):
    """Mark the result of a market as disputed."""

    market: str


class FinalizeMarket(CommandStruct, frozen=True, kw_only=True):
    """Pay the positions of a determined market."""

    market: str


class SettleMarket(CommandStruct, frozen=True, kw_only=True):
    """Determine the market if it is not determined yet, then finalize it."""

    market: str
    result: Result
    value_centicents: int | None = None

    def __post_init__(self) -> None:
        require_result(self.result, self.value_centicents)


class SwitchExchange(CommandStruct, frozen=True, kw_only=True):
    """Open or halt the whole exchange, which the venue's status endpoint then reports."""

    active: bool = True
    trading: bool = True
    resume_at: int | None = None
    """Instant at which the exchange is expected to resume, in microseconds."""


class Announce(CommandStruct, frozen=True, kw_only=True):
    """Publish a message to all users of the exchange."""

    message: str
    severity: Severity = Severity.INFO
    active: bool = True
    delivered_at: int | None = None
    """Instant of delivery in microseconds; None means the instant of the command."""

    def __post_init__(self) -> None:
        require(bool(self.message), "message: expected text")


class Note(CommandStruct, frozen=True, kw_only=True):
    """Record in the log an action that does not change the exchange, such as the installation of a fault."""

    subject: str
    text: str

    def __post_init__(self) -> None:
        require(bool(self.subject), "subject: expected text")
