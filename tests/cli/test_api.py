"""`api`: the days of the wire and what changed between them, as the tables have it."""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.cli.commands.api import compare
from mockexchange.venues.dated_fields import ALWAYS, FOREVER, DatedRow, pick
from mockexchange.venues.kalshi.named_days import ALIASES, FIRST_DAY, SOURCES, api_date
from mockexchange.venues.kalshi.resources import OBJECTS
from mockexchange.venues.kalshi.wire_sections import sections
from tests.cli.conftest import AtTerminal

GOLDEN = Path(__file__).with_name("api_diff_2025-11_2026-06.txt")
TABLES: list[Sequence[DatedRow]] = [section.rows for section in sections()]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["api", *arguments], prog_name="mockexchange")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_what_changed_reads_as_recorded() -> None:
    assert run("diff", "2025-11", "2026-06") == GOLDEN.read_text()


def test_nothing_changed_between_a_day_and_itself() -> None:
    assert run("diff", "2026-06", "2026-06-11") == "2026-06 (2026-06-11) -> 2026-06-11: 0 changes\n"


def test_one_change_is_one() -> None:
    first = run("diff", "2025-11-12", "2025-11-12").splitlines()[0]
    assert first.endswith(": 0 changes")
    (difference,) = compare(api_date("2026-04-15"), api_date("2026-04-16"))
    assert run("diff", "2026-04-15", "2026-04-16").splitlines()[0].endswith(": 1 change")
    assert (difference.title, difference.changes[0].kind) == ("Market", "added")


def test_compat_against_the_newest_shows_what_it_keeps() -> None:
    lines = run("diff", "latest", "compat").splitlines()
    assert "  2026-03-12  + position              integer contracts, truncated  [docs-2025-11]" in lines
    assert (
        "  2026-04-01  ~ event_ticker  text -> comma-separated list; at most none -> 10 items  [openapi-3.13]" in lines
    )


def boundaries(tables: Iterable[Sequence[DatedRow]]) -> set[str]:
    """The days after the first on which a row begins or ends and something really differs."""
    days = {day for rows in tables for row in rows for day in (row.since, row.until)}
    return {day for day in days - {ALWAYS, FOREVER} if FIRST_DAY < day <= max(ALIASES.values())}


@pytest.mark.untraced
def test_every_change_of_the_tables_is_on_its_day() -> None:
    days = [FIRST_DAY, *sorted(boundaries(TABLES))]
    for before, after in pairwise(days):
        differences = compare(api_date(before), api_date(after))
        assert {change.day for difference in differences for change in difference.changes} == {after}


def test_added_and_removed_are_what_the_tables_pick() -> None:
    old, new = api_date("2025-11"), api_date("2026-06")
    found = {difference.title: difference.changes for difference in compare(old, new)}
    for section in (section for section in sections() if section.title in OBJECTS):
        before, after = pick(section.rows, old).keys(), pick(section.rows, new).keys()
        changes = found.get(section.title, [])
        assert {change.name for change in changes if change.kind == "added"} == after - before
        assert {change.name for change in changes if change.kind == "removed"} == before - after


def test_what_comes_and_goes_does_so_with_the_operations_that_have_it() -> None:
    """Limits were told in whole numbers for a while, and neither on the first of these days nor on the last."""
    found = {one.title: one.changes for one in compare(api_date("2025-11"), api_date("2026-06"))}
    assert {one.name for one in found["GetAccountApiLimitsResponse"]} == {"grants", "read", "usage_tier", "write"}
    assert {(one.kind, one.day) for one in found["BucketLimit"]} == {("added", "2026-04-30")}
    assert {(one.kind, one.day) for one in found["GetDeposits parameters"]} == {("added", "2026-05-05")}
    gone = {one.title: one.changes for one in compare(api_date("2026-06"), api_date("latest"))}
    assert {(one.kind, one.day) for one in gone["Announcement"]} == {("removed", "2026-07-04")}


def test_a_row_of_the_first_days_pages_is_of_that_day() -> None:
    rows = [row for rows in TABLES for row in rows if row.source == "docs-2025-11"]
    assert {row.since for row in rows} == {ALWAYS}


def test_every_source_of_the_tables_is_explained() -> None:
    assert {row.source for rows in TABLES for row in rows} <= SOURCES.keys()


def test_the_dates_are_listed_with_what_they_changed() -> None:
    rows = [line.split("\t") for line in run("dates").splitlines()]
    names = [row[0] for row in rows]
    assert names == ["compat", *ALIASES, "latest", "a month", "a day"]
    assert [row[1] for row in rows[1:-3]] == list(ALIASES.values())
    assert rows[1][2] == "the first day whose wire is known"
    assert all(" changes since " in row[2] for row in rows[2:-3])


def test_the_changes_of_one_operation() -> None:
    lines = run("diff", "2025-11", "2026-06", "--operation", "GetBalance").splitlines()
    assert lines[0].endswith(" of GetBalance")
    titles = [line for line in lines if line and not line.startswith(" ")][1:-1]
    assert titles == ["IndexedBalance", "GetBalanceResponse", "GetBalance parameters"]
    result = CliRunner().invoke(main, ["api", "diff", "2025-11", "latest", "--operation", "GetPosition"])
    assert "no operation 'GetPosition': did you mean 'GetPositions'?" in result.stderr


def test_a_terminal_wraps_whole_sentences_with_indent(at_terminal: AtTerminal) -> None:
    lines = at_terminal(80, "api", "diff", "2025-11", "2025-12").splitlines()
    assert max(map(len, lines)) <= 80
    place = lines.index("  2025-12-01  ~ status")
    assert lines[place + 1 : place + 4] == [
        "                unopened or open or closed or settled -> initialized or active",
        "                or closed or determined or settled",
        "                [client-report]",
    ]


def test_changes_and_dates_are_json_for_programs() -> None:
    (change,) = map(json.loads, run("diff", "2026-04-15", "2026-04-16", "--json").splitlines())
    assert (change["section"], change["kind"], change["day"]) == ("Market", "added", "2026-04-16")
    assert json.loads(run("dates", "--json").splitlines()[1])["api_date"] == "2025-11"


def test_another_venue_has_its_own_days() -> None:
    rows = [json.loads(line) for line in run("dates", "--venue", "deribit", "--json").splitlines()]
    assert [(row["api_date"], row["day"]) for row in rows] == [
        ("compat", "-"),
        ("2026-10", "2026-10-31"),
        ("latest", "2026-10-31"),
        ("a month", "2025-10.."),
        ("a day", "2025-10-01.."),
    ]
    assert rows[1]["remark"] == "0 changes since 2025-10-01"


def test_no_changes_of_another_venue_are_known() -> None:
    for venue in ("deribit", "signalplus"):
        line = run("diff", "2025-11-01", "latest", "--venue", venue).splitlines()[-1]
        assert line.endswith(": 0 changes")
    wrong = CliRunner().invoke(main, ["api", "diff", "2025-01-01", "latest", "--venue", "deribit"])
    assert wrong.exit_code == 2
    assert "2025-10-01" in wrong.output


def test_an_operation_is_one_of_the_venue() -> None:
    given = ["api", "diff", "2025-11-01", "latest", "--venue", "deribit", "--operation"]
    assert CliRunner().invoke(main, [*given, "private/get_positions"]).exit_code == 0
    assert "no operation 'GetPositions'" in CliRunner().invoke(main, [*given, "GetPositions"]).output
