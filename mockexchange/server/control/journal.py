"""The part of the control API that reads the journal of a sandbox: its requests and frames, filtered and searched."""

import asyncio
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.runtime.redaction import texts_of
from mockexchange.sandbox.journal import FrameEntry, Journal, JournalEntry, difference
from mockexchange.sandbox.journal_json import (
    TARGET_CHARS_SHOWN_MAX,
    counts_of,
    entry_to_json,
    frame_to_json,
    request_to_json,
    short_frame_to_json,
)
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.fault_rules import CHANNEL_NAMES
from mockexchange.server.control.access import Access, Grant, grant_of
from mockexchange.server.control.answers import ControlJson, answer_in_slices, in_turns, list_pieces, object_pieces
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.journal_filter import FILTER, Get, Term, is_refused, matches, read_filter
from mockexchange.server.control.requests import REDACT, SHORT, read_query, read_switch, require_known
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource
from mockexchange.server.control.secret_filter import BINARY, Clean, Row, SecretFilter, read_redaction
from mockexchange.server.server_state import ServerState

ENTRY_TEXTS = ("operation", "account", "method", "path", "key_id", "stub")
DIRECTIONS = ("in", "out", "lost")
FRAME_TEXTS = ("account", "channel", "kind", "direction", "stub")
PAGE = ("after", "before", "last")
SEARCH = "q"
SEARCHED = frozenset(("method", "target", "operation", "account", "diagnosis", "refusal", "fault", "stub", "findings"))
SEARCHED |= {"body", "answer", "kind", "channel", "note", "frame"}
"""The keys of requests and frames whose texts are searched."""
SEARCH_CHARS_MAX = 200
"""The longest text that is searched for."""
GROUP, GROUPS = "group", ("operation", "account", "diagnosis")


def journal_routes(server_state: ServerState) -> list[Resource]:
    api = JournalHandlers(server_state)
    return [
        Resource(f"{ONE_SANDBOX}/journal", GET=(Access.LOOK, api.journal), DELETE=(Access.CHANGE, api.clear_journal)),
        Resource(f"{ONE_SANDBOX}/journal/{{number}}", GET=(Access.LOOK, api.entry)),
        Resource(f"{ONE_SANDBOX}/frames", GET=(Access.LOOK, api.frames)),
        Resource(f"{ONE_SANDBOX}/frames/{{number}}", GET=(Access.LOOK, api.frame)),
    ]


class JournalHandlers:
    """The handlers of requests about a sandbox's journal, one for each operation of the control API."""

    def __init__(self, server_state: ServerState) -> None:
        self.server_state = server_state
        self._sequences: WeakKeyDictionary[Journal, FrameSequences] = WeakKeyDictionary()

    async def journal(self, request: Request) -> Response:
        sandbox = await self._inspectable(request)
        secrets = SecretFilter.now(self.server_state.secrets)
        found = await find_entries(sandbox.journal, request, secrets)
        write = request_to_json if found.page.is_short else entry_to_json
        rows = map(write, found.items)
        if found.page.clean:
            rows = map(found.page.clean, rows)
        if not found.page.is_short:
            return await answer_in_slices(list_pieces(rows))
        first = found.kept[0].number if found.kept else found.count + 1
        refused = sum(is_refused(entry.status) for entry in found.kept)
        groups = {"groups": count_groups(found)} if found.group_by else {}
        shown = {**found.counts(first), "refused": refused, **groups, "entries": rows}
        return await answer_in_slices(object_pieces(shown.items()))

    async def clear_journal(self, request: Request) -> Response:
        sandbox = await self.server_state.sandboxes.caught_up(request.path_params["name"])
        sandbox.journal.clear()
        return Response(status_code=204)

    async def entry(self, request: Request) -> Response:
        clean = read_redaction(request, SecretFilter.now(self.server_state.secrets))
        sandbox = await self._inspectable(request)
        shown = entry_to_json(entry_of(sandbox.journal, request.path_params["number"]))
        return ControlJson(clean(shown))

    async def frames(self, request: Request) -> Response:
        sandbox = await self._inspectable(request)
        secrets = SecretFilter.now(self.server_state.secrets)
        sequences = self._sequences.setdefault(sandbox.journal, FrameSequences())
        found = await find_frames(sequences, sandbox.journal, request, secrets)
        is_short = found.page.is_short
        rows: Iterator[dict[str, Any]] = (
            {**short_frame_to_json(one.number, one.frame), "missing": one.missing}
            if is_short
            else frame_to_json(one.number, one.frame)
            for one in found.items
        )
        if found.page.clean:
            rows = map(found.page.clean, rows)
        if not is_short:
            return await answer_in_slices(list_pieces(rows))
        first = found.kept[0].number if found.kept else found.count + 1
        lost = sum(one.frame.direction == "lost" for one in found.kept)
        gaps = sum(one.missing != 0 for one in found.kept)
        shown = {**found.counts(first), "lost": lost, "gaps": gaps, "frames": rows}
        return await answer_in_slices(object_pieces(shown.items()))

    async def frame(self, request: Request) -> Response:
        clean = read_redaction(request, SecretFilter.now(self.server_state.secrets))
        sandbox = await self._inspectable(request)
        shown = frame_to_json(*frame_of(sandbox.journal, request.path_params["number"]))
        return ControlJson(clean(shown))

    async def _inspectable(self, request: Request) -> Sandbox:
        return await self.server_state.sandboxes.inspectable(request.path_params["name"])


# --- gaps in the numbers of streams


class NumberedFrame(NamedTuple):
    """A journalled frame with its number, and what its text has of `sid` and `seq`."""

    number: int
    frame: FrameEntry
    sid: int | None
    seq: int | None
    missing: int
    """How many numbers of `seq` a reader of the subscription misses before it; -1 if its number came before."""

    def get(self, name: str) -> Any:
        """Return what the frame has under a name; None if it has nothing."""
        return getattr(self if name in self._fields else self.frame, name, None)


class FrameSequences:
    """The kept frames of one journal with their gaps. Each frame is read once, at the first call after it came."""

    def __init__(self) -> None:
        self._frames: deque[NumberedFrame] = deque()
        self._read = 0
        """The number of the last frame that was read."""
        self._last: dict[int, dict[int, int]] = {}
        """The last `seq` by stream and subscription."""
        self._turn = asyncio.Lock()

    async def kept(self, journal: Journal) -> list[NumberedFrame]:
        """Return the kept frames, oldest first."""
        async with self._turn:
            if self._read < journal.frame_count - len(journal.frames):
                self._last.clear()  # frames were dropped unread: what they were numbered is not known
                self._read = journal.frame_count - len(journal.frames)
            fresh = list(islice(reversed(journal.frames), journal.frame_count - self._read))
            async for frame in in_turns(reversed(fresh)):
                self._read += 1
                self._frames.append(self._numbered(self._read, frame))
            first = journal.frame_count - len(journal.frames) + 1
            while self._frames and self._frames[0].number < first:
                self._frames.popleft()
            return list(self._frames)

    def _numbered(self, number: int, frame: FrameEntry) -> NumberedFrame:
        counts = counts_of(frame)
        sid, seq = counts["sid"], counts["seq"]
        if frame.kind == "close":
            self._last.pop(frame.connection, None)
        if frame.direction != "out" or sid is None or seq is None:
            return NumberedFrame(number, frame, sid, seq, 0)
        last = self._last.setdefault(frame.connection, {})
        before = last.get(sid, seq - 1)
        last[sid] = max(before, seq)
        return NumberedFrame(number, frame, sid, seq, seq - before - 1 if seq > before else -1)


# --- queries

Item = TypeVar("Item")


class Page(NamedTuple):
    """What a query asks of the journal: entries in a range of numbers that match a filter and contain a text."""

    after: int
    before: int | None
    last: int | None
    text: bytes
    """The text that entries have to contain, in lower case; empty for any entry."""
    terms: tuple[Term, ...]
    """The filter that entries have to match."""
    is_short: bool
    """Whether entries are returned without headers and bodies, together with counts."""
    clean: Clean | None
    """Removes secrets from the JSON of an entry; in short entries they are always removed. None: nothing is removed."""
    clean_searched: Clean | None
    """Removes what the search skips: otherwise a caller who must not see secrets could guess them letter by letter."""

    def has(self, number: int) -> bool:
        return number > self.after and (self.before is None or number < self.before)


@dataclass(frozen=True, slots=True)
class Found(Generic[Item]):
    """What the journal had for a query when it was asked. All lists are oldest first."""

    page: Page
    items: list[Item]
    """Those that match and are on the page."""
    matching: list[Item]
    """All that match, on the page or not. Complete for short pages alone, which count them."""
    kept: list[Item]
    count: int
    """How many there were since the start: the number of the newest."""
    group_by: str = ""
    """By what the matching requests are counted; empty if they are not."""

    def counts(self, first: int) -> dict[str, int]:
        """Return the numbers that a short page begins with. `first` is the number of the oldest that is kept."""
        return {"first": first, "count": self.count, "kept": len(self.kept), "matching": len(self.matching)}


async def find_entries(journal: Journal, request: Request, secrets: SecretFilter) -> Found[JournalEntry]:
    """Return the journalled requests that match a query. Raises ControlError."""
    wanted = read_query(request, (*ENTRY_TEXTS, SEARCH, FILTER, SHORT, REDACT, GROUP), ("status", *PAGE))
    group_by = wanted.pop(GROUP, "")
    page = _page(wanted, secrets, grant_of(request))
    if group_by and group_by not in GROUPS:
        message = f"{GROUP}: expected one of {', '.join(GROUPS)}, got {group_by[:40]!r}"
        raise ControlError(400, "bad_query", message)

    def is_wanted(entry: JournalEntry) -> bool:
        shown = None if page.clean_searched is None else _Shown(page.clean_searched, entry_to_json, (entry,))
        return not difference(entry, wanted) and _matches(
            page, lambda name: getattr(entry, name, None), lambda: _entry_texts(entry), shown
        )

    kept, count = list(journal), journal.count
    is_all = not (wanted or page.text or page.terms)
    items, matching = await _search(kept, page, lambda entry: entry.number, None if is_all else is_wanted)
    return Found(page, items, matching, kept, count, group_by)


async def find_frames(
    sequences: FrameSequences, journal: Journal, request: Request, secrets: SecretFilter
) -> Found[NumberedFrame]:
    """Return the journalled frames that match a query, with their gaps. Raises ControlError."""
    wanted = read_query(request, (*FRAME_TEXTS, SEARCH, FILTER, SHORT, REDACT), ("connection", *PAGE))
    require_known("channel", wanted, ("", *CHANNEL_NAMES))
    require_known("direction", wanted, DIRECTIONS)
    page = _page(wanted, secrets, grant_of(request))

    def is_wanted(one: NumberedFrame) -> bool:
        clean = page.clean_searched
        shown = None if clean is None else _Shown(clean, frame_to_json, (one.number, one.frame))
        return not difference(one.frame, wanted) and _matches(page, one.get, lambda: _frame_texts(one.frame), shown)

    kept = await sequences.kept(journal)
    count = kept[-1].number if kept else journal.frame_count
    is_all = not (wanted or page.text or page.terms)
    items, matching = await _search(kept, page, lambda one: one.number, None if is_all else is_wanted)
    return Found(page, items, matching, kept, count)


def _page(asked: dict[str, Any], secrets: SecretFilter, grant: Grant) -> Page:
    """Take the parameters of a page out of a query. Raises ControlError."""
    text = asked.pop(SEARCH, "")
    if len(text) > SEARCH_CHARS_MAX:
        raise ControlError(400, "bad_query", f"{SEARCH}: expected at most {SEARCH_CHARS_MAX} characters")
    terms = read_filter(asked.pop(FILTER, ""))
    is_short = read_switch(asked, SHORT, default=False)
    hiding = secrets if read_switch(asked, REDACT, default=False) else secrets.least_for(grant)
    after, before, last = asked.pop("after", 0), asked.pop("before", None), asked.pop("last", None)
    clean_searched = None if hiding is None else hiding.clean
    return Page(
        after,
        before,
        last,
        text.lower().encode(),
        terms,
        is_short,
        secrets.clean if is_short else clean_searched,
        clean_searched,
    )


async def _search(
    kept: list[Item], page: Page, number_of: Callable[[Item], int], is_wanted: Callable[[Item], bool] | None
) -> tuple[list[Item], list[Item]]:
    """Return the wanted items of a page, and all wanted items; None wants all. Other tasks have turns meanwhile.

    A page that is not short has no counts, so that the search ends with its last row.
    """
    most = len(kept) if page.last is None else page.last
    if is_wanted is None:
        matching, on_page = kept, [item for item in kept if page.has(number_of(item))]
    else:
        matching, on_page = [], []
        async for item in in_turns(reversed(kept)):
            is_on_page = page.has(number_of(item))
            if not page.is_short and len(on_page) >= most:
                break
            if (is_on_page or page.is_short) and is_wanted(item):
                matching.append(item)
                if is_on_page:
                    on_page.append(item)
        matching.reverse()
        on_page.reverse()
    return on_page[max(0, len(on_page) - most) :], matching


class _Shown:
    """The JSON of an entry without secrets, made when it is first needed: that takes longer than any search."""

    def __init__(self, clean: Clean, write: Callable[..., Row], entry: tuple[Any, ...]) -> None:
        self._clean, self._write, self._entry = clean, write, entry
        self._row: Row | None = None

    @property
    def row(self) -> Row:
        if self._row is None:
            self._row = self._clean(self._write(*self._entry))
        return self._row

    def get(self, name: str) -> Any:
        encoded = self.row.get(name + BINARY)
        return self.row.get(name) if encoded is None else b64decode(encoded)


def _matches(page: Page, get: Get, texts: Callable[[], Iterable[bytes | str | None]], shown: _Shown | None) -> bool:
    """Return whether an entry has the page's text and matches its filter.

    With `shown`, what is compared has to be in the entry without secrets.
    """
    if page.text and not (_has(texts(), page.text) and (shown is None or _has(_seen_texts(shown.row), page.text))):
        return False
    return matches(page.terms, get, None if shown is None else shown.get)


def count_groups(found: Found[JournalEntry]) -> Iterator[Row]:
    """Yield what requests with the same operation, account or diagnosis have in common, the largest group first."""
    groups: dict[str, list[JournalEntry]] = {}
    for entry in found.matching:
        name = getattr(entry, found.group_by)
        if name is None:
            name = f"{entry.method} {entry.path[:TARGET_CHARS_SHOWN_MAX]}" if found.group_by == "operation" else ""
        groups.setdefault(name, []).append(entry)
    for name, entries in sorted(groups.items(), key=lambda group: -len(group[1])):
        took = sorted(entry.latency_us for entry in entries)
        yield {
            "name": name if found.page.clean is None else found.page.clean({"target": name})["target"],
            "requests": len(entries),
            "refused": sum(is_refused(entry.status) for entry in entries),
            "median_us": took[len(took) // 2],
            "slowest_us": took[-1],
        }


def _entry_texts(entry: JournalEntry) -> tuple[bytes | str | None, ...]:
    """Return the texts of a journalled request in which a search looks."""
    words = (entry.method, entry.target, entry.operation, entry.account, entry.diagnosis, entry.refusal)
    return (*words, entry.fault, entry.stub, *entry.findings, entry.body, entry.answer)


def _frame_texts(frame: FrameEntry) -> tuple[bytes | str | None, ...]:
    """Return the texts of a journalled frame in which a search looks."""
    return frame.kind, frame.channel, frame.note, frame.fault, frame.stub, frame.raw


def _seen_texts(shown: Row) -> Iterator[bytes | str]:
    """Yield the texts in which a search looks, from the JSON of a journal entry whose secrets were removed."""
    for name, value in shown.items():
        if name in SEARCHED:
            yield from texts_of(value)
        elif name.endswith(BINARY):
            yield b64decode(value)


def _has(texts: Iterable[bytes | str | None], wanted: bytes) -> bool:
    lowered = (one.lower() if isinstance(one, bytes) else one.lower().encode(errors="replace") for one in texts if one)
    return any(wanted in one for one in lowered)


def entry_of(journal: Journal, number: str) -> JournalEntry:
    """Return the journalled request with a number. Raises ControlError if the journal does not have it any more."""
    oldest = next(iter(journal), None)
    found = None if oldest is None else next((one for one in journal if str(one.number) == number), None)
    if found is None:
        raise _not_kept("request", number, None if oldest is None else oldest.number, journal.count)
    return found


def frame_of(journal: Journal, number: str) -> tuple[int, FrameEntry]:
    """Return the number, parsed, and the journalled frame with it.

    Raises ControlError if the journal does not have it any more.
    """
    found = next((pair for pair in journal.numbered_frames() if str(pair[0]) == number), None)
    if found is None:
        oldest = journal.frame_count - len(journal.frames) + 1 if journal.frames else None
        raise _not_kept("frame", number, oldest, journal.frame_count)
    return found


def _not_kept(what: str, number: str, oldest: int | None, newest: int) -> ControlError:
    kept = "none are kept" if oldest is None else f"kept are {oldest} to {newest}"
    return ControlError(404, "unknown_entry", f"no {what} {number[:40]!r}: {kept}")
