"""Lists the rules for servers of any venue, in the order in which they run."""

from mockexchange.kit.checks import Check
from mockexchange.kit.rules import arrivals, filters, methods, pages, parameters, reads, views
from mockexchange.kit.target import Target

CHECKS: tuple[Check[Target], ...] = (
    reads.ANSWERED_CHECK,
    *pages.CHECKS,
    *arrivals.CHECKS,
    reads.ORDER_CHECK,
    reads.PAST_CHECK,
    *filters.CHECKS,
    *views.CHECKS,
    *parameters.CHECKS,
    *methods.CHECKS,
)
