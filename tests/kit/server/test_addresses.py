"""Addresses of servers on the command line."""

import pytest

from mockexchange.kit.deribit import DERIBIT
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.server.arguments import read_address
from tests.helpers.rows import each_row

DEMO = "https://demo-api.kalshi.co/trade-api/v2"


@each_row("url", [DEMO, f"{DEMO}/", "https://demo-api.kalshi.co", "https://demo-api.kalshi.co/", f" {DEMO} "])
def test_the_prefix_and_the_last_slash_may_be_left_out(url: str) -> None:
    address = read_address(url, None, KALSHI)
    assert address.base_url == DEMO
    assert address.ws_url == "wss://demo-api.kalshi.co/trade-api/ws/v2"
    assert not address.is_production


def test_a_gateway_may_have_a_path_before_the_prefix() -> None:
    address = read_address("http://gateway:8080/kalshi/trade-api/v2", None, KALSHI)
    assert address.base_url == "http://gateway:8080/kalshi/trade-api/v2"
    assert address.ws_url == "ws://gateway:8080/kalshi/trade-api/ws/v2"


def test_streams_may_be_on_a_host_of_their_own() -> None:
    address = read_address("https://external-api.demo.kalshi.co", None, KALSHI)
    assert address.ws_url == "wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2"


def test_the_stream_has_the_given_address() -> None:
    assert read_address(DEMO, "ws://127.0.0.1:9/x", KALSHI).ws_url == "ws://127.0.0.1:9/x"


@each_row(
    ("url", "is_loopback"),
    [
        ("http://127.0.0.1:8600", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8600", True),
        ("http://localhost:8600", True),
        ("http://10.0.0.1", False),
        (DEMO, False),
        ("http://localhost.example.com", False),
    ],
)
def test_loopback_is_known(url: str, is_loopback: bool) -> None:
    assert read_address(url, None, KALSHI).is_loopback is is_loopback


@each_row(
    "url",
    [
        "https://api.elections.kalshi.com/trade-api/v2",
        "https://EXTERNAL-API.kalshi.com",
        "https://api.elections.kalshi.com./trade-api/v2",
        "https://new-name.kalshi.com",
        "http://trading-api.kalshi.com:8443",
    ],
)
def test_production_is_known(url: str) -> None:
    assert read_address(url, None, KALSHI).is_production


def test_a_demo_below_the_domain_of_production_is_none() -> None:
    assert read_address("https://www.deribit.com", None, DERIBIT).is_production
    assert not read_address("https://test.deribit.com", None, DERIBIT).is_production


def test_a_stream_of_production_is_production() -> None:
    address = read_address("http://127.0.0.1", "wss://external-api-ws.kalshi.com/trade-api/ws/v2", KALSHI)
    assert address.is_production
    assert address.production_host == "external-api-ws.kalshi.com"


@each_row(
    "url",
    ["", "127.0.0.1:8600", "demo-api.kalshi.co", "ftp://x", "https://", "http://x:99999", "http://[::1", "http://x:0"],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"--url: expected a URL such as https://example.com/trade-api/v2, got "):
        read_address(url, None, KALSHI)


@each_row("url", ["http://me:secret@x", "http://x?a=b", "http://x#here"])
def test_more_than_host_and_path_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="--url: expected host and path alone"):
        read_address(url, None, KALSHI)


def test_the_address_of_a_stream_is_another_kind() -> None:
    with pytest.raises(
        ValueError, match=r"--ws: expected a URL such as wss://example.com/trade-api/ws/v2, got 'http://x'"
    ):
        read_address(DEMO, "http://x", KALSHI)
