"""`stub`: literal answers from the command line."""

import pytest

from mockexchange.cli.server_connection import Server
from tests.cli.conftest import Cli

BODY = "json: {rows: [], n: 1.50, id: '7'}"
STUB = f"{{name: none, request: GET /trade-api/v2/milestones, query: {{limit: 5}}, {BODY}, times: 2}}"


def names(server: Server, sandbox: str) -> list[str]:
    return [one["name"] for one in server.ask_sandbox("GET", sandbox, "/stubs")]


def test_a_stub_is_installed_and_printed(cli: Cli, server: Server, sandbox: str) -> None:
    given = (STUB, "{request: deribit public/x, result: [1]}", "request: GET /a\nstatus: 204")
    lines = cli("stub", "add", *given, "--sandbox", sandbox).stdout.splitlines()
    assert lines == [
        "none  matched 0, answered 0 of 2 times",
        '  GET /trade-api/v2/milestones  limit=5 -> 200  json={"rows": [], "n": 1.5, "id": "7"}',
        "stub-2  matched 0, answered 0",
        "  deribit public/x -> 200  result=[1]",
        "stub-3  matched 0, answered 0",
        "  GET /a -> 204",
    ]
    assert names(server, sandbox) == ["none", "stub-2", "stub-3"]
    assert cli("stub", "list", "--sandbox", sandbox).stdout.splitlines() == lines


def test_a_path_without_the_prefix_of_a_venue_is_noted(cli: Cli, sandbox: str) -> None:
    given = ("{request: GET /milestones, json: {}}", STUB, "{request: deribit public/x, result: [1]}")
    result = cli("stub", "add", *given, "{request: GET /*, json: {}}", "--sandbox", sandbox)
    assert result.stderr == (
        "stub-1: paths of the venues begin with /trade-api/v2, /api/v2, /signalplus/api: "
        "this answers /milestones alone\n"
    )


def test_numbers_keep_their_digits(cli: Cli, server: Server, sandbox: str) -> None:
    cli("stub", "add", STUB, "--sandbox", sandbox)
    assert b'\\"n\\":1.50,\\"id\\":\\"7\\"' in server.download(f"sandboxes/{sandbox}/log")


def test_stubs_are_removed_by_name_or_all(cli: Cli, server: Server, sandbox: str) -> None:
    cli("stub", "add", STUB, "{name: a/b, request: GET /b}", "{request: GET /c}", "--sandbox", sandbox)
    assert cli("stub", "clear", "none", "a/b", "--sandbox", sandbox).stdout == "cleared none\ncleared a/b\n"
    assert cli("stub", "clear", "--sandbox", sandbox).stdout == "cleared stub-3\n"
    assert names(server, sandbox) == []
    assert "no stub 'none'; known: none" in cli("stub", "clear", "none", "--sandbox", sandbox, code=1).stderr


@pytest.mark.parametrize(
    ("stubs", "message"),
    [
        (("{request: GET /a}", "{request: GTE /a}"), "stub 2: request: expected a method and a path"),
        (("{",), "stub 1: not valid YAML: "),
        (("",), "stub 1: expected a stub, got nothing"),
    ],
)
def test_one_stub_that_cannot_be_read_stops_all(
    cli: Cli, server: Server, sandbox: str, stubs: tuple[str, ...], message: str
) -> None:
    assert message in cli("stub", "add", *stubs, "--sandbox", sandbox, code=2).stderr
    assert names(server, sandbox) == []


def test_what_the_server_refuses_is_told(cli: Cli, sandbox: str) -> None:
    line = cli("stub", "add", STUB, STUB, "--sandbox", sandbox, code=1).stderr
    assert "[1].name: expected another name: 'none' is there twice" in line
