"""Control requests that cannot be carried out: one line that says why, and where, and nothing changed."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.effort import examples
from tests.server.live import TOKEN, Live, SandboxView
from tests.server.small import BALANCE, BUY, SMALL, error_of, names_of, view
from tests.server.wire import ADDRESS, NO_REPLY, Connection, ask, request


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/reset"),
        ("POST", "/commands"),
        ("GET", "/clock"),
        ("GET", "/journal"),
        ("GET", "/log"),
        ("GET", "/accounts/alice/positions"),
    ],
)
def test_an_unknown_sandbox_is_a_404(live: Live, method: str, path: str) -> None:
    reply = live.control(method, f"/sandboxes/nowhere{path}", [] if path == "/commands" else None)
    assert reply.status == 404
    assert "'nowhere'" in error_of(reply)["message"]


BROKEN_STEPS: dict[str, tuple[Any, str]] = {
    "no list": ({"fill": {}}, ""),
    "nothing": (None, ""),
    "no step": ([BUY, 7], "[1]"),
    "empty step": ([BUY, {}], "[1]"),
    "unknown step": ([BUY, {"fil": {}}], "[1]"),
    "unknown field": ([BUY, {"deposit": {"account": "alice", "amount": 1, "note": "x"}}], "[1]"),
    "missing field": ([BUY, {"deposit": {"account": "alice"}}], "[1]"),
    "value out of range": ([BUY, {"fill": {**BUY["fill"], "price": 1.5}}], "[1]"),
    "too many decimals": ([BUY, {"deposit": {"account": "alice", "amount": 0.1234567}}], "[1]"),
    "a time": ([BUY, {"at": "2026-01-01T00:00:00Z", **BUY}], "[1]"),
    "a delay": ([BUY, {"after": "5s", **BUY}], "[1]"),
    "no public key": ([BUY, {"key": {"account": "alice", "key": "k", "key_id": "k", "public_key": "PEM"}}], "[1]"),
    "not JSON": (b"[{", ""),
    "not UTF-8": (b'["\xff"]', ""),
    "half a surrogate": (b'[{"deposit": {"account": "\\ud800", "amount": 1}}]', ""),
    "too deep": (b"[" * 100_000 + b"]" * 100_000, ""),
}


def test_a_query_that_cannot_be_read_changes_nothing(sandbox: SandboxView) -> None:
    before = sandbox.state()
    reply = sandbox.live.control("POST", f"/sandboxes/{sandbox.name}/commands?events=no", [BUY])
    assert (reply.status, error_of(reply)["code"]) == (400, "bad_query")
    assert sandbox.state() == before


@pytest.mark.parametrize("case", BROKEN_STEPS)
def test_a_broken_step_changes_nothing(sandbox: SandboxView, case: str) -> None:
    body, where = BROKEN_STEPS[case]
    before = sandbox.state()
    reply = sandbox.live.control("POST", f"/sandboxes/{sandbox.name}/commands", body)
    assert reply.status == (413 if case == "too deep" else 400)
    assert where in error_of(reply).get("where", "")
    assert sandbox.state() == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "5s",
        {"advance": "5"},
        {"advance": 5},
        {"advance": "-5s"},
        {"advance": "5s", "run": "real"},
        {"advance": ["5s"]},
        {"advance": "9999999999d"},
        {"advance": "1" * 5_000 + "d"},
        {"run": "fast"},
        {"run": "0x"},
        {"run": "1000001x"},
        {"run": "9" * 400 + "x"},
        {"stop": "now"},
    ],
)
def test_a_broken_clock_request_changes_nothing(live: Live, name: str, body: Any) -> None:
    made = live.sandbox(name, SMALL, clock="paused")
    before = made.call("GET", "/clock")
    reply = live.control("POST", f"/sandboxes/{name}/clock", body)
    assert reply.status == 400
    error_of(reply)
    assert made.call("GET", "/clock") == before


# --- who may


@pytest.mark.parametrize("path", ["/_mock/live", "/_mock/ready", "/_mock/health", "/"])
def test_some_paths_need_no_token(live: Live, path: str) -> None:
    assert ask(live.port, request("GET", path)).status == 200


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", TOKEN, f"bearer {TOKEN} ", "Bearer clé"])
def test_everything_else_needs_the_token(live: Live, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    reply = ask(live.port, request("DELETE", "/_mock/sandboxes/default", headers))
    assert reply.status == 401
    assert "Bearer" in error_of(reply)["message"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"127.0.0.1", 200),
        (b"127.0.0.1:8600", 200),
        (b"localhost", 200),
        (b"LOCALHOST:1", 200),
        (b"[::1]:8600", 200),
        (b"[::1]", 200),
        (b"mock.test:80", 200),
        (b"evil.test", 403),
        (b"127.0.0.1.evil.test:8600", 403),
        (b"localhost.evil.test", 403),
        (b"evil.test:127.0.0.1", 403),
        (b"", 403),
        (b"\xff\xfe", 403),
    ],
)
def test_only_known_hosts_reach_the_control_api(live: Live, host: bytes, status: int) -> None:
    """A page of another site that makes its own name point here must not."""
    lines = [b"Host: " + host, b"Authorization: Bearer " + TOKEN.encode()]
    paths = (b"/_mock/sandboxes", b"/_mock/ready", b"/")
    said = [b"\r\n".join([b"GET " + path + b" HTTP/1.1", *lines]) + b"\r\n\r\n" for path in paths]
    replies = [ask(live.port, raw) for raw in said]
    assert [reply.status for reply in replies] == [status] * 3
    assert status == 200 or all("--allow-host" in error_of(reply)["message"] for reply in replies)


def test_the_venue_is_reached_under_any_host(live: Live) -> None:
    """A container calls it by the name of its service."""
    raw = view(live, "default").client().get(BALANCE)
    assert ask(live.port, raw.replace(b"Host: 127.0.0.1", b"Host: exchange")).status == 200


def test_unknown_paths_and_methods_of_the_control_api(live: Live) -> None:
    assert error_of(live.control("GET", "/nope"))["code"] == "not_found"
    assert live.control("GET", "").status == 404
    assert live.control("PATCH", "/sandboxes").status == 405
    assert ask(live.port, request("GET", "/_mockery")).headers["x-mock-diagnosis"].startswith("nothing is served")


def test_the_front_page_tells_where_to_go(live: Live) -> None:
    page = ask(live.port, request("GET", "/"))
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    assert live.ready["venues"]["kalshi"]["base_url"] in text
    assert view(live, "default").client().key_id in text
    assert TOKEN not in text


# --- broken creations

PAID = {"deposit": {"account": "a", "amount": "5", "payment": "p1"}}
HALF_MADE: dict[str, tuple[Any, str, str]] = {
    "unknown scenario": ({"scenario": "demmo"}, "", "did you mean 'demo'"),
    "broken YAML": ({"scenario": "scenario: x\naccounts: [\n"}, ":3", "not valid YAML"),
    "unknown key": ({"scenario": "scenario: x\ncolour: red\n"}, ":2", "unknown key 'colour'"),
    "broken object": (
        {"scenario": {"scenario": "x", "accounts": {"a": {"cash": "lots"}}}},
        "accounts.a.cash",
        "dollars",
    ),
    "refused history": (
        {"scenario": "scenario: x\nhistory:\n  - settle: {market: NONE, result: yes}\n"},
        ":3",
        "unknown_market",
    ),
    "refused object": (
        {"scenario": {"scenario": "x", "accounts": {"a": {}}, "history": [PAID, PAID]}},
        "history[1]",
        "already_exists",
    ),
    "refused later": ({"scenario": SMALL + "  - settle: {market: NONE, result: yes}\n"}, ":11", "unknown_market"),
    "unknown field": ({"colour": "red"}, "", "unknown key 'colour'"),
    "bad name": ({"name": "../etc"}, "", "letters, digits"),
    "name of one dot": ({"name": "."}, "", "letters, digits"),
    "bad date": ({"api_date": "2024-01-01"}, "", "before 2025-11-03"),
    "unknown date": ({"api_date": "newest"}, "", "unknown API date 'newest'"),
    "bad clock": ({"clock": "fast"}, "", "expected a clock"),
    "bad port": ({"port": 65536}, "port", "65535"),
    "port in words": ({"port": "any"}, "port", "65535"),
    "bad expiry": ({"expires_after": "soon"}, "expires_after", "a duration"),
    "a list": ([], "", "object"),
    "scenario of a list": ({"scenario": ["demo"]}, "scenario", "a scenario"),
    "scenario no file can be": ({"scenario": "a" * 5_000}, "", "no scenario"),
    "nothing but text": (b"scenario: x", "", "JSON"),
}


@pytest.mark.parametrize("case", HALF_MADE)
def test_a_broken_creation_makes_nothing(live: Live, case: str) -> None:
    body, where, words = HALF_MADE[case]
    before = names_of(live)
    reply = live.control("POST", "/sandboxes", body)
    assert reply.status == 400
    error = error_of(reply)
    assert where in error.get("where", "")
    assert words in error["message"]
    assert names_of(live) == before


def test_a_name_that_is_taken(live: Live, sandbox: SandboxView) -> None:
    assert live.control("POST", "/sandboxes", {"name": sandbox.name}).status == 409
    assert live.control("PUT", "/sandboxes/..%2F..", {}).status in (400, 404)
    assert error_of(live.control("PUT", "/sandboxes/one", {"name": "other"}))["where"] == "name"


def test_a_port_that_is_taken_names_a_free_one(live: Live, name: str) -> None:
    before = names_of(live)
    reply = live.control("PUT", f"/sandboxes/{name}", {"port": live.port})
    assert reply.status == 409
    words = error_of(reply)["message"]
    assert f"port {live.port} on {ADDRESS} is in use" in words
    free = int(words.split("--port ")[1].split(",")[0])
    assert names_of(live) == before
    assert live.sandbox(name, SMALL, port=free).port == free


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["/sandboxes", "/sandboxes/fuzz/commands", "/sandboxes/fuzz/clock"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "scenario", "port", "advance", "run", "fill", "key", "account", "market"])
                | st.text(),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    ),
)
def test_no_body_breaks_the_control_api(live: Live, path: str, body: Any) -> None:
    if "fuzz" not in names_of(live):
        live.sandbox("fuzz", SMALL)
    reply = live.control("POST", path, json.dumps(body).encode())
    assert reply.status < 500
    if path == "/sandboxes" and reply.status == 201:
        live.control("DELETE", f"/sandboxes/{json.loads(reply.body)['id']}")


@pytest.mark.parametrize("path", ["/commands", "/wait", "/script"])
def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_mistake(
    live: Live, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = request("POST", f"/_mock/sandboxes/default{path}", {"Authorization": f"Bearer {TOKEN}"}, b"[" * 100)
    with Connection(live.port) as connection:
        connection.send(whole[:-1])
        connection.end()
        assert connection.read() == NO_REPLY
    live.json("GET", "/info")  # the loop has had a turn since
    assert caplog.records == []
