"""Sends every recorded read to a sandbox in this process that has the scenario, at its time and API date."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from mockexchange.clients.request_signers import REQUEST_SIGNERS
from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal
from mockexchange.importing.comparison import BY_STUB, UNEXPLAINED, Comparison, Difference, compare
from mockexchange.importing.recorded_answers import JSON_HEADERS, Recorded, RecordedAnswer
from mockexchange.importing.scenario_text import text_of
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_steps, load_text
from mockexchange.scenario.plan import Plan, PlanCache, TimedCommand
from mockexchange.venues.client_setup import UnsignedRequest
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.registry import venue_of
from mockexchange.venues.request import Request
from mockexchange.venues.session import Handshake

CURSOR = "cursor="
Note = Callable[[RecordedAnswer, str, str], None]


class Reply(NamedTuple):
    """The answer of the sandbox that has the scenario."""

    status: int
    body: str
    is_stub: bool = False
    headers: Mapping[str, str] = {}
    """The answer's headers, by lower-case name."""


class Verified(NamedTuple):
    """A recorded answer, and the result of comparing it with the mock's."""

    answer: RecordedAnswer
    comparison: Comparison


@dataclass(slots=True)
class Emulated:
    """A sandbox that executes a scenario's history step by step, and answers requests in between."""

    sandbox: Sandbox
    steps: Iterator[TimedCommand]
    venue: str
    refusals: list[str] = field(default_factory=list)
    account: str = ""
    """The name of the account that signs the requests; the first account if empty."""
    on_step: Callable[[Outcome, int], object] = lambda *_: None
    """Called with the outcome of each step and its instant."""
    _next: TimedCommand | None = None

    @classmethod
    async def open(cls, plan: Plan, venue: str, api_date: ApiDate) -> "Emulated":
        """Open the sandbox in the state before the scenario's history. Raises ScenarioError."""
        before = replace(plan, steps=[], cache=PlanCache())
        sandbox = await open_sandbox(before, SandboxOptions(api_date=api_date, clock="paused"))
        return cls(sandbox, iter(plan.steps), venue)

    async def advance(self, at: int) -> None:
        """Execute the steps up to an instant. Refused steps are added to `refusals`."""
        while True:
            step = self._next or next(self.steps, None)
            self._next = step
            if step is None or step.at > at:
                return
            outcome = await self.sandbox.submit(step.command, step.at)
            self._next = None
            self.on_step(outcome, step.at)
            if isinstance(outcome, Refusal):
                self.refusals.append(f"{step.command}: {outcome}")

    def ask(self, target: str, at: int, method: str = "GET", body: str = "") -> Reply:
        """Send a read to the sandbox at an instant, signed as the recorded account."""
        request = self._signed(target, at, method, body)
        venue, context = venue_of(self.venue), self.sandbox.contexts[self.venue]
        stubbed = self.sandbox.stubs.answer(venue, context, request, at, at) if self.sandbox.plan.stubs else None
        answer = stubbed or venue.rest.answer(context, request, at, at)
        shown = {name.decode().lower(): value.decode("latin-1") for name, value in answer.headers}
        return Reply(answer.status, answer.body.decode(), stubbed is not None, shown)

    def open_stream(self, at: int) -> Handshake:
        """Open a stream of the recorded account at an instant."""
        stream, context = venue_of(self.venue).stream, self.sandbox.contexts[self.venue]
        return stream.shake_hands(context, self._signed(stream.paths[0], at), at, at, lambda account: 0)

    def _signed(self, target: str, at: int, method: str = "GET", body: str = "") -> Request:
        credentials = self.sandbox.credentials()
        credential = next(one for one in credentials if self.account in ("", one.account))
        known = {"key_id": credential.key_id, "private_key_pem": credential.private_pem, "secret": credential.secret}
        unsigned = UnsignedRequest(method, target, body.encode())
        signed = REQUEST_SIGNERS[self.venue].headers_of(known, unsigned, at * 1000)
        headers = tuple((name.lower().encode(), value.encode()) for name, value in signed.items())
        path, _, query = target.partition("?")
        return Request(method, path, query, (*headers, *(JSON_HEADERS if body else ())), body.encode())


def plan_of(text: str) -> Plan:
    """Parse a scenario's text to a plan. Raises ScenarioError."""
    return load_text(text, "imported", hashlib.sha256(text.encode()).hexdigest())


def plan_of_scenario(scenario: Mapping[str, Any]) -> Plan:
    """Parse a scenario given as a mapping to a plan; its steps are parsed when they are executed.

    Raises ScenarioError.
    """
    return load_steps(text_of({**scenario, "history": []}), scenario["history"], "imported")


def verify(
    plan: Plan, recorded: Recorded, answers: Sequence[RecordedAnswer], api_date: ApiDate, note: Note = lambda *_: None
) -> tuple[list[Verified], list[str]]:
    """Compare each recorded answer with the mock's; return the results, and the reasons of refused steps.

    `note` is called with each answer, the recorded body and the mock's. Raises ScenarioError.
    """
    return asyncio.run(_verify(plan, recorded, answers, api_date, note))


async def _verify(
    plan: Plan, recorded: Recorded, answers: Sequence[RecordedAnswer], api_date: ApiDate, note: Note
) -> tuple[list[Verified], list[str]]:
    emulated = await Emulated.open(plan, recorded.venue, api_date)
    cursors: dict[str, str] = {}
    found = []
    for answer in sorted(answers, key=lambda one: one.at):
        await emulated.advance(answer.at)
        reply = emulated.ask(with_cursor(answer.target, cursors), answer.at, answer.method, answer.body)
        wanted = recorded.text_of(answer)
        note_cursor(cursors, wanted, reply.body)
        if reply.status == 200:
            note(answer, wanted, reply.body)
        found.append(Verified(answer, _compared(wanted, reply)))
    return found, emulated.refusals


def _compared(wanted: str, reply: Reply) -> Comparison:
    if reply.is_stub and reply.body == wanted:
        return Comparison(BY_STUB)
    if reply.status != 200:
        return Comparison(UNEXPLAINED, (Difference("status", "200", f"{reply.status} {reply.body[:100]}"),))
    return compare(wanted, reply.body)


def with_cursor(target: str, cursors: dict[str, str]) -> str:
    """Return a request target in which the mock's cursor replaces the recorded cursor of the same page."""
    path, mark, query = target.partition("?")
    parts = [_translated(part, cursors) for part in query.split("&")]
    return path + mark + "&".join(parts)


def _translated(part: str, cursors: dict[str, str]) -> str:
    cursor = part.removeprefix(CURSOR)
    return CURSOR + cursors.get(unquote(cursor), cursor) if part.startswith(CURSOR) else part


def note_cursor(cursors: dict[str, str], recorded: str, answered: str) -> None:
    """Add the mock's cursor of a page to `cursors`, under the recorded cursor of the same page."""
    before, after = (json.loads(text).get("cursor") for text in (recorded, answered))
    if before and after:
        cursors[before] = quote(after, safe="")
