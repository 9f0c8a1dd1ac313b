"""Reading the stream's facts, and their agreement with an independent list."""

import json

from mockexchange.runtime.api_documents import Document
from tests.contracts.stream_documents import (
    Node,
    accepting,
    body,
    document,
    error_texts,
    messages,
    schema,
    terminal_codes,
)
from tests.helpers.rows import each_row
from tests.venues.kalshi.frames.facts import OF_RFQS, Table, tables
from tests.venues.kalshi.stream.protocol_facts import GENERATIONS, kept_facts
from tools.contract_facts import life_of
from tools.stream_facts import COMPAT, alive, alive_node, living_fields, read_stream_facts

PROTOCOL = kept_facts()
SHAPES = {"integer": "number", "number": "number"}
# Message, generation, key: what is required here and optional in the list, for it was on every recorded frame.
ALWAYS_RECORDED = {("orderbook_delta", "2026-10", "ts"), ("orderbook_delta", "2026-10", "ts_ms")}


@each_row(
    ("lines", "day", "wanted"),
    [
        ("Count since 2026-01-29", "2026-01-28", None),
        ("Count until 2026-01-29", COMPAT, "Count"),
        (["Contracts until 2026-03-10", "Count since 2026-03-10"], COMPAT, "Count"),
        (["Count since 2026-03-10", "Contracts until 2026-03-10"], "2026-03-09", "Contracts"),
    ],
)
def test_in_compat_the_newest_life_of_a_name_holds(lines: str | list[str], day: str, wanted: str | None) -> None:
    life = alive(lines, day)
    assert (life.name if life else None) == wanted


def test_in_compat_the_newest_node_holds() -> None:
    nodes: list[Node] = [{"enum": [1], "until": "2026-01-01"}, {"enum": [2], "since": "2026-01-01"}]
    assert alive_node(nodes, COMPAT) == {"enum": [2]}
    assert alive_node([*nodes, {"enum": [3], "since": COMPAT}], COMPAT) == {"enum": [3]}
    assert alive_node([*nodes, {"enum": [3], "since": COMPAT}], "2026-10-31") == {"enum": [2]}


def test_every_name_in_the_facts_is_one_of_theirs() -> None:
    facts = read_stream_facts()
    fields = [*facts["objects"].values(), *(message["keys"] for message in facts["messages"].values())]
    lines = [line for one in fields for line in one.values()]
    names = {life_of(one).name for line in lines for one in ([line] if isinstance(line, str) else line)}
    words = {message.get("type", name) for name, message in facts["messages"].items()}
    assert names <= {*facts["objects"], *facts["types"], *words, "Channel", "ErrorCode"}


def test_what_is_said_of_an_object_is_said_of_one_that_there_is() -> None:
    facts = read_stream_facts()
    named = {*facts["ordered_objects"], *facts["recorded_keys"], *facts["rules"]}
    assert named <= facts["objects"].keys()
    lifecycle = living_fields(facts["objects"]["MarketLifecycle"], COMPAT)
    for event in facts["market_events"].values():
        assert {*event["needs"], *event.get("may_have", [])} <= lifecycle.keys()


def shape(alias: str, node: Document) -> str:
    found = schema(alias, node)
    kind = found["type"] if "type" in found else schema(alias, found["oneOf"][0])["type"]
    return SHAPES.get(kind, str(kind))


@each_row("table", tables(), ids=lambda table: f"{table.kind}-{table.generation}")
def test_a_message_has_the_keys_that_were_gathered(table: Table) -> None:
    alias = table.generation
    found = body(alias, table.kind)
    assert {name: shape(alias, node) for name, node in found["properties"].items()} == {
        name: fact.shape for name, fact in table.fields.items()
    }
    required = {name for name, fact in table.fields.items() if fact.is_required}
    more = set(found["required"]) - required
    assert required <= set(found["required"])
    assert {(table.kind, alias, name) for name in more} <= ALWAYS_RECORDED


def test_no_message_is_described_that_was_not_gathered() -> None:
    gathered = {(table.kind, table.generation) for table in tables()}
    undated = {"market_lifecycle_v2", "event_lifecycle", "event_fee_update", *OF_RFQS}
    for generation in GENERATIONS:
        with_sid = {name for name, one in messages(generation, "send").items() if "sid" in one["payload"]["required"]}
        answers = {"ok", "unsubscribed"}
        assert with_sid - answers - undated == {kind for kind, day in gathered if day == generation} - undated


@each_row("generation", GENERATIONS)
def test_a_generation_has_its_channels_and_private_ones(generation: str) -> None:
    channels = document(generation)["channels"]["stream"]["x-channels"]
    assert sorted(channels) == PROTOCOL["channels"][generation]
    assert schema(generation, {"$ref": "/Channel"})["enum"] == list(channels)
    for name, is_private in PROTOCOL["private"].items():
        assert name not in channels or channels[name].get("private", False) is is_private


@each_row("generation", GENERATIONS)
def test_the_messages_that_are_numbered(generation: str) -> None:
    numbered = {*PROTOCOL["numbered"][generation], *(OF_RFQS if generation == "2026-10" else ())}
    for name, message in messages(generation, "send").items():
        if "msg" in message["payload"]["required"] and "sid" in message["payload"]["required"] and name != "ok":
            assert ("seq" in message["payload"]["properties"]) is (name in numbered), name


def test_error_codes_have_the_texts_that_were_gathered() -> None:
    newest = error_texts(COMPAT)
    assert {str(code): text for code, text in newest.items()} == {
        code: fact["text"] for code, fact in PROTOCOL["errors"].items()
    }
    retired = {int(code) for code, fact in PROTOCOL["errors"].items() if fact["is_retired"]}
    assert set(newest) - set(error_texts("2026-10")) == retired
    assert terminal_codes("2026-10") == set(PROTOCOL["terminal"])


# Day of the document, the codes that it has, and a text that is other there.
LIVES = [
    ("2025-11", set(range(1, 18)), {12: "Exactly one subscription ID required", 14: "Market ticker required"}),
    ("2025-12", set(range(1, 18)), {}),
    ("2026-02", set(range(1, 23)), {12: "Exactly one subscription ID is required", 14: "Market Ticker required"}),
    ("2026-04", set(range(1, 23)), {}),
    ("2026-06", set(range(1, 26)), {17: "Internal error"}),
    ("2026-10", set(range(1, 29)) - {6, 16, 17}, {28: "Underlying tickers required"}),
]


@each_row(("alias", "codes", "texts"), LIVES, ids=[life[0] for life in LIVES])
def test_error_codes_by_date(alias: str, codes: set[int], texts: dict[int, str]) -> None:
    found = error_texts(alias)
    assert set(found) == codes == set(schema(alias, {"$ref": "/ErrorCode"})["enum"])
    assert {code: found[code] for code in texts} == texts


@each_row("command", sorted(PROTOCOL["parameters"]))
def test_a_command_has_the_parameters_that_were_gathered(command: str) -> None:
    kinds = {"text": "string", "texts": "array", "integer": "number", "integers": "array", "boolean": "boolean"}
    listed = {name: kinds[kind] for name, kind in PROTOCOL["parameters"][command].items()}
    properties = body("2026-10", command)["properties"]
    # Those of single channels, which update_subscription takes for its actions too.
    actions = {"index_ids": "array", "underlying_tickers": "array"} if command == "update_subscription" else {}
    assert {name: shape("2026-10", node) for name, node in properties.items()} == {**listed, **actions}


REPLIES = [
    ("subscribed", "example", {"2025-11", "2025-12", "2026-02", "2026-04", "2026-06", "2026-10", "compat"}),
    ("unsubscribed", "example_2026", {"2026-02", "2026-04", "2026-06", "2026-10", "compat"}),
    ("unsubscribed", "example_2025", {"2025-11", "2025-12"}),
    ("ok", "example_2026", {"2026-02", "2026-04", "2026-06", "2026-10"}),
    ("ok", "example_before_2026-02-12", {"2025-11", "2025-12"}),
    ("list", "example_2026", {"2026-02", "2026-04", "2026-06", "2026-10"}),
    ("list", "example_2025", {"2025-11", "2025-12"}),
    ("error", "example", {"2025-11", "2025-12", "2026-02", "2026-04", "2026-06", "2026-10", "compat"}),
]


@each_row(("reply", "example", "aliases"), REPLIES, ids=[f"{one[0]}-{one[1]}" for one in REPLIES])
def test_documented_replies_are_accepted_at_their_dates_and_no_other(
    reply: str, example: str, aliases: set[str]
) -> None:

    frame = json.dumps(PROTOCOL["replies"][reply][example], separators=(",", ":")) + "\n"
    assert accepting(frame) == aliases
