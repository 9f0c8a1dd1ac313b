"""docs/scenarios.md names every word there is, and every step it shows can be read."""

import asyncio
import re
from collections.abc import Iterator

from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.schema import ACCOUNT, HEADER_FIELDS, INSTRUMENT, KEY, MARKET
from mockexchange.scenario.script_entries import ACTIONS, TIMINGS, TRIGGERS
from mockexchange.scenario.steps import STEP, STEPS
from mockexchange.venues.registry import VENUES
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

PAGE = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")


def rows() -> Iterator[tuple[str, str, str]]:
    """The lines of the step tables: the steps, their keys, and an example."""
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 3 and cells[2].startswith("`") and ": {" in cells[2]:
            yield cells[0], cells[1], cells[2].rstrip("| ").strip("`")


ROWS = {name: (keys, example) for names, keys, example in rows() for name in re.findall(r"`(\w+)`", names)}


def test_every_step_has_a_line() -> None:
    assert set(ROWS) == set(STEPS)


@each_row("name", [name for name in STEPS if name not in ("series", "event", "market")])
def test_every_key_of_a_step_is_in_its_line(name: str) -> None:
    words = set(re.findall(r"\w+", ROWS[name][0]))
    assert set(STEPS[name].names) <= words


@each_row("example", sorted({example for _, example in ROWS.values()}))
def test_every_example_can_be_read(example: str) -> None:
    if "BEGIN …" not in example:
        STEP.read(read_yaml(example, "docs/scenarios.md"), "")


def test_every_word_of_the_top_level_and_of_a_market_is_named() -> None:
    words = set(re.findall(r"\w+", PAGE))
    assert set(HEADER_FIELDS) <= words
    assert set(MARKET.fields) <= words


def test_every_word_of_an_instrument_is_named() -> None:
    words = set(re.findall(r"\w+", PAGE))
    assert set(INSTRUMENT.fields) <= words
    assert {*ACCOUNT.fields, *KEY.fields} <= words


@each_row("name", [name for name, venue in VENUES.items() if venue.scenario.switches])
def test_the_table_of_a_venue_has_its_switches_and_their_words(name: str) -> None:
    [table] = re.findall(rf"\| under `{name}` \| values .*\n(?:\|.*\n)+", PAGE)
    rows = {word: line for line in table.splitlines()[2:] for word in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert set(rows) == set(VENUES[name].scenario.switches)
    for word, switch in VENUES[name].scenario.switches.items():
        assert all(f"`{value}`" in rows[word] for value in getattr(switch, "words", ()))


@each_row("name", [name for name, venue in VENUES.items() if venue.scenario.switches])
def test_what_is_shown_first_of_a_switch_is_what_it_is_without(name: str) -> None:
    [table] = re.findall(rf"\| under `{name}` \| values .*\n(?:\|.*\n)+", PAGE)
    rows = [[re.findall(r"`(\w+)`", cell) for cell in line.split("|")[1:3]] for line in table.splitlines()[2:]]
    shown = {word: values[place if len(words) > 1 else 0] for words, values in rows for place, word in enumerate(words)}
    settings = load_text(f"scenario: s\n{name}: {{{', '.join(map(': '.join, shown.items()))}}}\n").settings[name]
    assert settings == VENUES[name].scenario.settings()


@each_row("name", [name for name, venue in VENUES.items() if venue.scenario.data])
def test_the_table_of_a_venues_objects_has_their_keys(name: str) -> None:
    [table] = re.findall(rf"\| under `{name}` \| keys .*\n(?:\|.*\n)+", PAGE)
    rows = {line.split("`")[1]: line for line in table.splitlines()[2:]}
    assert set(rows) == set(VENUES[name].scenario.data)
    for word, data in VENUES[name].scenario.data.items():
        assert all(f"`{column.name}`" in rows[word] for column in data.columns)


def test_the_objects_that_are_shown_can_be_read() -> None:
    [shown] = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if block.startswith("kalshi:")]
    assert load_text(f"scenario: shown\n{shown}").settings["kalshi"].data


def test_the_accounts_and_instruments_that_are_shown_can_be_used() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    accounts, instruments = (next(one for one in blocks if key in one) for key in ("venue: deribit", "instruments:"))
    plan = load_text(f"scenario: shown\nstart: 2025-10-16\n{instruments}{accounts}")
    asyncio.run(open_sandbox(plan, SandboxOptions(clock="paused")))


MARKETS = "markets: {KXHIGHCHI-25NOV05-B60: {event: KXHIGHCHI-25NOV05, series: KXHIGHCHI}}\n"


def test_the_script_that_is_shown_can_be_read_and_has_one_of_each() -> None:
    [shown] = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if block.startswith("script:")]
    script = load_text(f"scenario: shown\naccounts: {{alice: {{}}}}\n{MARKETS}{shown}").script
    assert {entry.when.kind for entry in script if entry.when} == set(TRIGGERS)
    words = set(re.findall(r"\w+", PAGE))
    assert {*ACTIONS, *TIMINGS, *(key for record in TRIGGERS.values() for key in record.fields)} <= words
