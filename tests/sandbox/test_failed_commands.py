"""A command that raises in the middle changes nothing: an exception is raised at every statement of the core."""

import asyncio
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import mockexchange.core.derivatives.handlers  # else its lines would be statements of the first command that loads it
from mockexchange.core.commands import Command, Note
from mockexchange.core.exchange import HANDLERS
from mockexchange.core.invariants import violations
from mockexchange.core.model.state import State
from mockexchange.core.refusals import Refusal
from mockexchange.replay import Replay
from mockexchange.sandbox.interface import CommandFailed
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_text
from mockexchange.store.codec import write_log
from tests.commands.examples import BEGINS_AT, HISTORIES
from tests.core.dump import dump
from tests.helpers.rows import each_row

pytestmark = pytest.mark.untraced

CORE = str(Path(mockexchange.core.__file__).parent)
Place = tuple[str, int]


class Mistake(Exception):
    """An exception that no handler expects."""


class Tracer:
    """Notes the statements of the core that run, and raises at one of them."""

    def __init__(self, raises_at: Place | None = None) -> None:
        self.places: dict[Place, None] = {}
        self._raises_at = raises_at

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._line if frame.f_code.co_filename.startswith(CORE) else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            place = (frame.f_code.co_filename, frame.f_lineno)
            if place == self._raises_at:
                raise Mistake
            self.places[place] = None
        return self._line


@contextmanager
def traced(tracer: Tracer) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        yield
    finally:
        sys.settrace(before)


@cache
def statements() -> dict[str, list[list[Place]]]:
    """Return for each command of each history the statements that it is the first to run."""
    known = set[Place]()
    found: dict[str, list[list[Place]]] = {name: [] for name in HISTORIES}
    for history in HISTORIES.values():
        asyncio.run(play(history))  # modules that a command imports when it is first used run their statements once
    for name, history in HISTORIES.items():
        exchange = asyncio.run(play([])).exchange
        for place, command in enumerate(history):
            tracer = Tracer()
            with traced(tracer):
                outcome = exchange.execute(command, BEGINS_AT + place)
            assert not isinstance(outcome, Refusal), (command, outcome)
            found[name].append([one for one in tracer.places if one not in known])
            known.update(tracer.places)
    return found


def picture(state: State) -> bytes:
    """Return the state as bytes, without its sequence: the same bytes are the same state, and quicker than `dump`."""
    return pickle.dumps([getattr(state, name) for name in State.__slots__ if name != "sequence"])


async def play(commands: list[Command]) -> Sandbox:
    sandbox = await open_sandbox(
        load_text("scenario: empty\nstart: 2025-11-04T12:00:00Z"),
        SandboxOptions(clock="paused", host=lambda: BEGINS_AT),
    )
    for place, command in enumerate(commands):
        await sandbox.submit(command, BEGINS_AT + place)
    return sandbox


async def fail_everywhere(history: list[Command], place: int, statements: list[Place]) -> Sandbox:
    """Let the command at a place of a history fail at each of these statements, and then work."""
    sandbox, command = await play(history[:place]), history[place]
    state, sequence = sandbox.exchange.state, place
    before, lines = picture(state), dump(state)
    for one in statements:
        with traced(Tracer(one)), pytest.raises(CommandFailed, match="Mistake"):
            await sandbox.submit(command, BEGINS_AT + place)
        sequence += 1
        assert state.sequence == len(sandbox.log) == sequence
        if picture(state) != before:
            assert dump(state) == lines, f"{type(command).__name__} failed at {one} and left traces"
    assert not isinstance(await sandbox.submit(command, BEGINS_AT + place), Refusal)
    assert violations(state) == []
    return sandbox


@each_row("name", HISTORIES)
def test_a_command_that_raises_at_any_statement_changes_nothing(name: str) -> None:
    history = HISTORIES[name]
    failing = [(place, places) for place, places in enumerate(statements()[name]) if places]
    for place, places in failing:
        sandbox = asyncio.run(fail_everywhere(history, place, places))
        replay = Replay(write_log(sandbox.log))
        assert sum(isinstance(record.command, Note) for record, _ in replay) >= len(places)
        assert dump(replay.exchange.state) == dump(sandbox.exchange.state)


def test_every_kind_of_command_is_played() -> None:
    assert {type(command) for history in HISTORIES.values() for command in history} == set(HANDLERS)
