"""Commands of the exchange: frozen, keyword-only values that are validated on construction.

A value out of its range raises ValueError on construction. An error that depends on the state, such as an unknown or a
closed market, is a Refusal that `Exchange.execute` returns. `core.vocabulary` defines the units.
"""

from mockexchange.core.commands.accounts import (
    AddKey,
    CapSubtrader,
    OpenAccount,
    OpenSubaccount,
    RemoveKey,
    RestrictSubtrader,
    SetTier,
)
from mockexchange.core.commands.cash import (
    AllocateBalance,
    CompleteTransfer,
    Deposit,
    FinalizePayment,
    OpenCash,
    RebalanceCash,
    SetNetting,
    Transfer,
    TransferShard,
    Withdraw,
)
from mockexchange.core.commands.derivative_orders import (
    CancelDerivativeOrders,
    EditDerivativeOrder,
    PlaceDerivativeOrder,
    QuoteDerivative,
    SetCancelOnDisconnect,
)
from mockexchange.core.commands.derivatives import (
    CreditCurrency,
    DeliverDerivative,
    ListDerivative,
    MarkDerivative,
    OpenHolding,
    PayFunding,
    SetIndex,
    SettleSession,
    TradeDerivative,
)
from mockexchange.core.commands.markets import (
    FEE_MULTIPLIER_UNIT,
    Announce,
    CloseMarket,
    DescribeEvent,
    DetermineMarket,
    DisputeMarket,
    FinalizeMarket,
    ListMarket,
    ListSeries,
    Note,
    PriceMarket,
    QuoteMarket,
    ReplenishMarket,
    SettleMarket,
    SwitchExchange,
    SwitchMarket,
)
from mockexchange.core.commands.trading import (
    AmendOrder,
    CancelAllOrders,
    CancelOrder,
    DeleteGroup,
    ExpireOrder,
    Fill,
    LimitGroup,
    NewOrder,
    OpenGroup,
    OpenPosition,
    PlaceOrder,
    ReduceOrder,
    ResetGroup,
    RestOrder,
    TradeMarket,
    TriggerGroup,
)

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

__all__ = [
    "FEE_MULTIPLIER_UNIT",
    "AddKey",
    "AllocateBalance",
    "AmendOrder",
    "Announce",
    "CancelAllOrders",
    "CancelDerivativeOrders",
    "CancelOrder",
    "CapSubtrader",
    "CloseMarket",
    "Command",
    "CompleteTransfer",
    "CreditCurrency",
    "DeleteGroup",
    "DeliverDerivative",
    "Deposit",
    "DescribeEvent",
    "DetermineMarket",
    "DisputeMarket",
    "EditDerivativeOrder",
    "ExpireOrder",
    "Fill",
    "FinalizeMarket",
    "FinalizePayment",
    "LimitGroup",
    "ListDerivative",
    "ListMarket",
    "ListSeries",
    "MarkDerivative",
    "NewOrder",
    "Note",
    "OpenAccount",
    "OpenCash",
    "OpenGroup",
    "OpenHolding",
    "OpenPosition",
    "OpenSubaccount",
    "PayFunding",
    "PlaceDerivativeOrder",
    "PlaceOrder",
    "PriceMarket",
    "QuoteDerivative",
    "QuoteMarket",
    "RebalanceCash",
    "ReduceOrder",
    "RemoveKey",
    "ReplenishMarket",
    "ResetGroup",
    "RestOrder",
    "RestrictSubtrader",
    "SetCancelOnDisconnect",
    "SetIndex",
    "SetNetting",
    "SetTier",
    "SettleMarket",
    "SettleSession",
    "SwitchExchange",
    "SwitchMarket",
    "TradeDerivative",
    "TradeMarket",
    "Transfer",
    "TransferShard",
    "TriggerGroup",
    "Withdraw",
]
