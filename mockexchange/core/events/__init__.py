"""What happened: frozen values in the order in which it did. Units are those of `vocabulary`."""

from mockexchange.core.events.cash import (
    BalanceAllocated,
    CashMoved,
    NettingSet,
    PaymentFinalized,
    PaymentMade,
    ShardTransferred,
    TransferCompleted,
    Transferred,
)
from mockexchange.core.events.listing import (
    Announced,
    EventDescribed,
    ExchangeSwitched,
    MarketListed,
    MarketMoved,
    MarketPriced,
    MarketQuoted,
    SeriesListed,
)
from mockexchange.core.events.membership import (
    AccountOpened,
    BookOpened,
    KeyAdded,
    SubtraderCapped,
    SubtraderRestricted,
)
from mockexchange.core.events.trading import (
    Filled,
    GroupOpened,
    GroupReset,
    GroupTriggered,
    OrderCanceled,
    OrderExecuted,
    OrderReduced,
    OrderRested,
    PositionChanged,
    PositionSettled,
)

Event = (
    AccountOpened
    | BookOpened
    | KeyAdded
    | SubtraderRestricted
    | SubtraderCapped
    | SeriesListed
    | EventDescribed
    | MarketListed
    | MarketPriced
    | MarketQuoted
    | ExchangeSwitched
    | Announced
    | MarketMoved
    | Filled
    | PositionChanged
    | PositionSettled
    | OrderRested
    | OrderReduced
    | OrderCanceled
    | OrderExecuted
    | GroupOpened
    | GroupTriggered
    | GroupReset
    | CashMoved
    | PaymentMade
    | PaymentFinalized
    | Transferred
    | ShardTransferred
    | TransferCompleted
    | BalanceAllocated
    | NettingSet
)

__all__ = [
    "AccountOpened",
    "Announced",
    "BalanceAllocated",
    "BookOpened",
    "CashMoved",
    "Event",
    "EventDescribed",
    "ExchangeSwitched",
    "Filled",
    "GroupOpened",
    "GroupReset",
    "GroupTriggered",
    "KeyAdded",
    "MarketListed",
    "MarketMoved",
    "MarketPriced",
    "MarketQuoted",
    "NettingSet",
    "OrderCanceled",
    "OrderExecuted",
    "OrderReduced",
    "OrderRested",
    "PaymentFinalized",
    "PaymentMade",
    "PositionChanged",
    "PositionSettled",
    "SeriesListed",
    "ShardTransferred",
    "SubtraderCapped",
    "SubtraderRestricted",
    "TransferCompleted",
    "Transferred",
]
