"""`api watch`: a document of tomorrow against the newest one of the package, and files that are no such document."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.runtime import api_documents
from mockexchange.runtime.document_diff import BYTES_MAX, changes_between, describe
from tests.helpers.newer_document import ALIAS, newer_document, newer_stream, write
from tests.helpers.rows import each_row
from tools import contract_facts, stream_facts, write_contracts, write_stream_contracts

FOLDER = api_documents.directory() / "kalshi" / ALIAS
OPENAPI, ASYNCAPI = FOLDER / "openapi.yaml", FOLDER / "asyncapi.yaml"
DAY = "2026-12-01"
POSITIONS = [
    "  + field market_positions[].margin_dollars: string",
    "  + field market_positions[].mood: string, one of calm or wild",
    "  + field market_positions[].opened_at: string",
]
FILLS = ["  ~ field fills[].ts: integer -> string", "  - field fills[].trade_id: string"]
STATUS = ["  + field value {}: paused", "  - field value {}: executed"]
PRINTED = {
    "GET /portfolio/positions (GetPositions)": POSITIONS,
    "GET /fcm/positions (GetFCMPositions)": POSITIONS,
    "GET /portfolio/balance (GetBalance)": [
        "  + parameter detail: string, one of low or high, is required",
        "  + field risks: array",
        "  + field worst: object",
        "  + error 418",
        "  - parameter exchange_index: integer, at least 0, at most 2147483647, is optional",
        "  - error 403: one of permission_denied",
    ],
    "GET /portfolio/fills (GetFills)": FILLS,
    "GET /portfolio/orders (GetOrders)": [line.format("orders[].status") for line in STATUS],
    "GET /portfolio/orders/{order_id} (GetOrder)": [line.format("order.status") for line in STATUS],
    "GET /fcm/orders (GetFCMOrders)": [line.format("orders[].status") for line in STATUS],
    "GET /historical/positions (GetHistoricalPositions)": POSITIONS,
    "GET /historical/fills (GetFillsHistorical)": FILLS,
    "GET /historical/orders (GetHistoricalOrders)": [line.format("orders[].status") for line in STATUS],
    "GET /exchange/schedule (GetExchangeSchedule)": ["  - the operation is gone"],
    "GET /multivariate_event_collections (GetMultivariateEventCollections)": [
        "  ~ parameter limit: at most 200 -> 500"
    ],
    "GET /events/multivariate (GetMultivariateEvents)": ["  ~ parameter limit: at most 200 -> 500"],
    "POST /portfolio/events/orders (CreateOrderV2)": ["  + body field route: string, is required"],
    "POST /portfolio/events/orders/batched (BatchCreateOrdersV2)": [
        "  + body field orders[].route: string, is required"
    ],
    "GET /portfolio/tomorrow/{tomorrow_id} (GetTomorrow)": ["  + the operation is new"],
    "channel trade": ["  - the channel is gone"],
    "fill message": ["  + field msg.venue: string", "  - field msg.fee_cost: string"],
    "trade message": ["  - the message is gone"],
    "channel weather": ["  + the channel is new"],
    "storm message": ["  + the message is new"],
}
BY_HAND, KNOWN = 10, ["GET /margin/fills"]


def watch(*arguments: object, code: int = 1) -> Result:
    result = CliRunner().invoke(main, ["api", "watch", *map(str, arguments)], prog_name="mockexchange")
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("newer")
    return write(newer_document(), folder / "openapi.json"), write(newer_stream(), folder / "asyncapi.json")


def test_what_is_new_gone_and_changed_is_told_by_operation(documents: tuple[Path, Path]) -> None:
    """Operations that the venue is known to have, such as GET /margin/fills, are not new."""
    first, *lines = watch(*documents).stdout.splitlines()
    openapi, asyncapi = documents
    assert first == f"kalshi {ALIAS} -> {openapi} (9.9.9), {asyncapi} (9.9.9): 39 changes"
    printed: dict[str, list[str]] = {}
    title = ""
    for line in filter(None, lines):
        if line.startswith(" "):
            printed[title].append(line)
        else:
            title, printed[line] = line, []
    assert printed == PRINTED


def test_programs_get_a_change_a_line(documents: tuple[Path, Path]) -> None:
    rows = [json.loads(line) for line in watch(*documents, "--json").stdout.splitlines()]
    assert len(rows) == 39
    assert rows[1] == {
        "operation": "GET /portfolio/positions",
        "part": "field",
        "kind": "added",
        "name": "market_positions[].mood",
        "facts": {"": [None, "string"], "one of": [None, "calm or wild"]},
    }


def test_the_packages_own_documents_have_nothing_new() -> None:
    assert watch(OPENAPI, ASYNCAPI, code=0).stdout.endswith(": 0 changes\n")
    own = api_documents.directory() / "deribit" / ALIAS
    assert watch(own / "openapi.yaml", own / "asyncapi.yaml", "--venue", "deribit", code=0).stdout.endswith(
        "0 changes\n"
    )
    assert watch(OPENAPI, ASYNCAPI, "--json", code=0).stdout == watch(OPENAPI, "--patch", code=0).stdout == ""


def test_the_patch_makes_facts_whose_documents_have_the_changes(
    documents: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left to differ after `git apply` is what the patch leaves to a person."""
    patch = watch(*documents, "--patch", "--since", DAY).stdout
    facts = tmp_path / "contracts" / "kalshi" / "facts"
    facts.mkdir(parents=True)
    for path in (api_documents.directory() / "kalshi" / "facts").glob("*.yaml"):
        (facts / path.name).write_bytes(path.read_bytes())
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch, text=True, check=True)
    for module in (contract_facts, stream_facts):
        monkeypatch.setattr(module, "CONTRACTS", facts.parent)
    made: list[tuple[Any, Any, str]] = [
        (write_contracts.Writer(contract_facts.read_facts(), DAY).document(), newer_document(), "openapi"),
        (write_stream_contracts.Writer(stream_facts.read_stream_facts(), DAY).document(), newer_stream(), "asyncapi"),
    ]
    left = [
        change
        for ours, newer, kind in made
        for change in changes_between(
            describe(ours, "ours", kind), describe(newer, "newer", kind), ["GET /margin/fills"]
        )
    ]
    by_hand = [line for line in patch.splitlines() if line.startswith("# by hand: ")]
    assert len(left) == len(by_hand) == BY_HAND
    for change in left:
        assert any(line.startswith(f"# by hand: {change.operation}: {change.part} {change.name}") for line in by_hand)
    # The days before stay as they were.
    before = write_contracts.Writer(contract_facts.read_facts(), "2026-10-31").document()
    assert changes_between(describe(before, "before"), describe(api_documents.parse(OPENAPI), "own")) == []


def test_a_document_in_other_words_is_no_change(tmp_path: Path) -> None:
    """Of 3.0, with whole URLs, nullable, references between schemas, and without errors that any operation has."""
    document = api_documents.read(f"kalshi/{ALIAS}")
    document["openapi"] = "3.0.3"
    document["paths"] = {f"/trade-api/v2{path}": item for path, item in document["paths"].items()}
    for item in document["paths"].values():
        for operation in item.values() if isinstance(item, dict) else ():
            if isinstance(operation, dict):
                for status in ("405", "429", "500"):
                    operation["responses"].pop(status, None)
    balance = document["components"]["schemas"]["GetBalanceResponse"]
    del balance["required"]
    document["components"]["schemas"]["GetBalanceResponse"] = {"allOf": [{"$ref": "#/components/schemas/WholeBalance"}]}
    document["components"]["schemas"]["WholeBalance"] = balance
    balance["properties"]["portfolio_value"] = {"type": "integer", "nullable": True, "description": "Cents."}
    assert watch(write(document, tmp_path / "openapi.json"), code=0).stdout.endswith(": 0 changes\n")


Make = Callable[[], str | bytes]
HEAD = 'openapi: "3.1.0"\ninfo: {version: "1"}\n'
ROUTE = "paths: {/portfolio/balance: {get: {responses: {'200': {content: {application/json: {schema: %s}}}}}}}\n"


def doubling(last: str, levels: int, item: str) -> str:
    """Return YAML of so many levels, each of which repeats the one before it ten times."""
    lines = [f"a0: &a0 {last}"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)]
    return "\n".join([*lines, item, ""])


def wide() -> str:
    """Return a document of few bytes in which references multiply: 2 to the power of 40 fields."""
    schemas = [
        f"S{number}: {{properties: {{a: {{$ref: '#/components/schemas/S{number + 1}'}},"
        f" b: {{$ref: '#/components/schemas/S{number + 1}'}}}}}}"
        for number in range(40)
    ]
    return (
        HEAD
        + ROUTE % "{$ref: '#/components/schemas/S0'}"
        + f"components: {{schemas: {{{', '.join(schemas)}, S40: {{}}}}}}"
    )


BAD: dict[str, tuple[Make, str]] = {
    "a text": (lambda: "hello", " is no OpenAPI document: expected `openapi: 3.x` at its beginning"),
    "empty": (lambda: "", ", line 1: expected a document, got an empty file"),
    "a list": (lambda: "[1, 2]", " is no OpenAPI document: expected `openapi: 3.x` at its beginning"),
    "swagger": (lambda: "swagger: '2.0'", " is no OpenAPI document: expected `openapi: 3.x` at its beginning"),
    "another version": (lambda: "openapi: 4.0.0", ", got '4.0.0'"),
    "bytes": (lambda: b"\xff\xfe\x00", " is no text: 'utf-8' codec can't decode byte 0xff in position 0"),
    "no YAML": (lambda: "openapi: [1, {", ", line 2: not valid YAML: "),
    "a tag": (lambda: "openapi: !!python/object:os.system x", ", line 1: expected no tag"),
    "nothing in it": (lambda: HEAD, " describes nothing: expected paths"),
    "of another venue": (
        lambda: HEAD + "paths: {/x: {get: {}}}",
        " describes no openapi operation of kalshi: give --venue",
    ),
    "30 MB": (lambda: HEAD + "# " + "x" * 30_000_000, f" is too large: expected at most {BYTES_MAX:,} bytes, got "),
    "aliases": (lambda: HEAD + doubling("[x, x]", 9, "paths: *a8"), ": too large: expected at most 2,000,000 values"),
    "an alias in itself": (lambda: HEAD + "paths: &a [*a]", ", line 3: expected an anchor &a before its alias *a"),
    "deep": (lambda: "[" * 100_000, ": too deep: expected at most 50 lists and mappings inside each other"),
    "paths that are a list": (lambda: HEAD + "paths: [1]", ": paths: expected a mapping, got a list"),
    "a broken reference": (
        lambda: HEAD + ROUTE % "{$ref: '#/components/schemas/Gone'}",
        ": GET /portfolio/balance: the reference '#/components/schemas/Gone' leads nowhere",
    ),
    "a reference to a file": (
        lambda: HEAD + ROUTE % "{$ref: 'other.yaml#/Balance'}",
        ": GET /portfolio/balance: the reference 'other.yaml#/Balance' leads out of the document: bundle it",
    ),
    "a reference that is none": (lambda: HEAD + ROUTE % "{$ref: [1]}", ": the reference '' leads out of the document"),
    "a cycle of references": (
        lambda: HEAD + ROUTE % "{$ref: '#/x'}" + "x: {$ref: '#/y'}\ny: {$ref: '#/x'}\n",
        ": GET /portfolio/balance: the reference '#/x' leads to itself",
    ),
    "a cycle of parts": (
        lambda: HEAD + ROUTE % "{$ref: '#/x'}" + "x: {allOf: [{$ref: '#/x'}]}\n",
        ": GET /portfolio/balance: the reference '#/x' leads to itself",
    ),
    "a cycle of responses": (
        lambda: HEAD + "paths: {/x: {get: {responses: {'200': {$ref: '#/a'}}}}}\na: {$ref: '#/b'}\nb: {$ref: '#/a'}\n",
        ": GET /x 200: the reference '#/a' leads to itself",
    ),
    "references that multiply": (wide, ": too large: it has more than 250,000 fields with its references followed"),
    "a schema that is text": (lambda: HEAD + ROUTE % "oops", ": GET /portfolio/balance: expected a schema, got text"),
    "escapes": (lambda: HEAD + '"paths": {"/\\e[31m": 5}', ": /?[31m: expected a mapping, got a value"),
}


@each_row(("make", "message"), [pytest.param(*row, id=name) for name, row in BAD.items()])
def test_a_bad_document_is_one_line(make: Make, message: str, tmp_path: Path) -> None:
    path, content = tmp_path / "openapi.yaml", make()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    result = watch(path, code=2)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"mockexchange api watch: {path}")
    assert message in line.replace(str(path), "", 1)
    assert len(line) < 500
    assert line.isprintable()


def test_what_aliases_repeat_is_not_written_out(tmp_path: Path) -> None:
    """A hundred thousand words of a kilobyte would be a hundred megabytes."""
    item = HEAD + ROUTE % "{enum: *a5, const: *a5, type: *a5, minimum: *a5}"
    (tmp_path / "openapi.yaml").write_text(doubling(f"[{'x' * 1000}]", 6, item))
    assert len(watch(tmp_path / "openapi.yaml").stdout) < 20_000


def test_other_misuse_is_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone.yaml"
    assert watch(gone, code=2).stderr == f"mockexchange api watch: {gone}: No such file or directory\n"
    assert "is a directory: expected a regular file" in watch(tmp_path, code=2).stderr
    assert f"{ASYNCAPI} is no OpenAPI document" in watch(ASYNCAPI, code=2).stderr
    assert f"{OPENAPI} is no AsyncAPI document" in watch(OPENAPI, OPENAPI, code=2).stderr
    assert "--patch and --json exclude each other" in watch(OPENAPI, "--patch", "--json", code=2).stderr
    own = api_documents.directory() / "deribit" / ALIAS / "openapi.yaml"
    assert "the facts of deribit have no days" in watch(own, "--venue", "deribit", "--patch", code=2).stderr
