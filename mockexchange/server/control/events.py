"""Sends events of a sandbox, and changes of sandboxes, as server-sent events (WHATWG HTML, section 9.2).

Events of a sandbox are recorded from the first client that watches it. From then on the newest are kept, once for all
watching clients, each of which reads on from its own position. A slow client costs nothing: it misses events that were
dropped meanwhile, and gets their number. The JSON of an event is made when it is read.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import partial
from operator import eq
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import written_name
from mockexchange.sandbox.journal import FrameEntry, Journal, JournalEntry, JournalItem
from mockexchange.sandbox.journal_json import firing_to_json, frame_to_json, request_to_json, short_frame_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.state_json.events import outcome_of
from mockexchange.sandbox.writer import CommandObserver
from mockexchange.scenario.fault_rules import CHANNEL_NAMES
from mockexchange.server.control.access import Access, grant_of
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.requests import REDACT, SHORT, read_query, read_switch, require_known
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource
from mockexchange.server.control.secret_filter import SecretFilter
from mockexchange.server.server_state import ServerState
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
CHANGES_MAX = 1_000
"""The most changes that are kept, as many as sandboxes.

A watcher that missed more reads the list of sandboxes again.
"""
LAST_EVENT_ID = "last_event_id"
"""The query parameter for the id of the last event, for programs that cannot send the header Last-Event-ID."""
FOLLOWING = ("follow", LAST_EVENT_ID)


def event_routes(server_state: ServerState, feeds: "Feeds") -> list[Resource]:
    async def send(request: Request) -> Response:
        secrets = SecretFilter(server_state.secrets.known)
        wanted, last_event_id, is_following = read_watch(request, secrets)
        sandbox = await server_state.sandboxes.caught_up(request.path_params["name"])
        feed = feeds.of(sandbox)
        if feed.watchers >= WATCHERS_MAX:
            raise ControlError(409, "too_many_watchers", f"at most {WATCHERS_MAX} can watch one sandbox")
        return EventStream(feed, watch(feed, wanted, last_event_id, is_following))

    return [Resource(f"{ONE_SANDBOX}/events", GET=(Access.LOOK, send))]


# --- server-sent events


class EventStream(StreamingResponse):
    """A streaming response that lasts until the client disconnects, or what its feed is about ends."""

    def __init__(self, feed: "Feed", texts: AsyncIterator[str]) -> None:
        super().__init__(texts, media_type="text/event-stream")
        self.feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.feed.enter()
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.feed.leave()


class Feed:
    """Numbers events from 1, and wakes the clients that wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self.watchers = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def enter(self) -> None:
        self.watchers += 1

    def leave(self) -> None:
        self.watchers -= 1

    def wake(self) -> None:
        """Let all waiting clients read on."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self) -> bool:
        """Wait for the next event; return False if none came within HEARTBEAT_S."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            done, _ = await asyncio.wait((future,), timeout=HEARTBEAT_S)
            return bool(done)
        finally:
            self._waiting.discard(future)


def read_following(request: Request, asked: dict[str, Any]) -> tuple[str | None, bool]:
    """Return the id of the last event that the client has seen, or None, and whether it waits for new events.

    Raises ControlError.
    """
    is_following = read_switch(asked, "follow", default=True) and request.method != "HEAD"
    return asked.get(LAST_EVENT_ID, request.headers.get("last-event-id")), is_following


def place_of_event(event_id: str | None, count: int, id_of: Callable[[int], str]) -> int | None:
    """Return the number of the event with an id; `count` without an id; None if this server did not issue the id."""
    if event_id is None:
        return count
    number = event_id.rpartition("-")[2]
    if not number.isascii() or not number.isdigit() or len(number) > ID_DIGITS_MAX:
        return None
    return int(number) if id_of(int(number)) == event_id and int(number) <= count else None


def sse_text(kind: str, data: dict[str, Any], event_id: str | None = None) -> str:
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n"


# --- the events of a sandbox


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


def read_watch(request: Request, secrets: SecretFilter) -> tuple[WatchFilter, str | None, bool]:
    """Return what a request for live events asks for: the filter, the id of the last event seen, and whether to
    follow.

    The id is None if the request has none. Without following, only past events are sent. Raises ControlError.
    """
    asked = read_query(request, ("kinds", *FOLLOWING, "account", "channel", SHORT, REDACT), ())
    kinds = frozenset(asked["kinds"].split(",")) if "kinds" in asked else frozenset(KINDS)
    if not kinds <= set(KINDS):
        unknown = min(kinds - set(KINDS))
        raise ControlError(400, "bad_query", f"kinds: expected some of {','.join(KINDS)}; got {unknown[:40]!r}")
    require_known("channel", asked, CHANNEL_NAMES)
    is_short = read_switch(asked, SHORT, default=False)
    is_redacted = is_short or read_switch(asked, REDACT, default=False)
    hiding = secrets if is_redacted else secrets.least_for(grant_of(request))
    clean = dict if hiding is None else hiding.clean
    wanted = WatchFilter(kinds, asked.get("account"), asked.get("channel"), is_short, clean)
    return wanted, *read_following(request, asked)


class EventFeed(Feed):
    """The newest events of one sandbox, numbered from 1. They are recorded while clients watch the sandbox."""

    def __init__(self, sandbox: str, journal: Journal, observers: list[CommandObserver], origin: str) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.origin = origin
        """Distinguishes the ids of a sandbox from those of its replacement after a reset."""
        self.gaps = 0
        """Number of periods without watchers in which events were not recorded."""
        self.first = 1
        """The number of the oldest event that is kept."""
        self.ended: str | None = None
        """Why the sandbox ended; None while it runs."""
        self._journal, self._observers = journal, observers
        self._history: dict[int, LiveEvent] = {}
        self._size_bytes = 0
        self._left_at = 0
        """The number of the newest event when the last watcher left."""

    def enter(self) -> None:
        super().enter()
        if self._on_command not in self._observers:
            self._observers.append(self._on_command)
            self._journal.observers.append(self._on_item)

    def leave(self) -> None:
        super().leave()
        self._left_at = self.count

    def id_of(self, number: int) -> str:
        return f"{self.origin}-{self.gaps}-{number}"

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

    def end(self, reason: str) -> None:
        """Wake all watching clients, because the sandbox has ended. `reason` is what ended it."""
        self.ended = reason
        self.wake()

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
            self._size_bytes -= self._history.pop(self.first).size_bytes
            self.first += 1
        if not self.watchers and self.first > self._left_at + 1:
            # The last watcher has missed an event by now and could not resume, so recording stops.
            self._observers.remove(self._on_command)
            self._journal.observers.remove(self._on_item)
            self._history.clear()
            self._size_bytes, self.first = 0, self.count + 1
            self.gaps += 1
        self.wake()


async def watch(
    feed: EventFeed, wanted: WatchFilter, last_event_id: str | None, is_following: bool
) -> AsyncIterator[str]:
    """Yield the events of a feed as the text of server-sent events, until the sandbox ends.

    They begin after the event `last_event_id`, or with the next event. Without `is_following`, only past events are
    yielded.
    """
    found = place_of_event(last_event_id, feed.count, feed.id_of)
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
    for value in (record.command, *(() if isinstance(outcome, Refusal) else outcome)):
        subaccount_ref = getattr(value, "subaccount_ref", None)
        if getattr(value if subaccount_ref is None else subaccount_ref, "account", None) == account:
            return True
    return False


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


# --- the changes of the sandboxes of a server


class ServerFeed(Feed):
    """Records when sandboxes of a server are made, reset or deleted, and wakes the clients that watch these changes.

    Changes are numbered from 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_ended = False
        self._origin = "0"
        self._changes: deque[dict[str, Any]] = deque(maxlen=CHANGES_MAX)

    def note(self, change: str, sandbox: Sandbox) -> None:
        """Record that a sandbox was made, reset or deleted."""
        if not self.count:
            self._origin = str(sandbox.options.host())
        self.count += 1
        self._changes.append({"sandbox": sandbox.name, "change": change, "scenario": sandbox.plan.name})
        self.wake()

    def end(self) -> None:
        """End the event streams of all watching clients, because the server stops."""
        self.is_ended = True
        self.wake()

    async def watch(
        self, last_event_id: str | None, is_following: bool, sees: Callable[[str], bool]
    ) -> AsyncIterator[str]:
        """Yield the changes of the sandboxes that the caller may see, as the text of server-sent events.

        They begin after the event `last_event_id`, or with the next change. `sees` returns whether a sandbox may be
        seen.
        """
        found = place_of_event(last_event_id, self.count, self._id_of)
        place = self.count if found is None else found
        yield sse_text("begin", {"server": self._origin}, self._id_of(place))
        if found is None:
            yield sse_text("lost", {"lost": None})
        while True:
            first = self.count - len(self._changes) + 1
            if place + 1 < first:
                yield sse_text("lost", {"lost": first - 1 - place})
                place = first - 1
            for number, change in enumerate(list(self._changes)[place + 1 - first :], place + 1):
                if sees(change["sandbox"]):
                    yield sse_text("sandbox", change, self._id_of(number))
                place = number
            if self.is_ended:
                yield sse_text("end", {"reason": "stopped"})
                return
            if not is_following:
                return
            if self.count == place and not await self.wait():
                yield ": quiet\n\n"

    def _id_of(self, number: int) -> str:
        return f"{self._origin}-0-0-{number}"
