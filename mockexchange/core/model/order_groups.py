"""Orders that are canceled together."""

from dataclasses import dataclass, field

from mockexchange.core.model.orders import Order
from mockexchange.core.vocabulary import SubaccountRef


@dataclass(slots=True, eq=False, kw_only=True)
class OrderGroup:
    """`filled_centis` counts since the last reset; reaching the limit cancels every order of the group."""

    group_id: str
    serial: int
    """Its place among all that were ever opened."""
    subaccount_ref: SubaccountRef
    exchange_index: int
    limit_centis: int | None
    filled_centis: int = 0
    is_triggered: bool = False
    orders: dict[str, Order] = field(default_factory=dict)
    """Those that rest."""
