"""Commands for fills, opening balances, orders and order groups."""

from msgspec import Struct

from mockexchange.core.commands.validation import CommandStruct, require, require_price
from mockexchange.core.vocabulary import Action, SelfTradePrevention, Side, SubaccountRef, TimeInForce


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
