"""A server that speaks TLS, by the command line: its options, what it prints, and commands that talk to it."""

import json
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.cli.click_base import Failure
from mockexchange.cli.commands.env import template_values
from mockexchange.cli.commands.watch import events_of
from mockexchange.cli.serve.banner import banner
from mockexchange.cli.server_connection import Server, find_server
from mockexchange.clients.published import CLIENTS, TRUST, variables_of
from mockexchange.venues.registry import DEFAULT
from tests.house.checkout import ROOT
from tests.house.serving import served

SERVE = (sys.executable, "-m", "mockexchange", "serve", "--clock", "paused", "--tls", "--tls-name", "Mock.test")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with served(home, *SERVE):
            yield find_server(home / "ready.json")


def run(server: Server, *arguments: str, environment: dict[str, str | None] | None = None) -> Result:
    given = {"MOCKEXCHANGE_READY_FILE": str(server.ready_file), **(environment or {})}
    return CliRunner().invoke(main, arguments, env=given, prog_name="mockexchange")


def misuse(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments, prog_name="mockexchange")
    assert result.exit_code == 2, result.output
    return result.stderr.strip()


def test_commands_trust_its_authority_alone(server: Server) -> None:
    assert server.control.url.startswith("https://127.0.0.1:")
    assert run(server, "call", "alice", "GET", "/portfolio/balance").exit_code == 0
    assert json.loads(run(server, "journal", "--json").stdout)
    untrusting = Server(server.ready_file, {**server.ready, "ca_cert": None})
    with pytest.raises(Failure, match=r"its certificate is not trusted \(.*\): the ready file's ca_cert is for this"):
        untrusting.ask("GET", "live")
    gone = Server(server.ready_file, {**server.ready, "ca_cert": "/nowhere.crt"})
    with pytest.raises(Failure, match="No such file"):
        gone.ask("GET", "live")


def test_it_can_be_watched(server: Server) -> None:
    first = next(iter(events_of(server, "default", ["request"], None)))
    assert first.kind == "begin"


def test_exports_have_clients_trust_it(server: Server) -> None:
    variables = json.loads(run(server, "env", "--format", "json").stdout)
    assert variables["KALSHI_API_BASE_URL"].startswith("https://")
    assert variables["KALSHI_WS_URL"].startswith("wss://")
    assert {name: variables[name] for name in TRUST} == dict.fromkeys(TRUST, server.ready["ca_bundle"])


def test_the_banner_says_whom_to_trust(server: Server) -> None:
    lines = banner(server.ready, DEFAULT.api_date("latest"), server.ready_file).splitlines()
    [place] = [place for place, line in enumerate(lines) if line.startswith("Its certificate is signed by")]
    assert server.ready["ca_cert"] in lines[place]
    assert lines[place + 2 : place + 6] == [f"export {name}={server.ready['ca_bundle']}" for name in TRUST]


def test_what_a_server_that_is_gone_left_in_a_shell_is_unset(server: Server) -> None:
    """A client whose SSL_CERT_FILE is not there does not start, or trusts nobody."""
    ready = {**server.ready, "ca_cert": None, "ca_bundle": None}
    left = {"SSL_CERT_FILE": "/run/mockexchange/run-abc/ca-bundle.crt", "CURL_CA_BUNDLE": "/etc/own.crt"}
    variables = variables_of(CLIENTS["kyro"], template_values(ready, ready["accounts"][0]), left)
    assert variables["SSL_CERT_FILE"] is None
    assert "CURL_CA_BUNDLE" not in variables


def test_names_without_tls_are_refused() -> None:
    assert misuse("serve", "--tls-name", "mock.test") == (
        "mockexchange serve: --tls-name names this server in its certificate, which it has with --tls: add --tls"
    )


def test_a_public_url_of_plain_http_is_refused() -> None:
    assert "--tls serves https alone: --public-url http://mock.test" in misuse(
        "serve", "--tls", "--public-url", "http://mock.test"
    )


def test_what_can_be_no_name_is_refused() -> None:
    line = misuse("serve", "--tls", "--tls-name", "https://mock.test")
    assert (
        "Invalid value for '--tls-name': expected a host name such as mock.test, *.mock.test or an IP address" in line
    )


def test_a_built_in_scenario_does_not_change() -> None:
    assert misuse("serve", "--reload") == (
        "mockexchange serve: --reload watches a file, and 'demo' is built in: give --scenario FILE"
    )
