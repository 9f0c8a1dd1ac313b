"""The journal: keeps a sandbox's requests and frames in order, up to a size, and searches them.

An entry keeps the raw bytes; bytes that many entries share (a page that is polled) count once. When all bodies exceed
their limit, the oldest bodies are dropped and their size and checksum stay. When the number of entries, or the size of
their targets and headers, exceeds its limit, the oldest entries are dropped. Frames of streams are dropped whole, the
oldest first.

The garbage collector does not visit entries, frames and firings: a full journal would make its collections long. So no
field of theirs may refer back to them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from zlib import crc32

from msgspec import Struct, msgpack

from mockexchange.sandbox.counters import Counters
from mockexchange.venues.request import Page

ENTRIES_MAX = 10_000
BODIES_BYTES_MAX = 32 * 1024 * 1024
HEADS_BYTES_MAX = 64 * 1024 * 1024
"""The most memory for targets and headers: three times what 10,000 ordinary requests take."""
ENTRY_BYTES, FRAME_BYTES = 1_200, 400
"""The assumed memory of an entry and of a frame, without their bytes: objects and references.

That of an entry includes the sizes and checksums of dropped bodies.
"""
FRAMES_MAX = 10_000
FRAMES_BYTES_MAX = 32 * 1024 * 1024
"""The most memory for frames: ten times the size of 10,000 ordinary ones.

Only snapshots of deep order books need more.
"""
BYTES_MAX = BODIES_BYTES_MAX + HEADS_BYTES_MAX + FRAMES_BYTES_MAX
FIRINGS_MAX = 10_000
SHARED_BYTES_MIN = 1_024
"""The smallest page that is shared; for smaller pages, the extra objects would take as much memory."""
SHARED_BYTES_MAX = 64 * 1_024
"""The largest page that is shared: the pages here stay when the journal drops them, and take at most 4 MB."""
HEAD_BYTES = 64
"""The first bytes, by which pages of a walk differ: their cursors are there, and their sizes are often equal."""
PAGES_MAX = 64
NEAR_MISSES_SHOWN_MAX = 3

Headers = tuple[tuple[bytes, bytes], ...]
Dropped = tuple[int, str]
"""The size of a dropped body in bytes, and its checksum, by which a replay compares it."""
_encode, _unpack_headers = msgpack.Encoder().encode, msgpack.Decoder(Headers).decode


class JournalEntry(Struct, gc=False):
    """A request and its answer. Times are microseconds; `position` is the length of the command log at the answer."""

    number: int
    at: int
    host_at: int
    position: int
    method: str
    target: str
    packed_headers: bytes
    """The headers as `pack_headers` packs them: one object instead of three for each header."""
    body: bytes | None
    status: int
    answer_pieces: tuple[bytes, ...]
    """The parts of the answer's body, one of which may be a page shared with other entries.

    () if the body is not kept.
    """
    operation: str | None = None
    account: str | None = None
    key_id: str | None = None
    diagnosis: str | None = None
    findings: tuple[str, ...] = ()
    fault: str | None = None
    """Names of the faults that changed the request or its answer."""
    stub: str | None = None
    """Name of the stub that matched the request, even if the request was refused."""
    venue: str = ""
    refusal: str | None = None
    """The kind of the venue's refusal, as one word; None if the request was not refused."""
    latency_us: int = 0
    connection: int | None = None
    """The number of the stream that this handshake opened; None for other requests."""
    commands: tuple[int, ...] = ()
    """The numbers, in the log, of the commands that this request executed."""
    overlay: tuple[str, ...] = ()
    """The paths of fields that `serve --overlay` added to the answer."""
    dropped_body: Dropped | None = None
    dropped_answer: Dropped | None = None
    head_bytes: int = 0
    """What the journal counts for the entry without its bodies and findings; set by `Journal.add`."""
    is_closed: bool = False
    """Whether the entry is complete; set by `Journal.close`."""

    @property
    def headers(self) -> Headers:
        return _unpack_headers(self.packed_headers)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def answer(self) -> bytes | None:
        """The body of the answer; None if there is none, or if it was dropped."""
        return b"".join(self.answer_pieces) if self.answer_pieces else None

    @property
    def bodies(self) -> list[bytes]:
        return list(filter(None, (self.body, *self.answer_pieces)))

    @property
    def dropped(self) -> dict[str, Dropped]:
        """The size and checksum of each body that was dropped, by `body` and `answer`."""
        both = (("body", self.dropped_body), ("answer", self.dropped_answer))
        return {name: dropped for name, dropped in both if dropped}

    def drop_bodies(self) -> None:
        if self.body:
            self.dropped_body = len(self.body), checksum_of(self.body)
            self.body = None
        if answer := self.answer:
            self.dropped_answer = len(answer), checksum_of(answer)
            self.answer_pieces = ()


def pack_headers(headers: Headers) -> bytes:
    """Return headers as one object, which takes little memory."""
    return bytes(memoryview(_encode(headers)))  # a copy, since the encoder's own has room for more


def checksum_of(raw: bytes) -> str:
    """Return the CRC-32 of a body, which is compared in replays. A cryptographic hash takes three times as long."""
    return f"{crc32(raw):08x}"


def pieces_of(body: bytes, page: Page | None) -> tuple[bytes, ...]:
    """Return the parts of an answer's body: the text before a cached page, the page, and the text after it.

    Without a page that is worth sharing, the body is the only part. No fault may have changed the body.
    """
    if page is None or len(page.raw) < SHARED_BYTES_MIN:
        return (body,)
    return body[: page.place], page.raw, body[page.place + len(page.raw) :]


class FrameEntry(Struct, frozen=True, gc=False):
    """A frame of a stream, "in" from the client or "out" to it. `kind` and `channel` are set for frames "out".

    The start and the end of a stream are frames too: kind "open", without bytes, and kind "close", with the close code
    and the reason as bytes.
    """

    at: int
    host_at: int
    position: int
    connection: int
    account: str | None
    direction: str
    raw: bytes
    kind: str = ""
    channel: str = ""
    fault: str | None = None
    """The fault that made, withheld or moved the frame, by name.

    For a call, the names of all faults that changed it.
    """
    note: str = ""
    """An explanation of a mistake, with the change that is needed; empty for most frames."""
    stub: str | None = None
    """Name of the stub that matched a call, even if the call was refused. The frame of the answer has it too."""
    commands: tuple[int, ...] = ()
    """The numbers, in the log, of the commands that this call executed; the frame of its answer has them."""


class Firing(Struct, frozen=True, gc=False):
    """A record that a fault, or a step of the script, did something; `name` is its name.

    `kind` is "fault", "script", "trigger" (a client has set off a step) or "finding" (something is wrong).
    """

    at: int
    host_at: int
    position: int
    kind: str
    name: str
    detail: dict[str, Any]
    """The effect, and the number of the connection or request, as JSON values."""


JournalItem = JournalEntry | FrameEntry | Firing
JournalObserver = Callable[[JournalItem], object]
Difference = tuple[str, Any, Any]
"""A field whose value is not the one that was searched for: (name, got, wanted)."""


def difference(entry: JournalItem, wanted: dict[str, Any]) -> list[Difference]:
    """Return (name, got, wanted) for each attribute of an entry that differs from `wanted`; empty if none differs."""
    rows = ((name, getattr(entry, name), value) for name, value in wanted.items())
    return [(name, got, value) for name, got, value in rows if got != value]


# Memory: bodies that are equal are kept and counted once


class RecentPages:
    """The newest pages of answers, by operation, account, size and first bytes.

    Each answer that is made anew, and each answer of another process of the server, is of new bytes, even if it equals
    an earlier one.
    """

    def __init__(self) -> None:
        self._pages: dict[tuple[str | None, str | None, int, bytes], bytes] = {}

    def known(self, operation: str | None, account: str | None, piece: bytes) -> bytes:
        """Return a part of an answer: if it is a page that is kept already, the kept one."""
        if not SHARED_BYTES_MIN <= len(piece) <= SHARED_BYTES_MAX:
            return piece
        key = operation, account, len(piece), piece[:HEAD_BYTES]
        known = self._pages.get(key)
        if known == piece:
            return known
        if known is None and len(self._pages) >= PAGES_MAX:
            del self._pages[next(iter(self._pages))]
        self._pages[key] = piece
        return piece


class SharedBodies:
    """The total size of the bodies; a page that several entries share counts once, a shorter body for each of them."""

    __slots__ = ("_holders", "size_bytes")

    def __init__(self) -> None:
        self._holders: dict[int, int] = {}
        self.size_bytes = 0

    def hold(self, bodies: Iterable[bytes | None]) -> None:
        """Count the bodies of an entry."""
        holders = self._holders
        for raw in bodies:
            if raw is None:
                continue
            size = len(raw)
            if size >= SHARED_BYTES_MIN:
                place = id(raw)
                holders[place] = count = holders.get(place, 0) + 1
                if count > 1:
                    continue
            self.size_bytes += size

    def release(self, bodies: Iterable[bytes | None]) -> None:
        """Count the bodies of an entry no more."""
        holders = self._holders
        for raw in bodies:
            if raw is None:
                continue
            size = len(raw)
            if size >= SHARED_BYTES_MIN:
                place = id(raw)
                holders[place] = count = holders[place] - 1
                if count:
                    continue
                del holders[place]
            self.size_bytes -= size


# The journal


class Journal:
    """The requests and frames of one sandbox, oldest first; the oldest are dropped if they exceed the size limits."""

    def __init__(
        self,
        entries_max: int = ENTRIES_MAX,
        bodies_bytes_max: int = BODIES_BYTES_MAX,
        heads_bytes_max: int = HEADS_BYTES_MAX,
        frames_max: int = FRAMES_MAX,
        frames_bytes_max: int = FRAMES_BYTES_MAX,
    ) -> None:
        self._entries: deque[JournalEntry] = deque()
        self._entries_max = entries_max
        self._bodies_bytes_max = bodies_bytes_max
        self._heads_bytes_max = heads_bytes_max
        self._heads_bytes = 0
        self._bodies = SharedBodies()
        self._with_bodies: deque[JournalEntry] = deque()
        self._frames_max = frames_max
        self._frames_bytes_max = frames_bytes_max
        self._frames_bytes = 0
        self.frames: deque[FrameEntry] = deque()
        """Frames of streams that are kept, oldest first; `add_frame` appends to them."""
        self.frame_count = 0
        """Number of frames ever added, which is the number of the newest."""
        self.firings: deque[Firing] = deque(maxlen=FIRINGS_MAX)
        self.firing_count = 0
        self.observers: list[JournalObserver] = []
        """Called with every entry when it is closed, every frame and every firing."""
        self.counters = Counters()
        self._frames_counted = self.counters.frames
        self._recent_pages = RecentPages()
        self.count = 0
        """Number of entries ever added, dropped ones included."""

    @classmethod
    def of_size(cls, size_bytes: int | None) -> "Journal":
        """Return a journal that uses at most `size_bytes` of memory, divided as in the default journal."""
        if size_bytes is None:
            return cls()
        return cls(
            bodies_bytes_max=size_bytes * BODIES_BYTES_MAX // BYTES_MAX,
            heads_bytes_max=size_bytes * HEADS_BYTES_MAX // BYTES_MAX,
            frames_bytes_max=size_bytes * FRAMES_BYTES_MAX // BYTES_MAX,
        )

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[JournalEntry]:
        return iter(self._entries)

    @property
    def bodies_bytes(self) -> int:
        """The size of all kept bodies; a page that several entries share counts once."""
        return self._bodies.size_bytes

    def add(self, entry: JournalEntry, *, awaits_answer: bool = False) -> None:
        """Add an entry to the journal. With `awaits_answer`, `set_answer` sets its answer later."""
        self._entries.append(entry)
        self.count += 1
        entry.head_bytes = ENTRY_BYTES + len(entry.target) + len(entry.packed_headers)
        self._heads_bytes += entry.head_bytes
        if entry.body or entry.answer_pieces or awaits_answer:
            self._with_bodies.append(entry)
            pieces = entry.answer_pieces
            if len(pieces) == 1 and len(pieces[0]) >= SHARED_BYTES_MIN:
                entry.answer_pieces = (self._recent_pages.known(entry.operation, entry.account, pieces[0]),)
            self._bodies.hold((entry.body, *entry.answer_pieces))
        while len(self._entries) > self._entries_max or self._heads_bytes > self._heads_bytes_max:
            oldest = self._entries.popleft()
            self._heads_bytes -= oldest.head_bytes
            if self._with_bodies and self._with_bodies[0] is oldest:
                self._with_bodies.popleft()
                self._bodies.release((oldest.body, *oldest.answer_pieces))
        if self._bodies.size_bytes > self._bodies_bytes_max:
            self._drop_bodies()

    def add_closed(self, entry: JournalEntry) -> None:
        """Add to the journal a complete entry that another process made; it gets the next number."""
        entry.number = self.count + 1
        self.add(entry)
        self.close(entry)

    def set_answer(self, entry: JournalEntry, answer: bytes) -> None:
        """Set the answer of an entry that was added without one.

        If the entry's bodies are dropped already, drop the answer too.
        """
        entry.answer_pieces = (answer,)
        if self._with_bodies and self._with_bodies[0].number <= entry.number:
            self._bodies.hold((answer,))
            if self._bodies.size_bytes > self._bodies_bytes_max:
                self._drop_bodies()
        else:
            entry.drop_bodies()

    def close(self, entry: JournalEntry) -> None:
        """Mark an entry as complete, count it and notify the observers."""
        entry.is_closed = True
        self.counters.count_request(entry.venue, entry.operation, entry.status, entry.latency_us)
        if entry.refusal is not None:
            self.counters.refusals[entry.venue, entry.refusal] += 1
        elif entry.stub is not None:
            self.counters.stubbed += 1
        if self.observers:
            self._notify(entry)

    def add_frame(self, frame: FrameEntry) -> None:
        self.frames.append(frame)
        self.frame_count += 1
        self._frames_counted[frame.direction] += 1
        self._frames_bytes += FRAME_BYTES + len(frame.raw)
        while len(self.frames) > self._frames_max or self._frames_bytes > self._frames_bytes_max:
            self._frames_bytes -= FRAME_BYTES + len(self.frames.popleft().raw)
        if self.observers:
            self._notify(frame)

    def add_firing(self, firing: Firing) -> None:
        self.firings.append(firing)
        self.firing_count += 1
        if firing.kind == "fault":
            self.counters.fired[firing.detail.get("then", "")] += 1
        elif firing.kind == "finding":
            self.counters.script_findings += 1
        self._notify(firing)

    def numbered_frames(self) -> Iterator[tuple[int, FrameEntry]]:
        """Yield the number and the frame of each kept frame, oldest first.

        The first frame of the sandbox had number 1.
        """
        return enumerate(self.frames, self.frame_count - len(self.frames) + 1)

    def numbered_firings(self) -> Iterator[tuple[int, Firing]]:
        return enumerate(self.firings, self.firing_count - len(self.firings) + 1)

    def clear(self) -> None:
        """Drop all entries and frames of the journal; new ones continue the numbering."""
        self._entries.clear()
        self._with_bodies.clear()
        self._bodies = SharedBodies()
        self._recent_pages = RecentPages()
        self._heads_bytes = 0
        self.frames.clear()
        self._frames_bytes = 0
        self.firings.clear()

    def find(self, **wanted: Any) -> list[JournalEntry]:
        """Return the request entries whose attributes all have the given values, such as `status=200`."""
        return [entry for entry in self._entries if not difference(entry, wanted)]

    def near_misses(self, **wanted: Any) -> list[tuple[JournalEntry, list[Difference]]]:
        """Return the request entries that are nearest to the given values, the nearest first, with the differences."""
        rated = [(entry, difference(entry, wanted)) for entry in self._entries]
        rated.sort(key=lambda pair: (len(pair[1]), -pair[0].number))
        return rated[:NEAR_MISSES_SHOWN_MAX]

    def expect(self, times: int | None = None, **wanted: Any) -> list[JournalEntry]:
        """Return the request entries with the given values: exactly `times`, or at least one if `times` is None.

        Raises AssertionError if the number of entries is another; its message shows the entries that nearly match.
        """
        found = self.find(**wanted)
        if found if times is None else len(found) == times:
            return found
        amount = "at least one" if times is None else str(times)
        misses = [
            f"\n  near miss: {entry.method} {entry.target} -> {entry.status}: "
            + "; ".join(f"{name} is {got!r}, wanted {value!r}" for name, got, value in rows)
            for entry, rows in self.near_misses(**wanted)
            if rows
        ]
        shown = "".join(misses) or "\n  the journal has no other request"
        raise AssertionError(f"expected {amount} request with {wanted}, got {len(found)}{shown}")

    def _notify(self, item: JournalItem) -> None:
        for observe in tuple(self.observers):
            observe(item)

    def _drop_bodies(self) -> None:
        """Drop the oldest bodies while all of them together are too large."""
        while self._bodies.size_bytes > self._bodies_bytes_max:
            entry = self._with_bodies.popleft()
            self._bodies.release((entry.body, *entry.answer_pieces))
            entry.drop_bodies()
