"""Reads JSON and the schemas of API documents exactly, and describes what does not fit."""

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import jsonschema_rs

from mockexchange.runtime.api_documents import Document

# References and validators


Validator = jsonschema_rs.Draft202012Validator


def resolved(document: Document, node: Any) -> Any:
    """Return the node to which a chain of local references (`$ref`) leads. Other nodes are returned unchanged."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def validator(document: Document, schema: Any) -> Validator:
    """Return the validator of a schema that may refer to the components of its document.

    It contains only the components that the schema uses: a validator with all of them takes 2 MB and 2 ms.
    """
    reached: dict[str, Any] = {}
    _collect_components(document, schema, reached)
    return Validator({**schema, "components": reached}, validate_formats=True)


def _collect_components(document: Document, node: Any, reached: dict[str, Any]) -> None:
    """Add to `reached` the components that a node refers to, and those that they refer to."""
    if isinstance(node, dict):
        _collect_component(document, node.get("$ref"), reached)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _collect_components(document, child, reached)


def _collect_component(document: Document, reference: Any, reached: dict[str, Any]) -> None:
    if not isinstance(reference, str):
        return
    kind, name = reference.split("/")[2:4]
    components = reached.setdefault(kind, {})
    if name not in components:
        components[name] = document["components"][kind][name]
        _collect_components(document, components[name], reached)


def pointer(*parts: str) -> str:
    """Return a JSON pointer as a URL fragment: "#/paths/~1portfolio~1fills/get"."""
    return "#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


# JSON texts


ALMOST_ZERO = 1e-9


def read_json(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError if it is not JSON, is nested too deep or repeats a key.

    A whole number that is written with a fraction or an exponent (1.0) is changed by the smallest possible amount, so
    that a schema does not take it for an integer, and it stays within its bounds.
    """
    try:
        return json.loads(text, parse_float=_fraction, parse_constant=_refuse, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _fraction(text: str) -> float:
    value = float(text)
    return (math.nextafter(value, 0.0) or ALMOST_ZERO) if value.is_integer() else value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


# Errors in words


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
