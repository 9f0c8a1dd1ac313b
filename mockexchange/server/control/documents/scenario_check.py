"""Checks a scenario: reads it and executes its history, and returns all errors with their lines."""

from functools import partial
from typing import Any, NamedTuple

from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.error_collection import collecting_errors
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.files import ScenarioFiles
from mockexchange.scenario.located_text import Located
from mockexchange.server.control.beside_loop import beside_loop
from mockexchange.server.control.sandboxes.sandbox_creation import plan_of

ERRORS_MAX = 100
CHECKED = "checked"
"""The name of the temporary sandbox in which the history is executed."""


class Checked(NamedTuple):
    """The result of checking a scenario: its errors in order of lines, and the temporary sandbox that was made of it.

    `sandbox` is None if there are errors.
    """

    errors: list[ScenarioError]
    sandbox: Sandbox | None


async def check(given: Located, files: ScenarioFiles | None) -> Checked:
    """Read a scenario, execute its history in a temporary sandbox, and return the result. Its script does not run.

    A thread reads the scenario, whose errors are collected in this task's context, of which it gets a copy.
    """
    sandbox = None
    with collecting_errors() as errors:
        plan = await beside_loop(partial(plan_of, given, files))
        sandbox = await open_sandbox(plan, SandboxOptions(name=CHECKED, clock="paused"))
    by_place = {(error.line, error.path, error.message): error for error in errors}
    return Checked([by_place[place] for place in sorted(by_place)][:ERRORS_MAX], sandbox)


def checked_to_json(checked: Checked) -> dict[str, Any]:
    """Return the result of a check as JSON: the errors, or if there are none, the counts of accounts and so on."""
    errors = [{"line": error.line or None, "path": error.path, "message": error.message} for error in checked.errors]
    return {"ok": not errors, "errors": errors, "scenario": None if errors else _described(checked.sandbox)}


def _described(sandbox: Sandbox | None) -> dict[str, Any] | None:
    if sandbox is None:
        return None
    state, plan = sandbox.exchange.state, sandbox.plan
    return {
        "name": plan.name,
        "title": plan.title,
        "accounts": len(state.accounts),
        "markets": len(state.markets),
        "instruments": len(state.derivatives.listed),
        "commands": state.sequence,
        "script_steps": len(plan.script),
        "faults": len(plan.faults),
        "stubs": len(plan.stubs),
    }
