"""The rules of writes, which place orders: for `verify server --writes`, and for the suites."""

from mockexchange.kit.checks import Check
from mockexchange.kit.kalshi.writes import groups, orders
from mockexchange.kit.target import Target

CHECKS: tuple[Check[Target], ...] = (*orders.CHECKS, *groups.CHECKS)
