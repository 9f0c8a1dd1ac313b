"""Reads the key `orders` of a scenario, which changes rules of order entry."""

from typing import Any

from mockexchange.core.model.order_rules import (
    SHARE_WHOLE,
    AmendRule,
    BalanceRule,
    FillRule,
    OrderRules,
    QueueRule,
    RowRule,
)
from mockexchange.scenario.steps.shared_fields import keywords
from mockexchange.scenario.types.composite_types import Record, may
from mockexchange.scenario.types.value_types import BOOLEAN, COUNT_ABOVE_ZERO, DURATION, choice, integer, price

ORDERS_MAX = 10**7
SHARE = price("a share such as 0.4, above 0 and below 1, of at most 4 decimals", SHARE_WHOLE, is_open=True)
RULES = {
    "fill": ("fill", choice({rule.value: rule for rule in FillRule})),
    "share": ("share_parts", SHARE),
    "queue": ("queue", choice({rule.value: rule for rule in QueueRule})),
    "balance": ("balance", choice({rule.value: rule for rule in BalanceRule})),
    "check_cash": ("check_cash", BOOLEAN),
    "post_only_row": ("post_only_row", choice({rule.value: rule for rule in RowRule})),
    "position_limit": ("position_limit_centis", COUNT_ABOVE_ZERO),
    "open_orders": ("orders_max", integer(1, ORDERS_MAX)),
    "count_step": ("count_step_centis", COUNT_ABOVE_ZERO),
    "group_window": ("group_window_us", DURATION),
    "amend_counts": ("amend_counts", choice({rule.value: rule for rule in AmendRule})),
    "replenish": ("replenish_us", DURATION),
}
"""The keys of `orders`, with the name of the rule that each sets and the type of its value."""
FRAMES = keywords("after", "before", "random")
ORDERS = Record({**{key: may(kind) for key, (_, kind) in RULES.items()}, "frames": may(FRAMES, "after")})


def rules_of(values: dict[str, Any]) -> OrderRules:
    """Return the rules of order entry that a scenario sets below `orders`; `values` are the values of its keys.

    A group window of 0 means that the window ends only at a reset.
    """
    given = {RULES[key][0]: value for key, value in values.items() if key in RULES and value is not None}
    if given.get("group_window_us") == 0:
        given["group_window_us"] = None
    return OrderRules(**given)
