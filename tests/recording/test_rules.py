"""Which servers are recorded, and which requests are sent to them."""

import json

import pytest

from mockexchange.recording.read_only import why_no_command, why_not_sent
from mockexchange.recording.upstreams import WrongUpstream, parse_upstreams
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row


def test_the_demo_has_a_server_for_each_path() -> None:
    found = parse_upstreams("demo")
    assert str(found.of("/trade-api/v2/portfolio/fills")) == "https://demo-api.kalshi.co"
    assert str(found.of("/trade-api/ws/v2")) == "https://external-api-ws.demo.kalshi.co"
    assert str(found.of("/api/v2/private/get_positions")) == str(found.of("/ws/api/v2")) == "https://test.deribit.com"
    assert found.of("/signalplus/api/private/get_positions") is None


def test_a_url_is_the_server_of_every_path() -> None:
    found = parse_upstreams("http://[::1]:9", "wss://streams.test")
    assert (str(found.of("/anything")), str(found.of("/trade-api/ws/v2"))) == ("http://[::1]:9", "https://streams.test")
    assert [one.authority for one in found.all] == ["[::1]:9", "streams.test"]


WRONG = [
    ("prod", "expected demo or a URL"),
    ("ftp://host", "expected demo or a URL"),
    ("http://", "expected demo or a URL"),
    ("http://h:99999", "expected demo or a URL"),
    ("https://api.test/trade-api/v2", "expected only scheme, host and port"),
    ("https://me:secret@api.test", "expected only scheme"),
    ("https://api.elections.kalshi.com", "is production: record the demo, or read it with --production-read-only"),
    ("https://www.deribit.com", "is production"),
]


@each_row(("target", "message"), WRONG)
def test_a_target_that_cannot_be_recorded_is_explained(target: str, message: str) -> None:
    with pytest.raises(WrongUpstream, match=message):
        parse_upstreams(target)


def test_production_has_its_own_flag_for_the_streams_too() -> None:
    with pytest.raises(WrongUpstream, match="external-api-ws"):
        parse_upstreams("demo", "wss://external-api-ws.kalshi.com")
    found = parse_upstreams("https://api.elections.kalshi.com", allows_production=True)
    assert found.all[0].is_production


def call(method: str) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}).encode()


SENT = [
    ("GET", "/trade-api/v2/portfolio/fills", b"", True),
    ("HEAD", "/trade-api/v2/portfolio/fills", b"", True),
    ("POST", "/trade-api/v2/portfolio/orders", b"{}", False),
    ("DELETE", "/trade-api/v2/portfolio/orders/x", b"", False),
    ("POST", "/nobody/knows", b"", False),
    ("GET", "/api/v2/private/get_positions", b"", True),
    ("GET", "/api/v2/public/auth", b"", True),
    ("GET", "/api/v2/private/buy", b"", False),
    ("POST", "/api/v2", call("private/get_account_summary"), True),
    ("POST", "/api/v2", call("private/cancel_all"), False),
    ("POST", "/api/v2", b"not json", False),
    ("PUT", "/api/v2/public/get_time", b"", False),
]


@each_row(("method", "path", "body", "is_sent"), SENT)
def test_only_reads_are_sent(method: str, path: str, body: bytes, is_sent: bool) -> None:
    assert (why_not_sent(Request(method, path, "", (), body)) is None) is is_sent


COMMANDS = [
    (b'{"id":1,"cmd":"subscribe","params":{"channels":["fill"]}}', True),
    (call("private/subscribe"), True),
    (call("public/set_heartbeat"), True),
    (call("private/sell"), False),
    (b"[" + call("public/auth") + b"," + call("private/edit") + b"]", False),
    (b"\xff", True),
    (b'{"method": 5}', True),
    (b"[" * 100_000, True),
]


@each_row(("payload", "is_sent"), COMMANDS, ids=range(len(COMMANDS)))
def test_only_commands_that_read_are_sent(payload: bytes, is_sent: bool) -> None:
    assert (why_no_command(payload) is None) is is_sent
