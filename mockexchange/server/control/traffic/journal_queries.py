"""Reads the query parameters of requests for the journal, frames and events, and searches their texts."""

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from starlette.requests import Request

from mockexchange.runtime.redaction import texts_of
from mockexchange.sandbox.journal.journal import FrameEntry, Journal, JournalEntry, difference
from mockexchange.sandbox.journal.journal_json import TARGET_CHARS_SHOWN_MAX, entry_to_json, frame_to_json
from mockexchange.scenario.errors import did_you_mean
from mockexchange.scenario.fault_rules import CHANNEL_NAMES
from mockexchange.server.control.access.roles import Grant, grant_of
from mockexchange.server.control.access.secret_filter import BINARY, SecretFilter
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.events import KINDS, WatchFilter
from mockexchange.server.control.traffic.filters import FILTER, Get, Term, is_refused, matches, read_filter
from mockexchange.server.control.traffic.frame_sequences import FrameSequences, NumberedFrame
from mockexchange.server.control.turns import in_turns

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
SHORT, REDACT = "short", "redact"
GROUP, GROUPS = "group", ("operation", "account", "diagnosis")
LAST_EVENT_ID = "last_event_id"
"""The query parameter for the id of the last event, for programs that cannot send the header Last-Event-ID."""
FOLLOWING = ("follow", LAST_EVENT_ID)
NUMBER_DIGITS_MAX = 18
Item = TypeVar("Item")
Row = dict[str, Any]
Clean = Callable[[Row], Row]


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
            page, lambda name: getattr(entry, name, None), lambda: entry_texts(entry), shown
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
    _require_known("channel", wanted, ("", *CHANNEL_NAMES))
    _require_known("direction", wanted, DIRECTIONS)
    page = _page(wanted, secrets, grant_of(request))

    def is_wanted(one: NumberedFrame) -> bool:
        clean = page.clean_searched
        shown = None if clean is None else _Shown(clean, frame_to_json, (one.number, one.frame))
        return not difference(one.frame, wanted) and _matches(page, one.get, lambda: frame_texts(one.frame), shown)

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
    if page.text and not (_has(texts(), page.text) and (shown is None or _has(seen_texts(shown.row), page.text))):
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


def read_redaction(request: Request, secrets: SecretFilter) -> Clean:
    """Return the function that removes what an answer hides: with `redact` all secrets, else as the role demands.

    Raises ControlError.
    """
    is_asked = read_switch(read_query(request, (REDACT,), ()), REDACT, default=False)
    hiding = secrets if is_asked else secrets.least_for(grant_of(request))
    return dict if hiding is None else hiding.clean


def entry_texts(entry: JournalEntry) -> tuple[bytes | str | None, ...]:
    """Return the texts of a journalled request in which a search looks."""
    words = (entry.method, entry.target, entry.operation, entry.account, entry.diagnosis, entry.refusal)
    return (*words, entry.fault, entry.stub, *entry.findings, entry.body, entry.answer)


def frame_texts(frame: FrameEntry) -> tuple[bytes | str | None, ...]:
    """Return the texts of a journalled frame in which a search looks."""
    return frame.kind, frame.channel, frame.note, frame.fault, frame.stub, frame.raw


def seen_texts(shown: Row) -> Iterator[bytes | str]:
    """Yield the texts in which a search looks, from the JSON of a journal entry whose secrets were removed."""
    for name, value in shown.items():
        if name in SEARCHED:
            yield from texts_of(value)
        elif name.endswith(BINARY):
            yield b64decode(value)


def _has(texts: Iterable[bytes | str | None], wanted: bytes) -> bool:
    return any(wanted in _lowered(text) for text in texts if text)


def _lowered(text: bytes | str) -> bytes:
    return text.lower() if isinstance(text, bytes) else text.lower().encode(errors="replace")


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


def _require_known(name: str, wanted: dict[str, Any], known: tuple[str, ...]) -> None:
    """Raise ControlError if the wanted value is not one of the known values."""
    word = wanted.get(name)
    if word is not None and word not in known:
        choices = ", ".join(filter(None, known))
        advice = did_you_mean(word[:40], filter(None, known)) or f": expected one of {choices}"
        raise ControlError(400, "bad_query", f"{name}: no {name} {word[:40]!r}{advice}")


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
    _require_known("channel", asked, CHANNEL_NAMES)
    is_short = read_switch(asked, SHORT, default=False)
    is_redacted = is_short or read_switch(asked, REDACT, default=False)
    hiding = secrets if is_redacted else secrets.least_for(grant_of(request))
    clean = dict if hiding is None else hiding.clean
    wanted = WatchFilter(kinds, asked.get("account"), asked.get("channel"), is_short, clean)
    return wanted, *read_following(request, asked)


def read_following(request: Request, asked: dict[str, Any]) -> tuple[str | None, bool]:
    """Return the id of the last event that the client has seen, or None, and whether it waits for new events.

    Raises ControlError.
    """
    is_following = read_switch(asked, "follow", default=True) and request.method != "HEAD"
    return asked.get(LAST_EVENT_ID, request.headers.get("last-event-id")), is_following


def read_switch(asked: dict[str, Any], name: str, *, default: bool) -> bool:
    """Remove a parameter that is true or false from a query, and return its value. Raises ControlError."""
    word = asked.pop(name, None)
    if word not in (None, "true", "false"):
        raise ControlError(400, "bad_query", f"{name}: expected true or false, got {word[:40]!r}")
    return default if word is None else bool(word == "true")


def read_query(request: Request, texts: tuple[str, ...], numbers: tuple[str, ...]) -> dict[str, Any]:
    """Return the query parameters by name, `numbers` as integers; each may occur once. Raises ControlError."""
    asked: dict[str, Any] = {}
    if not request.scope["query_string"]:
        return asked
    for name, value in request.query_params.multi_items():
        if name not in (*texts, *numbers):
            raise ControlError(
                400, "bad_query", f"unknown filter {name[:40]!r}; known: {', '.join((*texts, *numbers)) or 'none'}"
            )
        if name in asked:
            raise ControlError(400, "bad_query", f"{name}: expected it once")
        asked[name] = _number(name, value) if name in numbers else value
    return asked


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > NUMBER_DIGITS_MAX:
        raise ControlError(400, "bad_query", f"{name}: expected a whole number, got {text[:40]!r}")
    return int(text)
