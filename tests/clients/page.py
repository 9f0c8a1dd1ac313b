"""The generated part of docs/clients.md: which client reads what at which API date, as a run found it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill

from mockexchange.venues.kalshi.dates import ALIASES
from tests.clients.matrix import Cell
from tests.clients.published import CLIENTS, COMPAT, Published
from tests.clients.recipes import PAGE

LINE_CHARS_MAX = 120
DATES = (COMPAT, *ALIASES, "latest")
BEGIN = "<!-- begin of what `make clients-page` writes -->"
END = "<!-- end of what `make clients-page` writes -->"
HEADING = re.compile(r"^### (?P<title>.+)$")
ROW = re.compile(r"^\| `(?P<method>\w+)` \| (?P<cells>.+) \|$")

Cells = Mapping[str, Mapping[str, Mapping[str, Cell]]]
"""By the client's title, API date and method."""


def read_page() -> str:
    return PAGE.read_text(encoding="utf-8")


def with_matrix(page: str, cells: Cells) -> str:
    """Return the page with what a run found; ValueError where it has no place for that."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"expected the lines {BEGIN!r} and {END!r}, got a page without")
    block = "\n".join(_lines(cells))
    return f"{before}{begin}\n\n{block}\n{end}{after}"


def matrix_of(page: str) -> Cells:
    """Return what a page says; a client has no cells for the calls that it lacks."""
    _, _, rest = page.partition(BEGIN)
    told: dict[str, dict[str, dict[str, Cell]]] = {}
    of_client: dict[str, dict[str, Cell]] = {}
    for line in rest.partition(END)[0].splitlines():
        if heading := HEADING.match(line):
            of_client = told[heading["title"]] = {api_date: {} for api_date in DATES}
        elif row := ROW.match(line):
            for api_date, cell in zip(DATES, row["cells"].split(" | "), strict=True):
                of_client[api_date][row["method"]] = Cell(cell)
    return told


def _lines(cells: Cells) -> Iterator[str]:
    for client in CLIENTS:
        found = cells[client.title]
        methods = [method for method, cell in found[COMPAT].items() if cell is not Cell.NONE]
        yield f"### {client.title}\n"
        yield from _remarks(client, [method for method in found[COMPAT] if method not in methods])
        yield _row(["call", *(f"**{date}**" if date == client.api_date else date for date in DATES)])
        yield f"|{'---|' * (1 + len(DATES))}"
        yield from (_row([f"`{method}`", *(found[date][method] for date in DATES)]) for method in methods)
        yield ""


def _remarks(client: Published, lacking: Sequence[str]) -> Iterator[str]:
    yield f"Its own date is {client.api_date}.\n"
    for method, fault in client.faults:
        yield f"* `{method}`: {fault.why}"
    if client.faults:
        yield ""
    if lacking:
        yield fill(f"It has no calls for {', '.join(f'`{method}`' for method in lacking)}.", LINE_CHARS_MAX) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
