"""A published client against an exchange of this process, pointed by its environment."""

import os
import ssl
from collections.abc import Iterator
from decimal import Decimal
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pykalshi import KalshiClient

from mockexchange import Exchange, Unreachable, connect, serve
from tests.api.connections import CONNECTIONS

pytestmark = pytest.mark.clients
MARKET = "KXRAINNYC-25NOV05-T1"


@pytest.fixture(scope="module")
def exchange() -> Iterator[Exchange]:
    with serve() as served:
        yield served


def held(client: Any) -> dict[str, Decimal]:
    return {row.ticker: Decimal(row.position_fp) for row in client.portfolio.get_positions()}


def test_a_client_sees_what_a_test_does(exchange: Exchange) -> None:
    with exchange.sandbox() as fresh, fresh.env("pykalshi"):
        client: Any = KalshiClient.from_env(api_base=os.environ["KALSHI_API_BASE_URL"])
        before = held(client)[MARKET]
        fresh.fill("alice", MARKET, "yes", "buy", 5, "0.57")
        assert held(client)[MARKET] == before + 5
        assert held(client) == {
            row.instrument: row.quantity
            for row in fresh.positions("alice/0")
            if not row.settled and row.instrument in held(client)
        }
        client.close()


def test_a_client_of_one_sandbox_is_nobody_at_another(exchange: Exchange) -> None:
    with exchange.sandbox() as one, exchange.sandbox() as other:
        alice = one.accounts["alice"]
        client: Any = KalshiClient(alice.key_id, alice.private_key_path, api_base=other.base_url, max_retries=0)
        with pytest.raises(Exception, match=r"401"):
            client.portfolio.get_balance()
        (request,) = other.journal.requests()
        assert str(request.diagnosis).startswith(f'no key has the id "{alice.key_id}"')
        client.close()


def test_a_server_speaks_tls_and_says_whom_to_trust() -> None:
    for way in ("serve", "serve_async"):
        with CONNECTIONS[way](tls=True, tls_names=["mock.test"]) as exchange:
            assert exchange.base_url.startswith("https://127.0.0.1:")
            assert exchange.ws_url.startswith("wss://127.0.0.1:")
            assert exchange.control_url.startswith("https://")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(exchange.ca_cert)
            connection = HTTPSConnection("127.0.0.1", urlsplit(exchange.base_url).port or 0, context=context)
            connection.request("GET", "/_mock/live")
            assert connection.getresponse().read() == b'{"live":true}'
            connection.close()
            with exchange.sandbox() as other, other.env():
                assert other.base_url.startswith("https://")
                trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
                assert len(trusted.get_ca_certs()) > len(context.get_ca_certs())
                assert os.environ["NODE_EXTRA_CA_CERTS"] == os.environ["SSL_CERT_FILE"]
        assert not Path(exchange.ca_cert).exists()


def test_a_server_that_speaks_tls_is_used_from_elsewhere() -> None:
    with serve(tls=True) as server:
        with connect(server.control_url, server.token, ca_cert=server.ca_cert) as exchange:
            assert exchange.base_url.startswith("https://")
            assert exchange.ca_cert == server.ca_cert
            assert exchange.now().year > 2000
        with (
            pytest.raises(Unreachable, match=r"certificate is not trusted"),
            connect(server.control_url, server.token),
        ):
            pass
