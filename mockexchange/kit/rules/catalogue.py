"""Every rule that holds for any venue, in the order in which they are judged."""

from mockexchange.kit.checks import Check
from mockexchange.kit.rules import filters, instants, methods, ordering, pages, parameters, reads
from mockexchange.kit.target import Target

CHECKS: tuple[Check[Target], ...] = (
    *reads.CHECKS,
    *pages.CHECKS,
    *ordering.CHECKS,
    *instants.CHECKS,
    *filters.CHECKS,
    *parameters.CHECKS,
    *methods.CHECKS,
)
