"""The settings of a scenario: rules of order entry, and the data that a venue answers from."""

import pytest

from mockexchange.core.model.order_rules import AmendRule, BalanceRule, FillRule, OrderRules, QueueRule, RowRule
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.schema import json_schema
from mockexchange.scenario.settings import RULES
from mockexchange.venues.data_tables import Data
from mockexchange.venues.registry import VENUES
from tests.helpers.rows import each_row

# Rules of order entry: each reaches its rule, and a log replays with them


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
    ("confirmation: 2s", OrderRules(confirmation_us=2_000_000)),
    ("execution: 0s", OrderRules(execution_us=0)),
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


# Data that a venue answers with: its schema, and errors with their place


HEAD = "scenario: data\nkalshi:\n"
TARGET = "{id: t1, name: A team, type: team, last_updated_ts: 2025-11-04T00:00:00Z}"


def error_of(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_text(HEAD + text)
    return str(caught.value)


def test_rows_are_in_the_settings_of_their_venue() -> None:
    plan = load_text(f"{HEAD}  structured_targets: [{TARGET}]\n")
    [row] = plan.settings["kalshi"].data["structured_targets"]
    assert row == {"id": "t1", "name": "A team", "type": "team", "last_updated_ts": 1_762_214_400_000_000}


def test_an_empty_table_is_no_setting() -> None:
    assert load_text(f"{HEAD}  structured_targets: []\n").settings == load_text("scenario: data\n").settings


def test_free_json_keeps_its_digits() -> None:
    plan = load_text(f"{HEAD}  structured_targets: [{TARGET[:-1]}, details: {{price: 1.50, name: '7'}}}}]\n")
    assert plan.settings["kalshi"].data["structured_targets"][0]["details"] == '{"price":1.50,"name":"7"}'


@each_row(
    ("text", "message"),
    [
        ("  milestone: []\n", "unknown key 'milestone': did you mean 'milestones'?"),
        ("  structured_targets: [{id: t1, nam: A}]\n", "unknown key 'nam': did you mean 'name'?"),
        ("  structured_targets: [{id: t1}]\n", "expected the key 'name', which is missing"),
        (f"  structured_targets: [{TARGET}, {TARGET}]\n", "'t1' is there twice"),
        ("  rfqs: [{id: r, creator_id: c, market_ticker: m, contracts: 1, status: opne}]\n", "did you mean 'open'?"),
        (f"  structured_targets: [{TARGET[:-1]}, details: 5}}]\n", "expected a mapping, got '5'"),
        ("  milestones: 5\n", "expected a list of objects, got '5'"),
    ],
)
def test_a_wrong_table_is_refused(text: str, message: str) -> None:
    assert message in error_of(text)


def test_the_published_schema_has_every_table_and_key() -> None:
    published = json_schema()["properties"]["kalshi"]["properties"]
    tables = VENUES["kalshi"].scenario.data
    assert set(published) == {*tables, *VENUES["kalshi"].scenario.switches}
    for name, table in tables.items():
        assert set(published[name]["items"]["properties"]) == {column.name for column in table.columns}


def test_rows_are_found_by_their_key() -> None:
    tables = VENUES["kalshi"].scenario.data
    data = Data(tables, {"structured_targets": [{"id": "t1", "name": "A"}, {"id": "t2", "name": "B"}]})
    assert [row.id for row in data.rows("structured_targets")] == ["t2", "t1"]
    found = data.find("structured_targets", "t1")
    assert found is not None
    assert (found.name, found.details, found.source_id) == ("A", "{}", None)
    assert found.replaced(name="C").name == "C"
    assert found.name == "A"
    assert data.find("structured_targets", "t3") is data.find("milestones", "t1") is None
    assert not hasattr(found, "nothing_of_this_name")
