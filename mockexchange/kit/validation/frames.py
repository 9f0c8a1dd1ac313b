"""Compares single stream frames with an AsyncAPI document. Rules elsewhere check the order of frames.

The documented message is found by the key that has a constant in its payload (`type`, `cmd`). Findings name the field,
what was seen and what was expected. The formatting of frames has rules of its own.
"""

import json
import re
from collections.abc import Generator, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

import jsonschema_rs

from mockexchange.kit.findings import Finding
from mockexchange.kit.validation.schemas import (
    Error,
    Path,
    at,
    cut,
    descriptions,
    innermost,
    pointer,
    read_json,
    resolved,
    shown,
)
from mockexchange.runtime.api_documents import ASYNCAPI, Document

DOCUMENTED = "frames.documented"
"""The rule that every field of the frame is as in one of the document's messages."""
COMPACT = "frames.compact"
"""The rule that there is no space between the JSON tokens."""
NEWLINE = "frames.newline"
"""The rule that a newline ends the frame."""
KEY_ORDER = "frames.key_order"
"""The rule that keys are in the recorded order (`x-key-order`)."""
COMMANDS = "commands.documented"

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
SPACE = re.compile(r"\s")
ENDING_SHOWN_CHARS = 8
FINDINGS_MAX = 20
"""The most findings of one frame: an order book with thousands of wrong levels is one mistake."""

Validator = jsonschema_rs.Draft7Validator
"""The validator for AsyncAPI's own schemas, which extend draft 7."""
Frame = dict[str, Any]


class Message(NamedTuple):
    """A message of the document, with the validator of its payload."""

    name: str
    payload: dict[str, Any]
    validator: Validator
    orders: tuple[tuple[str, list[str]], ...]
    """The order of keys in the payload (under "") and in the objects inside it (under the object's key)."""


class MessageCatalogue:
    """The documented stream messages that the server, or the client, may send.

    The message of a frame is found by a constant in its payload, such as the value of `type`.
    """

    def __init__(self, document: Document, action: str) -> None:
        self._document = document
        self._schemas = {"schemas": document["components"]["schemas"]}
        self.by_key: dict[str, dict[str, list[Message]]] = {}
        self.without_constant: list[Message] = []
        """Messages without a constant, such as answers with only an id."""
        for name, node in _messages(document, action).items():
            message = self._read(name, node["payload"])
            constants = {key: one["const"] for key, one in message.payload["properties"].items() if "const" in one}
            for key, constant in constants.items():
                self.by_key.setdefault(key, {}).setdefault(constant, []).append(message)
            if not constants:
                self.without_constant.append(message)

    def _read(self, name: str, payload: dict[str, Any]) -> Message:
        validator = Validator({**payload, "components": self._schemas}, validate_formats=True)
        nodes = {"": payload, **payload["properties"]}
        found = {key: resolved(self._document, node).get("x-key-order") for key, node in nodes.items()}
        return Message(name, payload, validator, tuple((key, order) for key, order in found.items() if order))

    def find(self, frame: Frame) -> list[Message]:
        """Return the messages that a frame may be: those with the frame's constant, else those without any constant."""
        for key, messages in self.by_key.items():
            word = frame.get(key)
            if isinstance(word, str) and word in messages:
                return messages[word]
        return [] if self.by_key.keys() & frame.keys() else self.without_constant


class FrameJudge:
    """Compares frames with one document. Findings name the document by `subject`, such as "venue/2026-10"."""

    def __init__(self, document: Document, subject: str) -> None:
        self.document, self.subject = document, subject
        self._sent, self._received = MessageCatalogue(document, "send"), MessageCatalogue(document, "receive")
        self._end: str = document["channels"]["stream"].get("x-frame-end", "\n")

    def objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        """Yield the differences between a frame of the server and the document; `where` names the frame."""
        text = yield from self._text(raw, where, DOCUMENTED)
        if text is None:
            return
        if not text.endswith(self._end):
            yield self._finding(NEWLINE, where, f"a frame that ends in {text[-ENDING_SHOWN_CHARS:]!r}", "a newline")
        if _is_spaced(text):
            yield self._finding(COMPACT, where, f"space between tokens: {cut(text)}", "JSON without it")
        yield from self._judge(self._sent, text, where, DOCUMENTED)

    def command_objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        """Yield the differences between a frame of the client and the document; its formatting is not checked."""
        text = yield from self._text(raw, where, COMMANDS)
        if text is not None:
            yield from self._judge(self._received, text, where, COMMANDS)

    def _text(self, raw: str | bytes, where: str, rule: str) -> Generator[Finding, None, str | None]:
        try:
            return raw.decode() if isinstance(raw, bytes) else raw
        except UnicodeDecodeError:
            yield self._finding(rule, where, f"bytes that are no text: {cut(repr(raw))}", "UTF-8")
            return None

    def _judge(self, side: MessageCatalogue, text: str, where: str, rule: str) -> Iterator[Finding]:
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
            yield from self._mismatches(messages, frame, text, where, rule)

    def _unknown(self, side: MessageCatalogue, frame: Frame, where: str, rule: str) -> Iterator[Finding]:
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

    def _mismatches(self, messages: list[Message], frame: Frame, text: str, where: str, rule: str) -> Iterator[Finding]:
        """Yield the differences between a frame and the most similar message, which has the fewest errors."""
        candidates = [(one, list(one.validator.iter_errors(frame))) for one in messages]
        message, errors = min(candidates, key=lambda found: len(found[1]))
        plain = json.loads(text)
        for error in islice(chain.from_iterable(map(innermost, errors)), FINDINGS_MAX):
            keyword, title = self._broken(message, error)
            for seen, expected in descriptions(error, keyword, title, at(plain, error.instance_path)):
                described = f"{_field(message, error.instance_path)}{seen}"
                yield self._finding(rule, where, described, expected, message, error.schema_path)

    def _broken(self, message: Message, error: Error) -> tuple[Any, str]:
        """Return the violated part of the schema, and the nearest title above it."""
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
    """Parse a frame with `read_json` and return its object. Raises ValueError if it is not an object."""
    frame = read_json(text)
    if type(frame) is not dict:
        raise ValueError("no object")
    return frame


def _messages(document: Document, action: str) -> dict[str, Any]:
    """Return by name the messages of all operations with an action; replies to commands belong to "send"."""
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
    """Return whether there is space between tokens. Most frames have no space at all, so that is tested first."""
    inner = text.removesuffix("\n")
    return SPACE.search(inner) is not None and SPACE.search(STRING.sub("", inner)) is not None
