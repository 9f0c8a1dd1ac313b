"""Reading and writing the tables of facts behind the documents."""

import pytest

from mockexchange.runtime import api_documents
from tests.contracts.documents import ALIASES, API_DATES
from tests.helpers.rows import each_row
from tools.contract_facts import life_of, living, living_node, read_facts
from tools.contract_links import Links
from tools.plain_yaml import render
from tools.write_contracts import Writer, render_document


@each_row(
    ("line", "day", "wanted"),
    [
        ("Count", "2025-11-03", True),
        ("Count since 2026-01-29", "2026-01-28", False),
        ("Count since 2026-01-29", "2026-01-29", True),
        ("Count until 2026-03-12", "2026-03-11", True),
        ("Count until 2026-03-12", "2026-03-12", False),
    ],
)
def test_a_fact_holds_from_its_first_day_to_before_its_last(line: str, day: str, wanted: bool) -> None:
    assert (living(line, day) is not None) is wanted


# line | day | may be left out | may be null
MISSING = [
    ("[Fill]", "2025-11-03", False, False),
    ("Id or empty", "2026-05-31", False, True),
    ("Id or empty", "2026-06-01", True, False),
    ("Id or absent", "2025-11-03", True, False),
    ("Id or null", "2026-10-31", False, True),
    ("Id or nothing", "2026-10-31", True, True),
]


@each_row(("line", "day", "may_be_absent", "may_be_null"), MISSING)
def test_what_stands_where_there_is_no_value(line: str, day: str, may_be_absent: bool, may_be_null: bool) -> None:
    life = life_of(line)
    assert (life.may_be_absent(day), life.may_be_null(day)) == (may_be_absent, may_be_null)


@each_row("line", ["Count from 2026-01-29", "Count or missing", "Count since 2026-1-29", ""])
def test_a_line_that_is_no_fact_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="no "):
        life_of(line)


def test_two_lives_on_a_day_are_refused() -> None:
    with pytest.raises(ValueError, match="two lives"):
        living(["Cents", "Dollars since 2026-01-01"], "2026-01-01")
    with pytest.raises(ValueError, match="two lives"):
        living_node([{"type": "string"}, {"type": "integer", "until": "2026-01-01"}], "2025-11-03")


def test_every_name_in_the_facts_is_one_of_theirs() -> None:
    facts = read_facts()
    tables = (*facts["objects"].values(), *facts["requests"].values())
    lines = [line for fields in tables for line in fields.values()]
    names = {life_of(one).name for line in lines for one in ([line] if isinstance(line, str) else line)}
    assert names <= {*facts["objects"], *facts["requests"], *facts["types"]}
    every = (*facts["reads"].values(), *facts["writes"].values())
    asked = {life_of(line).name for one in every for line in one.get("parameters", [])}
    assert asked == set(facts["parameters"])
    assert {one["answer"] for one in every if "answer" in one} <= set(facts["objects"])
    bodies = {write["body"] for write in facts["writes"].values() if "body" in write}
    assert bodies <= set(facts["requests"])
    assert {write["scopes"] for write in facts["writes"].values() if "refused" not in write} == set(facts["scopes"])
    assert {name for name in facts["alternatives"] if name not in facts["requests"]} == set()


@each_row("alias", ALIASES)
def test_what_is_written_reads_as_what_was_meant(alias: str) -> None:
    assert api_documents.parse_text(render_document(alias)) == Writer(read_facts(), API_DATES[alias]).document()


def test_texts_that_mean_something_else_are_quoted() -> None:
    odd = {"no": ["yes", "null", "1.0", "a: b", "# c", " d", "", "é", "-0.00", "on"], "a": {"b": [], "c": {}}}
    assert api_documents.parse_text(render(odd)) == odd


LINKED = {
    "reads": {"List": {"path": "/list", "answer": "Rows"}, "One": {"path": "/one/{id}", "answer": "Row"}},
    "objects": {"Rows": {"rows": "[Row]"}, "Row": {"id": "Id", "late": "Id since 2026-01-01"}},
    "links": {
        "List": {"One": {"id": "/rows/0/id", "late": "/rows/0/late", "book": "book"}, "Gone": {"id": "/rows/0/id"}}
    },
}


def test_links_have_what_there_is_on_the_day() -> None:
    asked = {"List": {"book"}, "One": {"id", "late", "book"}}
    one = {"id": "$response.body#/rows/0/id", "book": "$request.query.book"}
    assert Links(LINKED, "2025-11-03", asked).of("List") == {"One": {"operationId": "One", "parameters": one}}
    late = {**one, "late": "$response.body#/rows/0/late"}
    assert Links(LINKED, "2026-01-01", asked).of("List")["One"]["parameters"] == late
    assert Links(LINKED, "2026-01-01", {**asked, "One": {"book"}}).of("List")["One"]["parameters"] == {
        "book": "$request.query.book"
    }
    assert Links(LINKED, "2026-01-01", {"List": set(), "One": {"book"}}).of("List") == {}
    assert Links(LINKED, "2026-01-01", {"List": set()}).of("List") == {}


def test_what_begins_with_compat_is_for_it_alone() -> None:
    lines = ["Ticker until 2026-04-01", "Id since 2026-04-01", "Name since compat"]
    assert [life.name for day in ("2026-03-31", "2026-04-01", "compat") if (life := living(lines, day))] == [
        "Ticker",
        "Id",
        "Name",
    ]
    nodes = [{"kind": "list", "until": "2026-04-01"}, {"kind": "text", "since": "2026-04-01"}]
    assert living_node(nodes, "compat") == {"kind": "text"}
    assert living_node({"says": "never", "until": "compat"}, "compat") is None
    assert living_node({"says": "always", "until": "compat"}, "9998-01-01") == {"says": "always"}
