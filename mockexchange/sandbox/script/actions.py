"""What a step of a script does when its time has come: a command, a literal frame or a fault."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from mockexchange.core.commands import Command, Note
from mockexchange.core.refusals import Refusal
from mockexchange.scenario.actions import ScriptedFrame
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.faults import Rule
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.triggers import ANY
from mockexchange.store.log import Cause

if TYPE_CHECKING:
    from mockexchange.sandbox.sandbox import Sandbox

UNNAMED = "script["
"""How the names of steps begin that were given none."""
Action = Command | ScriptedFrame | Rule


async def carry_out(sandbox: "Sandbox", action: Action, at: int, cause: Cause, node: Located) -> None:
    """Carry out the action of a step, which stands at `node`. Raises ScenarioError where it is refused."""
    if isinstance(action, ScriptedFrame):
        await _send(sandbox, action, at, cause)
    elif isinstance(action, Rule):
        await sandbox.faults.install(_named(sandbox, action, cause), at, cause)
    else:
        outcome = await sandbox.submit(action, at, cause)
        if isinstance(outcome, Refusal):
            raise ScenarioError(f"refused: {outcome.code}: {outcome.message}", node.file, node.line)


def _named(sandbox: "Sandbox", rule: Rule, cause: Cause) -> Rule:
    """A fault without a name of its own has that of its step, if that has one; it takes no other fault's place."""
    if rule.name or cause.step.startswith(UNNAMED):
        return rule
    name = cause.step if cause.repetition == 1 else f"{cause.step}-{cause.repetition}"
    is_taken = any(one.name == name for one in sandbox.faults)
    return rule if is_taken else replace(rule, name=name)


async def _send(sandbox: "Sandbox", frame: ScriptedFrame, at: int, cause: Cause) -> None:
    """It changes no state, but what readers saw is told by the log."""
    told = {"account": frame.account, "channel": frame.channel, "text": frame.text}
    await sandbox.submit(Note(subject="frame", text=json.dumps(told)), at, cause)
    for connection in sandbox.streams.matching(frame.account, frame.channel):
        connection.send_literal(frame.text, "" if frame.channel == ANY else frame.channel, cause.step)
