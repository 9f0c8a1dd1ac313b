"""Reads the query parameters of requests for the journal, frames and events, and searches their texts."""

import asyncio
import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from starlette.requests import Request

from mockexchange.runtime.redaction import texts_of
from mockexchange.sandbox.journal.journal import FrameEntry, Journal, JournalEntry, difference
from mockexchange.sandbox.journal.journal_json import entry_to_json, frame_to_json
from mockexchange.scenario.errors import did_you_mean
from mockexchange.scenario.faults.fault_rules import CHANNEL_NAMES
from mockexchange.server.control.access.roles import Grant, grant_of
from mockexchange.server.control.access.secret_filter import BINARY, SecretFilter
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.events import KINDS, WatchFilter
from mockexchange.server.control.json_text import SLICE_S

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
LAST_EVENT_ID = "last_event_id"
"""The query parameter for the id of the last event, for programs that cannot send the header Last-Event-ID."""
FOLLOWING = ("follow", LAST_EVENT_ID)
NUMBER_DIGITS_MAX = 18
Item = TypeVar("Item")
Row = dict[str, Any]
Clean = Callable[[Row], Row]
Texts = Callable[[Item], Iterable[bytes | str | None]]


class Page(NamedTuple):
    """The part of the journal that a query asks for: entries in a range of numbers that contain a text."""

    after: int
    before: int | None
    last: int | None
    text: bytes
    """The text that entries have to contain, in lower case; empty for any entry."""
    is_short: bool
    """Whether entries are returned without headers and bodies."""
    clean: Clean | None
    """Removes secrets from the JSON of an entry; in short entries they are always removed. None: nothing is removed."""
    clean_searched: Clean | None
    """Removes what the search skips: otherwise a caller who must not see secrets could guess them letter by letter."""

    def has(self, number: int) -> bool:
        return number > self.after and (self.before is None or number < self.before)


async def find_entries(journal: Journal, request: Request, secrets: SecretFilter) -> tuple[list[JournalEntry], Page]:
    """Return the journalled requests that match a query, and the range that it asks for. Raises ControlError."""
    wanted = read_query(request, (*ENTRY_TEXTS, SEARCH, SHORT, REDACT), ("status", *PAGE))
    page = _page(wanted, secrets, grant_of(request))
    found = [entry for entry in journal.find(**wanted) if page.has(entry.number)]
    clean = page.clean_searched
    seen = (lambda entry: seen_texts(clean(entry_to_json(entry)))) if clean else None
    return await _newest(found, page, entry_texts, seen), page


async def find_frames(
    journal: Journal, request: Request, secrets: SecretFilter
) -> tuple[list[tuple[int, FrameEntry]], Page]:
    """Return a page of the journalled frames that match a query, with their numbers, and the page's parameters.

    Raises ControlError.
    """
    wanted = read_query(request, (*FRAME_TEXTS, SEARCH, SHORT, REDACT), ("connection", *PAGE))
    _require_known("channel", wanted, ("", *CHANNEL_NAMES))
    _require_known("direction", wanted, DIRECTIONS)
    page = _page(wanted, secrets, grant_of(request))
    numbered = journal.numbered_frames()
    found = [(number, frame) for number, frame in numbered if page.has(number) and not difference(frame, wanted)]
    clean = page.clean_searched
    seen = (lambda pair: seen_texts(clean(frame_to_json(*pair)))) if clean else None
    return await _newest(found, page, lambda pair: frame_texts(pair[1]), seen), page


def _page(asked: dict[str, Any], secrets: SecretFilter, grant: Grant) -> Page:
    """Take the parameters of a page out of a query. Raises ControlError."""
    text = asked.pop(SEARCH, "")
    if len(text) > SEARCH_CHARS_MAX:
        raise ControlError(400, "bad_query", f"{SEARCH}: expected at most {SEARCH_CHARS_MAX} characters")
    is_short = read_switch(asked, SHORT, default=False)
    hiding = secrets if read_switch(asked, REDACT, default=False) else secrets.least_for(grant)
    after, before, last = asked.pop("after", 0), asked.pop("before", None), asked.pop("last", None)
    clean_searched = None if hiding is None else hiding.clean
    return Page(
        after,
        before,
        last,
        text.lower().encode(),
        is_short,
        secrets.clean if is_short else clean_searched,
        clean_searched,
    )


async def _newest(found: list[Item], page: Page, texts: Texts[Item], seen: Texts[Item] | None) -> list[Item]:
    """Return the items whose texts contain that of the page, at most `last` of them, the newest. Others have turns.

    With `seen`, which takes longer, those texts have to contain it too.
    """
    if not page.text:
        return found if page.last is None else found[max(0, len(found) - page.last) :]
    matching: list[Item] = []
    until = time.perf_counter() + SLICE_S
    for item in reversed(found):
        if page.last is not None and len(matching) >= page.last:
            break
        if _has(texts(item), page.text) and (seen is None or _has(seen(item), page.text)):
            matching.append(item)
        if time.perf_counter() >= until:
            await asyncio.sleep(0)
            until = time.perf_counter() + SLICE_S
    return matching[::-1]


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
