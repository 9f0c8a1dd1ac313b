"""A log in memory whose oldest records are compressed is the same log."""

import asyncio

import pytest

from mockexchange.core.vocabulary import FeeRounding
from mockexchange.sandbox import opening
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions, new_log
from mockexchange.scenario.loader import load_text
from mockexchange.store.codec import write_log
from mockexchange.store.log import Cause, LogConflict, Record
from mockexchange.store.memory_log import BLOCK_RECORDS, MemoryLog
from tests.commands.examples import EXAMPLES
from tests.helpers.rows import each_row

HEADER = new_log(load_text("scenario: empty"), SandboxOptions(), FeeRounding.GRID).header
COMMANDS = [one.command for one in EXAMPLES]
COUNT = 3 * BLOCK_RECORDS + 100
RECORDS = [
    Record(number + 1, number * 7, COMMANDS[number % len(COMMANDS)], Cause("step", number) if number % 5 == 0 else None)
    for number in range(COUNT)
]


def packed(kept: int = 100) -> MemoryLog:
    log = MemoryLog(HEADER)
    log.extend_now(RECORDS)
    log.pack(kept)
    return log


@each_row("kept", [0, 100, 101, 400, COUNT])
def test_its_records_are_the_same(kept: int) -> None:
    log = packed(kept)
    assert len(log) == COUNT
    assert list(log) == RECORDS
    for after in (0, 1, BLOCK_RECORDS - 1, BLOCK_RECORDS, 700, COUNT - 1, COUNT, COUNT + 9):
        assert list(log.records(after)) == RECORDS[after:]
        for count in (0, 1, BLOCK_RECORDS, 300, COUNT):
            assert list(log.records(after, count)) == RECORDS[after : after + count]


def test_its_lines_are_the_same() -> None:
    whole = MemoryLog(HEADER)
    whole.extend_now(RECORDS)
    assert list(write_log(packed(), after=5)) == list(write_log(whole, after=5))


def test_records_are_appended_to_it_and_replaced_in_it() -> None:
    log, expected = packed(), list(RECORDS)
    more = Record(COUNT + 1, 9, COMMANDS[0])
    asyncio.run(log.append([more], "nonce"))
    asyncio.run(log.append([more], "nonce"))
    with pytest.raises(LogConflict, match=f"expected record {COUNT + 2}, got {COUNT + 1}"):
        asyncio.run(log.append([more], "another"))
    expected.append(more)
    for number in (1, BLOCK_RECORDS, BLOCK_RECORDS + 1, COUNT, COUNT + 1):
        expected[number - 1] = Record(number, 5, COMMANDS[1])
        asyncio.run(log.replace(expected[number - 1]))
    assert list(log) == expected


def test_a_reader_sees_what_is_appended_meanwhile() -> None:
    log = packed()
    reader = log.records()
    assert [next(reader) for _ in RECORDS] == RECORDS
    more = Record(COUNT + 1, 9, COMMANDS[0])
    log.append_now(more)
    assert list(reader) == [more]


def test_the_history_of_a_long_scenario_is_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SLICE_S", 0)
    steps = ", ".join(["{deposit: {account: alice, amount: 1}}"] * 2_000)
    plan = load_text(f"scenario: long\naccounts: {{alice: {{cash: 5}}}}\nhistory: [{steps}]\n")

    def lines() -> list[bytes]:
        sandbox = asyncio.run(open_sandbox(plan, SandboxOptions()))
        assert isinstance(sandbox.log, MemoryLog)
        assert bool(sandbox.log._blocks) == (opening.PROGRESS_EVERY < 2_000)
        return list(write_log(sandbox.log))

    whole = lines()
    monkeypatch.setattr(opening, "PROGRESS_EVERY", 500)
    assert lines() == whole
