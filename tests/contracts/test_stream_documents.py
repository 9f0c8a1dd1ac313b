"""The documents of the stream are valid AsyncAPI, follow the facts, and have examples that fit."""

import copy
import json
from collections.abc import Callable, Iterator

import jsonschema_rs

from tests.contracts.documents import ALIASES, API_DATES, CONTRACTS, ROOT, references
from tests.contracts.stream_documents import COMPAT, SUBJECTS, Node, document, judge, messages
from tests.helpers.rows import each_row
from tools.stream_facts import STREAM_DATES
from tools.write_stream_contracts import render_document, target

# What a schema may contain: a misspelt keyword would otherwise be ignored without a word.
SCHEMA_KEYWORDS = {
    *("$ref", "additionalItems", "additionalProperties", "allOf", "anyOf", "const", "contains", "description", "enum"),
    *("format", "if", "items", "maxItems", "maximum", "minItems", "minLength", "minimum", "multipleOf", "not", "oneOf"),
    *("pattern", "properties", "propertyNames", "required", "then", "title", "type"),
    *("x-key-order", "x-recorded", "x-terminal"),
}
LISTS = ("allOf", "anyOf", "oneOf")


def published() -> jsonschema_rs.Draft7Validator:
    """Return the validator of the AsyncAPI Initiative's schema."""
    path = ROOT / "fixtures" / "asyncapi" / "asyncapi-3.0.0.json"
    return jsonschema_rs.Draft7Validator(json.loads(path.read_text(encoding="utf-8")))


def schema_nodes(node: Node) -> Iterator[Node]:
    """Yield a schema and every one below it."""
    yield node
    items = node.get("items", [])
    children = [child for keyword in LISTS for child in node.get(keyword, [])]
    children += items if isinstance(items, list) else [items]
    children += [node[keyword] for keyword in ("if", "then", "not", "contains", "propertyNames") if keyword in node]
    for child in [*children, *node.get("properties", {}).values()]:
        yield from schema_nodes(child)


def schemas(alias: str) -> dict[str, Node]:
    found = document(alias)["components"]
    return {**found["schemas"], **{f"{name}.payload": node["payload"] for name, node in found["messages"].items()}}


def test_there_is_a_document_for_each_alias_and_for_compat() -> None:
    assert {path.parent.name for path in CONTRACTS.glob("*/asyncapi.yaml")} == set(SUBJECTS) == set(STREAM_DATES)


@each_row("alias", SUBJECTS)
def test_document_is_valid_asyncapi_of_its_date(alias: str) -> None:
    assert [f"{error.instance_path}: {error.message}" for error in published().iter_errors(document(alias))] == []
    assert document(alias)["asyncapi"] == "3.0.0"
    assert document(alias)["info"]["version"] == API_DATES.get(alias, COMPAT)


BREAKS: dict[str, Callable[[Node], object]] = {
    "no info": lambda found: found.pop("info"),
    "an unknown key of the channel": lambda found: found["channels"]["stream"].update(path="/"),
    "an unknown action": lambda found: found["operations"]["subscribe"].update(action="ask"),
    "an unknown type": lambda found: found["components"]["schemas"]["Sid"].update(type="int"),
    "no list of names": lambda found: found["components"]["messages"]["fill"]["payload"].update(required="msg"),
}


@each_row("name", BREAKS)
def test_a_broken_document_is_not_valid(name: str) -> None:
    broken = copy.deepcopy(document("2026-10"))
    BREAKS[name](broken)
    assert not published().is_valid(broken)


@each_row("alias", SUBJECTS)
def test_the_documents_are_what_the_facts_make_them(alias: str) -> None:
    made = target(alias).read_text(encoding="utf-8")
    assert made == render_document(alias), "run: python -m tools.write_stream_contracts"


@each_row("alias", SUBJECTS)
def test_schemas_use_known_keywords_only_and_objects_are_closed(alias: str) -> None:
    for name, schema in schemas(alias).items():
        jsonschema_rs.meta.validate({**schema, "$schema": "http://json-schema.org/draft-07/schema#"})
        for node in schema_nodes(schema):
            assert set(node) <= SCHEMA_KEYWORDS, name
        if schema.get("type") == "object" and name != "FreeObject":
            assert schema["additionalProperties"] is False
            assert set(schema["required"]) <= set(schema["properties"]), name
            assert set(schema.get("x-key-order", [])) <= set(schema["properties"]), name


@each_row("alias", SUBJECTS)
def test_every_reference_resolves_and_every_component_is_used(alias: str) -> None:
    used = set(references(document(alias)))
    defined = {f"#/components/{kind}/{name}" for kind, found in document(alias)["components"].items() for name in found}
    listed = {f"#/channels/stream/messages/{name}" for name in document(alias)["channels"]["stream"]["messages"]}
    assert used == defined | listed | {"#/channels/stream"}


@each_row("alias", SUBJECTS)
def test_every_message_has_an_example_that_fits(alias: str) -> None:
    for name, node in messages(alias, "send").items():
        (example,) = node["examples"]
        frame = json.dumps(example["payload"], separators=(",", ":")) + "\n"
        assert list(judge(alias).objections(frame, name)) == []
    for name, node in messages(alias, "receive").items():
        (example,) = node["examples"]
        assert list(judge(alias).command_objections(json.dumps(example["payload"]), name)) == []


@each_row("alias", SUBJECTS)
def test_the_venue_sends_its_messages_and_receives_commands_which_it_answers(alias: str) -> None:
    operations = document(alias)["operations"]
    commands = {name: one for name, one in operations.items() if one["action"] == "receive"}
    assert set(commands) == set(messages(alias, "receive"))
    sent = [message for one in operations.values() if one["action"] == "send" for message in one["messages"]]
    sent += [message for one in commands.values() for message in one["reply"]["messages"]]
    assert {one["$ref"].rpartition("/")[2] for one in sent} == set(messages(alias, "send"))
    for one in commands.values():
        assert {"$ref": "#/channels/stream/messages/error"} in one["reply"]["messages"]


@each_row("alias", SUBJECTS)
def test_the_handshake_has_the_three_headers_at_the_venues_path(alias: str) -> None:
    channel = document(alias)["channels"]["stream"]
    assert channel["address"] == "/trade-api/ws/v2"
    headers = channel["bindings"]["ws"]["headers"]
    assert headers["required"] == list(headers["properties"])
    assert headers["required"] == ["KALSHI-ACCESS-KEY", "KALSHI-ACCESS-SIGNATURE", "KALSHI-ACCESS-TIMESTAMP"]
    assert ("x-anonymous" in channel) is (alias == "2026-02")


def test_each_alias_differs_from_the_one_before() -> None:
    # Nothing of the stream changed in November 2025.
    texts = [target(alias).read_text(encoding="utf-8").replace(API_DATES[alias], "") for alias in ALIASES]
    same = [alias for alias, before, now in zip(ALIASES[1:], texts, texts[1:], strict=False) if before == now]
    assert same == ["2025-12"]
