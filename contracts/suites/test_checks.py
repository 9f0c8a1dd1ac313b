"""Every rule of the kit on Kalshi at every date; on a push at the oldest and at all of them at once."""

import httpx
import pytest

from contracts.suites.targets import EVERY, target_at
from contracts.suites.verdict_text import findings_of
from contracts.suites.world import open_world
from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Outcome
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.target import Target
from tests.helpers.effort import chosen

pytestmark = pytest.mark.contract

OVER_A_SOCKET = ("reads.", "pages.partition", "signatures.", "routes.", "methods.", "writes.")
"""Rules that depend on the transport; the others are judged in process, at every date."""
SETTLED_TIMES = {"filters.kept GetMarkets min_settled_ts", "filters.kept GetMarkets max_settled_ts"}
ARCHIVED = {"pages.below_filters GetHistoricalMarkets", "pages.below_filters GetHistoricalPositions"}
"""Lists whose filters keep one row at most."""
# The newest group has no limit; that of another is judged in the list.
NO_LIMIT = "kalshi.twins GetOrderGroup"
NOT_JUDGED = {
    # Until 2026-04-01 the rows of markets do not show their time of settlement.
    "2025-12": SETTLED_TIMES,
    "2026-02": {*SETTLED_TIMES, NO_LIMIT},
    "2026-04": ARCHIVED,
    "2026-06": ARCHIVED,
    # No key of the member is bound to a subtrader.
    "2026-10": {*ARCHIVED, "filters.cut_short GetApiKeys fcm_subtrader_id"},
    "compat": {*ARCHIVED, "filters.cut_short GetApiKeys fcm_subtrader_id", NO_LIMIT},
}
MOVING = "pages.arriving"
"""The rule that only a world that moves can keep: test_busy.py."""


@pytest.mark.parametrize("alias", chosen(EVERY, "compat"))
def test_every_rule_is_kept(alias: str) -> None:
    with target_at(alias) as target:
        judged = list(run_checks(KALSHI.checks, target))
    assert findings_of(judged) == ""
    left = {f"{one.rule} {one.subject}": one.why for one in judged if one.outcome is Outcome.NOT_JUDGED}
    missing = {name: why for name, why in left.items() if not name.startswith(MOVING)}
    assert missing.keys() <= {*NOT_JUDGED.get(alias, set()), "pages.below_filters GetEvents"}, missing


@pytest.mark.parametrize("alias", chosen(EVERY))
def test_rules_of_the_wire_are_kept_over_a_socket(alias: str) -> None:
    checks = [check for check in KALSHI.checks if check.rule.startswith(OVER_A_SOCKET)]
    with target_at(alias, "over a socket") as target:
        judged = list(run_checks(checks, target))
    assert findings_of(judged) == ""
    assert {one.outcome for one in judged} == {Outcome.KEPT}


def test_every_rule_is_about_something_at_some_date() -> None:
    with httpx.Client() as http:
        targets = [Target(venue=KALSHI, api_date=alias, base_url="", http=http, keys={}) for alias in EVERY]
        subjects = {check.rule: {name for one in targets for name in check.subjects(one)} for check in KALSHI.checks}
    assert [rule for rule, found in subjects.items() if not found] == []


def test_a_read_only_run_sends_nothing_but_reads() -> None:
    with target_at("2026-10", may_write=False) as target:
        judged = list(run_checks([check for check in KALSHI.checks if check.needs_writes], target))
    assert {one.outcome for one in judged} == {Outcome.NOT_JUDGED}
    assert {one.why for one in judged} == {"it sends other methods than GET, and this run is read-only"}


def test_cash_below_zero_is_shown() -> None:
    debtor = open_world("2026-10").signers["debtor", "main"]
    with target_at("2026-10") as target:
        body = target.ask("/portfolio/balance", signer=debtor).json()
    assert body["balance"] < 0
    assert not target.objections
