"""The part of docs/clients.md about every read of the newest document, by client."""

import re
from collections.abc import Iterator, Mapping

from tests.clients.matrix import Cell
from tests.clients.published import COMPAT
from tests.clients.reads import READERS, operation_ids

BEGIN = "<!-- begin of what `make clients` writes of reads -->"
END = "<!-- end of what `make clients` writes of reads -->"
LATEST = "latest"
BOTH = (LATEST, COMPAT)
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<cells>.+) \|$")
LABEL = re.compile(r"\s+")
CHARS_SHOWN_MAX = 120

Found = Mapping[str, Mapping[str, tuple[Cell, list[str]]]]
"""By API date and operation: the cell, and the mistakes."""
Cells = dict[str, dict[str, str]]
"""By the client's title and operation."""


def with_reads(page: str, found: Mapping[str, Found]) -> str:
    """Return the page with what a run found, by title of the client; ValueError where it has no place for that."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"expected the lines {BEGIN!r} and {END!r}, got a page without")
    text = "\n".join(_lines(found))
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def reads_of(page: str) -> Cells:
    """Return the cells on a page."""
    lines = page.partition(BEGIN)[2].partition(END)[0].splitlines()
    rows = {row["name"]: row["cells"].split(" | ") for row in map(ROW.match, lines) if row}
    return {reader.title: {name: cells[place] for name, cells in rows.items()} for place, reader in enumerate(READERS)}


def cell_of(found: Found, operation: str) -> str:
    """Return the text of a cell: that of the newest date, and that of `compat` where it differs."""
    newest, compat = (found[date][operation][0] for date in BOTH)
    return str(newest) if newest == compat else f"{newest}, compat {compat}"


def _lines(found: Mapping[str, Found]) -> Iterator[str]:
    yield f"| read | {' | '.join(found)} |"
    yield f"|{'---|' * (1 + len(found))}"
    for operation in operation_ids():
        cells = " | ".join(cell_of(one, operation) for one in found.values())
        yield f"| `{operation}` | {cells} |"
    yield ""
    for title, one in found.items():
        for operation, (cell, mistakes) in one[LATEST].items():
            if cell not in (Cell.YES, Cell.NONE):
                shown = LABEL.sub(" ", mistakes[0])[:CHARS_SHOWN_MAX].replace("`", "'").replace("<", "")
                yield f"* `{operation}` of {title}: `{shown}`"
