"""A sandbox: a mock exchange with its log, clock, keys and journal. The `Sandbox` object contains all mutable state.

Its parts refer to it weakly, and its exchange breaks its own cycles, so a deleted sandbox is freed by the last request
that uses it. As garbage in cycles it would keep the collector busy for as long as it took to open.
"""

import json
import sys
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, islice, takewhile
from typing import Any

from mockexchange.core.commands import AddKey, Command, Note
from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import FeeRounding
from mockexchange.faults.faulted_calls import CallReply, PendingReply
from mockexchange.faults.installed_rules import Faults
from mockexchange.faults.rule_firing import fires
from mockexchange.sandbox.clock import LAST, ExchangeClock, parse_mode
from mockexchange.sandbox.credentials import Credential, credential_of
from mockexchange.sandbox.interface import (
    AnswerOverlay,
    Entry,
    KeyInUse,
    RequestContext,
    SandboxBroken,
    SandboxEnded,
    SetAside,
    StoreUnavailable,
    Written,
)
from mockexchange.sandbox.journal import Firing, Journal, JournalEntry, pack_headers, pieces_of
from mockexchange.sandbox.options import Beginning, SandboxOptions, new_log, rounding_of
from mockexchange.sandbox.script.script import Script
from mockexchange.sandbox.streams import SERVICE_RESTART, Connection, Streams
from mockexchange.sandbox.stubs import Stubs
from mockexchange.sandbox.writer import Writer
from mockexchange.scenario.fault_effects import PROBABILITY_UNIT
from mockexchange.scenario.keys import KeyPool
from mockexchange.scenario.plan import Plan
from mockexchange.store.log import Cause, Log
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.request import KEY_TAKEN, Answer, Request, resume
from mockexchange.venues.session import Handshake

TRANSACTION_MAX = 64
"""The most commands of a request in one transaction of a store; applying them takes a millisecond or two."""
CLOCK = "clock"
"""The subject of the log's notes about changes of the clock."""


class Sandbox:
    """A running mock exchange. `open_sandbox` creates it; `submit` executes a command, `answer` answers a request."""

    beginning = Beginning()
    """The start of the sandbox's clock."""
    broken: str | None = None
    """The reason why the state cannot be used any more; None if it can. Only a reset or a deletion helps."""
    claim_key: Callable[[str], None] | None = None
    """Called with the id of each key before its command is logged; raises KeyInUse if another sandbox has it.

    None for a sandbox with a port of its own.
    """
    overlay: AnswerOverlay | None = None
    """Answers requests with the fields of a newer API document; None if the venues answer alone."""
    aside: SetAside | None = None
    """Set if the sandbox could not be opened from its store; it is broken then."""
    _ending: str | None = None
    _sequence_max = sys.maxsize
    """The sequence number of the last command that its quota allows."""

    def __init__(
        self,
        plan: Plan,
        options: SandboxOptions,
        pool: KeyPool | None = None,
        exchange: Exchange | None = None,
        rounding: FeeRounding | None = None,
    ) -> None:
        """`rounding` is that of the log of a sandbox that is opened again; None for a new one."""
        self.name = options.name
        self.options = options
        self.plan = plan
        log = new_log(plan, options, rounding or rounding_of(plan, options))
        self.exchange = exchange or log.header.new_exchange()
        self.log = log
        self.clock = ExchangeClock(options.clock, plan.start, options.host)
        self.journal = Journal.of_size(options.quotas.journal_bytes)
        self.contexts: dict[str, Any] = {
            name: venue.open_context(self.exchange.state, options.api_date, plan.settings[name])
            for name, venue in VENUES.items()
        }
        """Context of each venue, by its name."""
        self.context = self.contexts[DEFAULT.name]
        self.pool = pool or KeyPool(options.name)
        self.private_pems: dict[str, str | None] = {}
        self.touched_at = options.host()
        port: Sandbox = weakref.proxy(self)
        self.streams = Streams(self.journal, partial(Sandbox.moment, port), options.inspector, options.quotas)
        self.faults = Faults(port)
        self.streams.rules, self.streams.answer_rules = self.faults.for_frames, self.faults.for_answers
        self.stubs = Stubs(port)
        self.script = Script(port, self.faults, self.streams)
        script: Script = weakref.proxy(self.script)
        self.streams.on_subscribed = lambda reader, channel: script.note_subscribed(reader.account, channel)
        self.streams.on_operation = partial(Script.note_operation, script)
        self.closing: list[Callable[[str], object]] = []
        """Callbacks for the end of the sandbox; their argument is the reason (reset, deleted or stopped)."""
        self.writer = Writer(port, self.streams, partial(Sandbox.close, port))
        self.observers = self.writer.observers
        self.observers += [self.script.note_command, self.faults.lags.observe]
        self.writer.effects |= {
            CLOCK: lambda record, text: port.clock.set(**json.loads(text)),
            **{part.subject: part.apply for part in (self.faults, self.stubs, self.script)},
        }

    # Commands: all changes of state

    async def submit(self, command: Command, at: int | None = None, cause: Cause | None = None) -> Outcome:
        """Append a command to the log and execute it, at the time `at` or now. All changes of state go through here.

        A command from outside the script has no cause; steps that were due before it run first. Raises SandboxEnded,
        StoreUnavailable if the command could not be stored, KeyInUse if it adds a key that another sandbox on the port
        has, and CommandFailed if the mock's own code raised an exception, after which the state is as it was before.
        """
        return (await self.write(command, at, cause)).outcome

    async def write(self, command: Command, at: int | None = None, cause: Cause | None = None) -> Written:
        """Execute a command as `submit` does; return its record in the log together with its outcome."""
        if at is None:
            at = self.clock.now()
        if cause is None and (self.writer.posts or self.script.is_due(at)):
            await self.run_due()
        if self.broken or self._ending:
            self.require_open()
        if self.exchange.state.sequence >= self._sequence_max:
            raise self.options.quotas.commands_reached(self.name, self.streams.refusal_pace)
        if type(command) is AddKey and self.claim_key is not None:
            self.claim_key(command.key_id)
        return await self.writer.write(command, at, cause)

    async def write_all(self, commands: Sequence[Command]) -> AsyncGenerator[Written]:
        """Execute commands as `write` does, in order; yield the record and the outcome of each.

        In a store, neighbours that set nothing due share a transaction; they are all executed although one of them
        raises CommandFailed. Raises the errors of `write` in the place of the command.
        """
        place = 0
        while place < len(commands):
            neighbours = commands[place : place + self.transaction_room]
            group = list(takewhile(self.script.sets_nothing_due, neighbours))
            if not group:
                yield await self.write(commands[place])
                place += 1
                continue
            if self.has_due:
                await self.run_due()
            at = self.clock.now()
            with self.transaction([(command, at, None) for command in group]) as futures:
                for future in futures:
                    yield await future
            place += len(group)

    @property
    def transaction_room(self) -> int:
        """Number of commands that one transaction of the store may have now; 0 if the log is in memory."""
        if self.writer.memory is not None:
            return 0
        return max(0, min(TRANSACTION_MAX, self._sequence_max - self.exchange.state.sequence))

    @contextmanager
    def transaction(self, entries: Sequence[Entry]) -> Iterator[Sequence[Awaitable[Written]]]:
        """Begin to store commands, with their times and causes, in one transaction; yield a future of each.

        After an error in the block, and if its caller is gone, what is not stored yet is not executed. There are at
        most `transaction_room` commands, and each sets nothing due. Raises SandboxEnded and SandboxBroken.
        """
        self.require_open()
        futures = [self.writer.enqueue(*entry) for entry in entries]
        try:
            yield futures
        finally:
            for future in futures:
                if not future.cancel() and not future.cancelled():
                    future.exception()

    def begin_quota(self) -> None:
        """Count commands against the quota from now on, so that it does not include those of the history."""
        if (quota := self.options.quotas.commands) is not None:
            self._sequence_max = self.beginning.history + quota

    def use_log(self, log: Log) -> None:
        """Append to the log `log` from now on, which has the same records as the former one."""
        self.log = log
        self.writer.use(log)

    # The script and the clock

    @property
    def has_due(self) -> bool:
        """Whether steps of the script are due, or posted notes are not applied yet; `run_due` sees to both."""
        return bool(self.writer.posts) or self.script.is_due(self.clock.now())

    async def run_due(self) -> None:
        """Execute the steps of the script that are due. If the store is unavailable, these steps stay due."""
        if self.writer.posts:
            await self.writer.wait_until_applied()
        if self.script.is_due(self.clock.now()) and not self.writer.has_failed:
            with suppress(SandboxBroken, StoreUnavailable):  # every later use raises it
                await self.script.run_due()

    async def advance(self, duration_us: int) -> None:
        """Advance exchange time and execute everything that becomes due on the way.

        Raises ValueError on an invalid duration, ScriptOverrun if too many steps are due (time then stops at the next
        of them), and SandboxEnded.
        """
        await self.writer.wait_until_applied()
        try:
            await self.script.move(
                lambda: self.clock.after(duration_us),
                lambda target: self.set_clock(self.clock.mode, max(target, self.clock.now())),
            )
        finally:
            self.script.on_change()
        self.require_open()

    async def run_clock(self, mode: str) -> None:
        """Change the mode of the clock. If the change advances time, execute everything that becomes due.

        Raises ValueError on an unknown mode, ScriptOverrun (the mode stays unchanged), and SandboxEnded.
        """
        parse_mode(mode)
        await self.writer.wait_until_applied()
        try:
            await self.script.move(
                lambda: min(self.options.host(), LAST) if mode == "real" else self.clock.now(),
                lambda target: self.set_clock(mode, target),
            )
        finally:
            self.script.on_change()
        self.require_open()

    async def set_clock(self, mode: str, exchange_at: int) -> None:
        """Log a change of the clock, which takes effect when its record is applied. Steps that are due are not run."""
        change = {"mode": mode, "exchange_at": exchange_at, "host_at": self.options.host()}
        self.require_open()
        note = Note(subject=CLOCK, text=json.dumps(change, separators=(",", ":")))
        await self.writer.write(note, self.exchange.last_at)

    def host_delay_us(self) -> int | None:
        """Return the host time until the next step, in microseconds; None if no step is due or the clock is paused."""
        next_at = self.script.next_at
        return None if next_at is None else self.clock.host_delay_us(next_at)

    # Requests and streams

    def shake_hands(self, request: Request | RequestContext) -> tuple[Handshake, JournalEntry]:
        """Answer the upgrade request of a stream and journal it; return the handshake and the journal entry.

        Raises SandboxBroken and QuotaReached.
        """
        self.require_working()
        self.streams.require_room(self.name)
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
        if self.broken:
            self.require_working()
        at, host_at = self.clock.moment()
        position, self.touched_at = self.exchange.state.sequence, host_at
        asked = request if type(request) is RequestContext else RequestContext.of(request)
        if self.faults.for_requests:
            answer = self.faults.answer(asked, at, host_at)
        else:
            venue, context = asked.venue, self.contexts[asked.venue.name]
            stubbed = self.stubs.answer(venue, context, asked.request, at, host_at) if self.stubs.installed else None
            ask = venue.rest.answer if self.overlay is None else partial(self.overlay.answer, venue)
            answer = stubbed or ask(context, asked.request, at, host_at)
        entry = self._note(asked, answer, at, host_at, position)
        if answer.pending is None and self.script.triggers.steps:
            self.script.note_request(entry)
        return answer, entry

    async def carry_out(self, answer: Answer, entry: JournalEntry) -> Answer:
        """Execute the commands of a pending answer, complete its entry and return the complete answer.

        In a store, commands that the answer knows ahead share transactions. Raises SandboxEnded.
        """
        assert answer.pending is not None, "the answer is complete already"
        step, ahead = resume(answer.pending), deque(answer.ahead or ())
        while not isinstance(step, Answer):
            group = list(takewhile(self.script.sets_nothing_due, islice(ahead, self.transaction_room)))
            if group:
                if self.has_due:
                    await self.run_due()
                with self.transaction([(command, entry.at, None) for command in group]) as futures:
                    for future in futures:
                        record, outcome = await future
                        entry.commands += (record.sequence,)
                        ahead.popleft()
                        step = resume(answer.pending, outcome)
                continue
            if ahead:
                ahead.popleft()
            try:
                record, outcome = await self.write(step, entry.at)
            except KeyInUse:
                step = resume(answer.pending, KEY_TAKEN)
                continue
            entry.commands += (record.sequence,)
            step = resume(answer.pending, outcome)
        entry.status, entry.operation, entry.account = step.status, step.operation, step.account
        entry.key_id, entry.diagnosis, entry.findings = step.key_id, step.diagnosis, tuple(step.findings)
        entry.fault, entry.stub, entry.refusal, entry.overlay = step.fault, step.stub, step.refusal, step.overlay
        self.journal.set_answer(entry, step.body)
        if self.script.triggers.steps:
            self.script.note_request(entry)
        if self._sends_frames_first(entry.number):
            self.streams.flush()
        return step

    def _sends_frames_first(self, number: int) -> bool:
        """Whether the frames that the request `number` causes are sent before its answer; see the scenario's setting.

        With "random" the seed and the number decide.
        """
        frames = self.plan.frames
        if frames == "random":
            return fires(self.plan.seed, "frames", number, PROBABILITY_UNIT // 2)
        return frames == "before"

    async def carry_out_call(self, connection: Connection, pending: PendingReply) -> None:
        """Execute the commands of a call on a stream that changes the exchange, and send its answer.

        Raises SandboxEnded. Data that the call causes on the same stream is sent after the answer, unless the scenario
        sends it first.
        """
        if not self._sends_frames_first(self.journal.frame_count):
            connection.hold()
        commands: tuple[int, ...] = ()
        step = resume(pending)
        while not isinstance(step, CallReply):
            record, outcome = await self.write(step)
            commands += (record.sequence,)
            step = resume(pending, outcome)
        frame = step.frame and step.frame._replace(commands=commands)
        connection.complete(step._replace(frame=frame))

    async def carry_out_end(self, connection: Connection) -> None:
        """Execute the commands that the end of a stream causes, such as canceling orders on disconnect.

        No command is executed if the server itself ends all streams. A command that cannot be stored becomes a finding
        in the journal, since the client is gone.
        """
        if connection.ending is None or connection.ending.code == SERVICE_RESTART:
            return
        try:
            with suppress(SandboxEnded):
                for command in connection.session.parting_commands:
                    await self.submit(command)
        except StoreUnavailable as error:
            text = f"what the end of stream {connection.number} leads to was not done: {error}"
            self.journal.add_firing(Firing(*self.moment(), "finding", "stream", {"text": text}))

    # The journal

    def note_answer(self, asked: RequestContext, answer: Answer) -> JournalEntry:
        """Journal a request whose answer did not come from the method `answer`; return the journal entry."""
        return self._note(asked, answer, *self.moment())

    def note_answered_elsewhere(self, entry: JournalEntry) -> None:
        """Journal a request that another process of the server answered."""
        self.touched_at = max(self.touched_at, entry.host_at)
        self.journal.add_closed(entry)

    def _note(self, asked: RequestContext, answer: Answer, at: int, host_at: int, position: int) -> JournalEntry:
        request, body, page = asked.request, answer.body, answer.page
        entry = JournalEntry(  # names would take as long as all the rest of this function
            self.journal.count + 1,
            at,
            host_at,
            position,
            request.method,
            request.target,
            pack_headers(request.headers),
            request.body,
            answer.status,
            pieces_of(body, page) if page and answer.fault is None else (body,),
            answer.operation,
            answer.account,
            answer.key_id,
            answer.diagnosis,
            tuple(answer.findings),
            answer.fault,
            answer.stub,
            asked.venue.name,
            answer.refusal,
            overlay=answer.overlay,
        )
        self.journal.add(entry, awaits_answer=answer.pending is not None)
        return entry

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
        """Journal a connection or bytes that are no request to any venue; status 0 if no answer was sent."""
        at, host_at, position = self.moment()
        entry = JournalEntry(
            number=self.journal.count + 1,
            at=at,
            host_at=host_at,
            position=position,
            method=method,
            target=target,
            packed_headers=pack_headers(headers),
            body=body,
            status=status,
            answer_pieces=() if answer is None else (answer,),
            diagnosis=diagnosis,
        )
        self.journal.add(entry)
        self.journal.close(entry)

    # Keys

    def key_of(self, key_id: str) -> Key | None:
        """Return the key with this id, whether it has a public key or a secret; None if there is none."""
        state = self.exchange.state
        return state.keys.get(key_id) or state.secret_keys.get(key_id)

    @property
    def keys(self) -> list[Key]:
        """All keys of the sandbox: first keys with a public half, then keys with a secret, in the order of addition."""
        state = self.exchange.state
        return list(chain(state.keys.values(), state.secret_keys.values()))

    def credentials(self) -> list[Credential]:
        """Return the credential of every key, in the order of `keys`."""
        return [self.credential_of(key) for key in self.keys]

    def credential_of(self, key: Key) -> Credential:
        return credential_of(self.exchange.state, key, self.private_pems.get(key.key_id))

    # Its end, and its parts

    def set_aside(self, reason: str, keys: frozenset[str] = frozenset(), *, has_scenario: bool = True) -> None:
        """Answer everything that is asked of the sandbox with the reason, from now on, and leave its log as it is."""
        advice = (
            "remove the reason and restart the server, or reset or delete the sandbox; see `mockexchange store check`"
        )
        self.aside = SetAside(reason, keys, has_scenario)
        self.broken = f"sandbox {self.name!r} is set aside, and its log is unchanged: {reason}: {advice}"
        self.close("set aside")

    def close(self, reason: str) -> None:
        """End the sandbox: close its streams, stop its script and call the callbacks of `closing`."""
        self._ending = reason
        self.streams.close_all()
        self.script.end()
        for end in tuple(self.closing):
            end(reason)
        self.closing.clear()

    def require_open(self) -> None:
        """Raise SandboxEnded if the sandbox has ended, or SandboxBroken if a command left it broken."""
        self.require_working()
        if self._ending:
            raise SandboxEnded(f"the sandbox was {self._ending} before all was done")

    def require_working(self) -> None:
        """Raise SandboxBroken if a command left the sandbox broken."""
        if self.broken:
            raise SandboxBroken(self.broken)

    def moment(self) -> tuple[int, int, int]:
        """Return (exchange time, host time, length of the log), with which a replay can repeat an answer."""
        return *self.clock.moment(), self.exchange.state.sequence

    def update_call_hook(self) -> None:
        """Pass the calls of streams to faults and stubs while a rule or a stub that may answer them is installed."""
        is_needed = self.faults.for_requests or self.stubs.installed
        self.streams.answer_call = self.faults.answer_call if is_needed else None

    def itself(self) -> "Sandbox":
        """Return this sandbox. A part that refers to it weakly calls this to keep the sandbox until a task is done."""
        return self
