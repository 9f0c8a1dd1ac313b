"""Write the operations of docs/control-api.md from contracts/control/openapi.yaml."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mockexchange.runtime import api_documents
from tools.pages import DOCS, cell, with_parts

TARGET = DOCS / "control-api.md"
PART = "operations"
METHODS = ("get", "post", "put", "delete")
ERRORS_OF_ALL = ("401", "403", "405")
"""Parts that are described once, at the top of the page."""
NAMES_SHOWN_MAX = 12
CHARS_OF_LINE_MAX = 110
KINDS = {
    "SandboxName": "name of a sandbox",
    "ApiDate": "API date",
    "ClockMode": "mode of a clock",
    "Duration": "duration, such as `5s`",
    "Text": "text",
    "OperationName": "name of an operation",
    "ChannelName": "name of a channel",
    "CloseCode": "close code",
    "TimesOfStub": "integer",
    "Times": "integer",
    "Number": "integer",
}
"""Descriptions of values whose schema has a name."""

Document = Mapping[str, Any]


def render(page: str) -> str:
    """Return the page with the operations of the document."""
    return with_parts(page, {PART: operations(read())})


def read() -> Document:
    """Read the document of the control API."""
    return api_documents.read("control")


def operations(document: Document) -> Iterator[str]:
    shown_under: dict[str, str] = {}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in METHODS:
            if method in item:
                yield from _operation(document, f"{method.upper()} {path}", item[method], shared, shown_under)


def _operation(
    document: Document, title: str, operation: Document, shared: list[Document], shown_under: dict[str, str]
) -> Iterator[str]:
    """Yield the lines of an operation; `shown_under` is the title of each body and answer that was shown."""
    open_to_all = "" if operation.get("security", True) else " No token needed."
    yield f"\n### {title}\n\n{operation['summary']}{open_to_all}"
    asked = [_resolved(document, each) for each in [*shared, *operation.get("parameters", [])]]
    rows = [_parameter(document, each) for each in asked if each["in"] != "path"]
    if rows:
        yield "\n| in the query | kind | |\n|---|---|---|"
        yield from rows
    yield from _body(document, title, operation.get("requestBody"), shown_under)
    yield f"\nAnswers: {', '.join(_answers(document, operation))}."
    yield from _answer_shown(document, title, operation, shown_under)


def _parameter(document: Document, parameter: Document) -> str:
    words = parameter.get("description", "")
    return f"| `{parameter['name']}` | {_kind(document, parameter['schema'])} | {cell(words)} |"


def _body(document: Document, title: str, body: Document | None, shown_under: dict[str, str]) -> Iterator[str]:
    if body is None:
        return
    earlier = shown_under.setdefault(body["$ref"], title)
    if earlier != title:
        yield f"\nThe body is that of `{earlier}`."
        return
    resolved = _resolved(document, body)
    if "description" in resolved:
        yield f"\n{resolved['description']}"
    rows = list(_rows(document, _json(resolved)["schema"], ""))
    if rows:
        yield "\n| in the body | kind | |\n|---|---|---|"
        yield from rows
    for value in _examples(_json(resolved)):
        yield f"\n```json\n{shown(value)}\n```"


def _rows(document: Document, schema: Document, path: str) -> Iterator[str]:
    """Yield a row for each value of an object, and of the objects in it."""
    for way in _ways(document, schema):
        required = way.get("required", [])
        for name, inner in way.get("properties", {}).items():
            words = inner.get("description") or _resolved(document, inner).get("description", "")
            needed = ", required" if name in required else ""
            yield f"| `{path}{name}` | {_kind(document, inner)}{needed} | {cell(words)} |"
            yield from () if _is_of_others(inner) else _rows(document, inner, f"{path}{name}.")


def _ways(document: Document, schema: Document) -> list[Document]:
    """Return the alternative schemas of a value."""
    resolved = _resolved(document, schema)
    return [_resolved(document, each) for each in resolved["anyOf"]] if "anyOf" in resolved else [resolved]


def _is_of_others(schema: Document) -> bool:
    """Whether the content is described elsewhere: items of lists have operations of their own."""
    kinds = schema.get("type", [])
    return "array" in ([kinds] if isinstance(kinds, str) else kinds)


def _kind(document: Document, schema: Document) -> str:
    """Return a short description of a value's type."""
    if (name := schema.get("$ref", "").rpartition("/")[2]) in KINDS:
        return KINDS[name]
    kinds = dict.fromkeys(kind for way in _ways(document, schema) for kind in _kinds(way))
    return " or ".join(kinds) or "anything"


def _kinds(schema: Document) -> list[str]:
    if "const" in schema:
        return [f"`{schema['const']}`"]
    if 0 < len(schema.get("enum", [])) <= NAMES_SHOWN_MAX:
        return list(dict.fromkeys(f"`{str(value).lower()}`" for value in schema["enum"]))
    kinds = schema.get("type", [])
    return [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"]


def shown(value: Any, indent: str = "") -> str:
    """Return JSON in which every value that fits on a line is on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if not value or not isinstance(value, dict | list) or len(indent) + len(flat) <= CHARS_OF_LINE_MAX:
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        lines = [f"{deeper}{json.dumps(name)}: {shown(inner, deeper)}" for name, inner in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    lines = [f"{deeper}{shown(inner, deeper)}" for inner in value]
    return "[\n" + ",\n".join(lines) + f"\n{indent}]"


def _examples(content: Document) -> list[Any]:
    examples = [each["value"] for each in content.get("examples", {}).values()]
    return [*examples, *([content["example"]] if "example" in content else [])]


def _answer_shown(document: Document, title: str, operation: Document, shown_under: dict[str, str]) -> Iterator[str]:
    """Yield the first example of a successful answer, unless it was shown before."""
    done = next(iter(operation["responses"].values()))
    schema = _resolved(document, done).get("content", {}).get("application/json", {})
    examples = _examples(schema)
    if not examples:
        return
    earlier = shown_under.setdefault(json.dumps(schema["schema"], sort_keys=True), title)
    if earlier == title:
        yield f"\n```json\n{shown(examples[0])}\n```"
    else:
        yield f"\nThe answer is like that of `{earlier}`."


def _answers(document: Document, operation: Document) -> Iterator[str]:
    for status, answer in operation["responses"].items():
        if status not in ERRORS_OF_ALL:
            yield f"{status} ({cell(_resolved(document, answer)['description']).rstrip('.')})"


def _json(body: Document) -> Document:
    content: Document = body["content"]["application/json"]
    return content


def _resolved(document: Document, value: Document) -> Document:
    while "$ref" in value:
        found: Any = document
        for key in value["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        value = found
    return value


def main() -> None:
    TARGET.write_text(render(TARGET.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
