"""What a JSON schema has against a value, in words: what was seen, and what is expected instead."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import jsonschema_rs

Path = Sequence[str | int]
Error = jsonschema_rs.ValidationError

CHARS_SHOWN_MAX = 120
WORDS_SHOWN_MAX = 40
ALTERNATIVES = {"oneOf", "anyOf"}


def innermost(error: Error) -> Iterator[Error]:
    """Yield what is wrong by the alternative of a schema that the value is nearest to; the error where none is told."""
    branches = error.kind.as_dict()["context"] if error.kind.name in ALTERNATIVES else []
    kinds = [{one.kind.name for one in branch} for branch in branches]
    if not branches or not all(kinds) or {"required"} in kinds:
        yield error
        return
    right_type = [branch for branch in branches if not any(_is_of_another_type(one, error) for one in branch)]
    for one in (right_type or branches)[0]:
        yield from innermost(one)


def _is_of_another_type(one: Error, whole: Error) -> bool:
    """Whether the whole value is, not something in it."""
    return one.kind.name == "type" and list(one.instance_path) == list(whole.instance_path)


def descriptions(error: Error, keyword: Any, title: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield what was seen (after the field's name) and what is expected.

    `keyword` is what the schema says there, `title` the words for it if it has any, `value` what stands in the frame.
    """
    name, more = error.kind.name, error.kind.as_dict()
    match name:
        case "required":
            reason = f" ({title})" if title else ", which is always there"
            yield f": no {more['property']}", f"{more['property']}{reason}"
        case "additionalProperties":
            for key in more["unexpected"]:
                yield f".{key}: {shown(value[key])}", "no such key"
        case "propertyNames":
            key = more["error"].instance
            yield f".{key}: {shown(value[key])}", f"{title or 'other keys'}: {', '.join(keyword)}"
        case "not" | "anyOf" | "oneOf" if isinstance(value, dict):
            yield f" with {', '.join(value) or 'no key'}", title or "other keys"
        case _:
            yield f": {shown(value)}", _expected(name, keyword) + (f" ({title})" if title else "")


def _expected(name: str, keyword: Any) -> str:
    if isinstance(keyword, list):
        words = [shown(one) for one in keyword[:WORDS_SHOWN_MAX]]
        more = ["..."] if len(keyword) > WORDS_SHOWN_MAX else []
        return f"{'' if name == 'enum' else f'{name} '}{' or '.join([*words, *more])}"
    return shown(keyword) if name == "const" else f"{name} {keyword if isinstance(keyword, str) else shown(keyword)}"


def shown(value: Any) -> str:
    """JSON of a value, cut."""
    return cut(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def cut(text: str) -> str:
    return text if len(text) <= CHARS_SHOWN_MAX else f"{text[:CHARS_SHOWN_MAX]}..."


def at(value: Any, path: Path) -> Any:
    """Return what stands at a path in a value."""
    for part in path:
        value = value[part]
    return value
