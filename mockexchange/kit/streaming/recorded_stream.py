"""One stream, and everything that crossed it in order: commands, frames as they were read, pings, the end."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from mockexchange.kit.findings import Finding
from mockexchange.kit.streaming.connection import ABNORMAL, Arrival, Sort, Wire
from mockexchange.kit.streaming.protocol import Dialect, Kind, Told

FRAMES = (Sort.TEXT, Sort.BINARY)
STAYS_OPEN = "stream.open"
"""Of a connection that ends though nobody asked for it."""
SHOWN_BYTES_MAX = 40
SLICES = 20
"""Of a wait."""
REPLIES = (Kind.ACK, Kind.GONE, Kind.OK, Kind.ERROR)
NOTHING = Told(Kind.OTHER)


class Judge(Protocol):
    """What has something against frames."""

    def objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        """Yield what is wrong with a frame of the server; `where` names it."""
        ...


class Sent(NamedTuple):
    """A command. `channels` are those that it subscribes to, `sids` those that it ends."""

    command_id: int | None
    name: str
    raw: bytes
    channels: tuple[str, ...] = ()
    sids: tuple[int, ...] = ()


class Entry(NamedTuple):
    """Something that crossed: `sent` a command, or `arrival` with what it says and what the document has against it.

    `at_s` is on the monotonic clock.
    """

    at_s: float
    sent: Sent | None = None
    arrival: Arrival | None = None
    told: Told = NOTHING
    objections: tuple[Finding, ...] = ()


class Line:
    """Each frame that arrives is held against the document; what that has against it goes to `objections`.

    `name` tells it from the others of a run: "the member's stream". Deadlines are seconds.
    """

    def __init__(
        self, name: str, wire: Wire, dialect: Dialect, judge: Judge, objections: list[Finding], answer_s: float
    ) -> None:
        self.name, self.wire, self.dialect = name, wire, dialect
        self.answer_s = answer_s
        self.entries: list[Entry] = []
        self.frames: list[Told] = []
        self.objections = objections
        self.is_closed = False
        """Whether the other side has ended it, or the connection is gone."""
        self.place, self.may_be_lost = "", True
        """Where it is documented, and whether a connection may end without a close frame and nobody is to blame."""
        self._is_leaving = False
        self._judge = judge
        self._last_id = 0

    # Out

    def say(self, raw: bytes, sent: Sent | None = None, *, is_binary: bool = False) -> None:
        """Send whatever it is. Raises Unreachable."""
        self.entries.append(Entry(time.monotonic(), sent or Sent(None, "", raw)))
        self.wire.send(raw, is_binary=is_binary)

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def command(self, name: str, params: Any = None, **told: Any) -> int:
        """Send a command and return its id; `told` is what `Sent` knows of it. Raises Unreachable."""
        command_id = self.next_id()
        raw = self.dialect.command(command_id, name, params)
        self.say(raw, Sent(command_id, name, raw, **told))
        return command_id

    def ask(self, name: str, params: Any = None, count: int = 1, **told: Any) -> list[Told]:
        """Send a command and return its replies: `count` of them, or one error, or those that came in time."""
        return self.replies(self.command(name, params, **told), count)

    def subscribe(self, *channels: str, **params: Any) -> list[Told]:
        """Subscribe and return the replies."""
        name, given = self.dialect.subscription(list(channels), params)
        return self.ask(name, given, len(channels), channels=channels)

    def unsubscribe(self, *sids: int) -> list[Told]:
        """End subscriptions and return the replies, which need not have the command's id."""
        name, params = self.dialect.unsubscription(list(sids))
        command_id = self.command(name, params, sids=sids)
        found: list[Told] = []
        for entry in self.until(self.answer_s):
            if entry.told.kind is Kind.GONE or entry.told.command_id == command_id:
                found.append(entry.told)
                if len(found) == len(sids) or entry.told.kind is Kind.ERROR:
                    break
        return found

    # In

    def read(self, timeout_s: float) -> Entry | None:
        """Return what arrives next; None where nothing does in time."""
        if self.is_closed:
            return None
        arrival = self.wire.receive(timeout_s)
        if arrival is None:
            return None
        self.is_closed = arrival.sort is Sort.CLOSE
        entry = self._entry(arrival)
        self.entries.append(entry)
        self.objections.extend(entry.objections)
        return entry

    def _entry(self, arrival: Arrival) -> Entry:
        now_s = time.monotonic()
        if arrival.sort is Sort.CLOSE:
            return Entry(now_s, None, arrival, objections=tuple(self._thrown_out(arrival)))
        if arrival.sort not in FRAMES:
            return Entry(now_s, None, arrival)
        told = self.dialect.read(arrival.raw)
        self.frames.append(told)
        found = tuple(self._judge.objections(arrival.raw, self.where(len(self.frames))))
        return Entry(now_s, None, arrival, told, found)

    def _thrown_out(self, end: Arrival) -> Iterator[Finding]:
        """The other side closes, though nobody has asked it to."""
        if self._is_leaving or (end.code == ABNORMAL and self.may_be_lost):
            return
        where = f"{self.where(len(self.frames))}, after {self._last_sent()}"
        yield Finding(STAYS_OPEN, where, f"closed with {end.code}", "a stream that stays open", self.place)

    def _last_sent(self) -> str:
        names = [entry.sent.name or repr(entry.sent.raw[:SHOWN_BYTES_MAX]) for entry in self.entries if entry.sent]
        return names[-1] if names else "the handshake"

    def until(self, within_s: float) -> Iterator[Entry]:
        """Everything that arrives within so many seconds, as it does.

        Waited for in slices, none of which counts for longer than it was meant to last: what stops this process for
        seconds stops the wait too, so that an answer which is there by then is not missed.
        """
        slice_s, left_s = within_s / SLICES, within_s
        while left_s > 0:
            began_s = time.monotonic()
            entry = self.read(slice_s)
            left_s -= min(slice_s, time.monotonic() - began_s) if entry else slice_s
            if entry:
                yield entry

    def replies(self, command_id: int, count: int = 1) -> list[Told]:
        """The replies to a command: `count` of them, or one error, or those that came in time."""
        found: list[Told] = []
        for entry in self.until(self.answer_s):
            if entry.told.command_id == command_id:
                found.append(entry.told)
                if len(found) == count or entry.told.kind is Kind.ERROR:
                    break
        return found

    def first(self, kind: Kind) -> Told | None:
        """The next frame of a kind; None where none comes in time. For replies without an id."""
        return next((entry.told for entry in self.until(self.answer_s) if entry.told.kind is kind), None)

    def sync(self) -> bool:
        """Read everything that was sent before now: a command that changes nothing is answered after it."""
        return not self.is_closed and bool(self.ask(self.dialect.barrier))

    def close(self) -> Arrival | None:
        """Close and return the other side's close; None where none comes in time."""
        self._is_leaving = True
        self.wire.close()
        return next((one.arrival for one in self.until(self.answer_s) if _is_close(one)), None)

    # What crossed

    def where(self, number: int) -> str:
        """Name a frame, counted from 1, for findings."""
        return f"{self.name}, frame {number}"

    @property
    def channels(self) -> dict[int, str]:
        """The channel of each subscription that was ever acknowledged."""
        return {one.sid: one.channel for one in self.frames if one.kind is Kind.ACK and one.sid is not None}

    @property
    def arrivals(self) -> list[Entry]:
        """The entries of the frames, as many as there are in `frames`."""
        return [entry for entry in self.entries if entry.arrival and entry.arrival.sort in FRAMES]

    def data(self, channel: str, entries: Sequence[Entry] | None = None) -> list[Told]:
        """The data of a channel, in order."""
        known = self.channels
        told = (entry.told for entry in (self.entries if entries is None else entries))
        return [one for one in told if one.kind is Kind.DATA and one.sid is not None and known.get(one.sid) == channel]


def _is_close(entry: Entry) -> bool:
    return entry.arrival is not None and entry.arrival.sort is Sort.CLOSE
