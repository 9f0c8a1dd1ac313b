"""The generated part of docs/clients.md: which client understands what at which API date, as a run found it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from textwrap import fill
from typing import TypeVar

from mockexchange.kit.findings import Verdict
from mockexchange.venues.kalshi.named_days import ALIASES
from tests.clients.cards import Outcomes, card_lines, outcomes_told
from tests.clients.disturbances import DISTURBANCES
from tests.clients.hearing import KINDS, Heard
from tests.clients.listeners import STREAMERS
from tests.clients.matrix import Cell
from tests.clients.published import CLIENTS, COMPAT, TRADERS, Published
from tests.clients.recipes import PAGE

LINE_CHARS_MAX = 120
DATES = (COMPAT, *ALIASES, "latest")
BEGIN = "<!-- begin of what `make clients` writes -->"
END = "<!-- end of what `make clients` writes -->"
ORDERS_BEGIN = "<!-- begin of what `make clients` writes of orders -->"
ORDERS_END = "<!-- end of what `make clients` writes of orders -->"
CHANNELS_BEGIN = "<!-- begin of what `make clients` writes of channels -->"
CHANNELS_END = "<!-- end of what `make clients` writes of channels -->"
HEADING = re.compile(r"^### (?P<title>.+)$")
FAULTS_BEGIN = "<!-- begin of what `make clients` writes of faults -->"
FAULTS_END = "<!-- end of what `make clients` writes of faults -->"
FAULT_ROW = re.compile(r"^\| (?P<words>[^|]+) \| (?P<cells>.+) \|$")
CARDS_BEGIN = "<!-- begin of what `make clients` writes of cards -->"
CARDS_END = "<!-- end of what `make clients` writes of cards -->"
ORDERS_HEADING = re.compile(r"^### Orders of (?P<title>.+)$")
STREAM_HEADING = re.compile(r"^### The stream of (?P<title>.+)$")
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<cells>.+) \|$")

T = TypeVar("T")
Table = Mapping[str, Mapping[str, Mapping[str, T]]]
"""By the client's title, API date and the row's name."""
Cells = Table[Cell]
HeardCells = Table[Heard]
Faults = Mapping[str, Mapping[str, str]]
"""What became of a client, by its title and the name of what went wrong."""


def read_page() -> str:
    return PAGE.read_text(encoding="utf-8")


def with_matrix(page: str, cells: Cells) -> str:
    """Return the page with what a run found; ValueError where it has no place for that."""
    return _with_block(page, BEGIN, END, _lines(cells, CLIENTS, "### {}\n"))


def with_orders(page: str, cells: Cells) -> str:
    """Return the page with what a run found of writes; ValueError where it has no place for that."""
    return _with_block(page, ORDERS_BEGIN, ORDERS_END, _lines(cells, TRADERS, "### Orders of {}\n"))


def with_channels(page: str, heard: HeardCells) -> str:
    """Return the page with what a run heard; ValueError where it has no place for that."""
    return _with_block(page, CHANNELS_BEGIN, CHANNELS_END, _channel_lines(heard))


def with_faults(page: str, found: Faults) -> str:
    """Return the page with what became of the clients; ValueError where it has no place for that."""
    return _with_block(page, FAULTS_BEGIN, FAULTS_END, _fault_lines(found))


def with_cards(page: str, found: Mapping[str, Sequence[Verdict]]) -> str:
    """Return the page with what came of the cards; ValueError where it has no place for that."""
    return _with_block(page, CARDS_BEGIN, CARDS_END, card_lines(found))


def cards_of(page: str) -> Mapping[str, Outcomes]:
    """Return the results of the cards on a page, by title of the client."""
    return outcomes_told(page.partition(CARDS_BEGIN)[2].partition(CARDS_END)[0])


def faults_of(page: str) -> Faults:
    """Return the reactions of clients on a page, by title of the client and name of the disturbance."""
    _, _, rest = page.partition(FAULTS_BEGIN)
    rows = [FAULT_ROW.match(line) for line in rest.partition(FAULTS_END)[0].splitlines()]
    by_words = {row["words"]: row["cells"].split(" | ") for row in rows if row}
    return {
        streamer.title: {name: by_words[one.words][place] for name, one in DISTURBANCES.items()}
        for place, streamer in enumerate(STREAMERS)
    }


def _fault_lines(found: Faults) -> Iterator[str]:
    yield _row(["what goes wrong", *(streamer.title for streamer in STREAMERS)])
    yield f"|{'---|' * (1 + len(STREAMERS))}"
    for name, disturbance in DISTURBANCES.items():
        yield _row([disturbance.words, *(found[streamer.title][name] for streamer in STREAMERS)])
    yield ""


def _with_block(page: str, begin: str, end: str, lines: Iterable[str]) -> str:
    before, found_begin, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"expected the lines {begin!r} and {end!r}, got a page without")
    block = "\n".join(lines)
    return f"{before}{begin}\n\n{block}\n{end}{after}"


def heard_of(page: str) -> HeardCells:
    """Return the results of the streams on a page."""
    return _told(page, CHANNELS_BEGIN, CHANNELS_END, STREAM_HEADING, Heard)


def matrix_of(page: str) -> Cells:
    """Return the results of the calls on a page; a client has no cells for calls that it lacks."""
    return _told(page, BEGIN, END, HEADING, Cell)


def orders_of(page: str) -> Cells:
    """Return the results of the writes on a page; a client has no cells for calls that it lacks."""
    return _told(page, ORDERS_BEGIN, ORDERS_END, ORDERS_HEADING, Cell)


def _told(page: str, begin: str, end: str, heading: re.Pattern[str], cell: Callable[[str], T]) -> Table[T]:
    _, _, rest = page.partition(begin)
    reported: dict[str, dict[str, dict[str, T]]] = {}
    of_client: dict[str, dict[str, T]] = {}
    for line in rest.partition(end)[0].splitlines():
        if found := heading.match(line):
            of_client = reported[found["title"]] = {api_date: {} for api_date in DATES}
        elif row := ROW.match(line):
            for api_date, text in zip(DATES, row["cells"].split(" | "), strict=True):
                of_client[api_date][row["name"]] = cell(text)
    return reported


def _channel_lines(heard: HeardCells) -> Iterator[str]:
    for streamer in STREAMERS:
        yield f"### The stream of {streamer.title}\n"
        yield from _table("channel", streamer.api_date, heard[streamer.title], KINDS)
        yield ""


def _lines(cells: Cells, clients: Iterable[Published], heading: str) -> Iterator[str]:
    for client in clients:
        found = cells[client.title]
        methods = [method for method, cell in found[COMPAT].items() if cell is not Cell.NONE]
        yield heading.format(client.title)
        yield from _remarks(client, [method for method in found[COMPAT] if method not in methods])
        yield from _table("call", client.api_date, found, methods)
        yield ""


def _table(what: str, own_date: str, found: Mapping[str, Mapping[str, str]], names: Iterable[str]) -> Iterator[str]:
    yield _row([what, *(f"**{date}**" if date == own_date else date for date in DATES)])
    yield f"|{'---|' * (1 + len(DATES))}"
    yield from (_row([f"`{name}`", *(found[date][name] for date in DATES)]) for name in names)


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
