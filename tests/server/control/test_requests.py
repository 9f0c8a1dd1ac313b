"""Long bodies are read beside the loop, which turns for each piece of them; nothing here is measured in seconds."""

import asyncio
import gc
import json
from collections.abc import Callable
from typing import Any

from mockexchange.sandbox.forks import read_source
from mockexchange.scenario.loader import load_object, load_text
from mockexchange.scenario.located_text import Located, let_go, located_json
from mockexchange.scenario.long_json import WINDOW_CHARS
from mockexchange.scenario.loop_turns import ITEMS_PER_TURN, giving_turns
from mockexchange.scenario.steps import LEVELS_MAX
from mockexchange.server.control.requests import beside_loop
from mockexchange.server.control.sandbox_creation import parse_creation
from mockexchange.server.control.sandboxes import read_steps
from mockexchange.store.codec import write_log
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make
from tests.helpers.turns import turns_during

BIDS, ASKS = ([[f"{first + place}", "10"] for place in range(LEVELS_MAX)] for first in (1, LEVELS_MAX + 1))
ACCOUNTS = {f"account-{place}": {"cash": "5"} for place in range(4_000)}
PAID = [{"deposit": {"account": "alice", "amount": "1", "payment": f"p{place}"}} for place in range(5_000)]
HISTORY = "".join(f"- deposit: {json.dumps(step['deposit'])}\n" for step in PAID)
SANDBOX = make(f"scenario: paid\naccounts: {{alice: {{}}}}\nhistory:\n{HISTORY}")


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def parsed(raw: bytes) -> Located:
    return located_json(raw, "", 0)


def planned(raw: bytes) -> object:
    return parse_creation({"scenario": parsed(raw)})


# name: what is read, how, and the turns of which there is one for each piece of it at least
ROWS: dict[str, tuple[bytes, Callable[[bytes], object], int]] = {
    "numbers": (b"[" + b"1234567," * 100_000 + b"1]", parsed, 800_000 // WINDOW_CHARS),
    "small objects": (b"[" + b"{}," * 100_000 + b"{}]", parsed, 300_000 // WINDOW_CHARS),
    "lists": (b"[" + b"[[]]," * 100_000 + b"[]]", parsed, 500_000 // WINDOW_CHARS),
    "one text": (b'["' + b"\\u00e9" * 100_000 + b'"]', parsed, 600_000 // WINDOW_CHARS),
    "levels": (
        as_json([{"quote": {"instrument": "X", "bids": BIDS, "asks": ASKS}}]),
        lambda raw: read_steps(parsed(raw)),
        2 * LEVELS_MAX // ITEMS_PER_TURN + 300_000 // WINDOW_CHARS,
    ),
    "steps": (
        as_json(PAID),
        lambda raw: read_steps(parsed(raw)),
        len(PAID) // ITEMS_PER_TURN + 350_000 // WINDOW_CHARS,
    ),
    "accounts": (
        as_json({"scenario": "s", "accounts": ACCOUNTS}),
        planned,
        len(ACCOUNTS) // ITEMS_PER_TURN + 100_000 // WINDOW_CHARS,
    ),
    "a long scalar of YAML": (
        b"scenario: s\ntitle: '" + b"a " * 400_000 + b"'\n",
        lambda raw: load_text(raw.decode()),
        800_000 // WINDOW_CHARS,
    ),
    "a history of YAML": (
        b"scenario: s\naccounts: {alice: {}}\nhistory:\n" + HISTORY.encode(),
        lambda raw: load_text(raw.decode()),
        300_000 // WINDOW_CHARS + len(PAID) // ITEMS_PER_TURN,
    ),
    "what names a scenario": (
        as_json({"scenario": "s", "accounts": {"alice": {}}, "history": PAID}),
        lambda raw: load_object(parsed(raw)).digest,
        350_000 // WINDOW_CHARS + len(PAID) // ITEMS_PER_TURN + len(PAID) * 6 // 4_096,
    ),
    "an exported log": (
        b"".join(write_log(SANDBOX.log)),
        lambda raw: list(read_source(raw.splitlines(keepends=True)).records),
        len(PAID) // ITEMS_PER_TURN,
    ),
    "what is freed": (as_json(PAID), lambda raw: let_go(parsed(raw)), 350_000 // WINDOW_CHARS + len(PAID) * 6 // 9_000),
}


@each_row("name", ROWS)
def test_the_loop_turns_for_each_piece_of_a_long_document(name: str) -> None:
    raw, read, pieces = ROWS[name]
    assert asyncio.run(turns_during(lambda: beside_loop(lambda: read(raw)))) >= pieces


def test_the_collector_walks_no_document_that_is_being_read() -> None:
    """Each of its walks would hold the interpreter for as long as the document has values."""
    was_collecting: list[bool] = []

    def work() -> None:
        was_collecting.append(gc.isenabled())

    asyncio.run(beside_loop(work))
    assert (was_collecting, gc.isenabled()) == ([False], True)


def test_an_end_of_the_loop_does_not_keep_the_thread() -> None:
    """The loop ends while a thread reads: what it waits for would never come."""

    def work() -> Located:
        return parsed(ROWS["numbers"][0])

    async def scene() -> None:
        reading = asyncio.ensure_future(beside_loop(work))
        await asyncio.sleep(0)
        reading.cancel()

    asyncio.run(scene())


def test_what_is_still_referred_to_stays_whole() -> None:
    root = parsed(b'{"kept": {"a": [1, {"b": 2}]}, "gone": [[1]]}')
    assert isinstance(root.value, dict)
    kept = root.value["kept"]
    let_go(root)
    assert not root.value
    assert repr(kept) == repr(parsed(b'{"a": [1, {"b": 2}]}'))


def test_a_reader_beside_no_loop_waits_for_nothing() -> None:
    waits = 0

    def wait() -> None:
        nonlocal waits
        waits += 1

    with giving_turns(wait):
        parsed(ROWS["lists"][0])
    assert waits > 0
    before = waits
    parsed(ROWS["lists"][0])
    assert waits == before
