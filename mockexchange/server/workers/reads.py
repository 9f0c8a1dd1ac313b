"""Answers reads in a process that does not write, from copies of the sandboxes that another process writes.

A connection is passed on to the writing process at the first request that this one cannot answer: a write, or one to a
sandbox with faults, stubs, rate limits or triggers by clients. Answers of such a sandbox depend on earlier requests,
which may come on any connection.
"""

import asyncio
import math
import os
import re
import time
from collections.abc import Callable
from itertools import count

from starlette.types import Receive, Scope, Send

from mockexchange.sandbox.following import FollowableStore, Follower
from mockexchange.sandbox.interface import LOGGER, RequestContext
from mockexchange.sandbox.journal import Journal, JournalEntry
from mockexchange.sandbox.options import Inspector
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.app import ListenerApp, is_control
from mockexchange.server.http.connection import HttpConnection
from mockexchange.server.http.request_cycle import carrier_of
from mockexchange.server.http.request_limits import Cut
from mockexchange.server.http.rest_endpoint import (
    DiagnosisWorker,
    api_date_of,
    explain,
    inspect,
    request_of,
    send_answer,
    sequence_header,
)
from mockexchange.server.loop_budget import PIECE_BYTES
from mockexchange.server.workers.mailbox import Answered, Message, RunDue
from mockexchange.store.heads import Heads
from mockexchange.store.log import LogError, LogUnavailable
from mockexchange.venues.request import Answer

FOLLOW_EVERY_S = 0.1
"""The interval at which a reader without requests applies new records, in seconds."""
DUE_S_MAX = 5.0
"""The seconds that a reader waits for due steps to be run; after that the writing process answers the request."""
SendMessage = Callable[[Message], object]
END = b"\r\n\r\n"
PLAIN = re.compile(rb"GET /(?!_mock| )[^\r\n]* HTTP/1\.1\r\n")
NOT_PLAIN = re.compile(rb"\r\n(?:upgrade|content-length|transfer-encoding|expect)[ \t]*:", re.IGNORECASE)
HELD_BYTES_MAX = 64 * 1024
"""The most bytes that a client may send before its request is answered; beyond it the connection ends."""


# --- the copies of sandboxes


class ReaderJournal(Journal):
    """The journal of a sandbox in a reader. It keeps no entries, since the writing process keeps them."""

    def __init__(self, id_: int, send: SendMessage) -> None:
        super().__init__()
        self._id, self._send = id_, send

    def add(self, entry: JournalEntry, *, awaits_answer: bool = False) -> None:
        self.count += 1

    def close(self, entry: JournalEntry) -> None:
        entry.is_closed = True
        self._send(Answered(self._id, entry))


class Reads:
    """A reader's copies of sandboxes. Each has all acknowledged writes before a read is answered from it."""

    is_numbered = False
    """Whether answers have the header `X-Mock-Seq`."""

    def __init__(
        self,
        store: FollowableStore,
        heads: Heads,
        send: SendMessage,
        hand_over: Callable[[bytes, int], None],
        inspector: Inspector | None = None,
        name: str = "",
    ) -> None:
        """`send` sends messages to the writing process; `name` is this process's name in messages for users."""
        self.sandboxes = Sandboxes()
        self.hand_over = hand_over
        """Gives a connection, with the bytes that were read of it, to the home."""
        self._send, self._name = send, name
        self.follower = Follower(store, heads, self.sandboxes, self._note_opened, inspector)
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._following: asyncio.Task[None] | None = None
        self.caught_up_s = -math.inf
        """The last time, on the loop's clock, whose acknowledged writes are surely in the copies."""
        self._trouble = ""

    def start(self) -> None:
        """Begin to apply new records of the logs at intervals."""
        self._following = asyncio.get_running_loop().create_task(self._keep_following())

    def stop(self) -> None:
        if self._following:
            self._following.cancel()

    async def sandbox_for(self, asked: RequestContext) -> Sandbox | None:
        """Return the sandbox that answers a request, after all acknowledged writes and the due steps of its script.

        None if this process cannot get it up to date.
        """
        if not self.follower.is_caught_up and not await self.catch_up():
            return None
        sandbox = self.sandboxes.route(asked.key_id)
        if asked.key_id and sandbox.key_of(asked.key_id) is None:
            return None  # the writing process may know it, of a sandbox that is set aside
        if sandbox.script.has_due:
            sandbox.script.follow(sandbox.clock.now())  # what is void leaves no record
            if sandbox.script.has_due:
                return await self._without_due(asked.key_id, sandbox)
        return sandbox

    async def _without_due(self, key_id: str | None, sandbox: Sandbox) -> Sandbox | None:
        """Have the home carry out what is due, and return the sandbox after it; None if it does not answer."""
        number = next(self._numbers)
        done = self._asked[number] = asyncio.get_running_loop().create_future()
        self._send(RunDue(self.follower.id_of(sandbox), number))
        try:
            async with asyncio.timeout(DUE_S_MAX):
                await done
        except TimeoutError:
            return None
        finally:
            del self._asked[number]
        return self.sandboxes.route(key_id) if await self.catch_up() else None

    def note_done(self, number: int) -> None:
        """Continue the request that waits for due steps, because the reply with this number came."""
        asked = self._asked.get(number)
        if asked is not None and not asked.done():
            asked.set_result(None)

    async def catch_up(self) -> bool:
        """Apply all records that the writing process has published; return whether that was possible."""
        began_s = asyncio.get_running_loop().time()
        try:
            await self.follower.catch_up()
        except (LogError, LogUnavailable, ScenarioError, ValueError) as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                LOGGER.warning("%s answers nothing itself: %s", self._name, error)
            return False
        self._trouble, self.caught_up_s = "", max(began_s, self.caught_up_s)
        return True

    async def _keep_following(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            await self.catch_up()

    def _note_opened(self, id_: int, sandbox: Sandbox) -> None:
        sandbox.journal = ReaderJournal(id_, self._send)


# --- the application


class ReaderApp(ListenerApp):
    """The ASGI application of a reader: it answers reads, and passes all other requests to the first worker."""

    def __init__(self, reads: Reads, diagnosis_worker: DiagnosisWorker) -> None:
        super().__init__(reads.sandboxes.route, diagnosis_worker, None)
        self._reads = reads
        self.hand_over = reads.hand_over
        """Called by a connection with the bytes that were read of it, and its open file."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_control(scope["path"]) or not await self._answer(scope, send):
            carrier_of(scope).transport.get_protocol().hand_over()

    def direct_answer(self, cycle: object) -> None:
        return None

    async def _answer(self, scope: Scope, send: Send) -> bool:
        """Answer a request; return whether this reader can."""
        started_ns = time.perf_counter_ns()
        asked = RequestContext.of(request_of(scope))
        sandbox = await self._reads.sandbox_for(asked)
        answer = None if sandbox is None else read_answer(sandbox, asked)
        if sandbox is None or answer is None:
            return False
        number = (sequence_header(sandbox),) if self._reads.is_numbered else ()
        entry = sandbox.note_answer(asked, answer)
        if answer.diagnose is not None:
            entry.diagnosis = answer.diagnosis = await explain(self.diagnosis_worker, asked.request, answer)
        elif answer.diagnosis:
            answer.diagnosis = self.diagnosis_worker.hide(answer.diagnosis)
        if sandbox.options.inspector:
            entry.findings += inspect(sandbox.options.inspector, sandbox, asked, entry, answer)
        entry.latency_us = (time.perf_counter_ns() - started_ns) // 1_000
        sandbox.journal.close(entry)  # before the client knows the answer: what it does next comes after this
        await send_answer(send, carrier_of(scope), asked.venue, answer, api_date_of(sandbox, asked), number)
        return True


def read_answer(sandbox: Sandbox, asked: RequestContext) -> Answer | None:
    """Return the answer to a request that only reads; None if only the first worker may answer.

    The first worker has to answer writes, and requests that change later answers, such as those that rate limits count.
    """
    venue, context = asked.venue, sandbox.contexts[asked.venue.name]
    counts = venue.rest.counts_requests
    if (
        sandbox.broken
        or sandbox.faults.for_requests
        or sandbox.stubs.installed
        or sandbox.script.triggers.steps
        or (counts is not None and counts(context))
    ):
        return None
    at, host_at, _ = sandbox.moment()
    try:
        answer = venue.rest.answer(context, asked.request, at, host_at)
    except Exception:  # noqa: BLE001  # the first worker reports it
        return None
    return answer if answer.pending is None else None


# --- connections


def is_plain_read(data: bytes) -> bool:
    """Return whether bytes are exactly one complete request that only reads, without a body or an upgrade."""
    return (
        len(data) <= PIECE_BYTES
        and PLAIN.match(data) is not None
        and data.find(END) == len(data) - len(END)
        and NOT_PLAIN.search(data) is None
    )


class ReaderConnection(HttpConnection):
    """Answers simple reads, and passes every other connection to the first worker.

    It parses one request at a time, and keeps its bytes until it is clear that the request is a simple read.
    """

    _read = _held = b""
    """The bytes of the request that is answered, and those that came behind it."""

    def data_received(self, data: bytes) -> None:
        if self._held or (self.running is not None and not self.running.response_complete):
            self._held += data
            if len(self._held) > HELD_BYTES_MAX:
                self.transport.abort()
        elif is_plain_read(data):
            self._read = data
            super().data_received(data)
        else:
            self._read = data
            self.hand_over()

    def hand_over(self) -> None:
        """Pass the connection, with the bytes of all unanswered requests, to the first worker."""
        self.transport.pause_reading()
        self.is_refused = True  # nothing is wrong with what was read
        if self.running is not None:
            self.running.disconnected = True
        app = self.state.app
        assert isinstance(app, ReaderApp), "it is a reader's"
        give = app.hand_over
        give(self._read + self._held, os.dup(self.transport.get_extra_info("socket").fileno()))
        self._held = b""
        self.transport.abort()

    def refuse_in_turn(self, cut: Cut) -> None:
        """Pass the connection to the first worker, which refuses the invalid request."""
        self.hand_over()

    def go_on_after_answer(self) -> None:
        super().go_on_after_answer()
        if self._held and not self.transport.is_closing():
            self.loop.call_soon(self._go_on_reading)

    def _go_on_reading(self) -> None:
        data, self._held = self._held, b""
        if data and self.is_mine():
            self.data_received(data)
