"""`env`: what is printed does in each shell what it says, and is what the published clients read."""

import importlib.util
import io
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from mockexchange.cli.commands.env import FORMATS, to_comments, to_dotenv, to_fish, to_json, to_powershell, to_sh
from mockexchange.cli.server_connection import Server
from mockexchange.clients.published import CLIENT_SETUPS, CLIENTS, client_of, variables_of
from mockexchange.clients.request_signers import REQUEST_SIGNERS
from mockexchange.venues.client_setup import PublishedClient
from mockexchange.venues.registry import VENUES
from tests.cli.conftest import Cli
from tests.helpers.rows import each_row

WORDS = {
    "base_url": "http://127.0.0.1:8600/trade-api/v2",
    "ws_url": "ws://127.0.0.1:8600/ws/api/v2",
    "origin": "http://127.0.0.1:8600",
    "ws_origin": "ws://127.0.0.1:8600",
    "key_id": "0000-1",
    "key_path": "/home/me/it's a $HOME/{alice}.pem",
    "key_pem": "-----BEGIN PRIVATE KEY-----\nMII+/=\n-----END PRIVATE KEY-----\n",
    "secret": "c2VjcmV0/+=",
}
POISON = {
    "KALSHI_DEMO": "true",
    "KALSHI_PRODUCTION": "1",
    "KALSHI_PRIVATE_KEY": "another",
    "KALSHI_PRIVATE_KEY_PASSPHRASE": "secret",
    "KALSHI_API_BASE_URL": "https://api.elections.kalshi.com/trade-api/v2",
}
NASTY = {"A": 'it\'s $HOME `x` "y" \\n\\', "B": "two\nlines\\", "C": None, "D": "", "E": "plain/path-1.pem"}


def in_sh(script: str, environment: dict[str, str]) -> dict[str, str]:
    """Return the variables after a script; what a shell sets by itself is left out."""
    done = subprocess.run(
        ["sh", "-c", f"{script}\nenv -0"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        check=True,
    )
    found = dict(part.split("=", 1) for part in done.stdout.decode().split("\0") if part)
    return {name: value for name, value in found.items() if name not in ("PATH", "PWD", "SHLVL", "_", "OLDPWD")}


def set_of(variables: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value is not None}


# --- formats


@each_row("name", CLIENTS)
def test_a_shell_reads_back_every_client(name: str) -> None:
    variables = variables_of(CLIENTS[name], WORDS, {})
    script = "\n".join([*to_sh(variables), *to_comments(CLIENTS[name].code)])
    kept = {key: value for key, value in POISON.items() if key not in variables}
    assert in_sh(f"eval {shlex.quote(script)}", POISON) == {**kept, **set_of(variables)}


def test_a_shell_reads_back_every_letter() -> None:
    assert in_sh("\n".join(to_sh(NASTY)), {"C": "c"}) == set_of(NASTY)


def test_eval_without_quotes_works_too() -> None:
    words = {**WORDS, "key_path": "/home/me/alice.pem", "key_pem": "(a shell without quotes joins lines)"}
    variables = variables_of(CLIENTS["generic"], words, {})
    text = "\n".join([*to_sh(variables), *to_comments(["note; KALSHI_DEMO=1"])])
    assert in_sh(f"eval $(printf %s {shlex.quote(text)})", POISON) == set_of(variables)


def test_fish() -> None:
    assert to_fish(NASTY) == [
        "set -gx A 'it\\'s $HOME `x` \"y\" \\\\n\\\\';",
        "set -gx B 'two\nlines\\\\';",
        "set -e C;",
        "set -gx D '';",
        "set -gx E 'plain/path-1.pem';",
    ]


def test_powershell() -> None:
    assert to_powershell({**NASTY, "F": "\u2019"}) == [
        "$Env:A = 'it''s $HOME `x` \"y\" \\n\\'",
        "$Env:B = 'two\nlines\\'",
        "Remove-Item Env:C -ErrorAction SilentlyContinue",
        "$Env:D = ''",
        "$Env:E = 'plain/path-1.pem'",
        "$Env:F = '\u2019\u2019'",
    ]


def test_dotenv() -> None:
    assert to_dotenv(NASTY) == [
        "A='it\\'s $HOME `x` \"y\" \\\\n\\\\'",
        'B="two\\nlines\\\\"',
        "D=",
        "E=plain/path-1.pem",
        "# must not be set: C",
    ]


def test_dotenv_is_read_back_by_the_library_clients_use() -> None:
    dotenv = pytest.importorskip("dotenv")
    assert dict(dotenv.dotenv_values(stream=io.StringIO("\n".join(to_dotenv(NASTY))))) == set_of(NASTY)


def test_json_says_null_for_what_is_to_be_unset() -> None:
    assert json.loads("\n".join(to_json(NASTY))) == NASTY


# --- the table


@each_row(("name", "client"), CLIENTS.items())
def test_a_client_is_pointed_completely(name: str, client: PublishedClient) -> None:
    words = "".join([*client.exports.values(), *client.code])
    assert client.code or not client.unpointed
    assert any(place in words for place in ("{base_url}", "{origin}")), name
    assert "{key_id}" in words
    assert any(key in words for key in ("{key_path}", "{key_pem}", "{secret}"))
    assert not client.exports.keys() & set(client.unset)


def test_what_generic_sets_serves_every_client() -> None:
    for client in CLIENTS.values():
        generic = CLIENT_SETUPS[client.venue].generic.exports
        assert client.exports.items() <= generic.items()
        assert set(client.unset) <= {*CLIENTS["generic"].unset, "KALSHI_PRIVATE_KEY"}


@pytest.mark.clients
def test_pykalshi_reads_the_variables_of_the_table() -> None:
    spec = importlib.util.find_spec("pykalshi")
    if spec is None or spec.origin is None:
        pytest.skip("pykalshi is not installed")
    sources = [path.read_text() for path in Path(spec.origin).parent.rglob("*.py")]
    read = {name for text in sources for name in re.findall(r'(?:getenv|environ\.get)\("(\w+)"', text)}
    assert read == {"KALSHI_API_KEY_ID", "KALSHI_PRIVATE_KEY_PATH"}
    assert read <= CLIENTS["pykalshi"].exports.keys()


def test_every_venue_has_its_pointers_and_a_generic_client() -> None:
    assert CLIENT_SETUPS.keys() == REQUEST_SIGNERS.keys() == VENUES.keys()
    for venue, setup in CLIENT_SETUPS.items():
        assert setup.generic.venue == venue
        assert setup.pointers.items() <= setup.generic.exports.items()
        assert client_of("generic", venue) is setup.generic


def test_a_host_beyond_loopback_has_to_be_allowed_to_the_sdk() -> None:
    away = {**WORDS, "base_url": "https://mock.example.org/trade-api/v2"}
    assert variables_of(CLIENTS["kalshi-sdk"], away, {})["KALSHI_ALLOW_UNKNOWN_HOST"] == "1"
    assert "KALSHI_ALLOW_UNKNOWN_HOST" not in variables_of(CLIENTS["kalshi-sdk"], WORDS, {})


@each_row(
    ("environment", "value"),
    [
        ({}, None),
        ({"no_proxy": "a"}, None),
        ({"HTTP_PROXY": "http://p:1"}, "127.0.0.1"),
        ({"all_proxy": "http://p:1", "NO_PROXY": "a, b"}, "a,b,127.0.0.1"),
        ({"https_proxy": "http://p:1", "no_proxy": "127.0.0.1,a", "NO_PROXY": "x"}, "127.0.0.1,a"),
    ],
)
def test_proxies_are_passed_by(environment: dict[str, str], value: str | None) -> None:
    variables = variables_of(CLIENTS["generic"], WORDS, environment)
    assert (variables.get("NO_PROXY"), variables.get("no_proxy")) == (value, value)


# --- the command


def test_a_shell_can_eval_what_is_printed(cli: Cli, server: Server) -> None:
    alice = server.ready["accounts"][0]
    found = in_sh(cli("env").stdout, POISON)
    assert found["KALSHI_API_BASE_URL"] == found["KALSHI_BASE_URL"] == server.base_url
    assert found["KALSHI_HTTP_BASE_URL"] + "/trade-api/v2" == server.base_url
    assert found["KALSHI_API_KEY_ID"] == found["KALSHI_KEY_ID"] == found["KALSHI_ACCESS_KEY"] == alice["key_id"]
    assert found["KALSHI_PRIVATE_KEY_PATH"] == alice["private_key_path"]
    assert "KALSHI_DEMO" not in found
    assert Path(found["KALSHI_PRIVATE_KEY_PATH"]).is_file()


@pytest.mark.parametrize("shell", FORMATS)
def test_every_format_says_which_account_and_how_beside_the_exports(cli: Cli, shell: str) -> None:
    """Comments on standard output would be swallowed by `eval`."""
    result = cli("env", "--client", "kyro", "--format", shell)
    assert result.stderr == "# kyro 0.1.2 as alice\n# client = RestClient(config_from_env())\n"
    assert "kyro" not in result.stdout
    if shell == "json":
        assert json.loads(result.stdout)["KALSHI_BASE_URL"].endswith("/trade-api/v2")


def test_a_client_that_no_variable_points_exports_nothing(cli: Cli) -> None:
    unpointed = {name for name, client in CLIENTS.items() if client.unpointed and client.venue == "kalshi"}
    assert unpointed == CLIENT_SETUPS["kalshi"].clients.keys() - {"kyro", "pykalshi-client"}
    for shell in FORMATS:
        assert cli("env", "--client", "pykalshi", "--format", shell, code=1).stdout == ""
    for client in unpointed:
        result = cli("env", "--client", client, code=1)
        assert result.stdout == ""
        said, *code = result.stderr.splitlines()
        assert f"{client} {CLIENTS[client].version} reads no variable" in said
        assert "`mockexchange run`" in said
        assert "`mockexchange env --account alice`" in said
        assert " ".join(code).split() == " ".join(CLIENTS[client].code).split()


@pytest.mark.clients
def test_pykalshi_reads_its_balance_as_the_printed_line_says(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    pykalshi = pytest.importorskip("pykalshi")
    variables = json.loads(cli("env", "--format", "json").stdout)
    for name, value in variables.items():
        if value is not None:
            monkeypatch.setenv(name, value)
    with pykalshi.KalshiClient.from_env(api_base=os.environ["KALSHI_API_BASE_URL"]) as client:
        assert client.portfolio.get_balance().balance == 9440


def test_an_account_can_be_chosen(cli: Cli, server: Server) -> None:
    eddy = server.ready["accounts"][1]
    found = json.loads(cli("env", "--account", "eddy", "--format", "json").stdout)
    assert found["KALSHI_API_KEY_ID"] == eddy["key_id"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--account", "bob"], "no account 'bob'; known: alice, eddy, own"),
        (["--account", "own"], "the scenario has only the public half of own's key: its private half is with you"),
        (["--client", "kyro", "--account", "eddy"], "kyro signs with RSA keys only: eddy's is Ed25519"),
    ],
)
def test_an_account_that_cannot_be_used_says_why(cli: Cli, arguments: list[str], line: str) -> None:
    assert cli("env", *arguments, code=2).stderr == f"mockexchange env: {line}\n"


def test_the_first_usable_account_is_taken(cli: Cli, server: Server, tmp_path: Path) -> None:
    alice, eddy, own = server.ready["accounts"]
    other = tmp_path / "ready.json"
    other.write_text(json.dumps({**server.ready, "accounts": [own, eddy, alice]}))
    for client, wanted in {"generic": eddy, "kyro": alice}.items():
        printed = cli("env", "--client", client, "--format", "json", "--ready-file", str(other))
        assert json.loads(printed.stdout)["KALSHI_ACCESS_KEY"] == wanted["key_id"]
    other.write_text(json.dumps({**server.ready, "accounts": []}))
    assert "the scenario has no accounts" in cli("env", "--ready-file", str(other), code=2).stderr


def test_a_key_file_that_is_gone_is_named(cli: Cli, server: Server, tmp_path: Path) -> None:
    other = tmp_path / "ready.json"
    gone = {**server.ready["accounts"][0], "private_key_path": str(tmp_path / "gone.pem")}
    other.write_text(json.dumps({**server.ready, "accounts": [gone]}))
    line = cli("env", "--ready-file", str(other), code=1).stderr
    assert line.startswith(f"mockexchange env: {tmp_path / 'gone.pem'} cannot be read: ")


def test_a_server_that_is_gone_exports_nothing(cli: Cli, server: Server, tmp_path: Path) -> None:
    other = tmp_path / "ready.json"
    other.write_text(json.dumps({**server.ready, "control_url": "http://127.0.0.1:1/_mock"}))
    assert cli("env", "--ready-file", str(other), code=1).stdout == ""
