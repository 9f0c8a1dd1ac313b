"""A fork is as its source was after a command, has its keys, and goes on by itself."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import Note
from mockexchange.core.exchange import Exchange
from mockexchange.core.instants import parse_instant
from mockexchange.sandbox.forks import (
    FILES_OF_KEYS,
    NO_ORIGIN,
    Until,
    exported,
    open_fork,
    open_playback,
    parse_until,
    read_source,
    source_of,
)
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_text
from mockexchange.store.codec import write_log
from mockexchange.store.log import LogError
from tests.core.dump import dump
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL, WALL, run
from tests.helpers.scripts import SECOND
from tests.sandbox.random_life import GROUPS, SCRIPTED, done_by

OPTIONS = SandboxOptions(name="fork", clock="paused", host=lambda: WALL)


async def lived(groups: list[list[str]], text: str = SCRIPTED) -> Sandbox:
    sandbox = await open_sandbox(load_text(text), SandboxOptions(clock="paused", host=lambda: WALL))
    for number, name in enumerate(name for group in groups for name in group):
        await done_by(sandbox, name, number)
    return sandbox


def replayed(sandbox: Sandbox, count: int) -> list[str]:
    """Return the state after the first commands of a log."""
    exchange: Exchange = sandbox.log.header.new_exchange()
    for record in list(sandbox.log)[:count]:
        exchange.execute(record.command, record.at)
    return dump(exchange.state)


def state_before_clock(fork: Sandbox) -> list[str]:
    """Return the state of a fork without its last command, which sets the clock."""
    last = list(fork.log)[-1].command
    assert isinstance(last, Note)
    assert last.subject == "clock"
    return replayed(fork, len(fork.log) - 1)


@settings(max_examples=examples(20), deadline=None)
@given(GROUPS, st.integers(1, 40))
def test_a_fork_is_as_its_source_was_after_a_command(groups: list[list[str]], back: int) -> None:
    async def life() -> None:
        sandbox = await lived(groups)
        at = max(1, len(sandbox.log) - back)
        for source in (source_of(sandbox), read_source(exported(sandbox))):
            fork = await open_fork(source, OPTIONS, Until(sequence=at))
            assert list(fork.log)[:at] == list(sandbox.log)[:at]
            assert replayed(fork, at) == replayed(sandbox, at)
            assert fork.clock.now() >= list(sandbox.log)[at - 1].at
        whole = await open_fork(source_of(sandbox), OPTIONS)
        assert state_before_clock(whole) == dump(sandbox.exchange.state)
        assert whole.credentials() == sandbox.credentials()
        assert (whole.clock.mode, whole.clock.now()) == ("paused", sandbox.clock.now())

    run(life())


def test_the_script_of_a_fork_goes_on() -> None:
    async def life() -> None:
        sandbox = await lived([["advance", "advance"]])
        for source in (source_of(sandbox), read_source(exported(sandbox))):
            fork = await open_fork(source, OPTIONS)
            await fork.advance(2 * SECOND)
            assert [step.fired for step in fork.script.steps] == [5, 0, 1]
            assert fork.credentials() == sandbox.credentials()
            assert all(key.private_pem for key in fork.credentials())

    run(life())


def test_a_fork_begins_at_an_instant() -> None:
    async def life() -> None:
        sandbox = await lived([["advance", "advance", "advance"]])
        at = list(sandbox.log)[-1].at - SECOND - 1
        fork = await open_fork(source_of(sandbox), OPTIONS, Until(instant=at), "5x")
        assert (fork.clock.mode, fork.clock.now(), fork.exchange.last_at <= at) == ("5x", at, True)
        assert 0 < len(fork.log) < len(sandbox.log)

    run(life())


def test_a_log_is_played_back_as_it_was() -> None:
    """Time passes by the host's clock alone, so that the log played back has no command more."""

    async def life() -> None:
        sandbox = await lived([["advance", "submit", "fault", "advance", "stub", "ask", "submit", "run", "advance"]])
        begins = sandbox.beginning.exchange_at
        now = [WALL]
        options = SandboxOptions(name="again", clock="1x", host=lambda: now[0])
        again = await open_playback(read_source(exported(sandbox)), options)
        assert len(again.log) == sandbox.beginning.history
        seen = []
        while again.script.playback:
            now[0] += SECOND // 2
            await again.run_due()
            seen.append((len(again.log), again.clock.now() - begins))
            assert all(record.at <= again.clock.now() for record in again.log)
        assert [place for _, place in seen] == [SECOND // 2 * (number + 1) for number in range(len(seen))]
        assert len({length for length, _ in seen}) > 2
        ends = len(sandbox.log)
        assert dump(again.exchange.state) == replayed(again, len(again.log))
        assert [record.at for record in again.log][:ends] == [record.at for record in sandbox.log]
        kept = [record for record in sandbox.log if getattr(record.command, "subject", "") != "clock"]
        assert [one for one in list(again.log)[:ends] if getattr(one.command, "subject", "") != "clock"] == kept
        now[0] += 3 * SECOND
        await again.run_due()
        assert again.script.steps[0].fired == sandbox.script.steps[0].fired + 3

    run(life())


def test_commands_of_a_client_are_carried_out_between_those_of_the_log() -> None:
    async def life() -> None:
        sandbox = await lived([["advance", "submit", "advance", "submit"]])
        again = await open_playback(read_source(exported(sandbox)), OPTIONS, "paused")
        await done_by(again, "submit", 7)
        await again.advance(3 * SECOND)
        deposits = [record for record in again.log if "amount_micros" in dir(record.command)]
        assert len(deposits) == len([one for one in sandbox.log if "amount_micros" in dir(one.command)]) + 1
        assert again.script.playback is None

    run(life())


def test_a_sandbox_that_ends_plays_nothing_more() -> None:
    async def life() -> None:
        sandbox = await lived([["advance", "submit"]])
        now = [WALL]
        options = SandboxOptions(name="again", clock="1x", host=lambda: now[0])
        again = await open_playback(read_source(exported(sandbox)), options)
        again.close("reset")
        now[0] += 10 * SECOND
        await again.run_due()
        assert (again.script.has_due, len(again.log)) == (False, sandbox.beginning.history)

    run(life())


def test_a_log_without_an_origin_has_no_script() -> None:
    async def life() -> None:
        sandbox = await lived([["advance", "submit"]])
        for opened in (open_playback, open_fork):
            source = read_source(write_log(sandbox.log))
            assert source.problem == NO_ORIGIN
            fork = await opened(source, OPTIONS)
            assert state_before_clock(fork) == dump(sandbox.exchange.state)
            assert (fork.script.steps, fork.clock.now()) == ([], sandbox.exchange.last_at)

    run(life())


def lines_of(text: str = SMALL) -> list[bytes]:
    return list(exported(run(open_sandbox(load_text(text), OPTIONS))))


def changed(**members: Any) -> bytes:
    return json.dumps({**json.loads(lines_of()[0]), **members}).encode()


BAD_LOGS = {
    "empty": ([], None, "got an empty file"),
    "no log": ([b"[1]\n"], None, "line 1: expected a log header"),
    "deep": ([b"[" * 9_000], None, "line 1: expected a log header"),
    "bad origin": ([changed(origin=3)], None, "line 1: its origin cannot be read"),
    "bad date": ([changed(api_date="1999")], None, "line 1: "),
    "bad clock": ([changed(clock="quick")], None, "line 1: expected a clock"),
    "bad rounding": ([changed(rounding="up", origin=None)], None, "line 1: "),
    "bad settings": ([changed(settings={"x": 1}, origin=None)], None, "line 1: "),
    "torn": ([*lines_of()[:4], lines_of()[4][:20]], None, "line 5: expected a record"),
    "gap": ([lines_of()[0], lines_of()[2]], None, "expected command 1, got 2"),
    "goes back": (
        [*lines_of()[:2], lines_of()[2].replace(b'"at":17', b'"at":16')],
        None,
        "command 2 is earlier than the one before it",
    ),
    "no command": ([lines_of()[0]], None, "the log has no command"),
    "too short": (lines_of(), Until(sequence=10_000), "commands, and none with the number 10,000"),
    "too early": (lines_of(), Until(instant=5), "the log has no command before 1970-01-01"),
}


@each_row("name", BAD_LOGS)
def test_a_log_that_cannot_be_forked_is_refused(name: str) -> None:
    lines, until, message = BAD_LOGS[name]
    with pytest.raises(LogError) as raised:
        run(open_fork(read_source(lines), OPTIONS, until))
    assert message in str(raised.value)


def test_a_log_that_was_sent_names_no_files() -> None:
    origin = json.loads(lines_of()[0])["origin"]
    own = ["text", "scenario: a\naccounts: {b: {keys: {c: {private_key: /etc/hostname}}}}\n", ""]
    of_keys = [changed(origin={**origin, "source": own}), *lines_of()[1:]]
    assert read_source(of_keys, is_sent=True).problem == FILES_OF_KEYS
    assert [spec.name for spec in read_source(of_keys).plan.keys] == ["c"]
    of_lines = [changed(origin={**origin, "source": ["lines", "/etc/hostname", ""]}), *lines_of()[1:]]
    assert "its script does not go on" in read_source(of_lines, is_sent=True).problem
    assert "its scenario cannot be read" in read_source(of_lines).problem


@each_row("text", ["0", "-1", "soon", "", "9" * 30, "1e3"])
def test_the_end_of_a_fork_is_a_number_or_an_instant(text: str) -> None:
    with pytest.raises(ValueError, match="expected the number of a command"):
        parse_until(text)
    assert parse_until("2026-06-01T12:00:00Z") == Until(instant=parse_instant("2026-06-01T12:00:00Z"))
