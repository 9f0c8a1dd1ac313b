"""Executes the actions of script steps: commands, literal frames and faults."""

import json
from dataclasses import replace

from mockexchange.core.commands import Note
from mockexchange.core.refusals import Refusal
from mockexchange.faults.registry import Faults
from mockexchange.sandbox.port import Action, KeyInUse, SandboxPort
from mockexchange.sandbox.streams.open_streams import Streams
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_rules import Rule
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.script import ANY, ScriptedFrame
from mockexchange.store.log import Cause

UNNAMED = "script["
"""How the generated names of unnamed steps begin."""


class ScriptActions:
    """Executes the actions of one sandbox's script."""

    def __init__(self, sandbox: SandboxPort, faults: Faults, streams: Streams) -> None:
        self._sandbox, self._faults, self._streams = sandbox, faults, streams

    async def perform(self, action: Action, at: int, cause: Cause, node: Located) -> None:
        """Execute the action of a step; `node` is the step in the scenario file, for errors.

        Raises ScenarioError if it is refused.
        """
        if isinstance(action, ScriptedFrame):
            await self._send(action, at, cause)
        elif isinstance(action, Rule):
            await self._faults.install(self._named(action, cause), at, cause)
        else:
            try:
                outcome = await self._sandbox.submit(action, at, cause)
            except KeyInUse as error:
                raise ScenarioError(f"refused: {error.code}: {error}", node.file, node.line) from None
            if isinstance(outcome, Refusal):
                raise ScenarioError(f"refused: {outcome.code}: {outcome.message}", node.file, node.line)

    def _named(self, rule: Rule, cause: Cause) -> Rule:
        """Name an unnamed fault after its step, unless the step is unnamed too or the name is taken."""
        if rule.name or cause.step.startswith(UNNAMED):
            return rule
        name = cause.step if cause.repetition == 1 else f"{cause.step}-{cause.repetition}"
        is_taken = any(one.name == name for one in self._faults)
        return rule if is_taken else replace(rule, name=name)

    async def _send(self, frame: ScriptedFrame, at: int, cause: Cause) -> None:
        """Send a literal frame. It changes no state; a note in the log records it."""
        sent = {"account": frame.account, "channel": frame.channel, "text": frame.text}
        await self._sandbox.submit(Note(subject="frame", text=json.dumps(sent)), at, cause)
        for connection in self._streams.matching(frame.account, frame.channel):
            connection.send_literal(frame.text, "" if frame.channel == ANY else frame.channel, cause.step)
