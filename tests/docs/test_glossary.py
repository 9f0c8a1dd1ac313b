"""The glossary and the page "Where is it?" name what exists.

The glossary has each term once, and together with the Python API every public class.
"""

import importlib
import inspect
import re
from typing import NamedTuple

import mockexchange
from tests.docs.fences import DOCS
from tests.house.checkout import ROOT

ROW = re.compile(r"^\| (?P<term>[^|]+) \| (?P<meaning>[^|]+) \| (?:`(?P<type>[\w.]+)` )?\|$", re.MULTILINE)
TEXT = (DOCS / "glossary.md").read_text(encoding="utf-8")


class Entry(NamedTuple):
    term: str
    type: str | None


def entries(text: str) -> list[Entry]:
    """Return the rows of the table below its header."""
    return [Entry(row["term"].strip(), row["type"]) for row in ROW.finditer(text) if row["term"] not in ("term", "---")]


def missing_types(rows: list[Entry]) -> list[str]:
    """Return the types that the package does not have."""
    return [row.type for row in rows if row.type and not _exists(row.type)]


def _exists(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    return hasattr(importlib.import_module(f"mockexchange.{module}"), name)


def test_every_row_of_the_table_is_read() -> None:
    lines = [line for line in TEXT.splitlines() if line.startswith("| ")]
    assert len(entries(TEXT)) == len(lines) - 1 >= 60


def test_the_terms_are_in_alphabetical_order_and_each_is_there_once() -> None:
    terms = [row.term.lower() for row in entries(TEXT)]
    assert terms == sorted(set(terms))


def test_every_type_of_the_glossary_exists() -> None:
    assert missing_types(entries(TEXT)) == []


def test_every_public_class_is_in_the_glossary_or_the_python_api() -> None:
    texts = TEXT + (DOCS / "python.md").read_text(encoding="utf-8") + (DOCS / "pytest.md").read_text(encoding="utf-8")
    public = [name for name in mockexchange.__all__ if inspect.isclass(getattr(mockexchange, name))]
    assert len(public) > 20
    assert [name for name in public if not re.search(rf"\b{name}\b", texts)] == []


def test_every_place_of_the_navigation_page_exists() -> None:
    text = (DOCS / "internals" / "navigation.md").read_text(encoding="utf-8")
    places = re.findall(r"^\| [^|]+ \| `([\w./]+)` \|", text, re.MULTILINE)
    assert len(places) >= 40
    below = {
        place: ROOT / ("" if place.startswith(("tools/", "tests/")) else "mockexchange") / place for place in places
    }
    assert [place for place, path in below.items() if not path.exists()] == []


def test_a_type_that_does_not_exist_is_reported() -> None:
    row = "| thing | A thing. | `core.exchange.Nothing` |\n| other | Without a type. | |\n"
    assert missing_types(entries(row)) == ["core.exchange.Nothing"]
