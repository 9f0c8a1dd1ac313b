"""The installed fault rules of one sandbox, indexed by what they match: requests, handshakes or frames."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from mockexchange.core.commands import Note
from mockexchange.faults.bodies import cursor_of
from mockexchange.faults.faulted_calls import IN_A_STREAM, CallReply, SessionResponder, reply_of
from mockexchange.faults.faulted_requests import (
    FaultedRequest,
    RequestTarget,
    error_answer,
    note_clock_offset,
    replace_body,
    subject_of,
)
from mockexchange.faults.rule_firing import FaultSubject, InstalledRule, firing
from mockexchange.faults.stale_state import LAGS_MAX, LaggingExchanges
from mockexchange.sandbox.interface import RequestContext, SandboxPort
from mockexchange.sandbox.journal import Firing
from mockexchange.sandbox.page_numbers import PageNumbers
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_effects import ClockOffset, Refuse, Stale, Status, Surface
from mockexchange.scenario.fault_rules import Rule, read_change, unknown_account
from mockexchange.store.log import Cause, Record
from mockexchange.venues.registry import OPEN_STREAMS
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.session import Calls, Handshake

RULES_MAX = 1_000
"""Largest number of installed rules, because every request is compared with all of them."""
SUBJECT = "fault"
"""Subject under which notes about faults are in the log."""


class FaultError(ScenarioError):
    """Raised if a rule cannot be installed, or is not installed; the message gives the reason."""


class Faults:
    """The installed fault rules of a sandbox, and the answers that they change.

    To save time, callers first check whether `for_requests` or `for_handshakes` has rules.
    """

    subject = SUBJECT

    def __init__(self, sandbox: SandboxPort) -> None:
        self._sandbox = sandbox
        self._by_name: dict[str, InstalledRule] = {}
        self.lags = LaggingExchanges(sandbox)
        """The copies of the exchange for stale state, which need every executed command."""
        self._pages = PageNumbers()
        self._has_pages = False
        self._installed_count = self._named_count = 0
        self.for_requests: list[InstalledRule] = []
        self.for_handshakes: list[InstalledRule] = []
        self.for_frames: list[InstalledRule] = []
        """Rules of data frames of streams."""
        self.for_answers: list[InstalledRule] = []
        """Rules of answers to the commands of streams."""

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[InstalledRule]:
        """Yield the rules in the order of installation."""
        return iter(list(self._by_name.values()))

    async def begin(self) -> None:
        """Install the fault rules of the scenario. The fault `stale` never hides the scenario's history."""
        self.begin_again(self._sandbox.exchange.state.sequence)
        self.check(self._sandbox.plan.faults)
        for rule in self._sandbox.plan.faults:
            await self.install(rule)

    def begin_again(self, history: int) -> None:
        """Begin without rules in a sandbox that is restored; `history` is the number of the history's commands.

        The notes of the log then install and remove rules.
        """
        self.lags.history = history

    def check(self, rules: Sequence[Rule]) -> None:
        """Raise ScenarioError or FaultError if rules cannot be installed together with those already installed."""
        accounts = tuple(self._sandbox.exchange.state.accounts)
        for rule in rules:
            if rule.match.account is not None and rule.match.account not in accounts:
                raise unknown_account(rule, accounts)
        known: set[str] = set()
        for rule in rules:
            if rule.name in known:  # the second would replace the first
                message = f"expected another name: {rule.name!r} is there twice"
                raise FaultError(message, rule.node.file, rule.node.line, f"{rule.path}.name".removeprefix("."))
            known |= {rule.name} if rule.name else set()
        names = {rule.name for rule in rules}
        after = [*rules, *(one.rule for one in self if one.name not in names)]
        if len(after) > RULES_MAX:
            raise FaultError(f"expected at most {RULES_MAX} faults: remove some first")
        if len(_lags_of(after)) > LAGS_MAX:
            raise FaultError(f"expected at most {LAGS_MAX} different lags at once: each is an exchange of its own")

    async def install(self, rule: Rule, at: int | None = None, cause: Cause | None = None) -> str:
        """Install a rule, replacing a rule with the same name; return its name. Raises the errors of `check`.

        `at` and `cause` are given by a script step that installs the rule: its instant and the cause in the log.
        """
        self.check([rule])
        self._named_count = max(self._named_count, self._installed_count) + 1
        name = rule.name or f"fault-{self._named_count}"
        change: dict[str, Any] = {"install": {**rule.given, "name": name}}
        if rule.match.host_span.is_relative:
            change["host_at"] = self._sandbox.moment()[1]
        await self._log(change, at, cause)
        return name

    async def remove(self, name: str) -> None:
        """Remove a rule by name. Raises FaultError if there is no such rule."""
        if name not in self._by_name:
            raise FaultError(f"no fault {name!r}; known: {', '.join(list(self._by_name)[:20]) or 'none'}")
        await self._log({"remove": name})

    def apply(self, record: Record, text: str) -> None:
        """Install or remove a rule as a note in the log describes. Raises ScenarioError if the note is not valid."""
        match read_change(text):
            case (rule, host_at):
                assert rule.name is not None, "the log has the name of every rule"
                self._installed_count += 1
                seed, replaced = self._sandbox.plan.seed, self._by_name.pop(rule.name, None)
                one = self._by_name[rule.name] = InstalledRule(rule, rule.name, seed, record.at, host_at)
                if replaced is None:
                    self._index([one])
                    self._finish_index()
                else:
                    self._index_rules()
            case str(name):
                self._by_name.pop(name, None)
                self._index_rules()

    async def clear(self) -> None:
        for name in list(self._by_name):
            await self.remove(name)

    def answer(self, asked: RequestContext, at: int, host_at: int) -> Answer:
        """Return the answer to a request, changed by the faults that fire on it."""
        where = {"request": self._sandbox.journal.count + 1}
        return self._answer(self._target(asked), asked.request, at, host_at, where)

    def answer_call(self, connection: int, calls: Calls, raw: bytes, at: int, host_at: int) -> CallReply:
        """Return the reply to a call on a stream, which a session or a stub makes and faults may change."""
        calls.note_call(host_at)
        call, responder = calls.request_of(raw), SessionResponder(calls)
        target = replace(self._target(RequestContext.of(call)), ask=responder.answer, transport=IN_A_STREAM)
        where = {"connection": connection, "frame": self._sandbox.journal.frame_count + 1}
        answer = self._answer(target, call, at, host_at, where)
        if answer.stub is not None and answer.refusal is None:
            self._sandbox.journal.counters.stubbed += 1
        return reply_of(responder, answer, target.venue)

    def _answer(self, target: RequestTarget, request: Request, at: int, host_at: int, where: dict[str, int]) -> Answer:
        subject = subject_of(target, request, at, host_at)
        if self._has_pages and subject.operation:
            subject.page = self._pages.number_of(subject.account, subject.operation, cursor_of(request))
        fired = self._fired(self.for_requests, subject, where)
        faulted = FaultedRequest(target, self.lags, request, subject, fired)
        reply = faulted.answer()
        if self._has_pages and subject.operation:
            self._pages.note(subject.account, subject.operation, subject.page, faulted.untouched)
        return reply

    def shake_hands(self, asked: RequestContext, at: int, host_at: int, ask: Callable[[int], Handshake]) -> Handshake:
        """Return the answer to a stream's upgrade request, changed by faults.

        The function `ask` returns the venue's own answer, as of a host time.
        """
        target, request = self._target(asked), asked.request
        subject = subject_of(target, request, at, host_at)
        subject.operation = target.venue.stream.open_operation
        fired = self._fired(self.for_handshakes, subject, {"request": self._sandbox.journal.count + 1})
        refused = next((one for one in fired if isinstance(one.rule.effect, Refuse)), None)
        moved = next((one for one in fired if isinstance(one.rule.effect, ClockOffset)), None)
        offset_us = moved.rule.effect.offset_us if moved and isinstance(moved.rule.effect, ClockOffset) else 0
        if refused is not None and isinstance(refused.rule.effect, Refuse):
            effect = refused.rule.effect
            status = Status(effect.status, effect.shape, effect.headers)
            answer = error_answer(target, request, subject, refused.name, status)
            replace_body(answer, effect.body, effect.content_type)
            handshake = Handshake(answer)
        else:
            handshake = ask(host_at + offset_us)
        if moved:
            note_clock_offset(target.venue, handshake.answer, moved)
        handshake.answer.fault = ", ".join(one.name for one in fired) or None
        return handshake

    def _target(self, asked: RequestContext) -> RequestTarget:
        venue, key_id = asked.venue, asked.key_id
        context, overlay = self._sandbox.contexts[venue.name], self._sandbox.overlay
        target = RequestTarget(venue, context, key_id, ask=partial(overlay.answer, venue) if overlay else None)
        if not self._sandbox.stubs.installed:
            return target
        return replace(target, stub_answer=partial(self._sandbox.stubs.answer, venue, context))

    def _fired(self, rules: list[InstalledRule], subject: FaultSubject, where: dict[str, int]) -> list[InstalledRule]:
        fired, position = list(firing(rules, subject)), self._sandbox.exchange.state.sequence
        for one in fired:
            detail = {**where, "then": one.rule.kind}
            self._sandbox.journal.add_firing(Firing(subject.at, subject.host_at, position, "fault", one.name, detail))
        return fired

    def _index_rules(self) -> None:
        for of_kind in (self.for_requests, self.for_handshakes, self.for_frames, self.for_answers):
            of_kind.clear()
        self._has_pages = False
        self._index(self._by_name.values())
        self._finish_index()

    def _index(self, rules: Iterable[InstalledRule]) -> None:
        """Add rules to the index, in which they are the latest: a thousand are installed one after the other."""
        for one in rules:
            rule, operation = one.rule, one.rule.match.operation
            if rule.surface is Surface.REQUEST and operation not in OPEN_STREAMS:
                self.for_requests.append(one)
            # handshakes are signed: a clock offset matches them too
            is_offset = isinstance(rule.effect, ClockOffset) and operation in (None, *OPEN_STREAMS)
            if rule.surface is Surface.HANDSHAKE or is_offset:
                self.for_handshakes.append(one)
            if rule.surface is Surface.FRAME:
                self.for_frames.append(one)
            if rule.surface is Surface.ANSWER:
                self.for_answers.append(one)
            self._has_pages = self._has_pages or rule.match.page is not None

    def _finish_index(self) -> None:
        self.lags.keep(_lags_of(one.rule for one in self._by_name.values()))
        self._sandbox.update_call_hook()

    async def _log(self, change: dict[str, Any], at: int | None = None, cause: Cause | None = None) -> None:
        text = json.dumps(change, separators=(",", ":"), ensure_ascii=False)
        await self._sandbox.submit(Note(subject=SUBJECT, text=text), at, cause)


def _lags_of(rules: Iterable[Rule]) -> set[int]:
    return {rule.effect.lag_us for rule in rules if isinstance(rule.effect, Stale)}
