"""Operations that change the venue's state: known and refused.

The first generation of order entry answers 410 since 2026-06-18, before it checks the credentials (one report). The
others answer 403 to every caller: the state changes by steps.
"""

from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation

RETIRED_SINCE = "2026-06-18"
TRADE = ("write", "write::trade")

FIRST_ORDER_ENTRY = (
    ("CreateOrder", "POST", "/portfolio/orders"),
    ("CancelOrder", "DELETE", "/portfolio/orders/{order_id}"),
    ("BatchCreateOrders", "POST", "/portfolio/orders/batched"),
    ("BatchCancelOrders", "DELETE", "/portfolio/orders/batched"),
    ("AmendOrder", "POST", "/portfolio/orders/{order_id}/amend"),
    ("DecreaseOrder", "POST", "/portfolio/orders/{order_id}/decrease"),
)

WRITES = (
    ("CreateOrderV2", "POST", "/portfolio/events/orders", TRADE),
    ("CancelAllOrdersV2", "DELETE", "/portfolio/events/orders", TRADE),
    ("CancelOrderV2", "DELETE", "/portfolio/events/orders/{order_id}", TRADE),
    ("BatchCreateOrdersV2", "POST", "/portfolio/events/orders/batched", TRADE),
    ("BatchCancelOrdersV2", "DELETE", "/portfolio/events/orders/batched", TRADE),
    ("AmendOrderV2", "POST", "/portfolio/events/orders/{order_id}/amend", TRADE),
    ("DecreaseOrderV2", "POST", "/portfolio/events/orders/{order_id}/decrease", TRADE),
)


def refuse(call: AccountCall) -> bytes:
    operation = call.operation
    message = f"{operation.name} is not emulated: change the exchange by steps, with `mockexchange do` or a scenario"
    raise Rejected(Situation.FORBIDDEN, message)


OPERATIONS = (
    *(
        AccountOperation(
            name=name,
            method=method,
            path=path,
            scopes=TRADE,
            answer=refuse,
            is_per_subaccount=True,
            retired_since=RETIRED_SINCE,
        )
        for name, method, path in FIRST_ORDER_ENTRY
    ),
    *(
        AccountOperation(name=name, method=method, path=path, scopes=scopes, answer=refuse, is_per_subaccount=True)
        for name, method, path, scopes in WRITES
    ),
)
