"""The request bodies of every operation that has one, as dated tables."""

from mockexchange.venues.kalshi.bodies import order_groups
from mockexchange.venues.kalshi.bodies.rows import Body, BodyField

BODIES: dict[str, Body] = {
    "CreateOrderGroup": order_groups.CREATE_ORDER_GROUP,
    "UpdateOrderGroupLimit": order_groups.UPDATE_ORDER_GROUP_LIMIT,
}
"""By the name of the operation. An operation with a row here needs a JSON body, even if it has no fields."""

__all__ = ["BODIES", "Body", "BodyField"]
