"""Every promise of the page about hardening has a test that exists, and names what was broken to see it fail."""

import re

from tests.docs.fences import DOCS
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

PAGE = (DOCS / "internals" / "hardening.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<promise>.+?) \| (?P<broken>.*?) \| (?P<tests>.*) \|$", re.MULTILINE)
PROMISES_MIN = 85


def rows(text: str) -> list[tuple[str, str, list[str]]]:
    """Return the promises of a page, each with what was broken and with its tests."""
    found = [row for row in ROW.finditer(text) if row["promise"] != "promise"]
    return [(row["promise"], row["broken"].strip(), re.findall(r"`([^`]+)`", row["tests"])) for row in found]


def missing(text: str) -> list[str]:
    """Return the tests and benchmarks that do not exist, and the promises without any or without what was broken."""
    found = rows(text)
    unbroken = [promise for promise, broken, _ in found if not broken]
    return unbroken + [one for promise, _, tests in found for one in (tests or [promise]) if not _exists(one)]


def _exists(named: str) -> bool:
    path, _, name = named.partition("::")
    file = ROOT / path if path.startswith("benchmarks/") else ROOT / "tests" / path
    return file.is_file() and (not name or f"def {name}(" in file.read_text(encoding="utf-8"))


def test_every_promise_has_a_test_that_exists() -> None:
    assert len(rows(PAGE)) >= PROMISES_MIN
    assert missing(PAGE) == []


@each_row(
    "cells",
    [
        "all | `nowhere.py::test_it`",
        "all | `docs/test_hardening_page.py::test_it`",
        "all | nothing",
        "  | `docs/test_hardening_page.py::missing`",
    ],
)
def test_a_promise_without_a_test_is_reported(cells: str) -> None:
    assert len(missing(f"| promise | broken on purpose | test |\n|---|---|---|\n| It holds | {cells} |\n")) == 1
