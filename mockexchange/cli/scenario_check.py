"""Checks a scenario: reads it, executes its history and, if asked, runs its script."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from mockexchange.core.instants import MICROSECONDS_PER_SECOND, format_instant
from mockexchange.sandbox.clock import host_now_us
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.error_collection import collecting_errors, follows_from_left_out
from mockexchange.scenario.loader import at_beginning, load_scenario
from mockexchange.scenario.plan import Plan

RUNS_MAX = 10_000
SPAN_US_MAX = 30 * 24 * 3600 * MICROSECONDS_PER_SECOND
"""The longest exchange time, in microseconds, for which a script without an end is run."""
ERRORS_MAX = 100

Item = TypeVar("Item")


@dataclass(slots=True)
class CheckedScenario:
    """The result of a check: the errors, each with file and line, and the numbers of accounts, markets and so on."""

    errors: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def check_scenario(name_or_path: str, progress: Callable[[int], None], *, is_run: bool) -> CheckedScenario:
    """Execute a scenario's history and, with `is_run`, its script; return its errors and counts.

    `progress` is called with the number of steps executed so far.
    """
    checked = CheckedScenario()
    with collecting_errors() as errors:
        plan = load_scenario(name_or_path)
        asyncio.run(_carry_out(plan, progress, checked, is_run=is_run))
    errors.sort(key=lambda error: (error.file, error.line))
    places = tuple(f"{error.file}:{error.line}: " for error in errors)
    found = dict.fromkeys([*map(str, errors), *(text for text in checked.errors if not text.startswith(places))])
    checked.errors = list(found)[:ERRORS_MAX]
    return checked


async def _carry_out(plan: Plan, progress: Callable[[int], None], checked: CheckedScenario, *, is_run: bool) -> None:
    numbers = [0]
    plan = at_beginning(plan, host_now_us(), is_real=False)  # before its steps are wrapped: they count from now, too
    counted = replace(plan, steps=_counting(plan.steps, numbers))
    sandbox = await open_sandbox(counted, SandboxOptions(clock="paused"), progress)
    begins = sandbox.clock.now()
    fired = 0
    if is_run:
        for entry in plan.script:
            if entry.at is not None and entry.at < begins:
                place = f"{entry.node.file}:{entry.node.line_of('at')}"
                at, beginning = format_instant(entry.at), format_instant(begins)
                checked.errors.append(f"{place}: at: {at} is in the past: the exchange begins at {beginning}")
        for _ in range(RUNS_MAX):  # from instant to instant
            next_at = sandbox.script.next_at
            if next_at is None or next_at > begins + SPAN_US_MAX:
                break
            await sandbox.script.run_to(next_at)
        fired = sum(step.fired_in_all for step in sandbox.script.steps)
    checked.errors += _refusals(sandbox)
    state = sandbox.exchange.state
    optional = {
        "instrument": len(state.derivatives.listed),
        "script step": len(plan.script),
        "fault rule": len(plan.faults),
        "run": fired,
    }
    checked.counts = {"account": len(state.accounts), "market": len(state.markets), "step": numbers[-1]}
    checked.counts |= {noun: number for noun, number in optional.items() if number}


def _refusals(sandbox: Sandbox) -> Iterator[str]:
    """Yield the reasons of the steps of the script that were refused or failed."""
    for root in sandbox.script.steps:
        for step in root.walk():
            is_error = step.refused and not follows_from_left_out(step.entry.node)
            if is_error or step.failed:
                place = f"{step.entry.node.file}:{step.entry.node.line}: "
                yield f"{place}{step.name} is refused: {step.reason.removeprefix(place).removeprefix('refused: ')}"


def _counting(steps: Iterable[Item], numbers: list[int]) -> Iterator[Item]:
    """Yield the steps and count them in the last of `numbers`, without holding a long history in memory."""
    for number, step in enumerate(steps, start=1):
        numbers[-1] = number
        yield step
