"""Defines the request body of every operation that has one: its fields for each API date."""

from mockexchange.venues.kalshi.bodies import api_keys, cash, fcm, first_orders, order_groups, orders
from mockexchange.venues.kalshi.bodies.rows import Body, BodyField

BODIES: dict[str, Body] = {
    "CreateOrderV2": orders.CREATE_ORDER,
    "AmendOrderV2": orders.AMEND_ORDER,
    "DecreaseOrderV2": orders.DECREASE_ORDER,
    "BatchCreateOrdersV2": orders.CREATE_ORDERS,
    "BatchCancelOrdersV2": orders.CANCEL_ORDERS,
    "CreateOrder": first_orders.CREATE_ORDER,
    "AmendOrder": first_orders.AMEND_ORDER,
    "DecreaseOrder": first_orders.DECREASE_ORDER,
    "BatchCreateOrders": first_orders.CREATE_ORDERS,
    "BatchCancelOrders": first_orders.CANCEL_ORDERS,
    "CreateOrderGroup": order_groups.CREATE_ORDER_GROUP,
    "UpdateOrderGroupLimit": order_groups.UPDATE_ORDER_GROUP_LIMIT,
    "ResetOrderGroup": order_groups.CHANGE_ORDER_GROUP,
    "TriggerOrderGroup": order_groups.CHANGE_ORDER_GROUP,
    "CreateApiKey": api_keys.CREATE_API_KEY,
    "GenerateApiKey": api_keys.GENERATE_API_KEY,
    "CreateFCMSubtrader": fcm.CREATE_FCM_SUBTRADER,
    "UpdateFCMSubtraderBlockedCategories": fcm.UPDATE_BLOCKED_CATEGORIES,
    "UpdateFCMEventContractDailyCap": fcm.UPDATE_DAILY_CAP,
    "CreateFCMPositionTransfer": fcm.CREATE_POSITION_TRANSFER,
    "CreateSubaccount": cash.CREATE_SUBACCOUNT,
    "ApplySubaccountTransfer": cash.APPLY_SUBACCOUNT_TRANSFER,
    "UpdateSubaccountNetting": cash.UPDATE_SUBACCOUNT_NETTING,
    "IntraExchangeInstanceTransfer": cash.INTRA_EXCHANGE_INSTANCE_TRANSFER,
    "SetTargetBalanceAllocation": cash.SET_TARGET_BALANCE_ALLOCATION,
}
"""The tables by name of the operation.

An operation in this table needs a JSON body, even if the body has no fields. Where the table makes the body optional, a
body that is sent must be JSON.
"""

__all__ = ["BODIES", "Body", "BodyField"]
