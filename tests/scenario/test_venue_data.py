"""Objects of a scenario that a venue answers with: their schema, and errors with their place."""

import pytest

from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.schema import json_schema
from mockexchange.venues.data_tables import Data
from mockexchange.venues.registry import VENUES
from tests.helpers.rows import each_row

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
