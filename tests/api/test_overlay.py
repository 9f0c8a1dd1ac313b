"""`serve --overlay`: answers with the new fields of a document of tomorrow, over HTTP."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

import mockexchange
from mockexchange import Exchange
from mockexchange.api.errors import WrongArgument
from mockexchange.cli.server_connection import find_server
from tests.helpers.newer_document import EXAMPLE, newer_document, write
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.serving import served

HEADER = "X-Mock-Overlay"
POSITION = {"margin_dollars": EXAMPLE, "mood": "calm", "opened_at": "1970-01-01T00:00:00Z"}
PATHS = tuple(f"market_positions[].{name}" for name in POSITION)


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(newer_document(), tmp_path_factory.mktemp("newer") / "openapi.json")


def ask(exchange: Exchange, method: str, path: str, **more: Any) -> httpx.Response:
    url = exchange.base_url + path
    return httpx.request(method, url, headers=exchange.accounts["alice"].headers(method, url), **more)


def without(row: Any, names: Any) -> Any:
    return {name: value for name, value in row.items() if name not in names}


@each_row("api_date", ["latest", "compat", "2026-11-20"])
def test_answers_of_the_newest_date_have_the_new_fields(api_date: str, overlay: Path) -> None:
    """All else stays as it is, key order included; a field of the document that was removed or changed stays too."""
    with mockexchange.serve("demo", api_date=api_date, clock="paused") as exchange:
        plain = {path: ask(exchange, "GET", f"/portfolio/{path}") for path in ("positions", "balance", "fills")}
    with mockexchange.serve("demo", api_date=api_date, clock="paused", overlay=overlay) as exchange:
        answers = {path: ask(exchange, "GET", f"/portfolio/{path}") for path in plain}
        rows = answers["positions"].json()["market_positions"]
        assert rows
        assert all(row | POSITION == row and [*row] == sorted(row) for row in rows)
        assert [without(row, POSITION) for row in rows] == plain["positions"].json()["market_positions"]
        assert answers["positions"].headers[HEADER] == ", ".join(PATHS)
        balance = answers["balance"].json()
        assert (balance["risks"], balance["worst"]) == ([], {"level": 0})
        # Texts of numbers too: what is not new keeps its bytes.
        kept = answers["balance"].text.replace(',"risks":[]', "").replace(',"worst":{"level":0}', "")
        assert kept == plain["balance"].text
        assert answers["balance"].headers[HEADER] == "risks, worst"
        assert answers["fills"].text == plain["fills"].text
        assert HEADER not in answers["fills"].headers
        assert [one.overlay for one in exchange.journal.last(3)] == [PATHS, ("risks", "worst"), ()]
        assert exchange.journal.last(3)[0].answer == answers["positions"].content


def test_an_older_date_and_a_refusal_stay_as_they_are(overlay: Path) -> None:
    with mockexchange.serve("demo", api_date="2026-06", overlay=overlay) as exchange:
        answer = ask(exchange, "GET", "/portfolio/positions")
        assert HEADER not in answer.headers
        assert not {*POSITION} & {*answer.json()["market_positions"][0]}
    with mockexchange.serve("demo", overlay=overlay) as exchange:
        refused = httpx.get(exchange.base_url + "/portfolio/positions")
        assert (refused.status_code, HEADER in refused.headers) == (401, False)


def test_a_new_operation_stays_unknown_and_the_diagnosis_names_the_document(overlay: Path) -> None:
    with mockexchange.serve("demo", overlay=overlay) as exchange:
        answer = ask(exchange, "GET", "/portfolio/tomorrow/7")
        assert answer.status_code == 404
        wanted = "GET /portfolio/tomorrow/{tomorrow_id} is new in openapi.json (9.9.9), and not known here: "
        assert answer.headers["X-Mock-Diagnosis"].startswith(wanted)
        assert exchange.journal.last()[0].diagnosis == answer.headers["X-Mock-Diagnosis"]
        other = ask(exchange, "GET", "/portfolio/yesterday")
        assert "openapi.json" not in other.headers["X-Mock-Diagnosis"]


def test_faults_change_what_has_the_fields_and_stubs_have_the_last_word(overlay: Path) -> None:
    with mockexchange.serve("demo", overlay=overlay, faults=[{"then": {"delay": "1ms"}}]) as exchange:
        answer = ask(exchange, "GET", "/portfolio/positions")
        assert answer.headers[HEADER] == ", ".join(PATHS)
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        (entry,) = exchange.journal.last()
        assert entry.fault
        assert (entry.overlay, entry.answer) == (PATHS, answer.content)
        exchange.respond("GET /trade-api/v2/portfolio/positions", json={"mine": True})
        answer = ask(exchange, "GET", "/portfolio/positions")
        assert (answer.json(), HEADER in answer.headers) == ({"mine": True}, False)


def test_answers_to_writes_have_them(tmp_path: Path) -> None:
    document = newer_document()
    document["components"]["schemas"]["CreateOrderGroupResponse"]["properties"]["colour"] = {"enum": ["red"]}
    overlay = write(document, tmp_path / "openapi.json")
    with mockexchange.serve("demo", overlay=overlay) as exchange:
        answer = ask(exchange, "POST", "/portfolio/order_groups/create", json={"contracts_limit": 5})
        assert (answer.status_code, answer.json()["colour"], answer.headers[HEADER]) == (201, "red", "colour")
        assert exchange.journal.last()[0].overlay == ("colour",)
        assert exchange.journal.last()[0].answer == answer.content


def test_the_command_serves_it(overlay: Path, tmp_path: Path) -> None:
    with served(tmp_path, sys.executable, "-m", "mockexchange", "serve", "--overlay", str(overlay)):
        server = find_server(tmp_path / "ready.json")
        server.ask("POST", "sandboxes", {"name": "late", "scenario": "demo", "api_date": "latest"})
        for sandbox in ("default", "late"):
            call = {"account": "alice", "method": "GET", "target": "/trade-api/v2/portfolio/balance"}
            answer = server.ask("POST", f"sandboxes/{sandbox}/call", call)
            assert answer["overlay"] == ["risks", "worst"], answer
        # A replay does not have the document: such an answer is not compared.
        kept = {"log": "log.jsonl", "journal --json": "journal.jsonl"}
        for words, name in kept.items():
            command = [sys.executable, "-m", "mockexchange", *words.split(), "--ready-file", "ready.json"]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
            (tmp_path / name).write_text(done.stdout)
        command = [sys.executable, "-m", "mockexchange", "replay", "log.jsonl", "--journal", "journal.jsonl"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stderr.endswith("nothing was compared; not compared: 1 touched by a fault or an overlay\n")


REFUSED = [
    (["--overlay", "gone.json"], "--overlay: gone.json: No such file or directory"),
    (
        ["--overlay", "bad.json"],
        "--overlay: bad.json is no OpenAPI document: expected `openapi: ",
    ),
    (["--overlay", "none.json"], "--overlay: none.json describes no operation of kalshi, deribit"),
    (
        ["--overlay", "new.json", "--api-date", "2026-06"],
        "--overlay adds to the newest date: give --api-date ",
    ),
    (["--overlay", "new.json", "--workers", "2"], "--overlay and --workers exclude each other: leave one out"),
]


@each_row(("options", "message"), REFUSED)
def test_a_wrong_overlay_is_one_line(options: list[str], message: str, overlay: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "none.json").write_text(json.dumps({"openapi": "3.1.0", "paths": {"/x": {"get": {}}}}))
    (tmp_path / "new.json").write_bytes(overlay.read_bytes())
    command = [sys.executable, "-m", "mockexchange", "serve", "--port", "0", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, line.startswith(f"mockexchange serve: {message}")) == (2, True), line


def test_a_wrong_argument_is_refused() -> None:
    wrong: list[tuple[Any, str]] = [
        (5, "overlay: expected the path of an OpenAPI document, got 5"),
        ("x.yaml", "overlay: x.yaml: No such file or directory"),
    ]
    for given, message in wrong:
        with pytest.raises(WrongArgument, match=message), mockexchange.serve("demo", overlay=given):
            pass
