"""The query parameters of every operation as dated tables."""

from mockexchange.venues.kalshi.parameters import (
    account,
    archive,
    events,
    fcm,
    markets,
    orders,
    payments,
    portfolio,
    series,
    settlements,
)
from mockexchange.venues.kalshi.parameters.rows import Parameter

PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    "GetBalance": portfolio.GET_BALANCE,
    "GetPositions": portfolio.GET_POSITIONS,
    "GetFills": portfolio.GET_FILLS,
    "GetSettlements": settlements.GET_SETTLEMENTS,
    "GetOrders": orders.GET_ORDERS,
    "GetOrderQueuePositions": orders.GET_ORDER_QUEUE_POSITIONS,
    "GetOrderGroups": orders.GET_ORDER_GROUPS,
    "GetOrderGroup": orders.GET_ORDER_GROUP,
    "ResetOrderGroup": orders.WRITE_ORDER_GROUP,
    "TriggerOrderGroup": orders.WRITE_ORDER_GROUP,
    "DeleteOrderGroup": orders.WRITE_ORDER_GROUP,
    "UpdateOrderGroupLimit": orders.LIMIT_ORDER_GROUP,
    "GetDeposits": payments.GET_PAYMENTS,
    "GetWithdrawals": payments.GET_PAYMENTS,
    "GetSubaccountTransfers": payments.GET_SUBACCOUNT_TRANSFERS,
    "GetIntraExchangeInstanceTransfers": payments.GET_PAYMENTS,
    "GetFCMPositions": fcm.GET_FCM_POSITIONS,
    "GetFCMOrders": fcm.GET_FCM_ORDERS,
    "GetFCMFills": fcm.GET_FCM_FILLS,
    "GetFCMSubtraderBlockedCategories": fcm.GET_BLOCKED_CATEGORIES,
    "GetFCMEventContractDailyCap": fcm.GET_DAILY_CAP,
    "DeleteFCMEventContractDailyCap": fcm.GET_DAILY_CAP,
    "GetHistoricalPositions": archive.GET_HISTORICAL_POSITIONS,
    "GetFillsHistorical": archive.GET_HISTORICAL_ROWS,
    "GetHistoricalOrders": archive.GET_HISTORICAL_ROWS,
    "GetApiKeys": account.GET_API_KEYS,
    "GetSeries": series.GET_SERIES,
    "GetEvents": events.GET_EVENTS,
    "GetEvent": events.GET_EVENT,
    "GetMarkets": markets.GET_MARKETS,
    "GetMarketOrderbook": markets.GET_MARKET_ORDERBOOK,
    "GetTrades": markets.GET_TRADES,
}

__all__ = ["PARAMETERS", "Parameter"]
