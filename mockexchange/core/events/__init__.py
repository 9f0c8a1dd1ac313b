"""Events: frozen values that describe each change that a command made, in order. `core.vocabulary` has the units."""

from mockexchange.core.events.accounts import (
    AccountOpened,
    KeyAdded,
    KeyRemoved,
    SubaccountOpened,
    SubtraderCapped,
    SubtraderRestricted,
    TierSet,
)
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
from mockexchange.core.events.derivative_orders import DerivativeOrderChanged, DerivativeQuoted
from mockexchange.core.events.derivatives import (
    CashChanged,
    DerivativeDelivered,
    DerivativeListed,
    DerivativeMarked,
    DerivativeTraded,
    HoldingChanged,
    IndexSet,
    SessionSettled,
)
from mockexchange.core.events.markets import (
    Announced,
    EventDescribed,
    EventListed,
    ExchangeSwitched,
    LevelChanged,
    MarketListed,
    MarketMoved,
    MarketPriced,
    MarketQuoted,
    MarketSwitched,
    Noted,
    SeriesListed,
)
from mockexchange.core.events.trading import (
    Filled,
    GroupDeleted,
    GroupLimited,
    GroupOpened,
    GroupReset,
    GroupTriggered,
    OrderAmended,
    OrderCanceled,
    OrderChanged,
    OrderExecuted,
    OrderPlaced,
    OrderReduced,
    OrderRejected,
    OrderRested,
    PositionChanged,
    PositionSettled,
    Traded,
)

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

__all__ = [
    "AccountOpened",
    "Announced",
    "BalanceAllocated",
    "CashChanged",
    "CashMoved",
    "DerivativeDelivered",
    "DerivativeListed",
    "DerivativeMarked",
    "DerivativeOrderChanged",
    "DerivativeQuoted",
    "DerivativeTraded",
    "Event",
    "EventDescribed",
    "EventListed",
    "ExchangeSwitched",
    "Filled",
    "GroupDeleted",
    "GroupLimited",
    "GroupOpened",
    "GroupReset",
    "GroupTriggered",
    "HoldingChanged",
    "IndexSet",
    "KeyAdded",
    "KeyRemoved",
    "LevelChanged",
    "MarketListed",
    "MarketMoved",
    "MarketPriced",
    "MarketQuoted",
    "MarketSwitched",
    "NettingSet",
    "Noted",
    "OrderAmended",
    "OrderCanceled",
    "OrderChanged",
    "OrderExecuted",
    "OrderPlaced",
    "OrderReduced",
    "OrderRejected",
    "OrderRested",
    "PaymentFinalized",
    "PaymentMade",
    "PositionChanged",
    "PositionSettled",
    "SeriesListed",
    "SessionSettled",
    "ShardTransferred",
    "SubaccountOpened",
    "SubtraderCapped",
    "SubtraderRestricted",
    "TierSet",
    "Traded",
    "TransferCompleted",
    "Transferred",
]
