"""Random scripts compared with a sorted list of all their steps, and advances cut into pieces."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_text
from tests.helpers.sandboxes import WALL
from tests.helpers.scripts import is_of_clock, timeline

pytestmark = pytest.mark.untraced

HORIZON_MS = 60
Done = tuple[int, int, int, str]
"""Milliseconds since the beginning, place, number of the run, name."""

small = st.integers(0, 20)
single = st.fixed_dictionaries({}, optional={"after": small, "times": st.integers(1, 4), "every": st.integers(1, 9)})


@st.composite
def sequences(draw: Callable[[Any], Any], parts: Any) -> dict[str, Any]:
    """Return a step with parts that repeats only after it has ended."""
    step: dict[str, Any] = {"parts": draw(st.lists(parts, min_size=1, max_size=3))}
    for part in step["parts"]:
        if "every" in part:
            part.setdefault("times", 2)
    if draw(st.booleans()):
        step["times"] = draw(st.integers(1, 3))
    if draw(st.booleans()):
        step["every"] = max(1, length_of(step["parts"]) + draw(st.integers(0, 5)))
    return step


def length_of(parts: list[dict[str, Any]]) -> int:
    return sum(part.get("after", 0) + span_of(part) for part in parts)


def span_of(step: dict[str, Any]) -> int:
    length = length_of(step.get("parts", []))
    period: int = step.get("every", length)
    return (int(step.get("times", 1)) - 1) * period + length


steps = st.lists(st.one_of(single, sequences(single), sequences(st.one_of(single, sequences(single)))), max_size=4)


def written(step: dict[str, Any]) -> str:
    """Return the step as YAML."""
    times = [f"times: {step['times']}"] if "times" in step else []
    durations = [f"{key}: {step[key]}ms" for key in ("after", "every") if key in step]
    if "parts" not in step:
        return "{" + ", ".join([*times, *durations, "announce: {message: x}"]) + "}"
    return "{" + ", ".join([*times, *durations, f"sequence: [{', '.join(map(written, step['parts']))}]"]) + "}"


def done_by(step: dict[str, Any], begins: int, name: str) -> list[tuple[int, str]]:
    """Yield everything that a step does until the horizon, computed step by step."""
    at, found = begins, []
    for repetition in range(step.get("times", HORIZON_MS + 1 if "every" in step else 1)):
        at = begins + repetition * step["every"] if "every" in step else at
        if "parts" not in step:
            found.append((at, name))
        for number, part in enumerate(step.get("parts", [])):
            at += part.get("after", 0)
            found += done_by(part, at, f"{name}[{number}]")
            at += span_of(part)
    return [(at, name) for at, name in found if at <= HORIZON_MS]


def model(script: list[dict[str, Any]]) -> list[tuple[int, str]]:
    whole = [
        (at, place, number, name)
        for place, step in enumerate(script)
        for number, (at, name) in enumerate(done_by(step, step.get("after", 0), f"script[{place}]"))
    ]
    return [(at, name) for at, _, _, name in sorted(whole)]


def opened(script: list[dict[str, Any]]) -> Sandbox:
    text = "scenario: random\nscript:\n" + "".join(f"  - {written(step)}\n" for step in script)
    return asyncio.run(open_sandbox(load_text(text), SandboxOptions(clock="paused", host=lambda: WALL)))


@given(steps)
def test_steps_happen_in_order_of_instant_place_and_repetition(script: list[dict[str, Any]]) -> None:
    sandbox = opened(script)
    begun = sandbox.plan.start
    asyncio.run(sandbox.advance(HORIZON_MS * 1_000))
    done = [((record.at - begun) // 1_000, record.cause.step) for record in sandbox.log if record.cause]
    assert done == model(script)
    repetitions: dict[str, int] = {}
    for record in filter(lambda record: not is_of_clock(record.command), sandbox.log):
        assert record.cause
        repetitions[record.cause.step] = repetitions.get(record.cause.step, 0) + 1
        assert record.cause.repetition == repetitions[record.cause.step]


@given(steps, st.lists(st.integers(0, 30_000), max_size=8))
def test_time_in_pieces_is_time_in_one_piece(script: list[dict[str, Any]], pieces: list[int]) -> None:
    whole, cut = opened(script), opened(script)
    asyncio.run(whole.advance(sum(pieces)))
    for piece in pieces:
        asyncio.run(cut.advance(piece))
    assert timeline(cut) == timeline(whole)
    assert cut.clock.now() == whole.clock.now()
    assert [step.state for step in cut.script.steps] == [step.state for step in whole.script.steps]
