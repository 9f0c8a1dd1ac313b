"""Lists all rules for servers of Deribit: the general ones that apply to it, and its own."""

from mockexchange.kit import rules
from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.calls import methods_of
from mockexchange.kit.deribit.checks import envelopes, positions, refusals, tokens, trades
from mockexchange.kit.target import Target

GENERAL = ("reads.", "filters.", "parameters.", "methods.")
"""Prefixes of the general rules that apply: unknown methods are not 404 here, and lists have no pages."""
EXCEPTED = {("parameters.choices", "public/test"), ("parameters.unknown", "public/get_time")}
"""Pairs of a rule and an operation that are left out.

The first operation's only choice requests an error, the second's answer is the time.
"""


def _over_http(check: Check[Target]) -> Check[Target]:
    """Return a check limited to methods that answer over HTTP."""

    def subjects(target: Target) -> list[str]:
        known = methods_of(target)
        found = [one for one in check.subjects(target) if one.startswith("/") or one.split()[0] in known]
        return [one for one in found if (check.rule, one) not in EXCEPTED]

    return check._replace(subjects=subjects)


CHECKS: tuple[Check[Target], ...] = (
    *(_over_http(check) for check in rules.CHECKS if check.rule.startswith(GENERAL)),
    *envelopes.CHECKS,
    *refusals.CHECKS,
    *tokens.CHECKS,
    *positions.CHECKS,
    *trades.CHECKS,
)
