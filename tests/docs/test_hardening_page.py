"""Every test and benchmark that the page about hardening names exists, so that no promise there is without one."""

import re

import pytest

from tests.docs.fences import DOCS
from tests.house.checkout import ROOT

PAGE = (DOCS / "internals" / "hardening.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<promise>.+?) \| (?P<tests>.+) \|$", re.MULTILINE)
PROMISES_MIN = 85


def rows(text: str) -> list[tuple[str, list[str]]]:
    """Return the promises of a page, each with its tests."""
    found = [(row["promise"], row["tests"]) for row in ROW.finditer(text) if row["promise"] not in ("promise", "---")]
    return [(promise, re.findall(r"`([^`]+)`", tests)) for promise, tests in found]


def missing(text: str) -> list[str]:
    """Return the tests and benchmarks that a page names and that do not exist, and the promises without any."""
    found = rows(text)
    return [one for promise, tests in found for one in (tests or [promise]) if not _exists(one)]


def _exists(named: str) -> bool:
    path, _, name = named.partition("::")
    file = ROOT / path if path.startswith("benchmarks/") else ROOT / "tests" / path
    return file.is_file() and (not name or f"def {name}(" in file.read_text(encoding="utf-8"))


def test_every_promise_has_a_test_that_exists() -> None:
    assert len(rows(PAGE)) >= PROMISES_MIN
    assert missing(PAGE) == []


@pytest.mark.parametrize("cell", ["`nowhere.py::test_it`", "`docs/test_hardening_page.py::test_it`", "nothing"])
def test_a_promise_without_a_test_is_reported(cell: str) -> None:
    assert len(missing(f"| promise | test |\n|---|---|\n| It holds | {cell} |\n")) == 1
