"""Commands of the exchange: frozen, keyword-only values that are validated on construction.

A value out of its range raises ValueError on construction. An error that depends on the state, such as an unknown or a
closed market, is a Refusal that `Exchange.execute` returns. `core.vocabulary` defines the units.

What else a command needs: its name in `Command` below, and its handler, a function marked with `@handler`. Its name in
logs follows from its class's.
"""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.command_checks import (
    require,
    require_above_0,
    require_amount,
    require_decimal,
    require_price,
    require_result,
)
from mockexchange.core.derivatives.derivative import NO_GREEKS, Greeks, Terms
from mockexchange.core.derivatives.vocabulary import (
    COMBOS,
    RESTING_LIVES,
    CancelReason,
    DerivativeKind,
    Direction,
    OrderLife,
    TriggerKind,
    TriggerSource,
)
from mockexchange.core.model.markets import EventDetails, Leg, MarketDetails, SeriesDetails
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    EXCHANGE_INDEX_MAX,
    PRIMARY_SUBACCOUNT,
    AccountKind,
    Action,
    FeeType,
    Instance,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    Result,
    SelfTradePrevention,
    Severity,
    Side,
    SubaccountRef,
    TimeInForce,
    TransferStatus,
)

OPENING_STATUSES = (PaymentStatus.APPLIED, PaymentStatus.PENDING)
FEE_MULTIPLIER_UNIT = 10_000
"""The unit of a series' `fee_multiplier`: 10_000 is a multiplier of one, 5_000 of a half."""
PLAIN = EventDetails()
LABEL_CHARS_MAX = 64

LOG_KEYS = {
    "subaccount_ref": "purse",
    "subaccount": "book",
    "subaccount_id": "book_id",
    "derivative": "contract",
}
"""Keys in the log of those command fields whose key differs from the field's name."""


class CommandStruct(Struct, frozen=True, rename=LOG_KEYS):
    """A frozen command; its `__post_init__` raises ValueError for a field out of its range."""


# Accounts, subaccounts and API keys.


class OpenAccount(CommandStruct, frozen=True, kw_only=True):
    """Open an account with its primary subaccount."""

    account: str
    kind: AccountKind = AccountKind.MEMBER
    account_id: str = ""
    """The venue's id of the account if it differs from the name; subtrader ids begin with it."""
    user_id: str = ""
    """The user id in the account's orders; derived from the name if empty."""
    tier: str = "basic"
    """Usage tier of the account, which determines its rate limits."""
    venue: str = ""
    """Venue of the account; "" is the default venue."""

    def __post_init__(self) -> None:
        require(bool(self.account) and "/" not in self.account, "account: expected a name without a slash")


class OpenSubaccount(CommandStruct, frozen=True, kw_only=True):
    """Open a member's subaccount ("1" to "63") or an FCM's subtrader (any name)."""

    account: str
    subaccount: str
    subaccount_id: str = ""
    """The venue's id of the subaccount; "" lets the venue derive it."""

    def __post_init__(self) -> None:
        require(bool(self.subaccount) and "/" not in self.subaccount, "book: expected a name without a slash")


class AddKey(CommandStruct, frozen=True, kw_only=True):
    """Add an API key with a public key or a shared secret to an account."""

    account: str
    key: str
    key_id: str
    public_key: str = ""
    """Public key as PEM (SubjectPublicKeyInfo). The core compares it but never parses it."""
    scopes: tuple[str, ...] = ("read", "write")
    subaccount: str | None = None
    """The only subaccount that the key may see, or None for the whole account."""
    api_date: str | None = None
    secret: str = ""
    """Shared secret, for venues that sign with a secret instead of a key pair."""

    def __post_init__(self) -> None:
        require(bool(self.public_key) != bool(self.secret), "public_key and secret: expected one of them")


class RemoveKey(CommandStruct, frozen=True, kw_only=True):
    """Remove an API key; requests with it are refused from then on."""

    account: str
    key_id: str


class SetTier(CommandStruct, frozen=True, kw_only=True):
    """Set the usage tier of an account, which determines its rate limits."""

    account: str
    tier: str


class RestrictSubtrader(CommandStruct, frozen=True, kw_only=True):
    """Forbid a subtrader of an FCM to trade some categories, or to trade at all."""

    subaccount_ref: SubaccountRef
    categories: tuple[str, ...] = ()
    blocked: bool = False


class CapSubtrader(CommandStruct, frozen=True, kw_only=True):
    """Cap the daily spending of a subtrader on event contracts; None lifts the cap."""

    subaccount_ref: SubaccountRef
    limit_micros: int | None = None

    def __post_init__(self) -> None:
        require(self.limit_micros is None or self.limit_micros >= 0, "limit: expected 0 or more")


# Cash: deposits, withdrawals and transfers.


class Deposit(CommandStruct, frozen=True, kw_only=True):
    """Deposit cash. The subaccount receives the amount less the fee when the payment is applied."""

    subaccount_ref: SubaccountRef
    amount_micros: int
    fee_micros: int = 0
    method: PaymentMethod = PaymentMethod.ACH
    status: PaymentStatus = PaymentStatus.APPLIED
    payment: str | None = None
    shard: int = 0
    """Exchange index (shard of the venue) that receives the cash."""

    def __post_init__(self) -> None:
        require_amount(self.amount_micros)
        _require_shard(self.shard)
        require(0 <= self.fee_micros <= self.amount_micros, "fee: expected 0 to the amount")
        require(self.status in OPENING_STATUSES, f"status: a payment begins applied or pending, not {self.status}")


class Withdraw(CommandStruct, frozen=True, kw_only=True):
    """Withdraw cash.

    The amount and the fee leave the subaccount at once, and return if the payment fails or is returned.
    """

    subaccount_ref: SubaccountRef
    amount_micros: int
    fee_micros: int = 0
    method: PaymentMethod = PaymentMethod.ACH
    status: PaymentStatus = PaymentStatus.APPLIED
    payment: str | None = None
    shard: int = 0
    """Exchange index (shard of the venue) that the cash leaves."""

    def __post_init__(self) -> None:
        require_amount(self.amount_micros)
        _require_shard(self.shard)
        require(self.fee_micros >= 0, "fee: expected 0 or more")
        require(self.status in OPENING_STATUSES, f"status: a payment begins applied or pending, not {self.status}")


class OpenCash(CommandStruct, frozen=True, kw_only=True):
    """Add cash without a payment, for an account imported from elsewhere; a negative amount takes cash."""

    subaccount_ref: SubaccountRef
    amount_micros: int
    shard: int = 0
    """Exchange index (shard of the venue) whose cash changes."""

    def __post_init__(self) -> None:
        _require_shard(self.shard)


class FinalizePayment(CommandStruct, frozen=True, kw_only=True):
    """Set the final status of a deposit or a withdrawal."""

    payment: str
    status: PaymentStatus

    def __post_init__(self) -> None:
        require(self.status is not PaymentStatus.PENDING, "status: expected applied, failed or returned")


class Transfer(CommandStruct, frozen=True, kw_only=True):
    """Move cash between two subaccounts of one account, on one shard (`shard`, the wire's exchange_index)."""

    source: SubaccountRef
    target: SubaccountRef
    amount_micros: int
    transfer: str | None = None
    shard: int = 0

    def __post_init__(self) -> None:
        require_amount(self.amount_micros)
        _require_shard(self.shard)
        require(self.source.account == self.target.account, "target: expected a book of the same account")
        require(self.source != self.target, "target: expected another book than the source")


class TransferShard(CommandStruct, frozen=True, kw_only=True):
    """Move an account's cash to another shard, subaccount or instance of the venue.

    The cash leaves its source at once; it arrives at once if `status` is complete, otherwise by `CompleteTransfer`. The
    instances are the exchange for event contracts and the one for margined contracts.
    """

    account: str
    amount_micros: int
    source: Instance = Instance.EVENT_CONTRACT
    target: Instance = Instance.EVENT_CONTRACT
    source_shard: int = 0
    target_shard: int = 0
    status: TransferStatus = TransferStatus.COMPLETE
    transfer: str | None = None
    source_subaccount: str = PRIMARY_SUBACCOUNT
    target_subaccount: str = PRIMARY_SUBACCOUNT

    def __post_init__(self) -> None:
        require_amount(self.amount_micros)
        _require_shard(self.source_shard)
        _require_shard(self.target_shard)
        source = (self.source, self.source_shard, self.source_subaccount)
        target = (self.target, self.target_shard, self.target_subaccount)
        require(source != target, "target: expected another instance or shard than the source")


class CompleteTransfer(CommandStruct, frozen=True, kw_only=True):
    """Complete a pending transfer between shards, so that its cash arrives at the target."""

    transfer: str


class AllocateBalance(CommandStruct, frozen=True, kw_only=True):
    """Set the target allocation of an account's cash: pairs (shard, percent) that add up to 100 percent.

    The cash of an account without a target allocation stays where it is.
    """

    account: str
    allocations: tuple[tuple[int, int], ...]
    reservation: Reservation = Reservation.NONE

    def __post_init__(self) -> None:
        indexes, percents = zip(*self.allocations, strict=True) if self.allocations else ((), ())
        require(len(set(indexes)) == len(indexes), "allocations: expected each exchange index once")
        require(all(0 <= index <= EXCHANGE_INDEX_MAX for index in indexes), "allocations: expected indexes 0 to 63")
        require(all(0 <= percent <= 100 for percent in percents), "allocations: expected 0 to 100 percent each")
        require(sum(percents) == 100 or not indexes, f"allocations: expected 100 percent in all, got {sum(percents)}")


class RebalanceCash(CommandStruct, frozen=True, kw_only=True):
    """Move an account's free cash between shards until each shard has the percentage that `AllocateBalance` set."""

    account: str


class SetNetting(CommandStruct, frozen=True, kw_only=True):
    """Switch netting of YES and NO positions of a subaccount on or off."""

    subaccount_ref: SubaccountRef
    enabled: bool


def _require_shard(shard: int) -> None:
    require(0 <= shard <= EXCHANGE_INDEX_MAX, f"shard: expected 0 to {EXCHANGE_INDEX_MAX}")


# Markets: listing, describing, quoting, pausing and settling them, and the whole exchange.


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


class ListCombination(CommandStruct, frozen=True, kw_only=True):
    """List a market that combines sides of others, `legs`, in a collection; its event and series, too, if they are new.

    `close_at` is the instant in microseconds at which it closes.
    """

    market: str
    event: str
    series: str
    collection: str
    legs: tuple[Leg, ...]
    title: str = ""
    exchange_index: int = 0
    close_at: int | None = None

    def __post_init__(self) -> None:
        require(bool(self.collection and self.legs), "collection and legs: expected a name, and at least one leg")


class LookUpMarket(CommandStruct, frozen=True, kw_only=True):
    """Note that somebody asked for a combination by its legs."""

    market: str


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


# Fills, opening balances, orders and order groups.


class NewOrder(Struct, frozen=True):
    """A wrapper for the id of an order that does not exist yet and is created with its fill."""

    order_id: str


class Fill(CommandStruct, frozen=True, kw_only=True):
    """Record that an account traded. If no order is named, one with a derived id is created for the fill."""

    subaccount_ref: SubaccountRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int
    """Price of the contract of `side`: a NO bought at 0.30 is `price_centicents=3_000`."""
    taker: bool = False
    fee_micros: int | None = None
    against: SubaccountRef | None = None
    against_order: str | NewOrder | None = None
    """The order of the counterparty `against`, as `order` is that of the account."""
    against_fee_micros: int | None = None
    """The fee of the counterparty; None computes it by the formula of the series."""
    order: str | NewOrder | None = None
    """The id of the order that is filled, or a `NewOrder` for a new order with that id.

    None derives the id of a new order.
    """
    client_order_id: str = ""
    fill_id: str | None = None
    """Id of the trade if the scenario gives one; None derives one."""

    def __post_init__(self) -> None:
        require(self.count_centis > 0, "count: expected more than 0")
        require_price(self.price_centicents)
        require(self.fee_micros is None or self.fee_micros >= 0, "fee: expected 0 or more")
        require(self.against_fee_micros is None or self.against_fee_micros >= 0, "against_fee: expected 0 or more")
        require(self.against != self.subaccount_ref, "against: expected another book than the account's own")
        is_alone = self.against is None and (self.against_order, self.against_fee_micros) != (None, None)
        require(not is_alone, "against_order and against_fee: expected the key `against` beside them")
        is_same = self.order is not None and self.order == self.against_order
        require(not is_same, "against_order: expected another order than the account's own")


class OpenPosition(CommandStruct, frozen=True, kw_only=True):
    """Open a position without fills, for an account imported from elsewhere."""

    subaccount_ref: SubaccountRef
    market: str
    quantity_centis: int
    cost_micros: int
    realized_micros: int = 0
    fees_micros: int = 0
    traded_micros: int = 0
    shares_centis: int | None = None
    """Contracts bought so far, YES plus NO; None means the size of the position."""

    def __post_init__(self) -> None:
        require(self.cost_micros >= 0, "exposure: expected 0 or more")
        require(self.quantity_centis != 0 or self.cost_micros == 0, "exposure: no position, so expected 0")
        require(self.fees_micros >= 0 and self.traded_micros >= 0, "fees and traded: expected 0 or more")
        require(self.shares_centis is None or self.shares_centis >= 0, "shares: expected 0 or more")


class RestOrder(CommandStruct, frozen=True, kw_only=True):
    """Place an order that rests in the order book without being matched."""

    subaccount_ref: SubaccountRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int
    order: str | None = None
    client_order_id: str = ""
    group: str | None = None
    expires_at: int | None = None
    self_trade_prevention: SelfTradePrevention | None = None
    cancel_on_pause: bool = False

    def __post_init__(self) -> None:
        require(self.count_centis > 0, "count: expected more than 0")
        require_price(self.price_centicents)


class PlaceOrder(CommandStruct, frozen=True, kw_only=True):
    """Enter an order: match it against the order book, then rest or cancel what remains."""

    subaccount_ref: SubaccountRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int
    """Limit price of the contract of `side`."""
    time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCELED
    post_only: bool = False
    reduce_only: bool = False
    self_trade_prevention: SelfTradePrevention | None = None
    """How self trades are prevented. None acts as taker_at_cross, and reads leave the field out."""
    cancel_on_pause: bool = False
    expires_at: int | None = None
    group: str | None = None
    client_order_id: str = ""
    max_cost_micros: int | None = None
    """Largest cost of all fills without fees; an order with this limit is fill-or-kill."""
    order: str | None = None

    def __post_init__(self) -> None:
        require(self.count_centis > 0, "count: expected more than 0")
        require_price(self.price_centicents)
        if self.expires_at is not None:
            rests = self.time_in_force is TimeInForce.GOOD_TILL_CANCELED and self.max_cost_micros is None
            require(rests, "expires: only a good_till_canceled order can expire")
        if self.max_cost_micros is not None:
            require(self.max_cost_micros > 0, "max_cost: expected more than 0")


class ReduceOrder(CommandStruct, frozen=True, kw_only=True):
    """Reduce a resting order by a count; cancel it if nothing remains."""

    order: str
    count_centis: int

    def __post_init__(self) -> None:
        require(self.count_centis > 0, "count: expected more than 0")


class CancelOrder(CommandStruct, frozen=True, kw_only=True):
    """Cancel a resting order."""

    order: str


class CancelAllOrders(CommandStruct, frozen=True, kw_only=True):
    """Cancel the resting orders of an account: all of them, or those of a subaccount, of a market, or of both."""

    account: str
    subaccount: str | None = None
    market: str | None = None


class ExpireOrder(CommandStruct, frozen=True, kw_only=True):
    """Cancel a resting order as expired, whether or not its own time of expiry has come."""

    order: str


class AmendOrder(CommandStruct, frozen=True, kw_only=True):
    """Change the limit price, the count, the expiry or the client order id of a resting order.

    A field that is None stays unchanged. A new price or a larger count can make the order match, as a new order would.
    """

    order: str
    price_centicents: int | None = None
    """New price of the contract of the order's side."""
    count_centis: int | None = None
    """New count of the whole order, filled contracts included; a count equal to the filled count cancels the order."""
    client_order_id: str | None = None
    expires_at: int | None = None
    clears_expiry: bool = False

    def __post_init__(self) -> None:
        changes = (self.price_centicents, self.count_centis, self.client_order_id, self.expires_at)
        is_empty = all(change is None for change in changes) and not self.clears_expiry
        require(not is_empty, "price, count, expires or client_order_id: expected at least one of them")
        require(self.count_centis is None or self.count_centis >= 0, "count: expected 0 or more")
        require(self.expires_at is None or not self.clears_expiry, "expires: expected an instant or none, got both")
        if self.price_centicents is not None:
            require_price(self.price_centicents)


class TradeMarket(CommandStruct, frozen=True, kw_only=True):
    """Record a public trade between two outside traders; it fills the resting orders that its price reaches.

    `side` is the outcome that the taker gains from.
    """

    market: str
    side: Side
    count_centis: int
    price_centicents: int
    """Price of the contract of `side`."""

    def __post_init__(self) -> None:
        require(self.count_centis > 0, "count: expected more than 0")
        require_price(self.price_centicents)


class OpenGroup(CommandStruct, frozen=True, kw_only=True):
    """Open an order group of one subaccount: its orders are canceled together once `limit_centis` have been filled.

    The limit counts hundredths of a contract over all orders of the group, which are in markets of one shard.
    """

    subaccount_ref: SubaccountRef
    group: str | None = None
    limit_centis: int | None = None
    exchange_index: int = 0

    def __post_init__(self) -> None:
        require(self.limit_centis is None or self.limit_centis > 0, "limit: expected more than 0")


class TriggerGroup(CommandStruct, frozen=True, kw_only=True):
    """Cancel every order of an order group, as if its limit had been reached."""

    group: str


class ResetGroup(CommandStruct, frozen=True, kw_only=True):
    """Set the number of fills that an order group has counted to zero."""

    group: str


class LimitGroup(CommandStruct, frozen=True, kw_only=True):
    """Change the limit of an order group. A limit that the group's fills have already reached triggers the group."""

    group: str
    limit_centis: int

    def __post_init__(self) -> None:
        require(self.limit_centis > 0, "limit: expected more than 0")


class DeleteGroup(CommandStruct, frozen=True, kw_only=True):
    """Cancel every order of a group and delete the group, whose id is free again afterwards."""

    group: str


# Requests for quotes (RFQs), quotes for them, and block trades.


class CreateRfq(CommandStruct, frozen=True, kw_only=True):
    """Ask for quotes in a market: for a number of contracts, or for as many as a cost buys."""

    subaccount_ref: SubaccountRef
    market: str
    rfq: str | None = None
    count_centis: int | None = None
    cost_micros: int | None = None
    rest_remainder: bool = False
    """Whether what remains of the asking account's order rests after the execution."""
    replaces: bool = False
    """Whether an open RFQ of the account in this market is deleted first."""

    def __post_init__(self) -> None:
        is_one = (self.count_centis is None) != (self.cost_micros is None)
        require(is_one, "count and cost: expected one of them")
        require((self.count_centis or 1) > 0 and (self.cost_micros or 1) > 0, "count and cost: expected more than 0")


class DeleteRfq(CommandStruct, frozen=True, kw_only=True):
    """Close an RFQ and cancel its quotes."""

    rfq: str


class QuoteRfq(CommandStruct, frozen=True, kw_only=True):
    """Answer an RFQ with a bid for its YES and one for its NO contracts; 0 declines a side.

    The RFQ is named by its id, or by its market: the newest open one of another account there. An open quote of the
    same account for it is replaced.
    """

    subaccount_ref: SubaccountRef
    yes_centicents: int
    no_centicents: int
    """Price of the contract of NO."""
    rfq: str | None = None
    market: str | None = None
    quote: str | None = None
    rest_remainder: bool = False
    post_only: bool = False
    """Whether the order of the quote is canceled rather than crossed if it would take from the order book."""

    def __post_init__(self) -> None:
        require((self.rfq is None) != (self.market is None), "rfq and market: expected one of them")
        for bid_centicents in (self.yes_centicents, self.no_centicents):
            if bid_centicents:
                require_price(bid_centicents)
        require(bool(self.yes_centicents or self.no_centicents), "yes_bid and no_bid: expected one above 0")
        is_dollar = self.yes_centicents + self.no_centicents <= CENTICENTS_PER_DOLLAR
        require(is_dollar, "yes_bid and no_bid: expected a dollar at most together")


class CancelRfqQuote(CommandStruct, frozen=True, kw_only=True):
    """Cancel a quote that is not confirmed yet."""

    quote: str


class AcceptRfqQuote(CommandStruct, frozen=True, kw_only=True):
    """Accept a side of a quote: the account that asked sells the contracts of `side` at the quote's bid for it.

    The quote is named by its id, or by its RFQ: the oldest open quote with the highest bid for the side.
    """

    side: Side
    quote: str | None = None
    rfq: str | None = None

    def __post_init__(self) -> None:
        require((self.quote is None) != (self.rfq is None), "quote and rfq: expected one of them")


class ConfirmRfqQuote(CommandStruct, frozen=True, kw_only=True):
    """Confirm an accepted quote, which starts the timer of its execution.

    The quote is named by its id, or by its account: the accepted quote that it has to confirm next.
    """

    quote: str | None = None
    account: str | None = None

    def __post_init__(self) -> None:
        require((self.quote is None) != (self.account is None), "quote and account: expected one of them")


class VoidRfqQuote(CommandStruct, frozen=True, kw_only=True):
    """Cancel an accepted quote that was not confirmed in time."""

    quote: str


class ExecuteRfqQuote(CommandStruct, frozen=True, kw_only=True):
    """Enter the orders of both sides of a confirmed quote into the order book, that of the quote first."""

    quote: str


class ProposeBlockTrade(CommandStruct, frozen=True, kw_only=True):
    """Propose a trade between two accounts, outside the order book; the proposer accepts its own side with it."""

    proposer: str
    """An account, which need not be a side of the trade."""
    buyer: SubaccountRef
    """The account that buys YES."""
    seller: SubaccountRef
    market: str
    price_centicents: int
    """Price of the contract of YES."""
    count_centis: int
    maker_side: Side
    expires_at: int
    proposal: str | None = None

    def __post_init__(self) -> None:
        require(self.count_centis > 0, "count: expected more than 0")
        require_price(self.price_centicents)
        require(self.buyer != self.seller, "seller: expected another book than the buyer's")


class AcceptBlockTrade(CommandStruct, frozen=True, kw_only=True):
    """Accept a side of a proposed block trade; the second acceptance carries it out."""

    proposal: str
    subaccount_ref: SubaccountRef


# Derivatives: listing, prices, trades, sessions, funding, delivery, and cash by currency.


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


# Orders of derivatives.


class QuoteDerivative(CommandStruct, frozen=True, kw_only=True):
    """Replace the bids and asks in a derivative of traders without an account here; a level is (price, amount)."""

    derivative: str
    bids: tuple[tuple[Decimal, Decimal], ...] = ()
    asks: tuple[tuple[Decimal, Decimal], ...] = ()

    def __post_init__(self) -> None:
        for name, levels in (("bids", self.bids), ("asks", self.asks)):
            for price, amount in levels:
                require_above_0(f"{name}: price", price)
                require_above_0(f"{name}: amount", amount)
            require(len({price for price, _ in levels}) == len(levels), f"{name}: expected each price once")
        if self.bids and self.asks:
            crossed = max(price for price, _ in self.bids) >= min(price for price, _ in self.asks)
            require(not crossed, "bids: expected prices below those of the asks")


class PlaceDerivativeOrder(CommandStruct, frozen=True, kw_only=True):
    """Place an order, which may match at once. `price` is None for a market order, which never rests.

    With a trigger the order waits outside the order book until the price that `trigger` names reaches `trigger_price`.
    """

    subaccount_ref: SubaccountRef
    derivative: str
    direction: Direction
    amount: Decimal
    price: Decimal | None = None
    life: OrderLife = OrderLife.GOOD_TIL_CANCELLED
    post_only: bool = False
    reject_post_only: bool = False
    """Whether a post-only order that would trade is refused; otherwise its price is changed so that it rests."""
    reduce_only: bool = False
    label: str = ""
    order: str | None = None
    """The id of the order; None derives one from the seed and the command."""
    trigger: TriggerSource | None = None
    trigger_kind: TriggerKind = TriggerKind.STOP
    trigger_price: Decimal | None = None

    def __post_init__(self) -> None:
        require_above_0("amount", self.amount)
        require((self.trigger is None) == (self.trigger_price is None), "trigger: expected it with trigger_price")
        if self.trigger_price is not None:
            require_above_0("trigger_price", self.trigger_price)
        if self.price is not None:
            require_above_0("price", self.price)
        can_rest = self.price is not None and self.life in RESTING_LIVES
        require(not self.post_only or can_rest, "post_only: expected an order that may rest")
        require(len(self.label) <= LABEL_CHARS_MAX, f"label: expected at most {LABEL_CHARS_MAX} characters")


class EditDerivativeOrder(CommandStruct, frozen=True, kw_only=True):
    """Change fields of an open order, which may match then.

    A field that is None stays unchanged. `amount` is the new amount of the whole order, including what is filled
    already.
    """

    order: str
    amount: Decimal | None = None
    price: Decimal | None = None
    post_only: bool | None = None
    reject_post_only: bool | None = None
    reduce_only: bool | None = None
    trigger_price: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("amount", "price", "trigger_price"):
            if getattr(self, name) is not None:
                require_above_0(name, getattr(self, name))


class CancelDerivativeOrders(CommandStruct, frozen=True, kw_only=True):
    """Cancel all open orders of a subaccount that pass the filters given here; `CancelOrder` cancels one by its id."""

    subaccount_ref: SubaccountRef
    derivative: str | None = None
    currency: str | None = None
    kinds: tuple[str, ...] = ()
    """Kinds of derivatives whose orders are canceled; empty for all kinds."""
    label: str | None = None
    types: tuple[str, ...] = ()
    """Types of orders to cancel, such as limit and stop_market; empty for all types."""
    orders: tuple[str, ...] = ()
    """Ids of the orders to cancel; empty for all orders."""
    reason: CancelReason = CancelReason.USER_REQUEST


class SetCancelOnDisconnect(CommandStruct, frozen=True, kw_only=True):
    """Switch cancel-on-disconnect on or off for the streams that a subaccount opens from now on.

    The end of a stream with cancel-on-disconnect cancels the orders that were placed on it.
    """

    subaccount_ref: SubaccountRef
    enabled: bool


Command = (
    OpenAccount
    | OpenSubaccount
    | AddKey
    | RemoveKey
    | SetTier
    | RestrictSubtrader
    | CapSubtrader
    | ListSeries
    | DescribeEvent
    | ListMarket
    | ListCombination
    | LookUpMarket
    | QuoteMarket
    | ReplenishMarket
    | PriceMarket
    | CloseMarket
    | DetermineMarket
    | DisputeMarket
    | FinalizeMarket
    | SettleMarket
    | SwitchExchange
    | SwitchMarket
    | Announce
    | Note
    | Fill
    | OpenPosition
    | RestOrder
    | PlaceOrder
    | ReduceOrder
    | AmendOrder
    | CancelOrder
    | CancelAllOrders
    | ExpireOrder
    | TradeMarket
    | OpenGroup
    | TriggerGroup
    | ResetGroup
    | LimitGroup
    | DeleteGroup
    | CreateRfq
    | DeleteRfq
    | QuoteRfq
    | CancelRfqQuote
    | AcceptRfqQuote
    | ConfirmRfqQuote
    | VoidRfqQuote
    | ExecuteRfqQuote
    | ProposeBlockTrade
    | AcceptBlockTrade
    | Deposit
    | Withdraw
    | FinalizePayment
    | Transfer
    | TransferShard
    | CompleteTransfer
    | AllocateBalance
    | RebalanceCash
    | OpenCash
    | SetNetting
    | ListDerivative
    | SetIndex
    | MarkDerivative
    | TradeDerivative
    | QuoteDerivative
    | PlaceDerivativeOrder
    | EditDerivativeOrder
    | CancelDerivativeOrders
    | SetCancelOnDisconnect
    | OpenHolding
    | SettleSession
    | PayFunding
    | DeliverDerivative
    | CreditCurrency
)
