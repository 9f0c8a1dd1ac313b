"""docs/pytest.md names every fixture, argument and option that there is, as they are. Its blocks are run elsewhere."""

import re

from mockexchange import pytest_plugin
from mockexchange.pytest_plugin.markers import ARGUMENT_TYPES
from mockexchange.pytest_plugin.options import API_DATE_DEFAULT, CLOCK_DEFAULT, OPTIONS, SCENARIO_DEFAULT
from mockexchange.pytest_plugin.reports import REQUESTS_SHOWN_MAX, SECTION
from tests.house.checkout import ROOT

PAGE = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """The table below a heading: the rest of each row, by the code in its first cell."""
    text = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `([\w-]+)` \|(.*)\|$", text, re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in found}


def test_every_fixture_has_a_line() -> None:
    assert set(rows("Fixtures")) == pytest_plugin.FIXTURES


def test_every_argument_has_a_line_with_its_default() -> None:
    arguments = rows("The marker")
    assert list(arguments) == list(ARGUMENT_TYPES)
    defaults = {"scenario": SCENARIO_DEFAULT, "api_date": API_DATE_DEFAULT, "clock": CLOCK_DEFAULT}
    assert {name: arguments[name][-1].partition("`,")[0].strip("`") for name in defaults} == defaults


def test_every_option_has_a_line() -> None:
    written = {name: cells[0].strip("`") for name, cells in rows("Options").items()}
    assert written == {option.flag: "" if option.is_secret else option.name for option in OPTIONS}


def test_the_report_is_as_it_is_shown() -> None:
    assert f" {SECTION} ---" in PAGE
    assert REQUESTS_SHOWN_MAX == 10
    assert "the last ten requests" in PAGE
