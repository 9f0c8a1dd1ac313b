"""The live display of `mockexchange watch`: positions, fills, frames, requests, script steps and faults."""

from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from mockexchange.cli.event_format import TRADED, concerns, describe_event, frame_text, style_of
from mockexchange.cli.event_source import Event
from mockexchange.cli.terminal import Line, printable

LINES_KEPT_MAX = 100
"""Lines that are kept of one kind of event, more than any terminal shows."""
COUNTED_KINDS = ("command", "request", "frame")
POSITION_TITLES = ("account", "book", "market", "quantity", "cost", "realized", "fees", "resting")
POSITION_NAMES = ("account", "book", "instrument", "quantity", "cost", "realized", "fees", "resting")
CONTRACT_TITLES = ("account", "book", "contract", "size", "average", "mark", "floating", "total", "realized")
CONTRACT_NAMES = (*POSITION_NAMES[:3], "size", "average_price", "mark_price", "floating", "total", "realized")
NUMBERS = frozenset((*POSITION_TITLES[3:], *CONTRACT_TITLES[3:]))
DECIMALS = 9
CURRENT_STATE_TITLES = (POSITION_TITLES, CONTRACT_TITLES)
"""Titles of sections that list the current state; the others show the latest events."""
FRAME_TITLES = ("at", "stream", "account", "way", "kind", "frame")
FRAME_NAMES = ("at", "connection", "account", "direction", "kind")

Row = dict[str, Any]


class Section(NamedTuple):
    """A part of the display: its titles, its rows, and its share of the height."""

    titles: Sequence[str]
    lines: Sequence[Line]
    weight: int


class LiveView:
    """The latest events and the positions, of one account or of all."""

    def __init__(self, sandbox: str, account: str | None) -> None:
        self.sandbox, self.account = sandbox, account
        self.at = ""
        self.positions: dict[str, list[Row]] = {}
        """The rows of positions by account; set by the caller."""
        self._counts = dict.fromkeys(COUNTED_KINDS, 0)
        self._fills: deque[Line] = deque(maxlen=LINES_KEPT_MAX)
        self._frames: deque[Line] = deque(maxlen=LINES_KEPT_MAX)
        self._requests: deque[Line] = deque(maxlen=LINES_KEPT_MAX)
        self._others: deque[Line] = deque(maxlen=LINES_KEPT_MAX)

    def take(self, event: Event) -> None:
        """Add an event to the display."""
        self.at = event.data.get("at", self.at)
        if not concerns(event, self.account):
            return
        if event.kind in self._counts:
            self._counts[event.kind] += 1
        line = Line((event.data.get("at", self.at), describe_event(event)), style_of(event))
        match event.kind:
            case "frame":
                self._frames.append(Line(_frame_cells(event.data), style_of(event)))
            case "request":
                self._requests.append(line)
            case "command" if "refusal" not in event.data:
                self._add_fills(event.data)
            case _:
                self._others.append(line)

    def show(self, height: int) -> RenderableType:
        """Return a picture of at most `height` lines."""
        sections = (
            Section(POSITION_TITLES, self._position_lines(), 3),
            Section(CONTRACT_TITLES, self._contract_lines(), 3),
            Section(("at", "fill"), self._fills, 2),
            Section(FRAME_TITLES, self._frames, 3),
            Section(("at", "request"), self._requests, 2),
            Section(("at", "script, faults and refusals"), self._others, 2),
        )
        shown = [section for section in sections if section.lines]
        room = max(0, height - 1 - len(shown))
        parts = sum(section.weight for section in shown) or 1
        return Group(self._head(), *(_table(one, max(1, room * one.weight // parts)) for one in shown))

    def _head(self) -> RenderableType:
        told = "  ".join(f"{count} {name}s" for name, count in self._counts.items())
        who = f" of {self.account}" if self.account else ""
        return Rule(Text(printable(f"{self.sandbox}{who}  {self.at}  {told}")), align="left")

    def _position_lines(self) -> list[Line]:
        """Return the lines of positions in markets, open markets before settled ones."""
        rows = [row for rows in self.positions.values() for row in rows if "quantity" in row]
        rows.sort(key=lambda row: row["settled"])
        return [Line([row[name] for name in POSITION_NAMES], "dim" if row["settled"] else "") for row in rows]

    def _contract_lines(self) -> list[Line]:
        rows = [row for rows in self.positions.values() for row in rows if "size" in row]
        rows.sort(key=_is_flat)
        return [Line(_contract_cells(row), "dim" if _is_flat(row) else "") for row in rows]

    def _add_fills(self, data: Row) -> None:
        for one in data["events"]:
            if one["type"] in TRADED and self.account in (None, one["account"]):
                self._fills.append(Line((data["at"], TRADED[one["type"]](one))))


def _contract_cells(row: Row) -> list[str]:
    return [*(row[name] for name in CONTRACT_NAMES[:3]), *(_short(row[name]) for name in CONTRACT_NAMES[3:])]


def _short(amount: str) -> str:
    """Return an amount rounded as venues show it; the control API reports all digits."""
    text = f"{round(Decimal(amount), DECIMALS):f}"
    return text.rstrip("0").rstrip(".")


def _is_flat(row: Row) -> bool:
    return not Decimal(row["size"])


def _frame_cells(frame: Row) -> list[str]:
    return [*(str(frame[name] or "-") for name in FRAME_NAMES), frame_text(frame)]


def _table(section: Section, room: int) -> Table:
    """Return the table of a section: its newest lines, or the first lines of a list of positions."""
    table = Table(box=None, header_style="bold", pad_edge=False, expand=True)
    for place, title in enumerate(section.titles):
        is_last = place == len(section.titles) - 1
        style: dict[str, Any] = {"justify": "right" if title in NUMBERS else "left", "ratio": 1 if is_last else None}
        table.add_column(title, no_wrap=True, overflow="ellipsis", **style)
    lines = list(section.lines)
    is_steady = section.titles in CURRENT_STATE_TITLES
    shown = lines[:room] if is_steady else lines[-room:]
    if is_steady and len(lines) > room:
        shown = [*lines[: room - 1], Line((f"and {len(lines) - room + 1} more",), "dim")]
    for line in shown:
        table.add_row(*(Text(printable(str(cell))) for cell in line.cells), style=line.style)
    return table
