"""Decodes a long JSON text window by window.

Python's decoder reads a whole text in one call of C, during which no other thread runs: a million numbers take half a
second. Here it is given one window of the text at a time. A list or an object that is longer than a window is walked in
Python, down to parts that fit into one; errors are those of Python's decoder.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from mockexchange.scenario.loop_turns import take_turn

WINDOW_CHARS = 16 * 1024
"""The characters that the decoder in C is given at once, and once more if a value begins in one window and ends in the
next: at most two milliseconds."""
NUMBER_WINDOWS_MAX = 4
"""The most windows for one number: beyond it a number would be read again and again."""
EXPONENT_CHARS = 2
"""The characters with which a number goes on, at most, that the decoder leaves out if no digit follows, as in 1e+."""
ESCAPE_CHARS = 6
"""The characters of the longest escape in a text."""
_LONG: Any = object()
"""In place of a value that does not end within a window."""
_SPACE = re.compile(r"[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
_IN_TEXT = re.compile(r'(?:[^"\\\x00-\x1f]+|\\u[0-9a-fA-F]{4}|\\["\\/bfnrt])*')
_HALF = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
"""The first half of a surrogate pair at the end of a part of a text."""
Made = TypeVar("Made")


def windows_of(text: str | bytes) -> Iterator[str]:
    """Yield a text in windows. Raises UnicodeDecodeError, with the position in the whole text, if it is not UTF-8."""
    if isinstance(text, str):
        yield from (text[start : start + WINDOW_CHARS] for start in range(0, len(text), WINDOW_CHARS))
        return
    start = 0
    while start < len(text):
        end = start + WINDOW_CHARS
        while end < len(text) and end > start + WINDOW_CHARS - 4 and text[end] & 0xC0 == 0x80:
            end -= 1  # this byte belongs to a character that begins before it
        try:
            yield text[start:end].decode()
        except UnicodeDecodeError as error:
            places = start + error.start, start + error.end
            raise UnicodeDecodeError(error.encoding, text, *places, error.reason) from None
        start = end


class LongJson:
    """A reader of one JSON document; `decoder` is a `json.JSONDecoder`.

    `part` makes the result of a decoded value and of the number of lists and objects around it, `whole` that of a
    long list or object from the results of its items.
    """

    def __init__(
        self,
        windows: Iterator[str],
        decoder: Any,
        part: Callable[[Any, int], Made],
        whole: Callable[[Any], Made],
    ) -> None:
        self._windows, self._part, self._whole = windows, part, whole
        self._scan = decoder.scan_once
        self._text, self._at = "", 0
        self._before = 0
        """The characters of the document before the text that is held."""

    def read(self, depth_max: int) -> Any:
        """Return the result of the document.

        Raises json.JSONDecodeError, ValueError as the decoder's hooks do, UnicodeDecodeError, and RecursionError if
        more than `depth_max` lists and objects are inside each other.
        """
        self._depth_max = depth_max
        self._char()
        result = self._value(0)
        if self._char():
            raise self._error("Extra data")
        return result

    def _value(self, depth: int) -> Any:
        """Return the result of the value at the position, which is behind it then."""
        value = self._short()
        if value is not _LONG:
            return self._part(value, depth)
        first = self._text[0]
        if first == '"':
            return self._part(self._long_text(), depth)
        if depth == self._depth_max:
            raise RecursionError
        return self._whole(self._list(depth + 1) if first == "[" else self._object(depth + 1))

    def _short(self) -> Any:
        """Return the decoded value at the position, or _LONG if it is a text, a list or an object beyond a window."""
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except (StopIteration, json.JSONDecodeError) as error:
                if (self._at or len(self._text) < WINDOW_CHARS) and self._read_on():
                    continue
                if self._text[:1] in ('"', "[", "{") and not self._at and len(self._text) >= WINDOW_CHARS:
                    return _LONG
                message, at = (
                    ("Expecting value", error.value) if isinstance(error, StopIteration) else (error.msg, error.pos)
                )
                raise self._error(message, at) from None
            if end + EXPONENT_CHARS < len(self._text) or not self._read_on():
                self._at = end
                return value
            if len(self._text) > NUMBER_WINDOWS_MAX * WINDOW_CHARS:
                raise ValueError(f"a number has more than {WINDOW_CHARS:,} characters")

    def _list(self, depth: int) -> list[Any]:
        items: list[Any] = []
        self._at += 1
        if self._char() == "]":
            self._at += 1
            return items
        while True:
            self._take_short_items(items, depth)
            items.append(self._value(depth))
            if self._is_last("]"):
                return items

    def _take_short_items(self, items: list[Any], depth: int) -> None:
        """Take items of a list as long as they end, with the comma behind them, in the window."""
        scan, part, text, at = self._scan, self._part, self._text, self._at
        try:
            while True:
                value, end = scan(text, at)
                comma = _COMMA.match(text, end)
                if comma is None or comma.end() == len(text):
                    break
                items.append(part(value, depth))
                at = comma.end()
        except (StopIteration, json.JSONDecodeError):
            pass  # it is read again, with the text behind it
        self._at = at

    def _object(self, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        twice: set[str] = set()
        self._at += 1
        if self._char() == "}":
            self._at += 1
            return items
        while True:
            if self._char() != '"':
                raise self._error("Expecting property name enclosed in double quotes")
            key = self._short()
            if key is _LONG:
                key = self._long_text()
            if self._char() != ":":
                raise self._error("Expecting ':' delimiter")
            self._at += 1
            self._char()
            if key in items:
                twice.add(key)
            items[key] = self._value(depth)
            if self._is_last("}"):
                break
        if twice:
            raise ValueError(f"the key {next(filter(twice.__contains__, items))!r} is there twice")
        return items

    def _is_last(self, closing: str) -> bool:
        """Go behind the comma after an item, and to the next, or behind the closing bracket: the item was the last."""
        char = self._char()
        if not char or char not in f",{closing}":
            raise self._error("Expecting ',' delimiter")
        self._at += 1
        if char == ",":
            self._char()
        return char == closing

    def _long_text(self) -> str:
        """Return a text that is longer than a window, decoded in parts, none of which ends inside an escape."""
        begin, parts = self._before + self._at, list[str]()
        self._at += 1
        while True:
            found = _IN_TEXT.match(self._text, self._at)
            assert found is not None, "it matches nothing, too"
            end = found.end()
            is_last = self._text[end : end + 1] == '"'
            if not is_last and len(self._text) - end >= ESCAPE_CHARS:
                raise self._text_error(begin)
            if not is_last and self._ends_with_half(end):
                end -= ESCAPE_CHARS
            parts.append(self._scan(f'"{self._text[self._at : end]}"', 0)[0])
            self._at = end + is_last
            if is_last:
                return "".join(parts)
            if not self._read_on():
                raise self._text_error(begin)

    def _ends_with_half(self, end: int) -> bool:
        """Return whether an escape of half a character ends here, of which the other half may follow."""
        before = self._text[self._at : end - ESCAPE_CHARS]
        return bool(_HALF.search(self._text, self._at, end)) and (len(before) - len(before.rstrip("\\"))) % 2 == 0

    def _text_error(self, begin: int) -> json.JSONDecodeError:
        """Return the decoder's error of a text that goes on neither here nor in a further window."""
        try:
            self._scan(f'"{self._text[self._at :]}', 0)
        except json.JSONDecodeError as error:
            if not error.msg.startswith("Unterminated"):
                return self._error(error.msg, self._at + error.pos - 1)
        return json.JSONDecodeError("Unterminated string starting at", "", begin)

    def _char(self) -> str:
        """Go behind white space; return the character there, or "" at the end of the document."""
        while True:
            found = _SPACE.match(self._text, self._at)
            assert found is not None, "it matches nothing, too"
            self._at = found.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_on():
                return ""

    def _read_on(self) -> bool:
        """Drop the text before the position, and add the next window; return False if there is none."""
        window = next(self._windows, None)
        if window is None:
            return False
        take_turn()
        self._before += self._at
        self._text, self._at = self._text[self._at :] + window, 0
        return True

    def _error(self, message: str, at: int | None = None) -> json.JSONDecodeError:
        return json.JSONDecodeError(message, "", self._before + (self._at if at is None else at))
