"""Reads and checks a recording: the requests and the frames of streams in an exported journal."""

import json
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import msgspec

from mockexchange.sandbox.journal_json import entry_bytes, frame_bytes
from mockexchange.store.codec import NO_JSON
from mockexchange.store.log import LogError
from mockexchange.venues.request import Request

Plain = dict[str, Any]


class Recording(NamedTuple):
    """The entries (requests with answers) and the frames of an exported journal, each in the order of their numbers."""

    entries: list[Plain]
    frames: list[Plain]


def read_journal(*texts: str, names: Sequence[str] = ()) -> Recording:
    """Parse the texts of exported journals: each is a JSON list, or has an entry or a frame per line.

    Errors show the file `names`. Entries without a method are dropped, because they are invalid bytes that cannot be
    repeated. Raises LogError.
    """
    named = zip_longest(texts, names, fillvalue="")
    items = [item for text, name in named for item in _items(text, name)]
    frames = [item for item in items if "direction" in item]
    entries = [item for item in items if "direction" not in item and item["method"]]
    return Recording(_in_order(entries), _in_order(frames))


def is_recorded(item: object) -> bool:
    """Return whether a JSON value has the keys of an entry or of a frame of an exported journal."""
    return isinstance(item, dict) and ("direction" in item or "method" in item) and "number" in item


def request_of(entry: Plain) -> Request:
    """Return the HTTP request of a journal entry, to be repeated."""
    path, _, query = entry["target"].partition("?")
    headers = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in entry["headers"])
    return Request(entry["method"], path, query, headers, entry_bytes(entry, "body") or b"")


class _RepeatableEntry(msgspec.Struct):
    """The fields of a journal entry that are needed to repeat its request."""

    number: int
    position: int
    at_us: int
    host_at_us: int
    method: str
    target: str
    status: int
    headers: list[tuple[str, str]]
    operation: str | None = None
    fault: str | None = None
    stub: str | None = None
    connection: int | None = None
    dropped: dict[str, tuple[int, str]] = {}
    commands: list[int] = []


class _Frame(msgspec.Struct):
    number: int
    position: int
    at_us: int
    host_at_us: int
    connection: int
    direction: str
    kind: str
    channel: str
    fault: str | None
    stub: str | None = None


def _items(text: str, name: str) -> list[Plain]:
    """Read and check the items of an exported journal. Raises LogError with the place of an invalid item."""
    if text.lstrip().startswith("["):
        return [_checked(item, f"{name}, item {place}") for place, item in enumerate(_parsed(text, name), start=1)]
    lines = [(f"{name}, line {number}", line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    return [_checked(_parsed(line, place), place) for place, line in lines]


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _unexpected(place, NO_JSON) from None


def _checked(item: Any, place: str) -> Plain:
    if not is_recorded(item):
        raise _unexpected(place, _describe_invalid(item))
    try:
        if "direction" in item:
            msgspec.convert(item, _Frame)
            frame_bytes(item)
        elif item["method"]:
            msgspec.convert(item, _RepeatableEntry)
            request_of(item)
            entry_bytes(item, "answer")
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unexpected(place, str(error)) from None
    plain: Plain = item
    return plain


def _describe_invalid(item: Any) -> str:
    if isinstance(item, dict) and ("seq" in item or "format" in item):
        return "this is a log, which stands before --journal"
    return "got neither a request nor a frame"


def _unexpected(place: str, why: str) -> LogError:
    where = f"{place}: ".removeprefix(", ")
    return LogError(f"{where}expected an exported journal, as `mockexchange journal --json` writes it: {why}")


def _in_order(items: list[Plain]) -> list[Plain]:
    return sorted(items, key=lambda item: int(item["number"]))
