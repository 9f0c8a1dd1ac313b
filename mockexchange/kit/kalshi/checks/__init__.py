"""Lists Kalshi's own rules for servers, beyond its API document and the rules for any venue."""

from mockexchange.kit.checks import Check
from mockexchange.kit.kalshi.checks import (
    bodies,
    equal_reads,
    fcm,
    keys,
    ledger,
    name_lists,
    orders,
    refusals,
    signatures,
    sums,
    writes,
)
from mockexchange.kit.target import Target

CHECKS: tuple[Check[Target], ...] = (
    *bodies.CHECKS,
    *sums.CHECKS,
    *ledger.CHECKS,
    *orders.CHECKS,
    *equal_reads.CHECKS,
    *name_lists.CHECKS,
    *keys.CHECKS,
    *fcm.CHECKS,
    *refusals.CHECKS,
    *signatures.CHECKS,
    *writes.CHECKS,
)
