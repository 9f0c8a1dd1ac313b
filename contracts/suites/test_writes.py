"""Order entry of Kalshi: the rules of writes at every date, and generated writes."""

from dataclasses import replace

import pytest

from contracts.suites.targets import EVERY, NAMES, target_at
from contracts.suites.verdict_text import findings_of, not_judged
from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Outcome
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.schemathesis_hints import make_write_hints
from mockexchange.kit.schemathesis.run import Effort, conclude, run
from tests.helpers.effort import WHOLE, chosen, examples

pytestmark = pytest.mark.contract

EFFORT = Effort(is_brief=not WHOLE, examples=examples(4, 4))
GENERATED = ("2025-11", "2026-06", "2026-10")
"""Dates with the first generation of order entry, both, and the second."""
WRITTEN = {name: values for name, values in NAMES.items() if name != "order_group_id"}
"""Names for generated writes, which make groups of their own."""
NOT_FOR_ALL = ("2025-11", "2025-12")
"""Dates on which batches need a higher tier than the member has."""
TRADING = {"orders.filled", "orders.cancel_all", "orders.post_only", "orders.partial"}
"""Rules whose orders trade, or cancel those of others."""
CHAINS = Effort(is_brief=True, examples=8)


@pytest.mark.parametrize("alias", EVERY)
def test_every_rule_of_writes_is_kept(alias: str) -> None:
    with target_at(alias) as target:
        judged = list(run_checks(KALSHI.write_checks, target))
    assert findings_of(judged) == ""
    left = {one.rule for one in judged if one.outcome is not Outcome.KEPT}
    assert left == ({"orders.batch"} if alias in NOT_FOR_ALL else set())


@pytest.mark.parametrize("alias", chosen(GENERATED))
def test_generated_writes_are_answered_as_documented(alias: str) -> None:
    with target_at(alias) as target:
        hints = make_write_hints(target.document, WRITTEN, target.keys)
        outcome = run(target, hints, EFFORT)
        judged = list(conclude(target, hints, EFFORT, outcome))
    assert findings_of(judged) == ""
    assert {one for one in not_judged(judged) if one.startswith("requests.")} == set()
    assert {(method, status) for (label, status) in outcome.requests for method in label.split()[:1]} >= {
        ("POST", 201),
        ("POST", 400),
        ("POST", 409),
        ("DELETE", 200),
        ("DELETE", 404),
    }


@pytest.mark.parametrize(
    ("alias", "create", "cancel"),
    chosen([("2025-11", "CreateOrder", "CancelOrder"), ("2026-10", "CreateOrderV2", "CancelOrderV2")]),
)
def test_links_lead_from_a_placed_order_to_its_read_and_its_cancellation(alias: str, create: str, cancel: str) -> None:
    with target_at(alias) as target:
        hints = make_write_hints(target.document, WRITTEN, target.keys)
        # A canceled order can still be read.
        checks = {**hints.checks, "GetOrder": {"use_after_free": {"enabled": False}}}
        hints = replace(hints, operations=(create, "GetOrder", cancel), checks=checks)
        outcome = run(target, hints, CHAINS)
        judged = list(conclude(target, hints, CHAINS, outcome))
    assert findings_of(judged) == ""
    followed = {link.split(" -> ")[1].removeprefix("[201] ") for link in outcome.links}
    assert followed >= {"GetOrder", cancel}


def test_orders_are_placed_only_where_they_may_be() -> None:
    """Test that a target without permission for fills gets no order that is filled, and keeps its other orders."""
    with target_at("2026-10") as target:
        target.may_trade = False
        checks = [check for check in KALSHI.write_checks if check.rule in TRADING]
        judged = list(run_checks(checks, target))
    assert {one.outcome for one in judged} == {Outcome.NOT_JUDGED}
