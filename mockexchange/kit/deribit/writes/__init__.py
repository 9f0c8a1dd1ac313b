"""Lists the rules that place orders, for `verify server --writes` and the contract suites."""

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.writes import fills, orders
from mockexchange.kit.target import Target

CHECKS: tuple[Check[Target], ...] = (*orders.CHECKS, *fills.CHECKS)
