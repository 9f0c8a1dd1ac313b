"""Whether a frame of a stream is one that an AsyncAPI document describes: each frame alone, not their order.

The message is found by the key that has one word in its payload (`type`, `cmd`), and what is said of it names the
field, what was seen there and what is expected. How a frame is written is judged too, under rules of its own.
"""

import json
import re
from collections.abc import Generator, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

import jsonschema_rs

from mockexchange.kit.findings import Finding
from mockexchange.kit.validation.exact_json import read_json
from mockexchange.kit.validation.references import pointer, resolved
from mockexchange.kit.validation.schema_errors import Error, Path, at, cut, descriptions, innermost, shown
from mockexchange.runtime.api_documents import ASYNCAPI, Document

DOCUMENTED = "frames.documented"
"""The frame is one of the document's messages, to the last field."""
COMPACT = "frames.compact"
"""There is no space between the tokens."""
NEWLINE = "frames.newline"
"""A newline ends the frame."""
KEY_ORDER = "frames.key_order"
"""Keys stand in the order that was recorded (`x-key-order`)."""
COMMANDS = "commands.documented"

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
SPACE = re.compile(r"\s")
ENDING_SHOWN_CHARS = 8
FINDINGS_MAX = 20
"""Of one frame: a book of thousands of levels that are all wrong is one mistake."""

Validator = jsonschema_rs.Draft7Validator
"""AsyncAPI's own schemas are an extension of draft 7."""
Frame = dict[str, Any]


class Message(NamedTuple):
    name: str
    payload: dict[str, Any]
    validator: Validator
    orders: tuple[tuple[str, list[str]], ...]
    """The orders of the keys in the payload and in what stands under one, each by that key ("" for the payload)."""


class Side:
    """The messages that one side sends, found by their words."""

    def __init__(self, document: Document, action: str) -> None:
        self._document = document
        self._schemas = {"schemas": document["components"]["schemas"]}
        self.by_key: dict[str, dict[str, list[Message]]] = {}
        self.wordless: list[Message] = []
        """Those that no word tells apart, such as answers with an id alone."""
        for name, node in _messages(document, action).items():
            message = self._read(name, node["payload"])
            words = {key: one["const"] for key, one in message.payload["properties"].items() if "const" in one}
            for key, word in words.items():
                self.by_key.setdefault(key, {}).setdefault(word, []).append(message)
            if not words:
                self.wordless.append(message)

    def _read(self, name: str, payload: dict[str, Any]) -> Message:
        validator = Validator({**payload, "components": self._schemas}, validate_formats=True)
        nodes = {"": payload, **payload["properties"]}
        found = {key: resolved(self._document, node).get("x-key-order") for key, node in nodes.items()}
        return Message(name, payload, validator, tuple((key, order) for key, order in found.items() if order))

    def find(self, frame: Frame) -> list[Message]:
        """Return the messages that a frame may be: those with its word, or where it has none, those without."""
        for key, messages in self.by_key.items():
            word = frame.get(key)
            if isinstance(word, str) and word in messages:
                return messages[word]
        return [] if self.by_key.keys() & frame.keys() else self.wordless


class FrameJudge:
    """Judges frames by one document; `subject` names it in findings, as in "kalshi/2026-10"."""

    def __init__(self, document: Document, subject: str) -> None:
        self.document, self.subject = document, subject
        self._sent, self._received = Side(document, "send"), Side(document, "receive")
        self._end: str = document["channels"]["stream"].get("x-frame-end", "\n")

    def objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        """Yield what the document has against a frame of the server; `where` says which it is."""
        text = yield from self._text(raw, where, DOCUMENTED)
        if text is None:
            return
        if not text.endswith(self._end):
            yield self._finding(NEWLINE, where, f"a frame that ends in {text[-ENDING_SHOWN_CHARS:]!r}", "a newline")
        if _is_spaced(text):
            yield self._finding(COMPACT, where, f"space between tokens: {cut(text)}", "JSON without it")
        yield from self._judge(self._sent, text, where, DOCUMENTED)

    def command_objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        """Yield what the document has against a frame of the client; how it is written is the client's affair."""
        text = yield from self._text(raw, where, COMMANDS)
        if text is not None:
            yield from self._judge(self._received, text, where, COMMANDS)

    def _text(self, raw: str | bytes, where: str, rule: str) -> Generator[Finding, None, str | None]:
        try:
            return raw.decode() if isinstance(raw, bytes) else raw
        except UnicodeDecodeError:
            yield self._finding(rule, where, f"bytes that are no text: {cut(repr(raw))}", "UTF-8")
            return None

    def _judge(self, side: Side, text: str, where: str, rule: str) -> Iterator[Finding]:
        try:
            frame = read_frame(text)
        except ValueError as reason:
            yield self._finding(rule, where, f"{cut(text.strip())} ({reason})", "a JSON object")
            return
        messages = side.find(frame)
        fitting = next((one for one in messages if one.validator.is_valid(frame)), None)
        if not messages:
            yield from self._unknown(side, frame, where, rule)
        elif fitting is not None:
            yield from self._order_objections(fitting, frame, where)
        else:
            yield from self._misfits(messages, frame, text, where, rule)

    def _unknown(self, side: Side, frame: Frame, where: str, rule: str) -> Iterator[Finding]:
        for key, messages in side.by_key.items():
            seen = f"{key}: {shown(frame[key])}" if key in frame else f"no {key}"
            yield self._finding(rule, where, seen, f"one of {', '.join(messages)}")

    def _order_objections(self, message: Message, frame: Frame, where: str) -> Iterator[Finding]:
        for key, order in message.orders:
            node = frame[key] if key else frame
            if isinstance(node, dict) and [*node] != [one for one in order if one in node]:
                place = ("properties", key) if key else ("x-key-order",)
                seen = f"{_field(message, [key] if key else [])} with the keys {', '.join(node)}"
                yield self._finding(KEY_ORDER, where, seen, f"the order {', '.join(order)}", message, place)

    def _misfits(self, messages: list[Message], frame: Frame, text: str, where: str, rule: str) -> Iterator[Finding]:
        """What is wrong with a frame by that of its messages which it is nearest to."""
        candidates = [(one, list(one.validator.iter_errors(frame))) for one in messages]
        message, errors = min(candidates, key=lambda found: len(found[1]))
        plain = json.loads(text)
        for error in islice(chain.from_iterable(map(innermost, errors)), FINDINGS_MAX):
            keyword, title = self._broken(message, error)
            for seen, expected in descriptions(error, keyword, title, at(plain, error.instance_path)):
                words = f"{_field(message, error.instance_path)}{seen}"
                yield self._finding(rule, where, words, expected, message, error.schema_path)

    def _broken(self, message: Message, error: Error) -> tuple[Any, str]:
        """What the schema says where it is broken, and the nearest title above."""
        node: Any = self.document if error.schema_path[0] == "components" else message.payload
        title = ""
        for part in error.schema_path:
            title = node.get("title", title) if isinstance(node, dict) else title
            node = node[part]
        return node, title

    def _finding(
        self, rule: str, where: str, seen: str, expected: str, message: Message | None = None, path: Path = ()
    ) -> Finding:
        inside = ("components", "messages", message.name, "payload", *path) if message else ("components", "messages")
        place = path if path and path[0] == "components" else inside
        document = f"contracts/{self.subject}/{ASYNCAPI}.yaml"
        return Finding(rule, where, seen, expected, f"{document}{pointer(*map(str, place))}")


def read_frame(text: str) -> Frame:
    """Return the object of a frame, as `read_json` reads it. Raises ValueError where it is none."""
    frame = read_json(text)
    if type(frame) is not dict:
        raise ValueError("no object")
    return frame


def _messages(document: Document, action: str) -> dict[str, Any]:
    """The messages of the operations that send, or of those that receive, by name. What answers a command is sent."""
    operations = [one for one in document["operations"].values() if one["action"] == action]
    listed = [message for one in operations for message in one["messages"]]
    if action == "send":
        replies = [one["reply"] for one in document["operations"].values() if "reply" in one]
        listed += [message for one in replies for message in one["messages"]]
    names = dict.fromkeys(one["$ref"].rpartition("/")[2] for one in listed)
    return {name: document["components"]["messages"][name] for name in names}


def _field(message: Message, path: Path) -> str:
    return message.name + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _is_spaced(text: str) -> bool:
    """Whether there is space between tokens. Most frames have none at all, so that is looked at first."""
    inner = text.removesuffix("\n")
    return SPACE.search(inner) is not None and SPACE.search(STRING.sub("", inner)) is not None
