"""The switches of order entry: each reaches its rule, and a log replays with them."""

import pytest

from mockexchange.core.model.order_rules import AmendRule, BalanceRule, FillRule, OrderRules, QueueRule, RowRule
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.switches import RULES
from tests.helpers.rows import each_row

GIVEN = [
    ("fill: none", OrderRules(fill=FillRule.NONE)),
    ("fill: all", OrderRules(fill=FillRule.ALL)),
    ("share: 0.4", OrderRules(share_parts=4_000)),
    ("queue: front", OrderRules(queue=QueueRule.FRONT)),
    ("balance: free", OrderRules(balance=BalanceRule.FREE)),
    ("check_cash: false", OrderRules(check_cash=False)),
    ("post_only_row: none", OrderRules(post_only_row=RowRule.NONE)),
    ("position_limit: 2.5", OrderRules(position_limit_centis=250)),
    ("open_orders: 3", OrderRules(orders_max=3)),
    ("count_step: 1", OrderRules(count_step_centis=100)),
    ("group_window: 5s", OrderRules(group_window_us=5_000_000)),
    ("group_window: 0s", OrderRules(group_window_us=None)),
    ("amend_counts: zero", OrderRules(amend_counts=AmendRule.ZERO)),
    ("amend_counts: before", OrderRules(amend_counts=AmendRule.BEFORE)),
    ("replenish: 500ms", OrderRules(replenish_us=500_000)),
]


@each_row(("text", "rules"), GIVEN)
def test_a_switch_sets_its_rule(text: str, rules: OrderRules) -> None:
    assert load_text(f"{{scenario: a, orders: {{{text}}}}}").order_rules == rules


def test_every_rule_has_a_switch() -> None:
    assert {rule for rule, _ in RULES.values()} == set(OrderRules.__struct_fields__)
    assert {text.partition(":")[0] for text, _ in GIVEN} == set(RULES)


def test_without_the_key_the_rules_are_the_venue_s() -> None:
    assert load_text("scenario: a").order_rules == OrderRules()


@each_row("text", ["fill: some", "share: 1", "share: 0", "open_orders: 0", "count_step: 0", "frame: x"])
def test_another_value_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match="orders"):
        load_text(f"{{scenario: a, orders: {{{text}}}}}")
