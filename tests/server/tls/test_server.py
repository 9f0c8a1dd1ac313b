"""A server that speaks TLS, on a socket: who comes in, what is said to who does not, and how it ends."""

import asyncio
import json
import logging
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvloop

from mockexchange.server.http import listener
from mockexchange.server.tls import acceptor
from mockexchange.server.tls.acceptor import LEFT, OUSTED, PLAIN, SLOW
from tests.helpers.patience import PATIENCE_S, wait_until
from tests.helpers.rows import each_row
from tests.server.live import PREFIX, Live, LoopFactory, SandboxView, port_of, serving
from tests.server.secure import secured
from tests.server.small import BALANCE, POSITIONS, SMALL, view
from tests.server.wire import ADDRESS, NO_REPLY, Connection, request

LOOPS: dict[str, LoopFactory | None] = {"asyncio": None, "uvloop": uvloop.new_event_loop}
RECORD = b"\x16\x03\x01"


@pytest.fixture(scope="module", params=LOOPS)
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("home")
    options: dict[str, Any] = {"authority": secured().authority, "tls_names": ("mock.test",)}
    with serving(home, SMALL, loop_factory=LOOPS[request.param], **options) as running:
        yield running


@pytest.fixture
def default(live: Live) -> Iterator[SandboxView]:
    yield view(live, "default")
    live.json("POST", "/sandboxes/default/reset")


def raw(live: Live) -> socket.socket:
    return socket.create_connection((ADDRESS, live.port), timeout=PATIENCE_S)


def diagnoses(sandbox: SandboxView, count: int) -> list[str]:
    """The last ones, once there are so many: a handshake that failed is written down after its client knows."""

    def found() -> list[str]:
        said = [one["diagnosis"] for one in sandbox.journal() if one["diagnosis"]]
        return said if len(said) >= count else []

    return wait_until(found)


# --- who is let in


def test_every_url_is_https_and_wss(live: Live) -> None:
    assert live.ready["control_url"] == f"https://127.0.0.1:{live.port}/_mock"
    for urls in live.ready["venues"].values():
        assert urls["base_url"].startswith(f"https://127.0.0.1:{live.port}/")
        assert urls["ws_url"].startswith(f"wss://127.0.0.1:{live.port}/")


def test_a_signed_request_is_answered_and_the_connection_stays(live: Live, default: SandboxView) -> None:
    alice = default.client()
    with Connection(live.port, live.trust) as connection:
        assert [connection.ask(alice.get(BALANCE)).status for _ in range(3)] == [200, 200, 200]


def test_a_sandboxs_own_port_speaks_it_too(live: Live) -> None:
    sandbox = live.sandbox("own", SMALL)
    assert sandbox.shown["base_url"] == f"https://127.0.0.1:{sandbox.port}{PREFIX}"
    assert sandbox.shown["ws_url"].startswith(f"wss://127.0.0.1:{sandbox.port}/")
    assert sandbox.ask(sandbox.client().get(BALANCE)).status == 200
    live.json("DELETE", "/sandboxes/own")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ADDRESS, sandbox.port), timeout=PATIENCE_S)


@pytest.mark.parametrize(("host", "status"), [("mock.test", 200), (f"MOCK.test:{7}", 200), ("other.test", 403)])
def test_the_control_api_answers_to_the_names_of_its_certificate(live: Live, host: str, status: int) -> None:
    with Connection(live.port, live.trust) as connection:
        given = request("GET", "/_mock/live").replace(f"Host: {ADDRESS}".encode(), f"Host: {host}".encode())
        assert connection.ask(given).status == status


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "mock.test", socket.gethostname()])
def test_its_certificate_has_the_names_it_is_called_by(live: Live, name: str) -> None:
    assert live.trust
    with live.trust.wrap_socket(raw(live), server_hostname=name) as client:
        assert client.version() == "TLSv1.3"


def test_a_client_of_tls_1_2_is_let_in_and_an_older_one_is_not(live: Live, default: SandboxView) -> None:
    trust = ssl.create_default_context(cafile=live.ready["ca_cert"])
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    with trust.wrap_socket(raw(live), server_hostname=ADDRESS) as client:
        assert client.version() == "TLSv1.2"


def test_the_bundle_has_the_systems_authorities_and_ours(live: Live) -> None:
    ours, all_of_them = Path(live.ready["ca_cert"]).read_text(), Path(live.ready["ca_bundle"]).read_text()
    assert ours == secured().authority.certificate_pem
    assert all_of_them.endswith(ours)
    ssl.create_default_context(cafile=live.ready["ca_bundle"])


def test_the_front_page_says_whom_to_trust(live: Live) -> None:
    with Connection(live.port, live.trust) as connection:
        page = connection.ask(request("GET", "/")).body.decode()
    assert f"Clients have to trust <code>{live.ready['ca_cert']}</code>" in page
    assert "eval &quot;$(mockexchange env --account alice)&quot;" in page
    assert "export KALSHI_API_BASE_URL" not in page


# --- who is not


def test_plain_http_is_told_so_in_plain_http(live: Live, default: SandboxView) -> None:
    with Connection(live.port) as plain:
        reply = plain.ask(request("POST", PREFIX + POSITIONS, body=b"x" * 100_000))
        assert (reply.status, reply.diagnosis, reply.headers["connection"]) == (400, PLAIN, "close")
        assert json.loads(reply.body)["error"]["code"] == "bad_request"
        assert plain.read() == NO_REPLY
    assert diagnoses(default, 1) == [PLAIN]
    assert default.journal()[-1]["body"].startswith(f"POST {PREFIX}{POSITIONS} HTTP/1.1\r\n")


def test_plain_http_that_stays_is_cut(live: Live, default: SandboxView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "FAREWELL_S_MAX", 0.05)
    with raw(live) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n")
        while plain.recv(4_096):
            pass
        with pytest.raises(ConnectionError):
            list(iter(partial(plain.send, b"more"), 0))


def test_garbage_gets_the_same(live: Live, default: SandboxView) -> None:
    with Connection(live.port) as plain:
        assert plain.ask(b"\x00\x01\xff").diagnosis == PLAIN


def test_who_does_not_trust_the_certificate_is_told_what_to_trust(live: Live, default: SandboxView) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(raw(live), server_hostname=ADDRESS)
    [said] = diagnoses(default, 1)
    assert said.startswith("the client does not trust this server's certificate: point it at the ready file's ca_cert")
    assert "SSL_CERT_FILE, NODE_EXTRA_CA_CERTS" in said


def test_who_calls_it_by_another_name_is_told_its_names(live: Live, default: SandboxView) -> None:
    assert live.trust
    with pytest.raises(ssl.SSLCertVerificationError):
        live.trust.wrap_socket(raw(live), server_hostname="other.test")
    [said] = diagnoses(default, 1)
    assert said.startswith("the client rejected this server's certificate")
    assert "localhost, 127.0.0.1, ::1" in said
    assert "mock.test (others need --tls-name)?" in said


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (RECORD, LEFT),
        (RECORD + b"\x00\x05junk!", "the TLS handshake failed: "),
        (b"\x16 is no record", "the TLS handshake failed: WRONG_VERSION_NUMBER"),
    ],
)
def test_a_handshake_that_is_none_is_named(live: Live, default: SandboxView, sent: bytes, said: str) -> None:
    with raw(live) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        while client.recv(100):
            pass
    [diagnosis] = diagnoses(default, 1)
    assert diagnosis.startswith(said)
    [entry] = default.journal()
    assert (entry["status"], entry["method"]) == (0, "")


def test_who_says_nothing_is_no_event(live: Live, default: SandboxView) -> None:
    raw(live).close()
    with raw(live) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert default.ask(default.client().get(BALANCE)).status == 200
    assert len(default.journal()) == 1


def test_bytes_within_tls_that_are_no_http_are_what_they_are_without(live: Live, default: SandboxView) -> None:
    with Connection(live.port, live.trust) as connection:
        reply = connection.ask(b"\x00\x01\r\n\r\n")
        assert (reply.status, reply.diagnosis.partition(" ")[0]) == (400, "these")
        assert connection.read() == NO_REPLY


def test_bytes_that_break_tls_end_the_connection(live: Live, default: SandboxView) -> None:
    assert live.trust
    plain = raw(live)
    with live.trust.wrap_socket(plain, server_hostname=ADDRESS) as client:
        with socket.socket(fileno=client.fileno()) as beneath:
            beneath.sendall(b"\x17\x03\x03\x00\x05junk!")
            beneath.detach()
        with suppress(ssl.SSLError):
            assert client.recv(1) == b""
    assert default.ask(default.client().get(BALANCE)).status == 200


def test_none_of_that_is_in_the_log(live: Live, default: SandboxView, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for test in (test_garbage_gets_the_same, test_bytes_that_break_tls_end_the_connection):
        test(live, default)
    assert [record.getMessage() for record in caplog.records] == []


# --- faults


def install(sandbox: SandboxView, then: dict[str, Any]) -> None:
    sandbox.call("POST", "/faults", [{"match": {"nth": 1}, "then": then}])


def test_a_dropped_request_has_no_answer(live: Live, default: SandboxView) -> None:
    install(default, {"drop": True})
    with Connection(live.port, live.trust) as connection:
        assert connection.ask(default.client().get(POSITIONS)) == NO_REPLY
    assert default.journal()[-1]["status"] == 0
    assert default.ask(default.client().get(POSITIONS)).status == 200


def test_a_reset_is_one(live: Live, default: SandboxView) -> None:
    assert live.trust
    install(default, {"reset": True})
    client = live.trust.wrap_socket(raw(live), server_hostname=ADDRESS)
    client.sendall(default.client().get(POSITIONS))
    with socket.socket(fileno=client.detach()) as beneath:  # Python's own TLS takes it for a plain end
        beneath.settimeout(PATIENCE_S)
        with pytest.raises(ConnectionResetError):
            list(iter(partial(beneath.recv, 4_096), b""))
    assert default.ask(default.client().get(POSITIONS)).status == 200


def test_a_body_that_is_cut_promises_the_whole(live: Live, default: SandboxView) -> None:
    whole = default.ask(default.client().get(POSITIONS)).body
    install(default, {"cut_after": 100})
    with Connection(live.port, live.trust) as connection:
        reply = connection.ask(default.client().get(POSITIONS))
        assert (reply.status, reply.body) == (200, whole[:100])
        assert int(reply.headers["content-length"]) == len(whole)


def test_a_trickle_takes_its_time(live: Live, default: SandboxView) -> None:
    install(default, {"trickle": 20_000})
    size_bytes = len(default.ask(default.client().get(POSITIONS)).body)
    assert default.journal()[-1]["latency_us"] >= (size_bytes - 1_000) * 1_000_000 // 20_000


def test_a_delay_is_waited_for(live: Live, default: SandboxView) -> None:
    install(default, {"delay": "60ms"})
    assert default.ask(default.client().get(POSITIONS)).status == 200
    assert default.journal()[-1]["latency_us"] >= 58_000


# --- bounds, and the end


@each_row("loop", LOOPS)
def test_a_handshake_that_hangs_is_bounded_in_time(loop: str, tmp_path: Path) -> None:
    """A client that sends nothing, and one that sends a part, are disconnected while a good client is answered.

    The time is over when the test says so: on a busy machine the part may come late.
    """
    bounds: list[tuple[asyncio.AbstractEventLoop, asyncio.Timeout]] = []
    limit, bounded_s = asyncio.timeout, acceptor.GREETING_S_MAX

    def held(delay_s: float | None) -> asyncio.Timeout:
        assert delay_s == bounded_s
        bounds.append((asyncio.get_running_loop(), limit(None)))
        return bounds[-1][1]

    with serving(tmp_path, SMALL, loop_factory=LOOPS[loop], authority=secured().authority) as live:
        good = Connection(live.port, live.trust)
        assert good.ask(request("GET", "/")).status == 200
        with pytest.MonkeyPatch.context() as patch:  # not for who asks the journal, later
            patch.setattr("asyncio.timeout", held)
            with raw(live) as silent, raw(live) as slow, good:
                slow.sendall(RECORD)
                wait_until(lambda: len(bounds) == 2)
                assert good.ask(request("GET", "/")).status == 200
                for turning, bound in bounds:
                    turning.call_soon_threadsafe(bound.reschedule, 0)
                assert silent.recv(1) == slow.recv(1) == b""
                assert good.ask(request("GET", "/")).status == 200
        assert diagnoses(view(live, "default"), 1) == [SLOW]


@each_row("loop", LOOPS)
def test_a_crowd_of_silent_clients_keeps_no_client_out(
    loop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has taken longest goes, with a word in the journal if it had begun to speak."""
    monkeypatch.setattr(acceptor, "GREETINGS_MAX", 3)
    with serving(tmp_path, SMALL, loop_factory=LOOPS[loop], authority=secured().authority) as live:
        slow = raw(live)
        slow.sendall(RECORD)
        crowd = [raw(live) for _ in range(9)]
        with Connection(live.port, live.trust) as last:
            assert last.ask(request("GET", "/")).status == 200
        assert slow.recv(1) == b""
        assert diagnoses(view(live, "default"), 1) == [OUSTED]
        for one in (slow, *crowd):
            one.close()


@each_row("loop", LOOPS)
def test_a_server_that_stops_lets_everybody_go(loop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle, half-way in, in the middle of a request, and on a stream: nothing is left, and nobody is waited for."""
    for module, name in ((acceptor, "FAREWELL_S_MAX"), (listener, "STOP_S_MAX"), (listener, "STUCK_S_MAX")):
        monkeypatch.setattr(module, name, 10.0 * PATIENCE_S)
    with serving(tmp_path, SMALL, loop_factory=LOOPS[loop], authority=secured().authority) as live:
        sandbox = view(live, "default")
        alice = sandbox.client()
        idle = Connection(live.port, live.trust)
        assert idle.ask(alice.get(BALANCE)).status == 200
        silent, half_way = raw(live), raw(live)
        half_way.sendall(RECORD)
        plain = Connection(live.port)
        assert plain.ask(request("GET", "/")).status == 400
        under_way = Connection(live.port, live.trust)
        under_way.send(alice.get(POSITIONS)[:-4])
    assert silent.recv(1) == half_way.recv(1) == b""
    assert idle.read() == under_way.read() == NO_REPLY
    for one in (idle, under_way, plain):
        one.__exit__(None, None, None)
    silent.close()
    half_way.close()
    with socket.create_server((ADDRESS, live.port)):
        pass
    assert list(tmp_path.rglob("*.crt")) == []


def test_a_public_url_is_told_and_is_in_the_certificate(tmp_path: Path) -> None:
    options: dict[str, Any] = {"authority": secured().authority, "public_url": "https://public.test:8443/"}
    with serving(tmp_path, SMALL, **options) as live:
        assert live.ready["venues"]["kalshi"]["base_url"] == f"https://public.test:8443{PREFIX}"
        assert live.ready["venues"]["kalshi"]["ws_url"].startswith("wss://public.test:8443/")
        assert port_of(live.ready["control_url"]) == live.port
        assert live.trust
        live.trust.wrap_socket(raw(live), server_hostname="public.test").close()
