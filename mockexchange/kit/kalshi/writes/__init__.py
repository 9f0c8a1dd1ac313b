"""Lists the rules that place orders, for `verify server --writes` and the contract suites."""

from mockexchange.kit.checks import Check
from mockexchange.kit.kalshi.writes import groups, orders
from mockexchange.kit.target import Target

# What they read changes by what they do: their orders are canceled before anything could be read again.
CHECKS: tuple[Check[Target], ...] = tuple(
    check._replace(holds_while_moving=True) for check in (*orders.CHECKS, *groups.CHECKS)
)
