"""The rules that hold for any venue, in the order in which they are judged."""

from mockexchange.kit.checks import Check
from mockexchange.kit.rules import filters, future_timestamps, methods, ordering, pages, parameters, reads
from mockexchange.kit.target import Target

CHECKS: tuple[Check[Target], ...] = (
    *reads.CHECKS,
    *pages.CHECKS,
    *ordering.CHECKS,
    *future_timestamps.CHECKS,
    *filters.CHECKS,
    *parameters.CHECKS,
    *methods.CHECKS,
)
