"""Published clients over TLS, by the server's address and by another name: what they refuse, and what they trust.

kalshi-sdk speaks plain http to this machine alone, so whoever runs it against a server on another one, such as another
container, needs this.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mockexchange.clients.published import CLIENTS, AccountKey, template_values, variables_of
from mockexchange.runtime.http_request import ControlApi
from tests.clients.published import BY_TITLE
from tests.clients.recipes import read_recipes
from tests.clients.views import in_order, unsettled
from tests.helpers.effort import chosen
from tests.helpers.patience import PATIENCE_S
from tests.house.checkout import ROOT
from tests.house.serving import clean_environment, served

NAME = "mock.test"
SERVE = (sys.executable, "-m", "mockexchange", "serve", "--quiet", "--tls", "--tls-name", NAME)
RECIPES = read_recipes()
RESOLVING = f"""
import socket
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: resolve("127.0.0.1" if host == {NAME!r} else host, *rest, **more)
"""
"""Goes before a program: the name is this machine's."""
STREAM = """
import asyncio, os
from kalshi import AsyncKalshiClient, KalshiConfig

async def main():
    urls = {"base_url": os.environ["KALSHI_API_BASE_URL"], "ws_base_url": os.environ["KALSHI_WS_URL"]}
    config = KalshiConfig(**urls, allow_unknown_host=True)
    async with AsyncKalshiClient.from_env(config=config) as client, client.ws.connect() as stream:
        async for message in await stream.subscribe_market_positions():
            print(message.msg.market_ticker)
            break

asyncio.run(main())
"""
NODE = """
const { get } = require("node:https")
get(process.argv[1], answer => {
  console.log(answer.statusCode, answer.headers["x-mock-exchange"])
  answer.resume()
}).on("error", error => { console.error(error.code); process.exit(1) })
"""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with served(home, *SERVE, "--scenario", "lively") as said:
            yield said


def pointed(ready: Mapping[str, Any], client: str, host: str, *, is_trusting: bool = True) -> dict[str, str]:
    """Return the environment of a program whose client reaches the server by this host."""
    account = ready["accounts"][0]
    urls = {name: url.replace("127.0.0.1", host) for name, url in ready["venues"]["kalshi"].items()}
    holder = AccountKey(account["name"], account["venue"], account["key_id"], None, account["secret"])
    words = template_values(urls, holder, account["private_key_path"])
    bundle = ready["ca_bundle"] if is_trusting else ""
    shell = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "KALSHI"))}
    given = variables_of(CLIENTS[client], {**words, "ca_bundle": bundle}, {})
    return {**shell, **{name: value for name, value in given.items() if value is not None}, "NO_PROXY": host}


def run(command: list[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, env=environment, timeout=PATIENCE_S, capture_output=True, text=True, check=False)


def program(client: str, text: str) -> list[str]:
    python = BY_TITLE[f"{client} {RECIPES[client].version}"].python()
    return [str(python), "-W", "error", "-c", RESOLVING + text]


def truth(ready: Mapping[str, Any]) -> list[str]:
    api = ControlApi(ready["control_url"], ready["control_token"], ready["ca_cert"])
    rows = api.ask("GET", f"sandboxes/default/accounts/{ready['accounts'][0]['name']}/positions")
    return [row.ticker for row in in_order(row for row in unsettled(rows) if row["book"] == "0")]


@pytest.mark.clients
@pytest.mark.parametrize("host", chosen(["127.0.0.1", "localhost", NAME]))
@pytest.mark.parametrize("client", ["pykalshi", "kalshi-python-sync", "kalshi-sdk"])
def test_a_program_of_the_page_prints_the_truth(ready: Mapping[str, Any], client: str, host: str) -> None:
    done = run(program(client, RECIPES[client].program), pointed(ready, client, host))
    assert done.returncode == 0, done.stderr
    assert sorted(line.partition(" ")[0] for line in done.stdout.splitlines()) == sorted(truth(ready)) != []


@pytest.mark.clients
@pytest.mark.parametrize("host", chosen(["127.0.0.1", NAME]))
def test_the_stream_of_kalshi_sdk_tells_of_a_position(ready: Mapping[str, Any], host: str) -> None:
    done = run(program("kalshi-sdk", STREAM), pointed(ready, "kalshi-sdk", host))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in truth(ready)


@pytest.mark.clients
def test_kalshi_sdk_refuses_plain_http_to_that_name(ready: Mapping[str, Any]) -> None:
    environment = pointed(ready, "kalshi-sdk", NAME)
    environment["KALSHI_API_BASE_URL"] = environment["KALSHI_API_BASE_URL"].replace("https", "http")
    done = run(program("kalshi-sdk", RECIPES["kalshi-sdk"].program), environment)
    assert done.returncode != 0
    assert "https" in done.stderr


@pytest.mark.clients
@pytest.mark.parametrize("client", ["pykalshi", "kalshi-sdk"])
def test_who_is_not_told_whom_to_trust_does_not_trust_it(ready: Mapping[str, Any], client: str) -> None:
    environment = pointed(ready, client, "127.0.0.1", is_trusting=False)
    done = run(program(client, RECIPES[client].program), environment)
    assert done.returncode != 0
    assert "certificate verify failed" in done.stderr.lower().replace("_", " ")


# --- other languages, where they are at hand


@pytest.mark.parametrize("variable", ["CURL_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")
def test_curl(ready: Mapping[str, Any], variable: str, tmp_path: Path) -> None:
    shell = {name: value for name, value in clean_environment(tmp_path).items() if not name.startswith(("CURL", "SSL"))}
    url = ready["venues"]["kalshi"]["base_url"] + "/exchange/status"
    resolved = ["--resolve", f"{NAME}:{url.rpartition(':')[2].partition('/')[0]}:127.0.0.1"]
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", *resolved, url.replace("127.0.0.1", NAME)]
    done = run(command, {**shell, variable: ready["ca_bundle"]})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["exchange_active"] is True


@pytest.mark.parametrize(("is_trusting", "said"), [(True, "200 1\n"), (False, "UNABLE_TO_VERIFY_LEAF_SIGNATURE\n")])
@pytest.mark.skipif(not shutil.which("node"), reason="there is no node here")
def test_node(ready: Mapping[str, Any], is_trusting: bool, said: str, tmp_path: Path) -> None:
    shell = {name: value for name, value in clean_environment(tmp_path).items() if not name.startswith(("NODE", "SSL"))}
    trust = {"NODE_EXTRA_CA_CERTS": ready["ca_bundle"]} if is_trusting else {}
    done = run(["node", "-e", NODE, ready["control_url"] + "/live"], {**shell, **trust})
    assert done.stdout + done.stderr == said
