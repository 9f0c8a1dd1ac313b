"""Draws the live display of `mockexchange watch`: positions, profit, fills, frames, requests, steps and faults."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mockexchange.cli.event_format import (
    GREEN,
    RED,
    TRADED,
    LiveEvent,
    concerns,
    describe_event,
    event_row,
    frame_text,
    remarks_on,
    request_line,
    style_of,
)
from mockexchange.cli.terminal import Line, clock_time, printable

# The history of profit and loss, plotted in one line of text


BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-=+*%#"
"""Characters for the plot on terminals whose encoding lacks the block characters."""
SAMPLES_MAX = 500
"""The number of samples kept for each currency, more than any terminal has columns."""
DOLLARS = "USD"

Row = dict[str, Any]


class ProfitHistory:
    """The total profit and loss of all positions, by currency, with one sample for each change."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[Decimal]] = {}

    def add_samples(self, rows: Iterable[Row]) -> None:
        """Sum up the profits of these positions by currency, and add a sample for each sum that changed."""
        sums: dict[str, Decimal] = {}
        for row in rows:
            currency, profit = profit_of(row)
            sums[currency] = sums.get(currency, Decimal(0)) + profit
        for currency, profit in sums.items():
            samples = self._samples.setdefault(currency, deque(maxlen=SAMPLES_MAX))
            if not samples or samples[-1] != profit:
                samples.append(profit)

    def clear(self) -> None:
        self._samples.clear()

    def __iter__(self) -> Iterator[tuple[str, list[Decimal]]]:
        """Yield each currency with its samples, oldest first."""
        return ((currency, list(samples)) for currency, samples in self._samples.items())


def profit_of(row: Row) -> tuple[str, Decimal]:
    """Return the currency and the profit of a position at the last price.

    In a market it is the realized profit less fees, plus the value of the open position less its cost. For a derivative
    it is the session's total as the venue reports it.
    """
    if "size" in row:
        return row["currency"], Decimal(row["total"])
    quantity, price = Decimal(row["quantity"]), row["price"]
    closed = Decimal(row["realized"]) - Decimal(row["fees"])
    if price is None or not quantity:
        return DOLLARS, closed
    of_its_side = Decimal(price) if quantity > 0 else 1 - Decimal(price)
    return DOLLARS, closed + abs(quantity) * of_its_side - Decimal(row["cost"])


def sparkline(values: Sequence[Decimal], width: int, bars: str = BARS) -> str:
    """Return the newest `width` values as a line of bars, scaled between the lowest and the highest of them."""
    shown = list(values)[-width:] if width > 0 else []
    if not shown:
        return ""
    low, range_ = min(shown), max(shown) - min(shown)
    top = len(bars) - 1
    return "".join(bars[int((value - low) / range_ * top)] if range_ else bars[0] for value in shown)


# The display


LINES_KEPT_MAX = 100
"""The number of lines kept for each kind of event, more than any terminal shows."""
WIDE = 100
"""The width of a terminal, in columns, from which positions have more columns."""
PROFIT_CHARS = 14
CURRENCIES_MAX = 4
COUNTED_KINDS = ("command", "request", "frame")
DECIMALS = 9
KEYS = "space pause  a account  q quit"


class Section(NamedTuple):
    """A table of the display: its column titles, its lines, and its share of the height."""

    titles: Sequence[str]
    lines: Sequence[Line]
    weight: int
    is_list: bool = False
    """Whether the table lists the current state; then its first lines are shown, else its newest."""


class Column(NamedTuple):
    """A column in the table of positions: its title, its field, and whether only wide terminals show it."""

    title: str
    name: str
    is_wide: bool = False


MARKET_COLUMNS = (
    Column("account", "account"),
    Column("market", "instrument"),
    Column("quantity", "quantity"),
    Column("cost", "cost"),
    Column("price", "price"),
    Column("P&L", "profit"),
    Column("realized", "realized", is_wide=True),
    Column("fees", "fees", is_wide=True),
    Column("resting", "resting", is_wide=True),
)
CONTRACT_COLUMNS = (
    Column("account", "account"),
    Column("contract", "instrument"),
    Column("size", "size"),
    Column("average", "average_price"),
    Column("mark", "mark_price"),
    Column("P&L", "profit"),
    Column("floating", "floating", is_wide=True),
    Column("realized", "realized", is_wide=True),
)
TEXTS = frozenset(("account", "instrument"))
NUMBER_TITLES = frozenset(
    column.title for column in (*MARKET_COLUMNS, *CONTRACT_COLUMNS) if column.name not in TEXTS
) | {"status", "ms"}


class LiveView:
    """The content of the display: the latest events, and the positions of the watched accounts."""

    def __init__(self, sandbox: str, accounts: Sequence[str] = ()) -> None:
        self.sandbox, self.accounts = sandbox, tuple(accounts)
        """The accounts that are shown; all without any."""
        self.at, self.has_keys, self.is_paused = "", False, False
        self.positions: dict[str, list[Row]] = {}
        """The rows of positions by account; set by the caller."""
        self.profits = ProfitHistory()
        self._counts = dict.fromkeys(COUNTED_KINDS, 0)
        self._events: deque[LiveEvent] = deque(maxlen=10 * LINES_KEPT_MAX)

    def add_event(self, event: LiveEvent) -> None:
        """Add an event to the display."""
        self.at = event.data.get("at", self.at)
        self._events.append(event)
        if event.kind in self._counts and concerns(event, self.accounts):
            self._counts[event.kind] += 1

    def watch_accounts(self, accounts: Sequence[str]) -> None:
        """Show only these accounts from now on, past events included; an empty sequence shows all accounts."""
        self.accounts = tuple(accounts)
        self._counts = dict.fromkeys(COUNTED_KINDS, 0)
        for event in self._events:
            if event.kind in self._counts and concerns(event, self.accounts):
                self._counts[event.kind] += 1
        self.profits.clear()
        self.sample_profit()

    def sample_profit(self) -> None:
        """Add the current profit to the plot."""
        self.profits.add_samples(self._rows())

    def show(self, height: int, width: int, *, ascii_only: bool = False) -> RenderableType:
        """Return the display, at most `height` lines and `width` columns, as an object that rich can print."""
        shown = [section for section in self._sections(width) if section.lines]
        profits = self._profit_lines(width, ASCII_BARS if ascii_only else BARS)
        head = [self._head(width), *profits]
        room = max(0, height - len(head) - len(shown) - self.has_keys)
        tables = map(_table, shown, _heights(shown, room))
        keys = [Text(KEYS, style="dim", no_wrap=True, overflow="ellipsis")] if self.has_keys else []
        return Group(*head, *tables, *keys)

    def _sections(self, width: int) -> list[Section]:
        markets, contracts = _columns(MARKET_COLUMNS, width), _columns(CONTRACT_COLUMNS, width)
        events = [event for event in self._events if concerns(event, self.accounts)]
        lines = {kind: [line for event in events for line in _LINES[kind](event, self.accounts)] for kind in _LINES}
        return [
            Section(_titles(markets), _position_lines(self._rows(), "quantity", markets), 3, is_list=True),
            Section(_titles(contracts), _position_lines(self._rows(), "size", contracts), 3, is_list=True),
            Section(("time", "fill"), lines["fill"], 2),
            Section(("time", "stream", "account", "way", "kind", "frame"), lines["frame"], 3),
            Section(("time", "status", "account", "ms", "request"), lines["request"], 3),
            Section(("time", "steps, script, faults and refusals"), lines["other"], 2),
        ]

    def _rows(self) -> list[Row]:
        return [
            row for name, rows in self.positions.items() if not self.accounts or name in self.accounts for row in rows
        ]

    def _head(self, width: int) -> RenderableType:
        counts = "  ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in self._counts.items())
        whose = f" of {', '.join(self.accounts)}" if self.accounts else ""
        at = f"{self.at[:10]} {clock_time(self.at)}" if self.at else ""
        head = Text(printable(f"{self.sandbox}{whose}  {at}  {counts}"), style="bold", no_wrap=True)
        if self.is_paused:
            head.append("  paused", style="yellow")
        head.append(f" {'-' * width}", style="dim")
        head.truncate(width)
        return head

    def _profit_lines(self, width: int, bars: str) -> list[RenderableType]:
        """Return a line for each currency: the newest profit, and the plot of those before."""
        lines: list[RenderableType] = []
        for currency, samples in list(self.profits)[:CURRENCIES_MAX]:
            newest = samples[-1]
            head = f"P&L {currency:<5}{_short(str(newest)):>{PROFIT_CHARS}}  "
            colour = GREEN if newest >= 0 else RED
            plot = sparkline(samples, width - len(head), bars)
            lines.append(Text(head + plot, style=colour, no_wrap=True, overflow="crop"))
        return lines


def _heights(sections: Sequence[Section], room: int) -> list[int]:
    """Return the lines of each section: its share by weight, or all it has; what it leaves free goes to the others."""
    heights, rest = [1] * len(sections), dict(enumerate(sections))
    while rest:
        parts = sum(section.weight for section in rest.values())
        shares = {place: room * section.weight // parts for place, section in rest.items()}
        whole = {place: len(rest[place].lines) for place, share in shares.items() if len(rest[place].lines) <= share}
        for place, height in (whole or shares).items():
            heights[place] = max(1, height)
            room -= height
            del rest[place]
    return heights


def _fill_lines(event: LiveEvent, accounts: Sequence[str]) -> Iterable[Line]:
    if event.kind == "command":
        for one in event.data.get("events", ()):
            if one["type"] in TRADED and (not accounts or one["account"] in accounts):
                yield Line((clock_time(event.data["at"]), " ".join(event_row(one)[1:])))


def _frame_lines(event: LiveEvent, accounts: Sequence[str]) -> Iterable[Line]:
    if event.kind == "frame":
        frame = event.data
        facts = (str(frame[name] or "-") for name in ("connection", "account", "direction", "kind"))
        yield Line((clock_time(frame["at"]), *facts, frame_text(frame)), style_of(event))


def _request_lines(event: LiveEvent, accounts: Sequence[str]) -> Iterable[Line]:
    if event.kind == "request":
        request = event.data
        words = "  ".join(part for part in (request_line(request), remarks_on(request)) if part)
        status, style = str(request["status"] or "none"), style_of(event)
        milliseconds = f"{request['latency_us'] / 1_000:.1f}"
        cells = (clock_time(request["at"]), status, request["account"] or "-", milliseconds, words)
        yield Line(cells, "" if style == GREEN else style, {1: style})


def _other_lines(event: LiveEvent, accounts: Sequence[str]) -> Iterable[Line]:
    """Yield the line of a step done by hand or refused, and of what the script and faults did."""
    if event.kind in ("frame", "request") or (event.data.get("cause") and "refusal" not in event.data):
        return  # of a step of the script, the script's own event is shown
    at = event.data.get("at")
    yield Line((clock_time(at) if at else "-", describe_event(event)), style_of(event))


_LINES = {"fill": _fill_lines, "frame": _frame_lines, "request": _request_lines, "other": _other_lines}


def _columns(columns: Sequence[Column], width: int) -> list[Column]:
    return [column for column in columns if width >= WIDE or not column.is_wide]


def _titles(columns: Iterable[Column]) -> list[str]:
    return [column.title for column in columns]


def _position_lines(rows: Iterable[Row], size: str, columns: Sequence[Column]) -> list[Line]:
    """Return the lines of positions that have this measure of size, open ones before settled and flat ones."""
    lines = []
    for row in sorted((row for row in rows if size in row), key=_is_closed):
        shown = {
            **row,
            "account": row["account"] if row["book"] == "0" else f"{row['account']}/{row['book']}",
            "profit": str(profit_of(row)[1]),
        }
        cells = [shown[each.name] if each.name in TEXTS else _short(shown[each.name]) for each in columns]
        lines.append(Line(cells, "dim" if _is_closed(row) else ""))
    return lines


def _is_closed(row: Row) -> bool:
    return not Decimal(row["size"]) if "size" in row else bool(row["settled"])


def _short(amount: str | None) -> str:
    """Return an amount with at most nine decimals and without trailing zeros, but dollars and counts with cents."""
    if amount is None:
        return "-"
    whole, _, decimals = f"{round(Decimal(amount), DECIMALS):f}".partition(".")
    if not decimals:
        return whole
    has_cents = len(amount.partition(".")[2]) in (2, 4, 6)
    kept = decimals.rstrip("0")
    return f"{whole}.{kept:0<2}" if has_cents else f"{whole}.{kept}".rstrip(".")


def _table(section: Section, room: int) -> Table:
    """Return the table of a section: its newest lines, or the first lines of a list."""
    table = Table(box=None, header_style="bold", pad_edge=False, expand=True)
    for place, title in enumerate(section.titles):
        is_last = place == len(section.titles) - 1
        is_number = title in NUMBER_TITLES
        options: dict[str, Any] = {"justify": "right" if is_number else "left"}
        options["ratio"] = 1 if is_last and not is_number else None
        table.add_column(title, no_wrap=is_number, overflow="ellipsis", **options)  # texts shrink before numbers do
    lines = list(section.lines)
    shown = lines[:room] if section.is_list else lines[-room:]
    if section.is_list and len(lines) > room:
        shown = [*lines[: room - 1], Line((f"and {len(lines) - room + 1} more",), "dim")]
    for line in shown:
        styled = ((str(cell), line.cell_styles.get(place, "")) for place, cell in enumerate(line.cells))
        cells = (Text(printable(cell), style=style, no_wrap=True, overflow="ellipsis") for cell, style in styled)
        table.add_row(*cells, style=line.style)
    return table
