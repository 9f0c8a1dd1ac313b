"""Lists the rules for servers of any venue, in the order in which they run.

They need its API document and the facts about its lists.
"""

from mockexchange.kit.checks import Check
from mockexchange.kit.rules import filters, methods, pages, parameters, reads
from mockexchange.kit.target import Target

CHECKS: tuple[Check[Target], ...] = (
    reads.ANSWERED_CHECK,
    *pages.CHECKS,
    reads.ORDER_CHECK,
    reads.PAST_CHECK,
    *filters.CHECKS,
    *parameters.CHECKS,
    *methods.CHECKS,
)
