"""Placeholders in the answer and the steps of a stub, which stand for values of the request that the stub answers.

Examples: `$path.id`, `$query.limit`, `$body.order.price`, `$account`, `$now`, `$new_id`. After `|` comes the form of
the value, as in `$query.limit|number`, if it is not the value's own. `$$` is a dollar sign.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from mockexchange.scenario.errors import did_you_mean
from mockexchange.scenario.located_text import Located

PATH, QUERY, BODY = "path", "query", "body"
ACCOUNT, NOW, NEW_ID = "account", "now", "new_id"
NAMED = (PATH, QUERY, BODY)
"""Kinds of placeholders that have a name after a point, as in `$path.id`."""
SINGLE = (ACCOUNT, NOW, NEW_ID)
NUMBER, TEXT, SECONDS, MILLISECONDS = "number", "text", "s", "ms"
FORMS = {NUMBER: (*NAMED, *SINGLE), TEXT: (*NAMED, *SINGLE), SECONDS: (NOW,), MILLISECONDS: (NOW,)}
"""The kinds of placeholders that each form can be used with."""
WORDS_MAX = 100
"""The most placeholders of one stub, since each can stand for a whole body."""
DOLLAR = "$"
_WORD = re.compile(r"\$\$|\$(?:(path|query|body)\.([A-Za-z0-9_.-]*[A-Za-z0-9_-])|([a-z][a-z_]*))(?:\|([a-z]+))?")
_STRING = re.compile(r'("(?:[^"\\]|\\.)*")(:?)')
_NUMBER_TEXT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class Placeholder(NamedTuple):
    """A placeholder in a stub, such as `$query.limit|number`.

    `root` is its kind (query), `name` the name after the point ("" if none), `form` the form of its value ("" for the
    default).
    """

    root: str
    name: str
    form: str

    def __str__(self) -> str:
        return f"${self.root}{'.' * bool(self.name)}{self.name}"


class Value(NamedTuple):
    """A value of a request, as JSON and as text."""

    json: str
    text: str

    def as_number(self) -> "Value | None":
        """Return the value with its text as a JSON number in place of a string; None if the text is not a number."""
        return Value(self.text, self.text) if _NUMBER_TEXT.fullmatch(self.text) else None


MISSING = Value("null", "")
Part = str | Placeholder


class Values(Protocol):
    """The interface by which placeholders get the values of one request."""

    def value_of(self, placeholder: Placeholder) -> Value:
        """Return the value of a placeholder; MISSING if the request has none."""
        ...


def text_value(text: str) -> Value:
    return Value(json.dumps(text, ensure_ascii=False), text)


def parts_of(text: str, names: Collection[str]) -> tuple[Part, ...]:
    """Split a text into literal parts and placeholders; `names` are the named segments of the stub's path.

    Raises ValueError for an unknown placeholder; the message lists the known ones.
    """
    parts: list[Part] = []
    place = 0
    for match in _WORD.finditer(text):
        parts += [text[place : match.start()], DOLLAR if match[0] == "$$" else _placeholder(match, names)]
        place = match.end()
    return tuple(part for part in (*parts, text[place:]) if part != "")


def _placeholder(match: "re.Match[str]", names: Collection[str]) -> Placeholder:
    placeholder = Placeholder(match[1] or match[3], match[2] or "", match[4] or "")
    root, name = placeholder.root, placeholder.name
    if root not in (NAMED if name else SINGLE) or (root == PATH and name not in names):
        known = [*(f"$path.{one}" for one in names), "$query.NAME", "$body.NAME", *(f"${one}" for one in SINGLE)]
        near = did_you_mean(str(placeholder), known)
        raise ValueError(f"no variable {placeholder}{near}; known are {', '.join(known)}; $$ is a dollar sign")
    if placeholder.form and placeholder.root not in FORMS.get(placeholder.form, ()):
        forms = ", ".join(f"|{form}" for form, roots in FORMS.items() if placeholder.root in roots)
        raise ValueError(f"no form |{placeholder.form} of {placeholder}: known are {forms}")
    return placeholder


def filled_text(parts: tuple[Part, ...], values: Values) -> str:
    return "".join(part if isinstance(part, str) else values.value_of(part).text for part in parts)


def filled_or_none(parts: tuple[Part, ...], values: Values) -> str | None:
    """Return a text with its placeholders filled by the values of a request.

    None if the text is a single placeholder and the request lacks its value.
    """
    if len(parts) == 1 and isinstance(parts[0], Placeholder):
        value = values.value_of(parts[0])
        return None if value is MISSING else value.text
    return filled_text(parts, values)


class TextTemplate(NamedTuple):
    """A text with placeholders, split into literal parts and placeholders."""

    parts: tuple[Part, ...]

    def filled(self, values: Values) -> str:
        return filled_text(self.parts, values)

    @property
    def placeholders(self) -> int:
        return sum(isinstance(part, Placeholder) for part in self.parts)


class JsonTemplate(NamedTuple):
    """Compact JSON with placeholders in its strings, split into literal parts and templates of these strings."""

    parts: tuple[str | TextTemplate, ...]

    def filled(self, values: Values) -> str:
        return "".join(part if isinstance(part, str) else _filled_string(part.parts, values) for part in self.parts)

    @property
    def placeholders(self) -> int:
        return sum(part.placeholders for part in self.parts if isinstance(part, TextTemplate))


Template = TextTemplate | JsonTemplate


def _filled_string(parts: tuple[Part, ...], values: Values) -> str:
    """Return the JSON of a string with placeholders; a placeholder alone has the JSON type of its value."""
    if len(parts) == 1 and isinstance(parts[0], Placeholder):
        return values.value_of(parts[0]).json
    return text_value(filled_text(parts, values)).json


def text_template(text: str, names: Collection[str]) -> TextTemplate | None:
    """Return a text as a template; None if the text has no dollar sign. Raises ValueError as `parts_of` does."""
    return TextTemplate(parts_of(text, names)) if DOLLAR in text else None


def json_template(text: str, names: Collection[str]) -> JsonTemplate | None:
    """Return compact JSON as a template; None if it has no dollar sign. Raises ValueError as `parts_of` does."""
    if DOLLAR not in text:
        return None
    parts: list[str | TextTemplate] = []
    place = 0
    for match in _STRING.finditer(text):
        if DOLLAR in match[1] and not match[2]:
            parts += [text[place : match.start()], TextTemplate(parts_of(json.loads(match[1]), names))]
            place = match.end()
    return JsonTemplate((*parts, text[place:]))


def filled_node(node: Located, fill: Callable[[str], str | None]) -> Located:
    """Return a parsed value in which the function `fill` has replaced each text that has placeholders.

    Keys for which `fill` returns None are left out.
    """
    value = node.value
    if isinstance(value, dict):
        filled = {key: filled_node(item, fill) for key, item in value.items()}
        kept = {key: item for key, item in filled.items() if item.value is not None or value[key].value is None}
        return replace(node, value=kept)
    if isinstance(value, list):
        return replace(node, value=[filled_node(item, fill) for item in value])
    return node if value is None or DOLLAR not in value else replace(node, value=fill(value))


def texts_in(node: Located) -> Iterator[Located]:
    """Yield the texts with a dollar sign in a parsed value."""
    value = node.value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_in(item)
    elif value is not None and DOLLAR in value:
        yield node
