"""The open streams of a sandbox, indexed by subscribed channel, so that a message reaches its subscribers quickly."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from mockexchange.core.exchange import Outcome
from mockexchange.core.model.state import State
from mockexchange.core.refusals import Refusal
from mockexchange.faults.frames import FrameRules
from mockexchange.faults.installed_rule import fires
from mockexchange.sandbox.inspector import Inspector
from mockexchange.sandbox.journal.journal import FrameEntry, Journal
from mockexchange.sandbox.quotas import NO_QUOTAS, FrameQuota, QuotaReached, Quotas, RefusalPace
from mockexchange.sandbox.streams.connection import VANISHED, AnswerCall, Connection, Ending, Moment, Now, Wire
from mockexchange.sandbox.streams.outbox import OutboxTotal
from mockexchange.scenario.fault_effects import PROBABILITY_UNIT
from mockexchange.venues.frame import Frame
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.session import Message, Session
from mockexchange.venues.venue import Venue

SERVICE_RESTART = 1012
"""The close code of a reset and a shutdown, after which clients wait before they reconnect.

After 1001, one published client does not wait.
"""
CLOSE = "close"
"""The kind, in the journal, of the entry for the end of a connection."""
ANY = "*"
KEYLESS_BYTES_MAX = 64 * 1024 * 1024
"""The most bytes of unread frames of all connections without an account together, since they need no credentials."""
KEYLESS_LIMIT = f"the unread frames of all streams without an account were more than {KEYLESS_BYTES_MAX:,} bytes"
NO_FRAME = Frame(b"", "")
COMMAND = re.compile(rb'"(?:cmd|method)" ?: ?"([\w/]{1,60})"')
"""The pattern of the command's name in a client's frame; the name is the frame's kind in the journal."""
COMMAND_WITHIN_BYTES = 2_000


class Streams:
    """The open streams of one sandbox. `on_waiting` is called when the first connection has frames to write."""

    def __init__(
        self, journal: Journal, now: Now, inspector: Inspector | None = None, quotas: Quotas = NO_QUOTAS
    ) -> None:
        self.journal = journal
        self.now = now
        self.inspector = inspector
        self.moment: Moment | None = None
        """The moment of the current command, at which all its effects are journalled; None outside a command."""
        self.rules: FrameRules = []
        """Faults of data frames."""
        self.answer_rules: FrameRules = []
        """Faults of answers to commands."""
        self.answer_call: AnswerCall | None = None
        """Answers calls in place of the session; None if no fault and no stub can match one."""
        self.on_waiting: Callable[[], object] = lambda: None
        self.on_subscribed: Callable[[Connection, str], object] = lambda connection, channel: None
        """Called with every acknowledged channel, after the answers of the command are queued."""
        self.on_operation: Callable[[str | None, str], object] = lambda account, operation: None
        """Called with the account and the operation of a command, after its answers are queued."""
        self._connections: dict[int, Connection] = {}
        self._by_venue: dict[str, dict[str, dict[int, Connection]]] = {}
        """Connections by venue, channel and number."""
        self._waiting: dict[int, Connection] = {}
        self._last_number = 0
        self.keyless = OutboxTotal()
        """The size of the outboxes of connections without an account."""
        self._count_max = quotas.streams
        self.refusal_pace = RefusalPace()
        """How often the sandbox refuses what is above its quotas."""
        self.frame_quota = FrameQuota(quotas.frames_per_second) if quotas.frames_per_second else None
        """The quota of data frames; None if there is none."""

    def require_room(self, sandbox: str) -> None:
        """Raise QuotaReached if the sandbox has as many connections as its quota allows."""
        if self._count_max is not None and len(self._connections) >= self._count_max:
            text = f"the sandbox {sandbox!r} has its quota of {self._count_max} streams: close one first"
            raise QuotaReached(text, self.refusal_pace)

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._connections.values()))

    def matching(self, account: str = ANY, channel: str = ANY) -> list[Connection]:
        """Return the connections of an account that are subscribed to a channel; ANY stands for all."""
        return [
            one
            for one in self._connections.values()
            if account in (ANY, one.account) and (channel == ANY or one.session.follows(channel))
        ]

    @property
    def channels(self) -> list[tuple[str, Collection[str]]]:
        """The channels that have or had a subscription, as (venue, channels) pairs."""
        return list(self._by_venue.items())

    def count_by_venue(self) -> Counter[str]:
        """Return the number of open connections by venue. Cost: O(connections)."""
        return Counter(one.venue.name for one in self._connections.values())

    def count_of(self, account: str) -> int:
        """Return the number of open connections of an account. Cost: O(connections)."""
        return sum(one.account == account for one in self._connections.values())

    def open(self, session: Session, wire: Wire, venue: Venue = DEFAULT) -> Connection:
        self._last_number += 1
        connection = Connection(self._last_number, session, wire, self, venue)
        self._connections[connection.number] = connection
        self.note(connection, "in", b"", Frame(b"", "open"))
        connection.set_alarm()
        return connection

    def forget(self, connection: Connection, ending: Ending = VANISHED) -> None:
        """Remove a connection that has ended or is about to end, and journal its end. Further calls have no effect."""
        text = f"{ending.code} {ending.reason}".rstrip()
        connection.lose_held()
        direction = "out" if ending.is_ours else "in"
        self.note(connection, direction, text.encode(), Frame(b"", CLOSE, note=ending.note), fault=ending.fault)
        if not connection.is_over:
            connection.is_over, connection.ending = True, ending
        connection.outbox.leave_total()
        self._connections.pop(connection.number, None)
        self._waiting.pop(connection.number, None)
        connection.set_alarm()
        self.index(connection)

    def index(self, connection: Connection) -> None:
        """Update the index after the channels of a connection have changed."""
        by_channel = self._by_venue.setdefault(connection.venue.name, {})
        subscribed: Collection[str] = () if connection.is_over else connection.session.channels
        for channel in subscribed:
            by_channel.setdefault(channel, {})[connection.number] = connection
        for channel, connections in by_channel.items():
            if channel not in subscribed:
                connections.pop(connection.number, None)

    def publish_outcome(self, state: State, outcome: Outcome, at: int, contexts: Mapping[str, Any]) -> None:
        """Send messages about a command's events to the connections that subscribed to their channels.

        `contexts` has each venue's view of the sandbox, by the venue's name.
        """
        if isinstance(outcome, Refusal):
            return
        for name, channels in self.channels:
            venue = VENUES[name]
            self.publish(venue.stream.messages_of(state, outcome, at, contexts[name].settings, channels), venue)

    def publish(self, messages: Iterable[Message], venue: Venue = DEFAULT) -> None:
        """Send each message of a venue to the connections that subscribed to its channel and may see it."""
        by_channel = self._by_venue.get(venue.name, {})
        self.moment = self.now()
        try:
            for message in messages:
                for connection in list(by_channel.get(message.channel, {}).values()):
                    connection.publish(message)
        finally:
            self.moment = None

    def flush(self) -> None:
        """Write all waiting frames of all connections, as far as the sockets accept them."""
        waiting, self._waiting = self._waiting, {}
        for connection in waiting.values():
            connection.wire.flush()

    def wants_flush(self, connection: Connection) -> None:
        if not self._waiting:
            self.on_waiting()
        self._waiting[connection.number] = connection

    def bound_keyless(self) -> None:
        """If connections without an account have too many unread frames together, cut the one that has the most."""
        if self.keyless.size_bytes <= KEYLESS_BYTES_MAX:
            return
        keyless = (one for one in self._connections.values() if one.outbox.total is not None)
        worst = max(keyless, key=lambda one: one.outbox.size_bytes)
        worst.outbox.clear()
        worst.abort(note=KEYLESS_LIMIT)

    def close_all(self, code: int = SERVICE_RESTART) -> None:
        for connection in self:
            connection.close(code)

    def note(
        self,
        connection: Connection,
        direction: str,
        raw: bytes,
        frame: Frame | None = None,
        *,
        fault: str | None = None,
    ) -> None:
        """Journal a frame: "in" from a client, "out" to it, or "lost" if it was made but not sent."""
        if connection.is_over:
            return
        at, host_at, position = self.moment or self.now()
        _, kind, channel, _, note, _, stub, commands, *_ = frame or NO_FRAME
        if direction == "in" and not kind and (named := COMMAND.search(raw[:COMMAND_WITHIN_BYTES])):
            kind = named[1].decode()
        if self.inspector and direction == "out" and kind != CLOSE and fault is None and stub is None:
            found = self.inspector.check_frame(connection.venue.name, connection.session.api_date.day, raw)
            note = "; ".join([*([note] if note else []), *found])
        number, account = connection.number, connection.account
        entry = FrameEntry(
            at, host_at, position, number, account, direction, raw, kind, channel, fault, note, stub, commands
        )
        self.journal.add_frame(entry)


def sends_frames_first(frames: str, seed: int, number: int) -> bool:
    """Return whether the frames that a request causes are sent before its answer.

    `frames` is the scenario's setting: "before", "after" or "random". With "random" the seed and the request's `number`
    decide.
    """
    if frames == "random":
        return fires(seed, "frames", number, PROBABILITY_UNIT // 2)
    return frames == "before"
