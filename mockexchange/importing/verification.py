"""Asks every recorded read again of a sandbox in this process, at its instant and at one API date."""

import asyncio
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import quote, unquote

from mockexchange.clients.request_signers import REQUEST_SIGNERS
from mockexchange.core.refusals import Refusal
from mockexchange.importing.comparison import UNEXPLAINED, Comparison, Difference, compare
from mockexchange.importing.recorded_answers import Recorded, RecordedAnswer
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import Plan, TimedCommand, load_text
from mockexchange.scenario.plan import PlanCache
from mockexchange.venues.client_setup import UnsignedRequest
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.registry import venue_of
from mockexchange.venues.request import Request

CURSOR = "cursor="


class Verified(NamedTuple):
    """A recorded answer with how the scenario explains it."""

    answer: RecordedAnswer
    comparison: Comparison


@dataclass(slots=True)
class Emulated:
    """A sandbox that is led through the history of a scenario, and asked on the way."""

    sandbox: Sandbox
    steps: Iterator[TimedCommand]
    venue: str
    refusals: list[str] = field(default_factory=list)
    _next: TimedCommand | None = None

    @classmethod
    async def open(cls, plan: Plan, venue: str, api_date: ApiDate) -> "Emulated":
        """Open the beginning of a scenario, before its history. Raises ScenarioError."""
        before = replace(plan, steps=[], cache=PlanCache())
        sandbox = await open_sandbox(before, SandboxOptions(api_date=api_date, clock="paused"))
        return cls(sandbox, iter(plan.steps), venue)

    async def advance(self, at: int) -> None:
        """Carry out the steps up to an instant; a step that is refused is noted."""
        while True:
            step = self._next or next(self.steps, None)
            self._next = step
            if step is None or step.at > at:
                return
            outcome = await self.sandbox.submit(step.command, step.at)
            self._next = None
            if isinstance(outcome, Refusal):
                self.refusals.append(f"{step.command}: {outcome}")

    def ask(self, target: str, at: int) -> tuple[int, str]:
        """Ask a read as the recorded account; return status and body."""
        credential = self.sandbox.credentials()[0]
        known = {"key_id": credential.key_id, "private_key_pem": credential.private_pem, "secret": credential.secret}
        signed = REQUEST_SIGNERS[self.venue].headers_of(known, UnsignedRequest("GET", target), at * 1000)
        headers = tuple((name.lower().encode(), value.encode()) for name, value in signed.items())
        path, _, query = target.partition("?")
        request = Request("GET", path, query, headers)
        context = self.sandbox.contexts[self.venue]
        answer = venue_of(self.venue).rest.answer(context, request, at, at)
        return answer.status, answer.body.decode()


def plan_of(text: str) -> Plan:
    """Read the text of a scenario. Raises ScenarioError."""
    return load_text(text, "imported", hashlib.sha256(text.encode()).hexdigest())


def verify(
    plan: Plan, recorded: Recorded, answers: Sequence[RecordedAnswer], api_date: ApiDate
) -> tuple[list[Verified], list[str]]:
    """Return how each answer is explained, and the steps that were refused. Raises ScenarioError."""
    return asyncio.run(_verify(plan, recorded, answers, api_date))


async def _verify(
    plan: Plan, recorded: Recorded, answers: Sequence[RecordedAnswer], api_date: ApiDate
) -> tuple[list[Verified], list[str]]:
    emulated = await Emulated.open(plan, recorded.venue, api_date)
    cursors: dict[str, str] = {}
    found = []
    for answer in sorted(answers, key=lambda one: one.at):
        await emulated.advance(answer.at)
        status, body = emulated.ask(_with_cursor(answer.target, cursors), answer.at)
        wanted = recorded.text_of(answer)
        _note_cursor(cursors, wanted, body)
        found.append(Verified(answer, compare(wanted, body) if status == 200 else _refused(status, body)))
    return found, emulated.refusals


def _refused(status: int, body: str) -> Comparison:
    return Comparison(UNEXPLAINED, (Difference("status", "200", f"{status} {body[:100]}"),))


def _with_cursor(target: str, cursors: dict[str, str]) -> str:
    """Return a target with the mock's cursor of the same page instead of the recorded one."""
    path, mark, query = target.partition("?")
    parts = [_translated(part, cursors) for part in query.split("&")]
    return path + mark + "&".join(parts)


def _translated(part: str, cursors: dict[str, str]) -> str:
    cursor = part.removeprefix(CURSOR)
    return CURSOR + cursors.get(unquote(cursor), cursor) if part.startswith(CURSOR) else part


def _note_cursor(cursors: dict[str, str], recorded: str, answered: str) -> None:
    before, after = (json.loads(text).get("cursor") for text in (recorded, answered))
    if before and after:
        cursors[before] = quote(after, safe="")
