"""Filters the journal's requests and frames by a line of words and terms, as the console's filter line has them.

All of them have to match. A term is a key and a value, such as `account:alice`; a `-` before a word or a term excludes.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mockexchange.sandbox.counters import REFUSED_FROM
from mockexchange.server.control.errors import ControlError

FILTER = "filter"
"""The query parameter that has the line."""
FILTER_CHARS_MAX = 500
TERMS_MAX = 20
"""The most words and terms of a line: each is compared with each of ten thousand entries."""
PART = re.compile(r'-?[a-z]+:"[^"]*"|-?"[^"]*"|\S+', re.IGNORECASE)
RANGE = re.compile(r"([0-9]{0,18})(-?)([0-9]{0,18})")
WORDS = ("target", "operation", "account", "diagnosis", "refusal", "kind", "channel", "note")
"""What is searched for a word."""
BODIES = ("body", "answer", "raw", "frame")
"""What is searched for `body:`. Bytes of a frame are `raw` in the journal, and `frame` in JSON."""
MARKS = frozenset(("account", "connection", "diagnosis", "fault", "note", "operation", "stub", "findings", "refusal"))
"""What `is:` asks for, where it is no word of its own: that an entry has it."""
Get = Callable[[str], Any]
"""Returns what an entry has under a name; None if it has nothing."""
Test = Callable[[Get, str], bool]


class Term(NamedTuple):
    """A word or a term of a filter."""

    test: Test
    value: str
    is_excluded: bool
    reads_text: bool
    """Whether it compares texts that a client sent, in which secrets may be."""


def read_filter(text: str) -> tuple[Term, ...]:
    """Parse a filter line. A key that there is not makes it a word. Raises ControlError if it is too long."""
    parts = PART.findall(text) if len(text) <= FILTER_CHARS_MAX else []
    if len(parts) > TERMS_MAX or len(text) > FILTER_CHARS_MAX:
        most = f"{FILTER_CHARS_MAX} characters and {TERMS_MAX} words and terms"
        raise ControlError(400, "bad_query", f"{FILTER}: expected at most {most}")
    return tuple(map(_term, parts))


def _term(part: str) -> Term:
    is_excluded = len(part) > 1 and part.startswith("-")
    bare = part[1:] if is_excluded else part
    key, colon, value = bare.partition(":")
    test = TESTS.get(key.lower()) if colon else None
    value = (bare if test is None else value).removeprefix('"').removesuffix('"').lower()
    return Term(test or _has_word, value, is_excluded, key.lower() not in WITHOUT_TEXT or test is None)


def matches(terms: tuple[Term, ...], get: Get, shown: Get | None = None) -> bool:
    """Return whether an entry matches all terms. `get` returns what it has.

    With `shown`, what is compared has to be in what that returns too: the entry without secrets, which takes longer.
    """
    for term in terms:
        is_found = term.test(get, term.value)
        if is_found and shown is not None and term.reads_text:
            is_found = term.test(shown, term.value)
        if is_found == term.is_excluded:
            return False
    return True


def is_refused(status: int | None) -> bool:
    """Return whether a request was refused, or cut off before its answer."""
    return status is not None and (status == 0 or status >= REFUSED_FROM)


def is_disturbed(get: Get) -> bool:
    """Return whether a frame is lost, comes after a gap, was changed by a fault, or has a note."""
    return bool(get("fault") or get("note") or get("missing")) or get("direction") == "lost"


def _has_word(get: Get, value: str) -> bool:
    return any(_is_in(get(name), value) for name in WORDS)


def _is_in(text: object, value: str) -> bool:
    return isinstance(text, str) and value in text.lower()


def _is_in_bodies(get: Get, value: str) -> bool:
    raw = value.encode(errors="replace")
    for name in BODIES:
        body = get(name)
        if isinstance(body, bytes) and raw in body.lower():
            return True
        if _is_in(body, value):
            return True
    return False


def _is_same(name: str) -> Test:
    def test(get: Get, value: str) -> bool:
        text = get(name)
        return isinstance(text, str) and text.lower() == value

    return test


def _is_number(name: str) -> Test:
    def test(get: Get, value: str) -> bool:
        return str(get(name)) == value

    return test


def _contains(name: str) -> Test:
    return lambda get, value: _is_in(get(name), value)


def _has_status(get: Get, value: str) -> bool:
    status = str(get("status"))
    return status[:1] == value[:1] if value.endswith("xx") else status == value


def _is_in_range(get: Get, value: str) -> bool:
    found = RANGE.fullmatch(value)
    if found is None:
        return False
    low, dash, high = found.groups()
    number = int(get("number"))
    if not dash:
        return bool(low) and number == int(low)
    return int(low or 0) <= number and (not high or number <= int(high))


def _is(get: Get, value: str) -> bool:
    match value:
        case "refused":
            return is_refused(get("status"))
        case "gap":
            return bool(get("missing"))
        case "disturbed":
            return is_disturbed(get)
        case "finding":
            return bool(get("findings"))
        case _:
            return value in MARKS and bool(get(value))


TESTS: Mapping[str, Test] = {
    "account": _is_same("account"),
    "op": _contains("operation"),
    "status": _has_status,
    "method": _is_same("method"),
    "venue": _is_same("venue"),
    "channel": _is_same("channel"),
    "kind": _is_same("kind"),
    "dir": _is_same("direction"),
    "conn": _is_number("connection"),
    "stream": _is_number("connection"),
    "sid": _is_number("sid"),
    "stub": _contains("stub"),
    "fault": _contains("fault"),
    "body": _is_in_bodies,
    "n": _is_in_range,
    "is": _is,
}
WITHOUT_TEXT = frozenset(("status", "venue", "dir", "conn", "stream", "sid", "n", "is"))
"""Keys of terms that compare nothing that a client wrote."""
