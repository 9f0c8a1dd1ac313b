"""Nothing undocumented, nothing missing: the tables of messages against the list of wire facts."""

import json
from collections.abc import Iterator

import pytest

from mockexchange.venues.dated_fields import Field, Nested, pick
from mockexchange.venues.kalshi.frames import FRAMES
from mockexchange.venues.kalshi.named_days import api_date
from tests.helpers.rows import each_row
from tests.venues.kalshi.frames.facts import OF_RFQS, Fact, Table, frames, read_kept, tables, trimmed
from tests.venues.kalshi.frames.frame_texts import body
from tests.venues.kalshi.frames.test_golden_frames import SINCE, messages
from tests.venues.kalshi.stream.protocol_facts import full_facts

SHAPES = (("integer", "number"), ("number", "number"), ("boolean", "boolean"), ("list", "array"), ("JSON", "object"))
# Message, generation, difference: what is otherwise on purpose.
DELIBERATE = {
    ("ticker", "2025-11", "Clock: missing"): "seen once, never documented, and nobody knows what it tells",
}


def shape_of(field: Field) -> str:
    spelling = field.spelling
    if isinstance(spelling, Nested):
        return "array" if spelling.is_list else "object"
    return next((shape for words, shape in SHAPES if spelling.kind.startswith(words)), "string")


def differences(table: Table) -> Iterator[str]:
    """What is said otherwise; a key that is always sent may be optional."""
    ours = pick(FRAMES[table.kind], api_date(table.generation))
    yield from (f"{name}: missing" for name in table.fields.keys() - ours.keys())
    yield from (f"{name}: undocumented" for name in ours.keys() - table.fields.keys())
    for name in sorted(ours.keys() & table.fields.keys()):
        mine, theirs = Fact(shape_of(ours[name]), ours[name].empty == "never"), table.fields[name]
        if mine.shape != theirs.shape:
            yield f"{name}: {mine.shape}, not {theirs.shape}"
        if theirs.is_required and not mine.is_required:
            yield f"{name}: optional"


@each_row("table", tables(), ids=lambda table: f"{table.kind}-{table.generation}")
def test_the_tables_say_what_the_list_says(table: Table) -> None:
    assert [one for one in differences(table) if (table.kind, table.generation, one) not in DELIBERATE] == []


def test_every_deliberate_difference_is_one() -> None:
    found = {(table.kind, table.generation, one) for table in tables() for one in differences(table)}
    assert DELIBERATE.keys() <= found


def test_every_message_is_in_the_list() -> None:
    listed = {(table.kind, table.generation) for table in tables()}
    gathered = FRAMES.keys() - OF_RFQS
    assert {kind for kind, _ in listed} == gathered
    early = {kind for kind in gathered if kind not in SINCE and "lifecycle" not in kind}
    assert {kind for kind, generation in listed if generation == "2025-11"} == early


def test_the_kept_part_is_the_one_of_the_full_list() -> None:
    full = full_facts()
    if full is None:
        pytest.skip("the full list is not here")
    assert read_kept() == trimmed(full), "run: python -m tests.venues.kalshi.frames.facts"


@each_row("name", sorted(messages()))
def test_what_the_list_requires_is_sent(name: str) -> None:
    message = messages()[name]
    for table in tables():
        if table.kind == message.kind:
            sent = json.loads(body(message, table.generation))
            required = {field for field, fact in table.fields.items() if fact.is_required}
            assert required <= sent.keys() <= table.fields.keys()


def test_a_difference_is_found() -> None:
    (table,) = [one for one in tables() if (one.kind, one.generation) == ("fill", "2026-10")]
    wrong = {
        **table.fields,
        "ts": Fact("string", True),
        "client_order_id": Fact("string", True),
        "more": table.fields["ts"],
    }
    del wrong["book_side"]
    assert set(differences(table._replace(fields=wrong))) == {
        "ts: number, not string",
        "client_order_id: optional",
        "more: missing",
        "book_side: undocumented",
    }
    assert frames("fill")
