"""Describes JSON schema errors: what was seen, and what was expected instead."""

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
    """Yield the errors inside the alternative (`oneOf`, `anyOf`) that the value was meant to fit.

    That is the one of the right type with the fewest errors, of equal ones the first. An error outside alternatives is
    yielded itself.
    """
    branches = error.kind.as_dict()["context"] if error.kind.name in ALTERNATIVES else []
    kinds = [{one.kind.name for one in branch} for branch in branches]
    if not branches or not all(kinds) or {"required"} in kinds:
        yield error
        return
    right_type = [branch for branch in branches if not any(_is_of_another_type(one, error) for one in branch)]
    for one in min(right_type or branches, key=len):
        yield from innermost(one)


def _is_of_another_type(one: Error, whole: Error) -> bool:
    """Return whether the error is a wrong type of the value itself, not of a part of it."""
    return one.kind.name == "type" and list(one.instance_path) == list(whole.instance_path)


def descriptions(error: Error, keyword: Any, title: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the two texts that describe an error: what was seen, and what was expected.

    `keyword` is the violated part of the schema, `title` its description or "", `value` the value at that place.
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


def shown(value: object) -> str:
    """Return the JSON of a value, shortened."""
    return cut(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def cut(text: str) -> str:
    return text if len(text) <= CHARS_SHOWN_MAX else f"{text[:CHARS_SHOWN_MAX]}..."


def at(value: Any, path: Path) -> Any:
    """Return the part of a JSON value at a path of keys and indexes."""
    for part in path:
        value = value[part]
    return value
