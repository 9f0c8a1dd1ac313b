"""Scripts in a sandbox: the times of steps, their triggers, and their commands in the log."""

import asyncio
import re

import pytest

from mockexchange.core.commands import Announce, Note
from mockexchange.replay import Replay
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import DEFAULT, SandboxOptions
from mockexchange.sandbox.sandboxes import Sandboxes, Slot
from mockexchange.sandbox.script import script as runner
from mockexchange.sandbox.script.schedule import ScriptOverrun, ScriptTooLong
from mockexchange.sandbox.state_json.accounts import positions_of
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.script_entries import SCRIPT
from mockexchange.store.codec import write_log
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL, WALL, do, run, signed
from tests.helpers.scripts import BUY, BUY_FOR_ANYONE, MS, REST, SAY, SECOND, advance, details_of, fired, scripted
from tests.helpers.stream_reader import Reader

# --- when

SAYING = f"name: s, {SAY}"
TIMES: list[tuple[str, list[int]]] = [
    (SAYING, [0]),
    (f"after: 250ms, {SAYING}", [250]),
    (f"every: 400ms, {SAYING}", [0, 400, 800, 1200, 1600, 2000]),
    (f"after: 1s, every: 400ms, times: 2, {SAYING}", [1000, 1400]),
    (f"times: 3, {SAYING}", [0, 0, 0]),
    (f"at: 2025-11-04T12:00:01Z, {SAYING}", [997]),
    (f'at: "2025-11-04T12:00:01Z", every: 1s, {SAYING}', [997, 1997]),
    (f"at: 2024-01-01T00:00:00Z, every: 1s, {SAYING}", [0, 1000, 2000]),
    (f"after: 5s, {SAYING}", []),
]


@each_row(("entry", "wanted"), TIMES)
def test_a_step_happens_at_its_own_instants(entry: str, wanted: list[int]) -> None:
    sandbox = scripted(entry)
    advance(sandbox, 2 * SECOND)
    assert fired(sandbox) == [("s", number, at) for number, at in enumerate(wanted, start=1)]
    assert sandbox.clock.now() == sandbox.plan.start + 3 * MS + 2 * SECOND


def test_what_is_due_when_the_sandbox_begins_has_happened_before_anybody_asks() -> None:
    sandbox = scripted(SAY)
    assert [type(record.command) for record in sandbox.log][-1] is Announce


def test_a_paused_clock_shows_the_instant_of_the_running_step() -> None:
    sandbox = scripted(f"after: 250ms, every: 250ms, times: 3, {BUY}")
    reader = Reader(sandbox)
    reader.subscribe("fill")
    begun = sandbox.clock.now()
    advance(sandbox, SECOND)
    frames = [entry for entry in sandbox.journal.frames if entry.kind == "fill"]
    assert [(entry.at - begun) // MS for entry in frames] == [250, 500, 750]


SEQUENCE = f"sequence: [{{{SAY}}}, {{after: 100ms, times: 2, every: 50ms, {SAY}}}, {{{SAY}}}]"
SEQUENCES = [
    (f"name: s, {SEQUENCE}", [("s[0]", 0), ("s[1]", 100), ("s[1]", 150), ("s[2]", 150)]),
    (
        f"name: s, times: 2, {SEQUENCE}",
        [(f"s[{part}]", at) for part, at in zip((0, 1, 1, 2) * 2, (0, 100, 150, 150, 150, 250, 300, 300), strict=True)],
    ),
    (f"name: s, every: 1s, times: 2, sequence: [{{after: 10ms, {SAY}}}]", [("s[0]", 10), ("s[0]", 1010)]),
    (
        f"name: s, sequence: [{{times: 2, sequence: [{{{SAY}}}, {{after: 10ms, name: in, {SAY}}}]}}, {{{SAY}}}]",
        [("s[0][0]", 0), ("in", 10), ("s[0][0]", 10), ("in", 20), ("s[1]", 20)],
    ),
]


@each_row(("entry", "wanted"), SEQUENCES)
def test_a_sequence_does_one_thing_after_the_other(entry: str, wanted: list[tuple[str, int]]) -> None:
    sandbox = scripted(entry)
    advance(sandbox, 2 * SECOND)
    assert [(name, at) for name, _, at in fired(sandbox)] == wanted
    assert [step.state for step in sandbox.script.steps] == ["done"]


def test_steps_of_one_instant_happen_in_the_order_of_the_script() -> None:
    sandbox = scripted(
        f"name: a, after: 2s, {SAY}", f"name: b, every: 1s, times: 3, {SAY}", f"name: c, after: 2s, {SAY}"
    )
    advance(sandbox, 2 * SECOND)
    assert [name for name, _, _ in fired(sandbox)] == ["b", "b", "a", "b", "c"]


def test_a_command_from_outside_finds_done_what_was_due_before_it() -> None:
    host = [0]
    sandbox = scripted(f"after: 1s, {SAY}", clock="1x", host=lambda: host[0])
    host[0] += 2 * SECOND
    assert sandbox.script.has_due
    do(sandbox, Note(subject="outside", text=""))
    *_, scripted_one, outside = sandbox.log
    assert (type(scripted_one.command), type(outside.command)) == (Announce, Note)
    assert outside.at - scripted_one.at == SECOND
    assert (scripted_one.cause is None, outside.cause) == (False, None)


@each_row(("seconds", "delay"), [(0, 1_000_000), (1, 0), (5, 0)])
def test_the_host_delay_is_the_time_to_the_next_step(seconds: int, delay: int) -> None:
    host = [0]
    sandbox = scripted(f"after: 10s, {SAY}", clock="10x", host=lambda: host[0])
    host[0] += seconds * SECOND
    assert sandbox.host_delay_us() == delay
    assert scripted(f"after: 10s, {SAY}").host_delay_us() is None
    assert scripted().host_delay_us() is None


def test_a_clock_put_to_real_goes_through_what_is_due_until_now() -> None:
    sandbox = scripted(f"name: s, every: 24h, times: 3, {SAY}")
    run(sandbox.run_clock("real"))
    assert [at for _, _, at in fired(sandbox)] == [0, 86_400_000, 2 * 86_400_000]
    assert sandbox.clock.now() == sandbox.options.host()


def test_another_scale_goes_on_from_where_time_is() -> None:
    host = [0]
    sandbox = scripted(f"after: 1s, {SAY}", host=lambda: host[0])
    begun = sandbox.clock.now()
    run(sandbox.run_clock("10x"))
    assert (fired(sandbox), sandbox.host_delay_us()) == ([], 100_000)
    host[0] += SECOND
    assert sandbox.clock.now() == begun + 10 * SECOND
    with pytest.raises(ValueError, match="backwards"):
        run(sandbox.run_clock("backwards"))
    with pytest.raises(ValueError, match="never goes back"):
        run(sandbox.advance(-1))


# --- too much


def test_too_many_steps_at_once_are_an_error_and_time_stands_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "DUE_MAX", 100)
    sandbox = scripted(f"name: hasty, after: 1ms, every: 1ms, {SAY}", f"name: once, {SAY}")
    begun = sandbox.clock.now()
    with pytest.raises(
        ScriptOverrun, match=r"more than 100 steps are due at once: stopped at 2.*Z, .* from there; hasty .* 100 times"
    ):
        advance(sandbox, SECOND)
    assert sandbox.clock.now() - begun == 100 * MS
    advance(sandbox, 20 * MS)
    assert len(fired(sandbox)) == 1 + 120


def test_the_bound_of_one_advance_is_a_hundred_thousand_steps() -> None:
    assert runner.DUE_MAX == 100_000


def test_what_is_due_and_too_much_is_left_for_later_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "DUE_MAX", 100)
    sandbox = scripted(f"times: 150, {SAY}")
    assert len(fired(sandbox)) == 100
    [(name, detail)] = details_of(sandbox, "finding")
    assert (name, detail["text"][:35]) == ("script[0]", "more than 100 steps are due at once")
    run(sandbox.run_due())
    assert (len(fired(sandbox)), sandbox.script.has_due) == (150, False)


def test_a_client_that_sets_off_without_end_is_not_served_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "RUNS_MAX", 3)
    others = [f"after: {number}h, {SAY}" for number in range(3)]
    sandbox = scripted(f"when: {{request: {{nth: each}}}}, after: 1h, {SAY}", *others)

    async def ask(times: int) -> None:
        for _ in range(times):
            sandbox.answer(signed(sandbox))

    for done in (3, 6):
        run(ask(5))
        assert (sandbox.script.steps[0].runs, len(details_of(sandbox, "trigger"))) == (3, done)
        assert "not set off: 3 steps wait already" in details_of(sandbox, "finding")[0][1]["text"]
        advance(sandbox, 3600 * SECOND)
    assert len(details_of(sandbox, "finding")) == 4
    run(ask(3))
    run(sandbox.script.clear())
    run(sandbox.script.add(SCRIPT.read(read_yaml(f"[{{when: {{request: {{}}}}, {SAY}}}]", "more"), "")))
    run(ask(1))
    assert len(details_of(sandbox, "trigger")) == 10


def test_a_script_has_room_for_so_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "ENTRIES_MAX", 2)
    sandbox = scripted(SAY)
    entries = SCRIPT.read(read_yaml(f"[{{{SAY}}}, {{{SAY}}}]", "more"), "")
    with pytest.raises(ScriptTooLong, match="at most 2 steps"):
        run(sandbox.script.add(entries))
    assert len(sandbox.script.steps) == 1


# --- the whole


def test_steps_can_be_added_while_it_runs_and_their_time_begins_then() -> None:
    sandbox = scripted(SAY)
    advance(sandbox, SECOND)
    run(
        sandbox.script.add(
            SCRIPT.read(read_yaml(f"[{{after: 1s, {SAY}}}, {{name: mine, after: 2s, {SAY}}}]", "more"), "")
        )
    )
    advance(sandbox, 5 * SECOND)
    assert fired(sandbox) == [("script[0]", 1, 0), ("script[1]", 1, 2000), ("mine", 1, 3000)]


def test_many_steps_that_are_added_at_once_are_made_in_slices_and_keep_their_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "MADE_AT_ONCE", 2)
    entries = SCRIPT.read(read_yaml(f"[{{{SAY}}}, {{{SAY}}}, {{{SAY}}}]", "more"), "")
    sandbox = scripted(SAY)

    async def life() -> list[list[str]]:
        adding = asyncio.gather(*(sandbox.script.add(entries) for _ in range(3)))
        await asyncio.sleep(0)
        assert len(sandbox.script.steps) == 1, "all or none"
        return [[step.name for step in added] for added in await adding]

    names = [f"script[{place}]" for place in range(1, 10)]
    assert run(life()) == [names[:3], names[3:6], names[6:]]
    assert [step.place for step in sandbox.script.steps] == list(range(10))


def test_prepared_steps_get_other_places_after_those_of_another_writer() -> None:
    entries = SCRIPT.read(read_yaml(f"[{{{SAY}}}, {{{SAY}}}]", "more"), "")

    async def places(first_place: int) -> list[int]:
        adding = runner.Additions()
        await adding.prepare("text", entries, 3)
        assert adding.take_prepared("text", 7, first_place) is not None
        assert adding.take_prepared("text", 7, first_place) is None
        return [step.place for step in adding.take_added(7)]

    assert [run(places(first)) for first in (3, 5)] == [[3, 4], [5, 6]]


def test_a_step_has_a_state() -> None:
    sandbox = scripted(
        SAY,
        f"after: 1s, {SAY}",
        f"when: {{request: {{account: alice}}}}, {SAY}",
        f"when: {{request: {{nth: each}}}}, after: 1s, times: 2, {SAY}",
        f"when: {{request: {{}}}}, {SAY}",
    )
    steps = sandbox.script.steps
    assert [step.state for step in steps] == ["done", "scheduled", "waiting", "waiting", "waiting"]
    sandbox.answer(signed(sandbox))
    run(sandbox.run_due())
    assert [step.state for step in steps] == ["done", "scheduled", "done", "scheduled", "waiting"]
    advance(sandbox, 500 * MS)
    sandbox.answer(signed(sandbox))
    run(sandbox.run_due())
    assert sandbox.script.next_instants()[3] == sandbox.clock.now() + 500 * MS
    advance(sandbox, SECOND)
    assert [step.state for step in steps] == ["done", "done", "done", "waiting", "waiting"]
    assert [step.fired for step in steps] == [1, 1, 1, 4, 1]
    assert not sandbox.script.is_done


def test_a_reset_begins_the_script_again() -> None:
    async def life() -> tuple[list[bytes], list[bytes]]:
        sandboxes = Sandboxes()
        plan = load_text(SMALL + f"script:\n  - {{every: 1s, times: 3, {SAY}}}\n")
        sandboxes.add(Slot(await open_sandbox(plan, SandboxOptions(clock="paused", host=lambda: WALL))))
        logs = []
        for _ in range(2):
            await sandboxes.get(DEFAULT).sandbox.advance(1500 * MS)
            logs.append(list(write_log(sandboxes.get(DEFAULT).sandbox.log)))
            await sandboxes.reset(DEFAULT)
        return logs[0], logs[1]

    first, second = run(life())
    assert first == second
    assert len([line for line in first if b"cause" in line]) == 2


LIFE = (
    f"name: fills, when: {{subscribed: {{channel: fill}}}}, after: 20ms, every: 30ms, times: 40, {BUY_FOR_ANYONE}",
    "every: 70ms, times: 9, price: {market: RAIN-2, price: 0.3$n}",
    "when: {request: {nth: each}}, frame: {channel: fill, send: {type: news, seq: $seq}}",
    f"{REST}, expires: 2025-11-04T12:00:01Z}}",
)


def lived(*durations_ms: int) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Return the log and the frames of two clients after these advances, with a request between the halves."""
    sandbox = scripted(*LIFE)
    readers = [Reader(sandbox), Reader(sandbox, "bob/main")]
    for reader in readers:
        reader.subscribe("fill", "market_positions")
    for half in (durations_ms, durations_ms):
        for duration_ms in half:
            advance(sandbox, duration_ms * MS)
        sandbox.answer(signed(sandbox))
        run(sandbox.run_due())
    for reader in readers:
        reader.flush()
    return list(write_log(sandbox.log)), readers[0].frames, readers[1].frames


def test_the_same_scenario_and_clients_give_the_same_log_and_frames() -> None:
    log, alice, bob = lived(1000)
    assert lived(1000) == (log, alice, bob)
    assert (len(log), len(alice), len(bob)) == (123, 84, 84)


def unnumbered(life: tuple[list[bytes], ...]) -> list[list[bytes]]:
    """Return a log and frames without changes of the clock, and without numbers and ids."""
    kept = [[line for line in lines if b'"subject":"clock"' not in line] for lines in life]
    return [[re.sub(rb'[0-9a-f-]{36}|"seq":\d+,', b"", line) for line in lines] for lines in kept]


def test_many_small_advances_are_one_large_one() -> None:
    """The log differs in the changes of the clock, which have numbers of their own; ids depend on the numbers."""
    many, one = map(unnumbered, (lived(1, 2, 67, 30, 400, 0, 500), lived(1000)))
    assert many == one


def test_a_caller_during_an_advance_waits_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long run pauses for other tasks, and none of them overtakes it."""

    async def life() -> None:
        plan = load_text(SMALL + f"script:\n  - {{every: 1ms, {SAY}}}\n")
        sandbox = await open_sandbox(plan, SandboxOptions(clock="paused", host=lambda: WALL))
        pauses = 0

        async def pause() -> None:
            nonlocal pauses
            pauses += 1
            await asyncio.sleep(0)

        sandbox.script.pause = pause
        monkeypatch.setattr(runner, "SLICE_S", 60.0)
        await asyncio.gather(sandbox.advance(200 * MS), sandbox.advance(250 * MS))
        assert [step.fired for step in sandbox.script.steps] == [451]
        assert sandbox.clock.now() == sandbox.plan.start + 453 * MS
        assert [record.at for record in sandbox.log] == sorted(record.at for record in sandbox.log)
        assert pauses == 6

    run(life())


def test_slow_steps_pause_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients wait for a slice of time, however long each step takes."""
    sandbox, pauses = scripted(f"every: 1ms, times: 10, {SAY}"), []

    async def pause() -> None:
        pauses.append(len(fired(sandbox)))

    monkeypatch.setattr(runner, "SLICE_S", 0.0)
    sandbox.script.pause = pause
    advance(sandbox, SECOND)
    assert pauses[-3:] == [8, 9, 10]


def test_the_log_of_a_script_replays_without_one() -> None:
    sandbox = scripted(*LIFE)
    Reader(sandbox).subscribe("fill")
    advance(sandbox, 2 * SECOND)
    replay = Replay(write_log(sandbox.log))
    assert [record.cause for record, _ in replay] == [record.cause for record in sandbox.log]
    assert positions_of(replay.exchange.state, "alice") == positions_of(sandbox.exchange.state, "alice")
