"""Write docs/wire.md: dates and source of every operation, field, parameter and error, from the server's tables."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from mockexchange.venues.dated_fields import ALWAYS, COMPAT_ONLY, FOREVER, DatedRow
from mockexchange.venues.kalshi.named_days import ALIASES, SOURCES
from mockexchange.venues.kalshi.wire_sections import sections
from mockexchange.venues.wire_diff import READS, Facts, Section

TARGET = Path(__file__).parents[1] / "docs" / "wire.md"
HEAD = """\
# The wire, row by row

Every operation, key, parameter and error that the server knows, with the days on which it came and went and where that
is known from. A row holds from the first day on and up to the day before the second; no day means always. The server is
compiled from these very tables; this page is written by `python -m tools.write_wire_page`, and
`mockexchange api diff A B` prints what changed between two dates. What is 403 or 410 is refused with any key.

"""


def render() -> str:
    return HEAD + "\n".join([*_dates(), *_sources(), *(line for one in sections() for line in _section(one))])


def _dates() -> Iterator[str]:
    yield "| API date | day |\n|---|---|"
    yield from (f"| `{alias}` | {day} |" for alias, day in ALIASES.items())
    yield ""


def _sources() -> Iterator[str]:
    yield "| source | what it is |\n|---|---|"
    yield from (f"| {label} | {words} |" for label, words in SOURCES.items())
    yield ""


DAYS_WITH_NAMES = {ALWAYS: "", FOREVER: "", COMPAT_ONLY: "compat alone"}


def _section(section: Section) -> Iterator[str]:
    yield f"## {section.title}\n"
    yield "| name | what | from | until | source |\n|---|---|---|---|---|"
    for row in _in_order(section.rows):
        days = " | ".join(DAYS_WITH_NAMES.get(day, day) for day in (row.since, row.until))
        yield f"| `{row.name}` | {_words(section.describe(row))} | {days} | {row.source} |"
    yield ""


def _in_order(rows: Iterable[DatedRow]) -> list[DatedRow]:
    """Return the rows sorted by name; codes are sorted as numbers."""
    return sorted(rows, key=lambda row: (int(row.name) if row.name.isdigit() else 0, row.name, row.since))


def _words(facts: Facts) -> str:
    return ", ".join(f"{aspect} {value}".strip() for aspect, value in facts.items() if aspect != READS)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
