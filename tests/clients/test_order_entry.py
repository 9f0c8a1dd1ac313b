"""Published clients place, repeat and cancel an order over a socket, each by its own methods."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

import mockexchange
from tests.clients.processes import environment, find_python

pytestmark = pytest.mark.clients

RUNNER = Path(__file__).with_name("order_runner.py")


@pytest.mark.parametrize(
    ("client", "version"), [("kalshi-python-sync", "3.34.0"), ("kalshi-sdk", "22.4.0"), ("pykalshi", "2.0.0")]
)
def test_a_published_client_places_and_cancels_an_order(client: str, version: str, tmp_path: Path) -> None:
    python = find_python(client, version)
    with mockexchange.serve("demo") as exchange:
        market = httpx.get(f"{exchange.base_url}/markets?status=open").json()["markets"][0]["ticker"]
        alice = exchange.accounts["alice"]
        key_file = tmp_path / "key.pem"
        key_file.write_text(alice.private_key_pem or "", encoding="ascii")
        arguments = [client, exchange.base_url, alice.key_id, str(key_file), market]
        run = subprocess.run(  # our own program in a known interpreter
            [python, RUNNER, *arguments], capture_output=True, text=True, check=False, env=environment(), timeout=60
        )
        assert run.returncode == 0, run.stderr
        understood = json.loads(run.stdout)
        order, remaining = understood["placed"]
        assert (remaining, understood["again"], understood["canceled"]) == ("1.00", 409, "1.00")
        path = f"{exchange.base_url}/portfolio/orders/{order}"
        row = httpx.get(path, headers=alice.headers("GET", path)).json()["order"]
        assert (row["status"], row["client_order_id"]) == ("canceled", "by-a-published-client")
