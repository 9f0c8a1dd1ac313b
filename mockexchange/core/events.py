"""Events: frozen values that describe each change that a command made, in order. `core.vocabulary` has the units."""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.vocabulary import CancelReason, Direction, OrderState
from mockexchange.core.model.rfqs import QuoteEnd
from mockexchange.core.vocabulary import (
    AccountKind,
    Action,
    Instance,
    MarketStatus,
    OrderReason,
    OrderStatus,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    Result,
    Severity,
    Side,
    SubaccountRef,
    TransferStatus,
)

# Accounts, subaccounts, keys and restrictions of subtraders.


class AccountOpened(Struct, frozen=True, kw_only=True):
    """An account was opened, with its primary subaccount."""

    account: str
    kind: AccountKind


class SubaccountOpened(Struct, frozen=True, kw_only=True):
    """A subaccount or a subtrader was opened."""

    subaccount_ref: SubaccountRef


class KeyAdded(Struct, frozen=True, kw_only=True):
    """An API key was added to an account."""

    account: str
    key: str
    key_id: str


class KeyRemoved(Struct, frozen=True, kw_only=True):
    """An API key was removed from an account."""

    account: str
    key: str
    key_id: str


class TierSet(Struct, frozen=True, kw_only=True):
    """The usage tier of an account was set."""

    account: str
    tier: str


class SubtraderRestricted(Struct, frozen=True, kw_only=True):
    """An FCM set the categories that a subtrader may not trade, or blocked the subtrader."""

    subaccount_ref: SubaccountRef
    categories: tuple[str, ...]
    blocked: bool


class SubtraderCapped(Struct, frozen=True, kw_only=True):
    """An FCM set the daily spending cap of a subtrader; None means that it lifted the cap."""

    subaccount_ref: SubaccountRef
    limit_micros: int | None


# Deposits, withdrawals and transfers.


class CashMoved(Struct, frozen=True, kw_only=True):
    """Cash entered a subaccount (positive) or left it (negative) other than by trading."""

    subaccount_ref: SubaccountRef
    amount_micros: int
    cash_micros: int


class PaymentMade(Struct, frozen=True, kw_only=True):
    """A deposit or a withdrawal was made."""

    payment: str
    kind: PaymentKind
    subaccount_ref: SubaccountRef
    method: PaymentMethod
    status: PaymentStatus
    amount_micros: int
    fee_micros: int


class PaymentFinalized(Struct, frozen=True, kw_only=True):
    """A payment was applied, failed or was returned."""

    payment: str
    status: PaymentStatus


class Transferred(Struct, frozen=True, kw_only=True):
    """Cash moved from one subaccount of an account to another."""

    transfer: str
    source: SubaccountRef
    target: SubaccountRef
    amount_micros: int


class ShardTransferred(Struct, frozen=True, kw_only=True):
    """Cash left its shard in a transfer; it arrives at the target when the transfer is complete."""

    transfer: str
    account: str
    source: Instance
    target: Instance
    source_shard: int
    target_shard: int
    amount_micros: int
    status: TransferStatus


class TransferCompleted(Struct, frozen=True, kw_only=True):
    """The cash of a transfer between shards arrived at its target."""

    transfer: str


class BalanceAllocated(Struct, frozen=True, kw_only=True):
    """The target allocation of an account's cash was set: pairs (shard, percent)."""

    account: str
    allocations: tuple[tuple[int, int], ...]
    reservation: Reservation


class NettingSet(Struct, frozen=True, kw_only=True):
    """Netting of a subaccount was switched on or off."""

    subaccount_ref: SubaccountRef
    enabled: bool


# Series, events, markets, their prices and order books, and the exchange itself.


class SeriesListed(Struct, frozen=True, kw_only=True):
    """A series was listed."""

    series: str


class EventDescribed(Struct, frozen=True, kw_only=True):
    """The details of an event were set."""

    event: str


class EventListed(Struct, frozen=True, kw_only=True):
    """An event was listed together with its first market."""

    event: str


class MarketListed(Struct, frozen=True, kw_only=True):
    """A market was listed."""

    market: str
    event: str
    series: str


class MarketLookedUp(Struct, frozen=True, kw_only=True):
    """Somebody asked for a market that combines others, by its legs."""

    market: str


class MarketPriced(Struct, frozen=True, kw_only=True):
    """The last price of YES changed."""

    market: str
    price_centicents: int


class MarketQuoted(Struct, frozen=True, kw_only=True):
    """The bids of outside traders in a market were set: (price, count) levels of each side, the best first."""

    market: str
    yes_levels: tuple[tuple[int, int], ...]
    no_levels: tuple[tuple[int, int], ...]


class LevelChanged(Struct, frozen=True, kw_only=True):
    """The count at one price of an order book changed by `change_centis`, negative if it fell.

    `order_id` is None for outside bids.
    """

    market: str
    side: Side
    price_centicents: int
    """Price of the contract of `side`."""
    change_centis: int
    order_id: str | None = None


class MarketMoved(Struct, frozen=True, kw_only=True):
    """A market changed its status. `result` and `value_centicents` are None before the market is determined."""

    market: str
    status: MarketStatus
    result: Result | None = None
    value_centicents: int | None = None


class MarketSwitched(Struct, frozen=True, kw_only=True):
    """Trading in a market was paused or resumed."""

    market: str
    trading: bool


class ExchangeSwitched(Struct, frozen=True, kw_only=True):
    """The exchange was opened or halted."""

    active: bool
    trading: bool
    resume_at: int | None


class Announced(Struct, frozen=True, kw_only=True):
    """An announcement was published."""

    message: str
    severity: Severity
    active: bool
    delivered_at: int


class Noted(Struct, frozen=True, kw_only=True):
    """An action that does not change the exchange, such as the installation of a fault, was recorded in the log."""

    subject: str
    text: str


# Fills, positions, orders and order groups.


class Filled(Struct, frozen=True, kw_only=True):
    """One account's side of a trade was filled."""

    fill_id: str
    order_id: str
    subaccount_ref: SubaccountRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int
    taker: bool
    fee_micros: int
    post_position_centis: int
    """The position of the subaccount in the market after the fill."""


class Traded(Struct, frozen=True, kw_only=True):
    """A trade was published; one or both of its sides belong to accounts of this exchange.

    `taker_side` is the outcome that the taker gains from.
    """

    trade_id: str
    market: str
    yes_centicents: int
    count_centis: int
    taker_side: Side


class PositionChanged(Struct, frozen=True, kw_only=True):
    """A position changed; the fields are the position after the change, as the next read shows it."""

    subaccount_ref: SubaccountRef
    market: str
    quantity_centis: int
    cost_micros: int
    realized_micros: int
    fees_micros: int
    held_fees_micros: int
    """The part of the fees that belongs to the contracts held."""
    traded_micros: int
    shares_centis: int
    resting_centis: int
    settled: bool
    updated_at: int
    has_moved: bool
    """Whether the position, its cost, profit or fees changed, and not only its resting contracts."""


class PositionSettled(Struct, frozen=True, kw_only=True):
    """The settlement of a market paid out a position.

    `revenue_micros` includes `remainder_micros`, which a scalar settlement keeps back as a fee.
    """

    subaccount_ref: SubaccountRef
    market: str
    result: Result
    quantity_centis: int
    cost_micros: int
    revenue_micros: int
    remainder_micros: int


class OrderRested(Struct, frozen=True, kw_only=True):
    """An order was placed that rests in the order book."""

    order_id: str
    subaccount_ref: SubaccountRef
    market: str
    side: Side
    action: Action
    count_centis: int
    price_centicents: int


class OrderPlaced(Struct, frozen=True, kw_only=True):
    """An order was entered. This is the first event of its command, before those of its matches."""

    order_id: str
    subaccount_ref: SubaccountRef
    market: str
    client_order_id: str


class OrderAmended(Struct, frozen=True, kw_only=True):
    """A resting order was amended. This is the first event of its command, before those of its matches."""

    order_id: str


class OrderRejected(Struct, frozen=True, kw_only=True):
    """A rule canceled an order as soon as it was entered. Unlike a refused order, it is listed, as canceled."""

    order_id: str
    code: str
    message: str


class OrderReduced(Struct, frozen=True, kw_only=True):
    """A resting order was reduced."""

    order_id: str
    remaining_centis: int


class OrderCanceled(Struct, frozen=True, kw_only=True):
    """The remaining contracts of an order were canceled."""

    order_id: str


class OrderExecuted(Struct, frozen=True, kw_only=True):
    """Contracts of a resting order were filled; the order is done when none remain."""

    order_id: str
    remaining_centis: int


class OrderChanged(Struct, frozen=True, kw_only=True):
    """An order is new or changed.

    The fields that can change have their values after the change, as the next read shows them.
    """

    order_id: str
    subaccount_ref: SubaccountRef
    market: str
    reason: OrderReason
    status: OrderStatus
    price_centicents: int
    initial_centis: int
    filled_centis: int
    remaining_centis: int
    taker_cost_micros: int
    maker_cost_micros: int
    taker_fees_micros: int
    maker_fees_micros: int
    updated_at: int


class GroupOpened(Struct, frozen=True, kw_only=True):
    """An order group was opened."""

    group: str
    subaccount_ref: SubaccountRef
    limit_centis: int | None


class GroupTriggered(Struct, frozen=True, kw_only=True):
    """A group was triggered and accepts no orders until its reset. Its resting orders are canceled, one event each."""

    group: str
    subaccount_ref: SubaccountRef


class GroupReset(Struct, frozen=True, kw_only=True):
    """An order group was reset: it counts its fills from zero again."""

    group: str
    subaccount_ref: SubaccountRef


class GroupLimited(Struct, frozen=True, kw_only=True):
    """The limit of an order group was changed."""

    group: str
    subaccount_ref: SubaccountRef
    limit_centis: int


class GroupDeleted(Struct, frozen=True, kw_only=True):
    """An order group was deleted. Its resting orders are canceled, one event each."""

    group: str
    subaccount_ref: SubaccountRef


# Requests for quotes (RFQs), quotes for them, and block trades.


class RfqCreated(Struct, frozen=True, kw_only=True):
    """An account asked for quotes."""

    rfq: str
    subaccount_ref: SubaccountRef
    market: str


class RfqDeleted(Struct, frozen=True, kw_only=True):
    """A request for quotes was closed without a trade."""

    rfq: str
    subaccount_ref: SubaccountRef
    market: str


class RfqQuoted(Struct, frozen=True, kw_only=True):
    """An account answered a request for quotes."""

    quote: str
    rfq: str
    subaccount_ref: SubaccountRef
    yes_centicents: int
    no_centicents: int


class RfqQuoteCanceled(Struct, frozen=True, kw_only=True):
    """A quote ended without an execution."""

    quote: str
    subaccount_ref: SubaccountRef
    end: QuoteEnd


class RfqQuoteAccepted(Struct, frozen=True, kw_only=True):
    """A side of a quote was accepted; it is void at `due_at` if it is not confirmed by then."""

    quote: str
    subaccount_ref: SubaccountRef
    side: Side
    count_centis: int
    due_at: int


class RfqQuoteConfirmed(Struct, frozen=True, kw_only=True):
    """An accepted quote was confirmed; it is executed at `due_at`."""

    quote: str
    subaccount_ref: SubaccountRef
    due_at: int


class RfqQuoteExecuted(Struct, frozen=True, kw_only=True):
    """The orders of both sides of a quote were entered: that of the account that quoted, and that of the other one."""

    quote: str
    subaccount_ref: SubaccountRef
    order_id: str
    rfq_order_id: str


class BlockTradeProposed(Struct, frozen=True, kw_only=True):
    """A block trade was proposed."""

    proposal: str
    proposer: str
    buyer: SubaccountRef
    seller: SubaccountRef


class BlockTradeAccepted(Struct, frozen=True, kw_only=True):
    """A side of a proposed block trade was accepted."""

    proposal: str
    subaccount_ref: SubaccountRef


# Derivatives, holdings and cash by currency.


class DerivativeListed(Struct, frozen=True, kw_only=True):
    """A derivative was listed."""

    derivative: str


class IndexSet(Struct, frozen=True, kw_only=True):
    """The price of an index was set."""

    index: str
    price: Decimal


class DerivativeMarked(Struct, frozen=True, kw_only=True):
    """The mark price of a derivative was set."""

    derivative: str
    price: Decimal


class DerivativeTraded(Struct, frozen=True, kw_only=True):
    """An account traded a derivative: one side of a trade.

    `serial` is the serial of the trade's row in `state.derivatives.trades`.
    """

    subaccount_ref: SubaccountRef
    derivative: str
    trade_id: str
    order_id: str
    serial: int
    direction: Direction
    amount: Decimal
    price: Decimal
    fee: Decimal


class HoldingChanged(Struct, frozen=True, kw_only=True):
    """A position in a derivative changed; the fields have the values after the change."""

    subaccount_ref: SubaccountRef
    derivative: str
    size: Decimal
    cost: Decimal
    session_cost: Decimal
    realized: Decimal
    realized_funding: Decimal


class CashChanged(Struct, frozen=True, kw_only=True):
    """Cash in a currency changed; `cash` is the new amount."""

    subaccount_ref: SubaccountRef
    currency: str
    cash: Decimal


class SessionSettled(Struct, frozen=True, kw_only=True):
    """The daily settlement of derivatives was carried out at these prices."""

    prices: tuple[tuple[str, Decimal], ...]


class DerivativeDelivered(Struct, frozen=True, kw_only=True):
    """A derivative was delivered."""

    derivative: str
    price: Decimal


# Orders of derivatives.


class DerivativeQuoted(Struct, frozen=True, kw_only=True):
    """The quotes of outside traders were replaced or consumed; each level is (price, amount), the best first."""

    derivative: str
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]


class DerivativeOrderChanged(Struct, frozen=True, kw_only=True):
    """An order of a derivative was placed, filled, edited or canceled; the fields have the values after the change."""

    order_id: str
    subaccount_ref: SubaccountRef
    derivative: str
    state: OrderState
    price: Decimal | None
    amount: Decimal
    filled: Decimal
    cancel_reason: CancelReason | None = None


Event = (
    AccountOpened
    | SubaccountOpened
    | KeyAdded
    | KeyRemoved
    | TierSet
    | SubtraderRestricted
    | SubtraderCapped
    | SeriesListed
    | EventDescribed
    | EventListed
    | MarketListed
    | MarketLookedUp
    | MarketPriced
    | MarketQuoted
    | ExchangeSwitched
    | MarketSwitched
    | Announced
    | Noted
    | MarketMoved
    | LevelChanged
    | Filled
    | Traded
    | PositionChanged
    | PositionSettled
    | OrderPlaced
    | OrderAmended
    | OrderRejected
    | OrderRested
    | OrderReduced
    | OrderCanceled
    | OrderExecuted
    | OrderChanged
    | GroupOpened
    | GroupTriggered
    | GroupReset
    | GroupLimited
    | GroupDeleted
    | RfqCreated
    | RfqDeleted
    | RfqQuoted
    | RfqQuoteCanceled
    | RfqQuoteAccepted
    | RfqQuoteConfirmed
    | RfqQuoteExecuted
    | BlockTradeProposed
    | BlockTradeAccepted
    | CashMoved
    | PaymentMade
    | PaymentFinalized
    | Transferred
    | ShardTransferred
    | TransferCompleted
    | BalanceAllocated
    | NettingSet
    | DerivativeListed
    | IndexSet
    | DerivativeMarked
    | DerivativeTraded
    | DerivativeQuoted
    | DerivativeOrderChanged
    | HoldingChanged
    | CashChanged
    | SessionSettled
    | DerivativeDelivered
)
