"""The rules of this venue that neither its document nor the rules for any venue say."""

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.calls import methods_of
from mockexchange.kit.deribit.checks import envelopes, positions, refusals, summaries, tokens, trades
from mockexchange.kit.rules import catalogue
from mockexchange.kit.target import Target

GENERAL = ("reads.", "filters.", "parameters.", "methods.")
"""Of the rules for any venue, those about calls: a method that is none is no 404 here, and lists have no pages."""
EXCEPTED = {("parameters.choices", "public/test"), ("parameters.unknown", "public/get_time")}
"""The one choice that there is asks for an error, and the time is another each time."""


def _called(check: Check[Target]) -> Check[Target]:
    """The rule, on methods that answer over HTTP."""

    def subjects(target: Target) -> list[str]:
        known = methods_of(target)
        found = [one for one in check.subjects(target) if one.startswith("/") or one.split()[0] in known]
        return [one for one in found if (check.rule, one) not in EXCEPTED]

    return check._replace(subjects=subjects)


CHECKS: tuple[Check[Target], ...] = (
    *(_called(check) for check in catalogue.CHECKS if check.rule.startswith(GENERAL)),
    *envelopes.CHECKS,
    *refusals.CHECKS,
    *tokens.CHECKS,
    *positions.CHECKS,
    *summaries.CHECKS,
    *trades.CHECKS,
)
