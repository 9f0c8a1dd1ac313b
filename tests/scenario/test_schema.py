"""The published JSON Schema is current, and accepts and refuses the same scenarios as the loader."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import BUILTIN, load_text
from mockexchange.scenario.located_text import Located, read_json_lines, read_yaml
from mockexchange.scenario.schema import SHARED_CHARS_MIN, count_parts, json_schema, with_shared_parts
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

VALIDATOR = jsonschema_rs.validator_for(json_schema())
YAML_FILES = [
    *(
        Path(str(BUILTIN)) / f"{name}.yaml"
        for name in ("demo", "deribit", "empty", "fcm", "golden", "lively", "signalplus")
    ),
    *sorted((ROOT / "fixtures" / "scenarios").glob("*.yaml")),
]


def as_an_editor_sees_it(node: Located) -> Any:
    """Return a value of YAML 1.2: numbers and booleans are typed, everything else is text."""
    if isinstance(node.value, dict):
        return {key: as_an_editor_sees_it(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [as_an_editor_sees_it(item) for item in node.value]
    if node.value in ("true", "false"):
        return node.value == "true"
    is_number = isinstance(node.value, str) and re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", node.value)
    return json.loads(node.value) if is_number and node.value is not None else node.value


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(json_schema())


@each_row("path", YAML_FILES, ids=lambda path: path.name)
def test_the_files_here_are_valid(path: Path) -> None:
    VALIDATOR.validate(as_an_editor_sees_it(read_yaml(path.read_text(), str(path))))


def test_a_file_of_lines_is_valid_as_a_whole() -> None:
    path = Path(str(BUILTIN)) / "pages.jsonl"
    header, *steps = (as_an_editor_sees_it(node) for node in read_json_lines(path.read_bytes().splitlines(), "f"))
    VALIDATOR.validate({**header, "history": steps})


FILL = "{fill: {account: a, market: M, side: yes, action: buy, count: 1, price: 0.5}}"

VALID = [
    "scenario: a",
    "{scenario: 7, seed: 1, start: 2025-11-04, fees: {rounding: 2025}, auth: {salt: 32}, fcm: {plain_member: 404}}",
    "{scenario: a, accounts: , markets: , history: }",
    "{scenario: a, accounts: {a: , b: {cash: 5, keys: , subaccounts: {3: {cash: 0.5}}}}}",
    "{scenario: a, strict_cursors: true}",
    f"{{scenario: a, history: [{FILL}]}}",
    "{scenario: a, orders: {fill: none, share: 0.4, group_window: 5s}}",
    "{scenario: a, historical: {cutoff: 2025-11-04}, settlements: {counts: net}, events: }",
    "{scenario: a, accounts: {a: {tier: prime, user_id: u}}, series: {S: {tags: [a, 1, true]}}}",
    "{scenario: a, markets: {M: {event: E, series: S, book: {yes: [[0.5, 1], ['0.4', 2.5]]}, floor_strike: 60}}}",
    "{scenario: a, markets: {M: {event: E, series: S, book: , settlement_timer: 1h}}, events: {E: {title: 5}}}",
    "{scenario: a, history: [{cap: {account: d/s, limit: null}}, {cap: {account: d/s, limit: 5}}]}",
    "{scenario: a, history: [{allocate: {account: a, allocations: {0: 60, 1: 40}}}]}",
    "{scenario: a, history: [{announce: {message: on, at: 2025-11-04}, after: 5s}, {exchange: }]}",
    "{scenario: a, script: }",
    "{scenario: a, script: [{name: n, when: {page: {number: 2, nth: each}}, times: 3, frame: {send: {a: [1]}}}]}",
    "{scenario: a, script: [{when: {subscribed: }, every: 5s, sequence: [{announce: {message: x}}]}]}",
    "{scenario: a, script: [{at: 2025-11-04, fault: {match: {operation: GetFills}, then: {status: 503}}}]}",
    f"{{scenario: a, history: [{FILL.replace('1', '1.37').replace('{fill', '{after: 1h30m, fill')}]}}",
]


@each_row("text", VALID)
def test_what_the_loader_takes_is_valid(text: str) -> None:
    list(load_text(text).steps)
    VALIDATOR.validate(as_an_editor_sees_it(read_yaml(text, "f")))


INVALID = [
    "{}",
    "[]",
    "{scenario: a, script: [{}]}",
    "{scenario: a, script: {}}",
    "{scenario: a, script: [{after: 1s}]}",
    "{scenario: a, script: [{evry: 1s, close: {market: M}}]}",
    "{scenario: a, script: [{close: {market: M}, cancel: {order: o}}]}",
    "{scenario: a, script: [{at: 2025-11-04, after: 1s, close: {market: M}}]}",
    "{scenario: a, script: [{at: 2025-11-04, when: {request: {}}, close: {market: M}}]}",
    "{scenario: a, script: [{when: {}, close: {market: M}}]}",
    "{scenario: a, script: [{when: {page: {}}, close: {market: M}}]}",
    "{scenario: a, script: [{when: {subscribed: {channel: fils}}, close: {market: M}}]}",
    "{scenario: a, script: [{times: 0, close: {market: M}}]}",
    "{scenario: a, script: [{frame: {}}]}",
    "{scenario: a, script: [{frame: {send: {}, text: x}}]}",
    "{scenario: a, script: [{sequence: []}]}",
    "{scenario: a, script: [{sequence: [{after: 1s}]}]}",
    "{scenario: ''}",
    "{scenario: a, seed: -1}",
    "{scenario: a, seed: 1.5}",
    "{scenario: a, start: 5}",
    "{scenario: a, fees: {rounding: 2024}}",
    "{scenario: a, auth: {mode: maybe}}",
    "{scenario: a, accounts: [alice]}",
    "{scenario: a, accounts: {a/b: {}}}",
    "{scenario: a, accounts: {a: {cash: -1}}}",
    "{scenario: a, accounts: {a: {cash: 'much'}}}",
    "{scenario: a, accounts: {a: {cash: 1_000}}}",
    "{scenario: a, accounts: {a: {subaccounts: {x: {}}}}}",
    "{scenario: a, accounts: {a: {keys: {k: {scopes: [raed]}}}}}",
    "{scenario: a, markets: {M: {event: E}}}",
    "{scenario: a, markets: {M: {event: E, series: S, price: 1}}}",
    "{scenario: a, markets: {M: {event: E, series: S, exchange_index: 64}}}",
    "{scenario: a, history: [{}]}",
    "{scenario: a, history: [{close: {market: M}, dispute: {market: M}}]}",
    "{scenario: a, history: [{at: 2025-11-04, after: 5s, close: {market: M}}]}",
    "{scenario: a, history: [{after: 5, close: {market: M}}]}",
    "{scenario: a, history: [{deposit: {account: a, amount: 0}}]}",
    f"{{scenario: a, history: [{FILL.replace('yes', 'maybe')}]}}",
    "{scenario: a, historical: {cutoff: 5}}",
    "{scenario: a, accounts: {a: {tier: gold}}}",
    "{scenario: a, markets: {M: {event: E, series: S, book: {yes: [[0.5]]}}}}",
    "{scenario: a, markets: {M: {event: E, series: S, book: {yes: [[0.5, 1, 2]]}}}}",
    "{scenario: a, markets: {M: {event: E, series: S, book: {no: [[0.5, 0]]}}}}",
    "{scenario: a, history: [{cap: {account: d/s}}]}",
    "{scenario: a, history: [{allocate: {account: a, allocations: {first: 100}}}]}",
    "{scenario: a, history: [{deposit: {account: a, amount: 1, status: returned}}]}",
    "{scenario: a, history: [{finalize_payment: {payment: p, status: pending}}]}",
    f"{{scenario: a, history: [{FILL.replace('0.5', '56')}]}}",
    f"{{scenario: a, history: [{FILL.replace('market: M, ', '')}]}}",
    f"{{scenario: a, history: [{FILL.replace('market: M', 'markt: M')}]}}",
]


@each_row("text", INVALID)
def test_what_the_loader_refuses_is_invalid(text: str) -> None:
    with pytest.raises(ScenarioError):
        list(load_text(text).steps)
    assert not VALIDATOR.is_valid(as_an_editor_sees_it(read_yaml(text, "f")))


# --- what the schema says once


def test_no_part_of_some_size_is_there_twice() -> None:
    parts: Counter[str] = Counter()
    count_parts(json_schema(), parts)
    assert [part for part, times in parts.items() if times > 1 and len(part) >= SHARED_CHARS_MIN] == []


def test_every_reference_leads_somewhere() -> None:
    whole = json_schema()
    references = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(whole)))
    assert references == set(whole["$defs"])


def test_a_key_that_means_two_things_has_two_names() -> None:
    amount, count = ({"type": "string", "description": word * SHARED_CHARS_MIN} for word in "ac")
    keys = {"a": {"properties": {"size": amount}}, "b": {"properties": {"size": count}}}
    whole = with_shared_parts({"properties": {**keys, "c": {"anyOf": [amount, {"items": count}]}}})
    assert whole == {
        "properties": {
            "a": {"properties": {"size": {"$ref": "#/$defs/size"}}},
            "b": {"properties": {"size": {"$ref": "#/$defs/size_2"}}},
            "c": {"anyOf": [{"$ref": "#/$defs/size"}, {"items": {"$ref": "#/$defs/size_2"}}]},
        },
        "$defs": {"size": amount, "size_2": count},
    }
