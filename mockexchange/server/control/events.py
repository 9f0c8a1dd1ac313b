"""Sends the events of a sandbox as server-sent events (WHATWG HTML, section 9.2).

Recording starts with the first client that watches. From then on the newest events are kept, once for all watching
clients, each of which reads on from its own position. A slow client costs nothing: it misses events that were dropped
meanwhile, and gets their number. The JSON of an event is made when it is read.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from operator import eq
from typing import Any, NamedTuple

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import written_name
from mockexchange.sandbox.journal import FrameEntry, Journal, JournalEntry, JournalItem
from mockexchange.sandbox.journal_json import (
    firing_to_json,
    frame_to_json,
    request_to_json,
    short_frame_to_json,
)
from mockexchange.sandbox.ledger.events import outcome_of
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.writer import CommandObserver
from mockexchange.store.log import Record

KINDS = ("command", "request", "frame", "script", "fault", "clock")
HISTORY_MAX = 10_000
"""The most events that a feed keeps, as many as the journal keeps entries."""
HISTORY_BYTES_MAX = 32 * 1024 * 1024
EVENT_BYTES = 500
"""The approximate memory of an event of the core, or of a request without its bodies."""
OUTCOME_EVENTS_MAX = 1_000
"""The most events of one command that are sent; a settlement may have a million."""
HEARTBEAT_S = 15.0
"""The interval of heartbeats, shorter than any proxy's timeout, as the standard of server-sent events advises."""
WATCHERS_MAX = 100
ID_DIGITS_MAX = 18
CHUNK_CHARS_MAX = 256 * 1024
"""The most text that is made before it is sent, so that a client that reads many old events does not delay others."""


def place_of_event(event_id: str | None, count: int, id_of: Callable[[int], str]) -> int | None:
    """Return the number of the event with an id; `count` without an id; None if this server did not issue the id."""
    if event_id is None:
        return count
    number = event_id.rpartition("-")[2]
    if not number.isascii() or not number.isdigit() or len(number) > ID_DIGITS_MAX:
        return None
    return int(number) if id_of(int(number)) == event_id and int(number) <= count else None


class LiveEvent(NamedTuple):
    """An event of a sandbox. `show` returns it as JSON: complete if called with False, shortened with True."""

    kind: str
    size_bytes: int
    show: Callable[[bool], dict[str, Any]]
    concerns: Callable[[str], bool] | None = None
    """A function that returns whether the event is about an account; None for events that are about no account."""
    channel: str | None = None
    """The channel of a frame; None for other events."""


class WatchFilter(NamedTuple):
    """A filter of the events that a client wants.

    An event that has no account or no channel passes any filter of these.
    """

    kinds: frozenset[str]
    account: str | None = None
    channel: str | None = None
    is_short: bool = False
    """Whether events are sent without bodies, without the events of commands, and without secrets."""
    clean: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """A function that returns an event's JSON without what the client must not see, or asked to hide."""

    def show(self, event: LiveEvent) -> dict[str, Any]:
        return self.clean(event.show(self.is_short))

    def matches(self, event: LiveEvent) -> bool:
        return (
            event.kind in self.kinds
            and (self.account is None or event.concerns is None or event.concerns(self.account))
            and (self.channel is None or event.channel is None or event.channel == self.channel)
        )


class EventFeed:
    """The newest events of one sandbox, numbered from 1. They are recorded while clients watch the sandbox."""

    def __init__(self, sandbox: str, journal: Journal, observers: list[CommandObserver], origin: str) -> None:
        self.sandbox = sandbox
        self.origin = origin
        """Distinguishes the ids of a sandbox from those of its replacement after a reset."""
        self.gaps = 0
        """Number of periods without watchers in which events were not recorded."""
        self.count = 0
        self.first = 1
        """The number of the oldest event that is kept."""
        self.ended: str | None = None
        """Why the sandbox ended; None while it runs."""
        self.watchers = 0
        self._journal, self._observers = journal, observers
        self._history: dict[int, LiveEvent] = {}
        self._size_bytes = 0
        self._left_at = 0
        self._waiting: set[asyncio.Future[None]] = set()

    # --- recording

    def _on_command(self, record: Record, outcome: Outcome) -> None:
        events = 1 if isinstance(outcome, Refusal) else len(outcome)
        show, concerns = partial(command_to_json, record, outcome), partial(_concerns, record, outcome)
        self._note(LiveEvent("command", EVENT_BYTES * events, show, concerns))

    def _on_item(self, item: JournalItem) -> None:
        if isinstance(item, FrameEntry):
            write = partial(_frame_to_json, self._journal.frame_count, item)
            size_bytes = EVENT_BYTES + len(item.raw)
            self._note(LiveEvent("frame", size_bytes, write, partial(eq, item.account), item.channel))
        elif isinstance(item, JournalEntry):
            shown = request_to_json(item)
            self._note(LiveEvent("request", EVENT_BYTES, lambda _: shown, partial(eq, item.account)))
        else:
            kind = "fault" if item.kind == "fault" else "script"
            number = self._journal.firing_count
            self._note(LiveEvent(kind, EVENT_BYTES, lambda _: firing_to_json(number, item)))

    def note_clock(self, clock: dict[str, str]) -> None:
        """Record that the clock was advanced, or that its mode was changed."""
        if self._on_command in self._observers:
            self._note(LiveEvent("clock", EVENT_BYTES, lambda _: clock))

    def _note(self, event: LiveEvent) -> None:
        self.count += 1
        self._history[self.count] = event
        self._size_bytes += event.size_bytes
        while len(self._history) > HISTORY_MAX or self._size_bytes > HISTORY_BYTES_MAX:
            self._forget_oldest()
        if not self.watchers and self.first > self._left_at + 1:
            self._stop()  # the last watcher has missed an event by now and could not resume
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            future.set_result(None)

    def _forget_oldest(self) -> None:
        self._size_bytes -= self._history.pop(self.first).size_bytes
        self.first += 1

    def _start(self) -> None:
        if self._on_command not in self._observers:
            self._observers.append(self._on_command)
            self._journal.observers.append(self._on_item)

    def _stop(self) -> None:
        self._observers.remove(self._on_command)
        self._journal.observers.remove(self._on_item)
        self._history.clear()
        self._size_bytes, self.first = 0, self.count + 1
        self.gaps += 1

    # --- watching

    def enter(self) -> None:
        self.watchers += 1
        self._start()

    def leave(self) -> None:
        self.watchers -= 1
        self._left_at = self.count

    def end(self, reason: str) -> None:
        """Wake all watching clients, because the sandbox has ended. `reason` is what ended it."""
        self.ended = reason
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            future.set_result(None)

    def id_of(self, number: int) -> str:
        return f"{self.origin}-{self.gaps}-{number}"

    def place_of(self, event_id: str | None) -> int | None:
        """Return the number of the event with an id; None if this feed did not issue the id."""
        return place_of_event(event_id, self.count, self.id_of)

    def read_on(self, place: int, wanted: WatchFilter) -> tuple[list[str], int]:
        """Return the text of the wanted events after number `place`, and the number to read on from."""
        parts = [sse_text("lost", {"lost": self.first - 1 - place})] if place + 1 < self.first else []
        chars = 0
        for number in range(max(place + 1, self.first), self.count + 1):
            event = self._history[number]
            if wanted.matches(event):
                parts.append(sse_text(event.kind, wanted.show(event), self.id_of(number)))
                chars += len(parts[-1])
            if chars >= CHUNK_CHARS_MAX:
                return parts, number
        return parts, self.count

    async def wait(self) -> bool:
        """Wait for the next event; return False if none came within HEARTBEAT_S."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            done, _ = await asyncio.wait((future,), timeout=HEARTBEAT_S)
            return bool(done)
        finally:
            self._waiting.discard(future)


async def watch(
    feed: EventFeed, wanted: WatchFilter, last_event_id: str | None, is_following: bool
) -> AsyncIterator[str]:
    """Yield the events of a feed as the text of server-sent events, until the sandbox ends.

    They begin after the event `last_event_id`, or with the next event. Without `is_following`, only past events are
    yielded.
    """
    found = feed.place_of(last_event_id)
    place = feed.count if found is None else found
    yield sse_text("begin", {"sandbox": feed.sandbox}, feed.id_of(place))
    if found is None:
        yield sse_text("lost", {"lost": None})
    while True:
        parts, place = feed.read_on(place, wanted)
        if parts:
            yield "".join(parts)
            await asyncio.sleep(0)  # sending to a watcher that has gone never waits: let the loop notice it
        elif feed.ended is not None:
            yield sse_text("end", {"reason": feed.ended})
            return
        elif not is_following:
            return
        elif not await feed.wait():
            yield ": quiet\n\n"


def sse_text(kind: str, data: dict[str, Any], event_id: str | None = None) -> str:
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n"


def command_to_json(record: Record, outcome: Outcome, is_short: bool) -> dict[str, Any]:
    """Return a command with its outcome as JSON, and the script step that issued it, if any.

    With `is_short`, the events of the outcome are left out.
    """
    cause = record.cause and {"step": record.cause.step, "repetition": record.cause.repetition}
    head = {"command": written_name(type(record.command)), "cause": cause}
    if isinstance(outcome, Refusal):
        return {**head, **outcome_of(record.sequence, record.at, outcome)}
    count = 0 if is_short else OUTCOME_EVENTS_MAX
    shown = outcome_of(record.sequence, record.at, outcome[:count])
    return {**head, **shown, "left_out": max(0, len(outcome) - count)}


def _frame_to_json(number: int, frame: FrameEntry, is_short: bool) -> dict[str, Any]:
    return short_frame_to_json(number, frame) if is_short else frame_to_json(number, frame)


def _concerns(record: Record, outcome: Outcome, account: str) -> bool:
    """Return whether a command, or one of its events, names an account."""
    events = () if isinstance(outcome, Refusal) else outcome
    return any(_account_of(value) == account for value in (record.command, *events))


def _account_of(value: object) -> str | None:
    subaccount_ref = getattr(value, "subaccount_ref", None)
    return getattr(value, "account", None) if subaccount_ref is None else subaccount_ref.account


class Feeds:
    """The event feeds of all sandboxes that a client has watched."""

    def __init__(self) -> None:
        self._feeds: dict[Sandbox, EventFeed] = {}
        self._made = 0

    def of(self, sandbox: Sandbox) -> EventFeed:
        feed = self._feeds.get(sandbox)
        if feed is None:
            self._made += 1
            origin = f"{sandbox.options.host()}-{self._made}"
            feed = self._feeds[sandbox] = EventFeed(sandbox.name, sandbox.journal, sandbox.observers, origin)
            sandbox.closing.append(partial(self._end, sandbox))
        return feed

    def note_clock(self, sandbox: Sandbox, clock: dict[str, str]) -> None:
        """Record a change of a sandbox's clock, if a client watches the sandbox."""
        if sandbox in self._feeds:
            self._feeds[sandbox].note_clock(clock)

    def _end(self, sandbox: Sandbox, reason: str) -> None:
        self._feeds.pop(sandbox).end(reason)


class EventStream(StreamingResponse):
    """A streaming response that lasts until the client disconnects or the sandbox ends."""

    def __init__(self, feed: EventFeed, wanted: WatchFilter, last_event_id: str | None, is_following: bool) -> None:
        super().__init__(watch(feed, wanted, last_event_id, is_following), media_type="text/event-stream")
        self.feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.feed.enter()
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.feed.leave()
