"""docs/clients.md in parts: the program of each client, its version, and which API dates it reads."""

import re
from typing import NamedTuple

from tests.house.checkout import ROOT

PAGE = ROOT / "docs" / "clients.md"
SECTION = re.compile(r"^## (?P<client>\S+)\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
PROGRAM = re.compile(r"^```python\n(?P<program>.*?)^```$", re.MULTILINE | re.DOTALL)
VERSION = re.compile(r"[Vv]ersion (?P<version>\d+(?:\.\d+)+)")
TABLE_ROW = re.compile(r"^\| (?P<cells>.+) \|$", re.MULTILINE)
READS = {"yes": True, "no": False}


class Recipe(NamedTuple):
    """`program` prints positions; `stream_program` the first change of one, where the client has a stream."""

    version: str
    program: str
    stream_program: str | None


def read_recipes() -> dict[str, Recipe]:
    """Return the recipe of each client; AssertionError where a section has not the parts of one."""
    return {one["client"]: _recipe(one["client"], one["text"]) for one in SECTION.finditer(_text())}


def _recipe(client: str, text: str) -> Recipe:
    versions, programs = VERSION.findall(text), PROGRAM.findall(text)
    assert len(versions) == 1, client
    assert 1 <= len(programs) <= 2, client
    return Recipe(versions[0], programs[0], programs[1] if programs[1:] else None)


def read_table() -> dict[str, dict[str, bool]]:
    """Return for each client whether it reads what is sent at an API date; the page begins with that table."""
    before, _, _ = _text().partition("\nA `no` ")
    heading, *body = [row["cells"].split(" | ") for row in TABLE_ROW.finditer(before)]
    return {name: dict(zip(heading[1:], (READS[cell] for cell in cells), strict=True)) for name, *cells in body}


def _text() -> str:
    return PAGE.read_text(encoding="utf-8")
