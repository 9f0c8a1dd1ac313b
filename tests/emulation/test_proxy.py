"""The proxy of a run, asked by hand in every form that clients ask in."""

import base64
import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.sync.client import connect as connect_stream

from mockexchange.api.serve import serve
from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.emulation import proxy as proxies
from mockexchange.emulation.proxy import Proxy, origin_form, read_head, ticket_of
from mockexchange.emulation.tcp_listener import HOST
from mockexchange.emulation.upstream_proxy import UpstreamProxy, find_upstream
from mockexchange.guard import Dial
from mockexchange.kit.kalshi.signing import load_signer
from tests.emulation.tcp_clients import ask, dial, door, read_to_end, tls_door
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row

NAME, REAL = "demo-api.kalshi.co", "api.elections.kalshi.com"
STATUS = "/trade-api/v2/exchange/status"


@pytest.fixture(scope="module")
def exchange() -> Iterator[Exchange]:
    with serve() as one:
        yield one


@pytest.fixture
def dials() -> list[Dial]:
    return []


class Front:
    """A proxy with all that is behind it."""

    def __init__(self, port: int, bundle: str, sandbox: int) -> None:
        self.port, self.bundle, self.sandbox = port, bundle, sandbox

    def ask(self, request: str) -> str:
        return ask(self.port, request.encode()).decode()


@pytest.fixture
def front(exchange: Exchange, dials: list[Dial], tmp_path: Path) -> Iterator[Front]:
    sandbox = urlsplit(exchange.base_url).port or 0
    with tls_door(exchange.base_url, [NAME], tmp_path) as (front_port, bundle):
        proxy = Proxy(frozenset({NAME}), sandbox, front_port, dials.append)
        with door(proxy.serve) as port:
            yield Front(port, bundle, sandbox)


def tunnelled(front: Front, host: str, port: int = 443) -> tuple[socket.socket, str]:
    sock = dial(front.port)
    sock.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: by hand\r\n\r\n".encode())
    return sock, sock.recv(65_536).decode()


def test_connect_to_a_demo_reaches_the_sandbox_by_its_certificate(front: Front, dials: list[Dial]) -> None:
    plain, answer = tunnelled(front, NAME.upper())
    assert answer == "HTTP/1.1 200 Connection established\r\n\r\n"
    context = ssl.create_default_context(cafile=front.bundle)
    with plain, context.wrap_socket(plain, server_hostname=NAME) as sock:
        sock.sendall(f"GET {STATUS} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        assert b'"exchange_active":true' in read_to_end(sock)
    assert dials == []


def test_a_stream_goes_through_the_tunnel(front: Front, exchange: Exchange) -> None:
    """By hand: a handshake that the exchange refuses with its own words, for want of a signature."""
    plain, _ = tunnelled(front, NAME)
    key = base64.b64encode(os.urandom(16)).decode()
    context = ssl.create_default_context(cafile=front.bundle)
    head = f"Host: {NAME}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    with plain, context.wrap_socket(plain, server_hostname=NAME) as sock:
        sock.sendall(f"GET /trade-api/ws/v2 HTTP/1.1\r\n{head}Sec-WebSocket-Key: {key}\r\n\r\n".encode())
        assert sock.recv(65_536).startswith(b"HTTP/1.1 401 ")


def test_a_signed_stream_is_opened_by_a_client_that_knows_of_proxies(front: Front, exchange: Exchange) -> None:
    key, path = exchange.accounts["alice"].key, "/trade-api/ws/v2"
    signed = load_signer(key.key_id, key.private_key_pem or "").headers("GET", f"https://{NAME}{path}")
    stream = connect_stream(
        f"wss://{NAME}{path}",
        proxy=f"http://{HOST}:{front.port}",
        ssl=ssl.create_default_context(cafile=front.bundle),
        additional_headers=signed,
    )
    with stream:
        stream.send('{"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}')
        assert '"type":"subscribed"' in str(stream.recv(PATIENCE_S))
        exchange.fill("alice", "KXRAINNYC-25NOV05-T1", side="yes", action="buy", count=1, price="0.56")
        assert '"type":"fill"' in str(stream.recv(PATIENCE_S))


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_the_absolute_form_reaches_the_sandbox(front: Front, scheme: str) -> None:
    """As axios asks for https too: what it sends is in clear text."""
    answer = front.ask(
        f"GET {scheme}://{NAME}{STATUS}?a=1 HTTP/1.1\r\nHost: {NAME}\r\nProxy-Connection: keep-alive\r\n"
        "Connection: keep-alive\r\n\r\n"
    )
    assert answer.startswith("HTTP/1.1 200 OK\r\n")
    assert '"exchange_active":true' in answer


def test_a_body_in_the_absolute_form_arrives_whole(front: Front, exchange: Exchange) -> None:
    body = "x" * 100_000
    head = f"POST https://{NAME}/trade-api/v2/portfolio/orders HTTP/1.1\r\nHost: {NAME}\r\n"
    assert front.ask(f"{head}Content-Length: {len(body)}\r\n\r\n{body}").startswith("HTTP/1.1 4")
    assert exchange.journal.last(1)[0].body == body.encode()


def test_a_stream_in_the_absolute_form_keeps_its_upgrade(front: Front) -> None:
    key = base64.b64encode(hashlib.sha1(b"x").digest()[:16]).decode()
    answer = front.ask(
        f"GET wss://{NAME}/trade-api/ws/v2 HTTP/1.1\r\nHost: {NAME}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    )
    assert answer.startswith("HTTP/1.1 401 ")
    assert "websocket" not in answer.lower().partition("\r\n\r\n")[0] or "426" not in answer


@pytest.mark.parametrize("request_line", [f"CONNECT {REAL}:443", f"GET https://{REAL}/trade-api/v2/exchange/status"])
def test_a_real_host_is_refused_and_told_of(front: Front, dials: list[Dial], request_line: str) -> None:
    answer = front.ask(f"{request_line} HTTP/1.1\r\nHost: {REAL}\r\nUser-Agent: bot/1\r\n\r\n")
    assert answer.startswith("HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(
        f"mockexchange run refuses real venues: {REAL}:443; no known client: point the program at the sandbox;"
        " it calls itself 'bot/1'\n"
    )
    assert [(one.host, one.port, one.client) for one in dials] == [(REAL, 443, None)]


def test_a_client_is_known_by_what_it_calls_itself(front: Front, dials: list[Dial]) -> None:
    agent = "User-Agent: OpenAPI-Generator/3.30.0/typescript-axios"
    assert "basePath" in front.ask(f"GET https://{REAL}/ HTTP/1.1\r\n{agent}\r\n\r\n")
    assert dials[0].client == "kalshi-typescript"


def test_a_demo_of_which_there_is_nothing_here_is_refused(front: Front, dials: list[Dial]) -> None:
    assert front.ask("CONNECT tapi.signalplus.net:443 HTTP/1.1\r\n\r\n").startswith("HTTP/1.1 403 ")
    assert dials[0].kind == "demo"


def test_others_are_let_through(front: Front, dials: list[Dial]) -> None:
    sock, answer = tunnelled(front, HOST, front.sandbox)
    with sock:
        assert answer.startswith("HTTP/1.1 200 ")
        sock.sendall(f"GET {STATUS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert b'"exchange_active":true' in read_to_end(sock)
    url = f"http://{HOST}:{front.sandbox}{STATUS}"
    assert '"exchange_active":true' in front.ask(f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n")
    with httpx.Client(proxy=f"http://{HOST}:{front.port}") as client:
        assert client.get(url).status_code == 200
    assert dials == []


def test_what_cannot_be_reached_is_said(front: Front) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    answer = front.ask(f"CONNECT {HOST}:{port} HTTP/1.1\r\n\r\n")
    assert answer.startswith("HTTP/1.1 502 Bad Gateway\r\n")
    assert f"{HOST}:{port} cannot be reached: " in answer


def test_others_over_tls_are_verified(front: Front, exchange: Exchange, tmp_path: Path) -> None:
    """Nobody signed this certificate whom the system trusts."""
    with tls_door(exchange.base_url, ["127.0.0.1"], tmp_path) as (port, _):
        answer = front.ask(f"GET https://{HOST}:{port}{STATUS} HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith("HTTP/1.1 502 ")
    assert "certificate verify failed" in answer


WRONG = [
    ("GET /trade-api/v2 HTTP/1.1", "expected an absolute URL, got '/trade-api/v2'"),
    ("GET ftp://x/ HTTP/1.1", "expected an absolute URL, got 'ftp://x/'"),
    ("CONNECT demo-api.kalshi.co HTTP/1.1", "expected HOST:PORT, got 'demo-api.kalshi.co'"),
    ("CONNECT :443 HTTP/1.1", "expected HOST:PORT, got ':443'"),
    ("CONNECT x:99999 HTTP/1.1", "Port out of range 0-65535"),
    ("hello", "expected HTTP/1.1, got 'hello'"),
    ("\x16\x03\x01\x02", "expected HTTP/1.1, got "),
]


@pytest.mark.parametrize(("line", "problem"), WRONG)
def test_what_is_no_request_to_a_proxy_is_told_what_one_is(front: Front, line: str, problem: str) -> None:
    answer = front.ask(f"{line}\r\n\r\n")
    assert answer.startswith("HTTP/1.1 400 Bad Request\r\n")
    assert f"this proxy takes CONNECT and absolute URLs: {problem}" in answer


def test_a_head_without_end_is_refused(front: Front) -> None:
    assert front.ask("GET http://x/ HTTP/1.1\r\nX: " + "y" * 70_000 + "\r\n\r\n").startswith("HTTP/1.1 400 ")


def test_a_silent_client_is_disconnected(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "HEAD_S_MAX", 0.05)
    assert front.ask("GET ") == ""
    with dial(front.port) as sock:
        sock.shutdown(socket.SHUT_WR)
        assert read_to_end(sock) == b""


def test_a_head_is_read_as_it_is() -> None:
    asked = read_head(b"CONNECT [::1]:443 HTTP/1.1\r\nUser-Agent:  a b \r\n\r\n")
    assert (asked.host, asked.port, asked.url, asked.header("user-agent"), asked.header("x")) == (
        "::1",
        443,
        None,
        "a b",
        "",
    )


def test_the_server_is_asked_as_if_there_were_no_proxy() -> None:
    head = b"GET http://x HTTP/1.1\r\nHost: x\r\nProxy-Authorization: y\r\nKeep-Alive: 5\r\n\r\n"
    assert origin_form(read_head(head)) == b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


# --- the user's own proxy


class Recorder:
    """A proxy that answers every request alike and keeps what it was asked."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.asked = answer, b""
        self._listening = socket.create_server((HOST, 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Recorder":
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._thread.join(PATIENCE_S)
        self._listening.close()

    def _serve(self) -> None:
        sock, _ = self._listening.accept()
        with sock:
            self.asked = sock.recv(65_536)
            sock.sendall(self.answer)


@each_row(
    ("answer", "shown"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nhello from the other side", "hello from the other side"),
        (b"HTTP/1.1 407 Who are you\r\n\r\n", "answers 'HTTP/1.1 407 Who are you'"),
        (b"", "answers 'nothing'"),
    ],
)
def test_others_go_through_the_users_own_proxy(answer: bytes, shown: str) -> None:
    with Recorder(answer) as theirs:
        upstream = find_upstream({"https_proxy": f"http://me:pass%20word@{HOST}:{theirs.port}"})
        with door(Proxy(frozenset(), 9, 9, print, upstream).serve) as port:
            assert shown in ask(port, b"CONNECT example.org:443 HTTP/1.1\r\n\r\n").decode()
    assert theirs.asked == (
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n"
        b"Proxy-Authorization: Basic " + base64.b64encode(b"me:pass word") + b"\r\n\r\n"
    )


def test_a_tunnel_that_breaks_before_tls_is_said() -> None:
    with Recorder(b"HTTP/1.1 200 OK\r\n\r\n") as theirs:
        upstream = find_upstream({"https_proxy": f"{HOST}:{theirs.port}"})
        with door(Proxy(frozenset(), 9, 9, print, upstream).serve) as port:
            answer = ask(port, b"GET https://example.org/ HTTP/1.1\r\n\r\n").decode()
    assert answer.startswith("HTTP/1.1 502 ")
    assert theirs.asked.startswith(b"CONNECT example.org:443 ")


def test_but_not_those_that_the_user_reaches_without(front: Front) -> None:
    upstream = find_upstream({"HTTPS_PROXY": f"http://{HOST}:9", "NO_PROXY": "127.0.0.1,.example"})
    with door(Proxy(frozenset(), 9, 9, print, upstream).serve) as port:
        url = f"http://{HOST}:{front.sandbox}{STATUS}"
        assert '"exchange_active":true' in ask(port, f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).decode()


def test_a_tunnel_that_takes_too_long_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "CONNECT_S_MAX", 0.5)
    with socket.create_server((HOST, 0)) as theirs:
        upstream = find_upstream({"https_proxy": f"{HOST}:{theirs.getsockname()[1]}"})
        with door(Proxy(frozenset(), 9, 9, print, upstream).serve) as port:
            assert "does not answer" in ask(port, b"CONNECT example.org:443 HTTP/1.1\r\n\r\n").decode()
            sock, _ = theirs.accept()
            with sock:
                sock.settimeout(PATIENCE_S)
                assert read_to_end(sock).startswith(b"CONNECT example.org:443 ")


TICKET = "Proxy-Authorization: basic " + ticket_of("word")


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (TICKET, "200 OK"),
        ("X: y", "407 Proxy Authentication Required"),
        ("Proxy-Authorization: Basic " + ticket_of("other"), "407 Proxy Authentication Required"),
        (TICKET.replace("basic", "Digest"), "407 Proxy Authentication Required"),
    ],
)
def test_others_are_let_through_for_whoever_shows_the_ticket(exchange: Exchange, shown: str, status: str) -> None:
    url = exchange.base_url.partition("/trade-api")[0] + STATUS
    with door(Proxy(frozenset(), 9, 9, print, ticket=ticket_of("word")).serve) as port:
        answer = ask(port, f"GET {url} HTTP/1.1\r\nHost: x\r\n{shown}\r\n\r\n".encode()).decode()
    assert answer.startswith(f"HTTP/1.1 {status}\r\n")
    assert ('Proxy-Authenticate: Basic realm="' in answer) is (status != "200 OK")


def test_a_demo_is_answered_whoever_asks(exchange: Exchange) -> None:
    sandbox = urlsplit(exchange.base_url).port or 0
    with door(Proxy(frozenset({NAME}), sandbox, 9, print, ticket=ticket_of("word")).serve) as port:
        answer = ask(port, f"GET http://{NAME}{STATUS} HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_no_other_program_ends_a_run_by_asking_for_a_venue(dials: list[Dial]) -> None:
    with door(Proxy(frozenset(), 9, 9, dials.append, ticket=ticket_of("word")).serve) as port:
        assert ask(port, f"CONNECT {REAL}:443 HTTP/1.1\r\n\r\n".encode()).startswith(b"HTTP/1.1 407 ")
        assert dials == []
        shown = f"CONNECT {REAL}:443 HTTP/1.1\r\n{TICKET}\r\n\r\n"
        assert ask(port, shown.encode()).startswith(b"HTTP/1.1 403 ")
    assert [one.host for one in dials] == [REAL]


@each_row(
    ("environment", "found"),
    [
        ({}, None),
        ({"https_proxy": ""}, None),
        ({"https_proxy": "socks5://x:1"}, None),
        ({"https_proxy": "http://:1"}, None),
        ({"all_proxy": "proxy.example:3128"}, UpstreamProxy("proxy.example", 3128, "", "")),
        ({"https_proxy": "http://a", "all_proxy": "http://b", "no_proxy": "c"}, UpstreamProxy("a", 80, "", "c")),
    ],
)
def test_the_users_proxy_is_found(environment: dict[str, str], found: UpstreamProxy | None) -> None:
    assert find_upstream(environment) == found
