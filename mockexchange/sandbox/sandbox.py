"""A sandbox: an exchange with its log, its clock, its keys and its journal. All mutable state is in it."""

from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from typing import Any, NoReturn

from mockexchange.core.commands import Command
from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.core.model.accounts import Key
from mockexchange.faults.registry import Faults
from mockexchange.sandbox.clock import ExchangeClock
from mockexchange.sandbox.credentials import Credential, credentials_of
from mockexchange.sandbox.journal import Firing, Journal, JournalEntry
from mockexchange.sandbox.options import SandboxOptions, new_log
from mockexchange.sandbox.port import CommandFailed, SandboxBroken, SandboxEnded, log_failure
from mockexchange.sandbox.request_context import RequestContext
from mockexchange.sandbox.script.actions import ScriptActions
from mockexchange.sandbox.script.runner import Script
from mockexchange.sandbox.streams import Streams, sends_frames_first
from mockexchange.sandbox.stubs import Stubs
from mockexchange.scenario.keys import KeyPool
from mockexchange.scenario.loader import Plan
from mockexchange.store.log import Cause, Log, Record, failure_note, rebuild
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.request import Answer, Request, resume
from mockexchange.venues.session import Handshake

CommandObserver = Callable[[Record, Outcome], None]
"""Called with every command after it is executed."""
ANSWERED = ("status", "operation", "account", "key_id", "diagnosis", "findings", "fault", "stub", "refusal")
"""Attributes that the entry of a write takes from its complete answer."""


class Sandbox:
    """A running exchange. `open_sandbox` creates it; `submit` executes a command, `answer` a request."""

    def __init__(
        self, plan: Plan, options: SandboxOptions, pool: KeyPool | None = None, exchange: Exchange | None = None
    ) -> None:
        self.name = options.name
        self.options = options
        self.plan = plan
        self.exchange = exchange or Exchange(plan.seed, plan.rounding, plan.archived_before, plan.order_rules)
        self.log: Log = new_log(plan, options)
        self.clock = ExchangeClock(options.clock, plan.start, options.host)
        self.journal = Journal()
        self.contexts: dict[str, Any] = {
            name: venue.open_context(self.exchange.state, options.api_date, plan.settings[name])
            for name, venue in VENUES.items()
        }
        """Context of each venue, by its name."""
        self.context = self.contexts[DEFAULT.name]
        self.pool = pool or KeyPool(options.name)
        self.private_pems: dict[str, str | None] = {}
        self.touched_at = options.host()
        self.streams = Streams(self.journal, self.moment, options.inspector)
        self.faults = Faults(self)
        self.streams.rules, self.streams.answer_rules = self.faults.for_frames, self.faults.for_answers
        self.stubs = Stubs(self)
        self.script = Script(self)
        self.perform = ScriptActions(self, self.faults, self.streams).perform
        """Executes the action of a script step."""
        self.streams.on_subscribed = lambda reader, channel: self.script.note_subscribed(reader.account, channel)
        self.streams.on_operation = self.script.note_operation
        self.observers: list[CommandObserver] = [self.script.note_command, self.faults.observe]
        self.closing: list[Callable[[str], object]] = []
        """Callbacks for the end of the sandbox; their argument is the reason (reset, deleted or stopped)."""
        self.broken: str | None = None
        """Why the state is not usable any more; None if it is. Only a reset or a deletion helps."""
        self._ending: str | None = None

    def moment(self) -> tuple[int, int, int]:
        """Return (exchange time, host time, length of the log). A replay needs them to repeat an answer."""
        return self.clock.now(), self.options.host(), len(self.log)

    def update_call_hook(self) -> None:
        """Intercept the calls of streams while a fault or a stub is installed that may answer them."""
        is_needed = self.faults.for_requests or self.stubs.installed
        self.streams.answer_call = self.faults.answer_call if is_needed else None

    async def submit(self, command: Command, at: int | None = None, cause: Cause | None = None) -> Outcome:
        """Append a command to the log and execute it, at `at` or now. All changes of state go through here.

        A command from outside the script has no cause; steps that were due before it run first. Raises SandboxEnded,
        and CommandFailed if the exchange made a mistake, after which the state is as it was before the command.
        """
        if cause is None:
            await self.run_due()
        self.require_open()
        effective = max(self.clock.now() if at is None else at, self.exchange.last_at)
        record = Record(self.exchange.state.sequence + 1, effective, command, cause)
        await self.log.append(record)
        try:
            outcome = self.exchange.execute(command, effective)
        except BaseException as error:
            await self._take_back(record, error)
            raise
        self._publish(record, outcome)
        return outcome

    def _publish(self, record: Record, outcome: Outcome) -> None:
        """Show an executed command to observers and streams. A mistake in one of them is reported and ends nothing."""
        for observe in tuple(self.observers):
            try:
                observe(record, outcome)
            except Exception as error:  # noqa: BLE001  # it is reported
                self._note_mistake(record, error)
        if len(self.streams):
            try:
                self.streams.publish_outcome(self.exchange.state, outcome, record.at, self.contexts)
            except Exception as error:  # noqa: BLE001  # it is reported
                self._note_mistake(record, error)
                self.streams.close_all()  # frames are missing: clients have to read the state again

    async def _take_back(self, failed: Record, error: BaseException) -> None:
        """Restore the state as it was before a command that raised. Raises CommandFailed, or SandboxBroken."""
        note = failure_note(failed, error)
        try:
            rebuild(self.exchange, self.log)
            outcome = self.exchange.execute(note.command, note.at)
        except BaseException as second:  # noqa: BLE001  # it is reported
            self._break(failed, error, second)
        await self.log.replace_last(note)
        self._publish(note, outcome)
        if isinstance(error, Exception):
            raise CommandFailed(failed.sequence, failed.command, error) from error

    def _break(self, failed: Record, error: BaseException, second: BaseException) -> NoReturn:
        """Stop the sandbox for good, because a command is half done and cannot be taken back. Raises SandboxBroken."""
        name = f"command {failed.sequence} ({type(failed.command).__name__})"
        log_failure(f"{name} of sandbox {self.name}", error)
        self.broken = (
            f"sandbox {self.name} is broken: {name} ended in the middle ({type(error).__name__}), and the state before"
            f" it could not be rebuilt ({type(second).__name__}: {second}): reset or delete the sandbox"
        )
        self._note_finding(name, self.broken)
        self.close("broken")
        raise SandboxBroken(self.broken) from error

    def _note_mistake(self, record: Record, error: Exception) -> None:
        name = f"command {record.sequence} ({type(record.command).__name__})"
        self._note_finding(name, log_failure(f"what follows {name} of sandbox {self.name}", error))

    def _note_finding(self, name: str, text: str) -> None:
        self.journal.add_firing(Firing(*self.moment(), "finding", name, {"text": text}))

    async def run_due(self) -> None:
        """Execute the steps of the script that are due."""
        if self.script.has_due:
            with suppress(SandboxBroken):  # every later use of the sandbox raises it
                await self.script.run_due()

    async def advance(self, duration_us: int) -> None:
        """Advance exchange time and execute everything that becomes due on the way.

        Raises ValueError on an invalid duration, ScriptOverrun if too many steps are due (time stops at that instant),
        and SandboxEnded.
        """
        try:
            await self.script.advance(duration_us)
        finally:
            self.script.on_change()
        self.require_open()

    async def run_clock(self, mode: str) -> None:
        """Change the mode of the clock. If the change advances time, execute everything that becomes due.

        Raises ValueError on an unknown mode, ScriptOverrun (the mode stays unchanged), and SandboxEnded.
        """
        try:
            await self.script.run_to(self.options.host() if mode == "real" else self.clock.now())
            self.clock.run(mode)
        finally:
            self.script.on_change()
        self.require_open()

    def host_delay_us(self) -> int | None:
        """Return the host time until the next step, in microseconds; None if no step is due or the clock is paused."""
        next_at = self.script.next_at
        return None if next_at is None else self.clock.host_delay_us(next_at)

    def close(self, reason: str) -> None:
        """End the sandbox: close its streams, stop its script and call the callbacks of `closing`."""
        self._ending = reason
        self.streams.close_all()
        self.script.end()
        for end in tuple(self.closing):
            end(reason)
        self.closing.clear()

    def require_open(self) -> None:
        """Raise SandboxEnded if the sandbox has ended, SandboxBroken if it is broken."""
        self.require_working()
        if self._ending:
            raise SandboxEnded(f"the sandbox was {self._ending} before all was done")

    def require_working(self) -> None:
        """Raise SandboxBroken if the sandbox is broken."""
        if self.broken:
            raise SandboxBroken(self.broken)

    def api_day_of(self, asked: RequestContext) -> str | None:
        """Return the day of the API date that applies to a request; None for the API date compat."""
        return asked.venue.date_of(self.contexts[asked.venue.name], self.key_of(asked.key_id or "")).day

    def key_of(self, key_id: str) -> Key | None:
        """Return the key with this id, with a public key or a secret; None if unknown."""
        state = self.exchange.state
        return state.keys.get(key_id) or state.secret_keys.get(key_id)

    @property
    def keys(self) -> list[Key]:
        """All keys: those with a public key, then those with a secret, each in the order of their addition."""
        state = self.exchange.state
        return list(chain(state.keys.values(), state.secret_keys.values()))

    def shake_hands(self, request: Request | RequestContext) -> tuple[Handshake, JournalEntry]:
        """Answer the upgrade request of a stream and journal it. Raises SandboxBroken."""
        self.require_working()
        at, host_at, position = self.moment()
        self.touched_at = host_at
        asked = RequestContext.of(request)
        stream, context = asked.venue.stream, self.contexts[asked.venue.name]

        def ask(host_at: int) -> Handshake:
            return stream.shake_hands(context, asked.request, at, host_at, self.streams.count_of)

        is_plain = not self.faults.for_handshakes
        handshake = ask(host_at) if is_plain else self.faults.shake_hands(asked, at, host_at, ask)
        return handshake, self._note(asked, handshake.answer, at, host_at, position)

    def answer(self, request: Request | RequestContext) -> tuple[Answer, JournalEntry]:
        """Answer one request now and journal it; the caller completes the entry, for example with the latency.

        The answer to a write is pending: `carry_out` executes its commands and returns the complete answer. Raises
        SandboxBroken.
        """
        self.require_working()
        at, host_at, position = self.moment()
        self.touched_at = host_at
        asked = RequestContext.of(request)
        answering = self.faults.answer if self.faults.for_requests else self._answer
        answer = answering(asked, at, host_at)
        entry = self._note(asked, answer, at, host_at, position)
        if answer.pending is None:
            self.script.note_request(entry)
        return answer, entry

    async def carry_out(self, answer: Answer, entry: JournalEntry) -> Answer:
        """Execute the commands of a pending answer, complete its entry and return the complete answer.

        Raises SandboxEnded.
        """
        assert answer.pending is not None, "the answer is complete already"
        step = resume(answer.pending)
        while not isinstance(step, Answer):
            outcome = await self.submit(step)
            entry.commands += (self.exchange.state.sequence,)
            step = resume(answer.pending, outcome)
        for name in ANSWERED:
            setattr(entry, name, getattr(step, name))
        self.journal.set_answer(entry, step.body)
        self.script.note_request(entry)
        if sends_frames_first(self.plan.frames, self.plan.seed, entry.number):
            self.streams.flush()
        return step

    def _answer(self, asked: RequestContext, at: int, host_at: int) -> Answer:
        """Return the answer of a matching stub; without a match, the answer of the venue."""
        venue, request, context = asked.venue, asked.request, self.contexts[asked.venue.name]
        stubbed = self.stubs.answer(venue, context, request, at, host_at) if self.stubs.installed else None
        return stubbed or venue.rest.answer(context, request, at, host_at)

    def note_failure(self, asked: RequestContext, answer: Answer) -> JournalEntry:
        """Journal a request for which no venue made the answer, because an exception ended its operation."""
        return self._note(asked, answer, *self.moment())

    def _note(self, asked: RequestContext, answer: Answer, at: int, host_at: int, position: int) -> JournalEntry:
        request = asked.request
        return self._add_entry(
            at=at,
            host_at=host_at,
            position=position,
            method=request.method,
            target=request.target,
            headers=request.headers,
            body=request.body,
            status=answer.status,
            answer=answer.body,
            operation=answer.operation,
            account=answer.account,
            key_id=answer.key_id,
            diagnosis=answer.diagnosis,
            findings=answer.findings,
            fault=answer.fault,
            stub=answer.stub,
            venue=asked.venue.name,
            refusal=answer.refusal,
            awaits_answer=answer.pending is not None,
        )

    def note_unroutable(
        self,
        *,
        diagnosis: str,
        method: str = "",
        target: str = "",
        headers: tuple[tuple[bytes, bytes], ...] = (),
        body: bytes | None = None,
        status: int = 0,
        answer: bytes | None = None,
    ) -> None:
        """Journal bytes or a connection attempt that is not a request of any venue; status 0 means no answer."""
        at, host_at, position = self.moment()
        entry = self._add_entry(
            at=at,
            host_at=host_at,
            position=position,
            method=method,
            target=target,
            headers=headers,
            body=body,
            status=status,
            answer=answer,
            diagnosis=diagnosis,
        )
        self.journal.close(entry)

    def _add_entry(self, *, awaits_answer: bool = False, **fields: Any) -> JournalEntry:
        """Create the next entry of the journal; all entries of requests are created here."""
        entry = JournalEntry(number=self.journal.count + 1, **fields)
        self.journal.add(entry, awaits_answer=awaits_answer)
        return entry

    def credentials(self) -> list[Credential]:
        """Return the credential of every key, in the order of `keys`."""
        return credentials_of(self.exchange.state, self.keys, self.private_pems)
