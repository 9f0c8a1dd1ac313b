"""The actions of script steps: commands with placeholders, which are filled when the step runs, and literal frames."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.script.triggers import ANY, CHANNEL
from mockexchange.scenario.types.composite_types import Record, may
from mockexchange.scenario.types.instants import counted, current_counting
from mockexchange.scenario.types.literal_json import LITERAL, LITERAL_CHARS_MAX
from mockexchange.scenario.types.value_types import PART, Scalar, wrong

ACCOUNT_KEYS = frozenset(("account", "against", "source", "target"))
"""Keys of actions whose value is an account or a subaccount."""


def _exact(text: str) -> str:
    if len(text) > LITERAL_CHARS_MAX:
        raise ValueError
    return text


ORDER_SAMPLE = {
    "$order.id": "order",
    "$order.client_order_id": "client",
    "$order.market": "market",
    "$order.side": "yes",
    "$order.action": "buy",
    "$order.opposite": "sell",
    "$order.count": "1",
    "$order.filled": "1",
    "$order.remaining": "1",
    "$order.price": "0.5",
    "$order.instrument": "instrument",
    "$order.direction": "buy",
    "$order.amount": "1",
    "$order.label": "label",
}
"""Sample values of the placeholders `$order...`, with which an action is checked before it runs."""
NO_ORDER: dict[str, str] = {}
_ORDER = re.compile(r"\$order\.[a-z_]+")
_REPETITION = re.compile(r"\$n\b")
SUBSCRIPTION_WORDS = ('"$sid"', '"$seq"')
_EXACT_TEXT = Scalar(
    f"text of at most {LITERAL_CHARS_MAX:,} characters", _exact, {"type": "string", "maxLength": LITERAL_CHARS_MAX}
)


@dataclass(frozen=True, slots=True)
class Template:
    """The action of a script step, which may have placeholders.

    If it contains "$n", "$order" or the account "*", it is parsed each time the step runs.
    """

    kind: str
    node: Located = field(compare=False)
    path: str
    read: Callable[[Located, str], Any] = field(compare=False)
    fixed: Any
    """The action, if it is the same at each run; None if it depends on the account, the repetition or the order."""

    def make(self, account: str | None, repetition: int, order: Mapping[str, str] = NO_ORDER) -> Any:
        """Return the action with its placeholders filled by an account, the number of the repetition and an order.

        Raises ScenarioError if it is invalid with these values.
        """
        if self.fixed is not None:
            return self.fixed
        return self.read(filled(self.node, account, repetition, order), self.path)

    @property
    def names_any_account(self) -> bool:
        return names_any_account(self.node)


def template(kind: str, node: Located, path: str, read: Callable[[Located, str], Any]) -> Template:
    """Return the template of an action. Raises ScenarioError if it is invalid for every account."""
    counting = current_counting()

    def read_counted(node: Located, path: str) -> Any:
        with counted(counting):  # also when the step runs, long after the scenario was read
            return read(node, path)

    first = read(filled(node, None, 1, ORDER_SAMPLE), path)
    is_fixed = filled(node, "", 1, ORDER_SAMPLE) is node
    return Template(kind, node, path, read_counted, first if is_fixed else None)


def filled(node: Located, account: str | None, repetition: int, order: Mapping[str, str] = NO_ORDER) -> Located:
    """Return parsed text with its placeholders replaced: "$n", those in `order`, and "*" by `account` if given.

    Text without placeholders is returned unchanged, as the same object.
    """
    if isinstance(node.value, dict):
        items = {key: _filled_item(key, item, account, repetition, order) for key, item in node.value.items()}
        is_same = all(items[key] is item for key, item in node.value.items())
        return node if is_same else replace(node, value=items)
    if isinstance(node.value, list):
        parts = [filled(item, account, repetition, order) for item in node.value]
        is_same = all(part is item for part, item in zip(parts, node.value, strict=True))
        return node if is_same else replace(node, value=parts)
    if node.value is None or "$" not in node.value:
        return node
    text = _ORDER.sub(lambda word: order.get(word[0], word[0]), node.value)
    text = _REPETITION.sub(str(repetition), text)
    return node if text == node.value else replace(node, value=text)


def _filled_item(key: str, item: Located, account: str | None, repetition: int, order: Mapping[str, str]) -> Located:
    if account is None or not _is_anyone(key, item):
        return filled(item, account, repetition, order)
    _, slash, subaccount = str(item.value).partition("/")
    return replace(item, value=f"{account}{slash}{subaccount}")


def _is_anyone(key: str, item: Located) -> bool:
    return key in ACCOUNT_KEYS and isinstance(item.value, str) and item.value.partition("/")[0] == ANY


def names_any_account(node: Located) -> bool:
    """Return whether parsed text contains the account "*", which stands for the account that triggered the step."""
    if isinstance(node.value, dict):
        return any(_is_anyone(key, item) or names_any_account(item) for key, item in node.value.items())
    return isinstance(node.value, list) and any(map(names_any_account, node.value))


@dataclass(frozen=True, slots=True)
class ScriptedFrame:
    """A text that a script sends as a frame to streams; `account` and `channel` select the streams, "*" means all.

    "$sid" and "$seq" in it, with their quotes, are replaced by the subscription's id and its next sequence number.
    """

    account: str
    channel: str
    text: str


class _Sent:
    """The schema of a mapping that is sent as compact JSON."""

    def read(self, node: Located, path: str) -> str:
        if not isinstance(node.value, dict):
            raise wrong(node, path, "a mapping, which is sent as a JSON object")
        return LITERAL.read(node, path)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object"}


_FRAME = Record(
    {"account": may(PART, ANY), "channel": may(CHANNEL, ANY), "send": may(_Sent()), "text": may(_EXACT_TEXT)}
)


class FrameType:
    """The schema of a literal frame: `send` is a mapping sent as JSON, `text` is sent byte for byte."""

    def read(self, node: Located, path: str) -> ScriptedFrame:
        values = _FRAME.read(node, path)
        given = [values[key] for key in ("send", "text") if values[key] is not None]
        if len(given) != 1:
            raise ScenarioError("expected `send` or `text`, one of them", node.file, node.line, path)
        frame = ScriptedFrame(values["account"], values["channel"], given[0])
        if frame.channel == ANY and any(word in frame.text for word in SUBSCRIPTION_WORDS):
            message = "expected a channel: $sid and $seq are those of a subscription"
            raise ScenarioError(message, node.file, node.line, path)
        return frame

    def json_schema(self) -> dict[str, Any]:
        schema = {**_FRAME.json_schema(), "type": "object"}
        return {**schema, "oneOf": [{"required": ["send"]}, {"required": ["text"]}]}


FRAME = FrameType()
