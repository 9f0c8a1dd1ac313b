"""Forwarding over the network: what is sent, and what becomes of servers that are not there or talk nonsense."""

import http.client
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from mockexchange.api.serve import serve
from mockexchange.api.synchronous.connect import connect
from mockexchange.api.transport.httpx_transports import HttpxForwarder, RemoteTransport
from tests.api.calls import BASE, VENUE, get
from tests.helpers.patience import PATIENCE_S
from tests.helpers.ports import closed_port
from tests.helpers.rows import each_row

BALANCE = "/portfolio/balance"
LITTLE_S = 0.05


@contextmanager
def answering(raw: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives one client these bytes, and hangs up; gives its URL, and what was asked."""
    asked: list[bytes] = []

    def answer() -> None:
        connection, _ = listening.accept()
        with connection:
            asked.append(_read(connection))
            connection.sendall(raw)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE_S)
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/trade-api/v2", asked
        finally:
            thread.join()


def _read(connection: socket.socket) -> bytes:
    """A request to the last byte of its body, whose length it says."""
    raw = b""
    while True:
        raw += connection.recv(65_536)
        head, end, body = raw.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and len(body) >= int(length[1] if length else 0):
            return raw


def client_of(url: str, timeout: float = PATIENCE_S) -> httpx.Client:
    return httpx.Client(transport=RemoteTransport(HttpxForwarder(url, None)), timeout=timeout)


def test_a_request_goes_out_as_it_is() -> None:
    with answering(b"HTTP/1.1 204 No Content\r\nX-A: 1\r\nX-A: 2\r\n\r\n") as (url, asked), client_of(url) as client:
        response = client.post(f"{VENUE}/a%2Fb?c=d", content=b"body", headers={"X-Case": "Kept"})
    assert (response.status_code, response.reason_phrase) == (204, "No Content")
    assert response.headers.get_list("x-a") == ["1", "2"]
    head, _, body = asked[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /a%2Fb?c=d HTTP/1.1"
    assert [line for line in lines if line.lower().startswith(b"host")] == [b"Host: api.elections.kalshi.com"]
    assert b"X-Case: Kept" in lines
    assert [line for line in lines if line.lower().startswith(b"content-length")] == [b"Content-Length: 4"]
    assert body == b"body"


def test_a_body_of_unknown_length_goes_out_whole() -> None:
    with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as (url, asked), client_of(url) as client:
        client.post(VENUE, content=iter([b"bo", b"dy"]))
    assert b"transfer-encoding" not in asked[0].lower()
    assert asked[0].endswith(b"Content-Length: 4\r\n\r\nbody")


def test_a_request_without_a_body_says_nothing_of_one() -> None:
    with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as (url, asked), client_of(url) as client:
        client.get(VENUE)
    assert b"content-length" not in asked[0].lower()


# what the server says                                        what the client is told
NONSENSE: list[tuple[bytes, type[Exception], str]] = [
    (b"", httpx.RemoteProtocolError, "Server disconnected without sending a response"),
    (b"nonsense\r\n\r\n", httpx.RemoteProtocolError, "nonsense"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123", httpx.RemoteProtocolError, "received 3 bytes, expected 9"),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        httpx.RemoteProtocolError,
        "IncompleteRead",
    ),
]


@each_row(("raw", "error", "words"), NONSENSE, ids=[str(raw) for raw, _, _ in NONSENSE])
def test_nonsense_is_the_error_that_httpx_has_for_it(raw: bytes, error: type[Exception], words: str) -> None:
    with answering(raw) as (url, _), client_of(url) as client, pytest.raises(error, match=words):
        client.get(VENUE)


def test_where_nobody_listens_the_connection_is_refused() -> None:
    with (
        closed_port() as port,
        client_of(f"http://127.0.0.1:{port}") as client,
        pytest.raises(httpx.ConnectError, match=f"127.0.0.1:{port}: "),
    ):
        client.get(VENUE)


def test_a_connection_that_takes_too_long_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_long(*arguments: Any, **options: Any) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("socket.create_connection", too_long)
    with client_of("http://127.0.0.1:1") as client, pytest.raises(httpx.ConnectTimeout):
        client.get(VENUE)


def test_a_server_that_says_nothing_times_out() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        client_of(f"http://127.0.0.1:{listening.getsockname()[1]}", LITTLE_S) as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        client.get(VENUE)


def test_an_interruption_leaves_no_connection_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[http.client.HTTPConnection] = []

    def interrupt(connection: http.client.HTTPConnection) -> None:
        raise KeyboardInterrupt

    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setattr(http.client.HTTPConnection, "getresponse", interrupt)
        monkeypatch.setattr(http.client.HTTPConnection, "close", _noting(http.client.HTTPConnection.close, closed))
        with client_of(f"http://127.0.0.1:{listening.getsockname()[1]}") as client, pytest.raises(KeyboardInterrupt):
            client.get(VENUE)
    assert len(closed) == 1


def _noting(close: Callable[[Any], None], closed: list[Any]) -> Callable[[Any], None]:
    def close_it(connection: Any) -> None:
        closed.append(connection)
        close(connection)

    return close_it


def test_it_speaks_tls_to_a_server_that_does() -> None:
    with (
        serve("demo", tls=True) as server,
        connect(server.control_url, token=server.token, ca_cert=server.ca_cert) as exchange,
        httpx.Client(transport=exchange.httpx_transport()) as client,
    ):
        assert exchange.base_url.startswith("https://")
        assert get(client, exchange, BALANCE).status_code == 200
        assert client.get(f"{BASE}{BALANCE}").status_code == 401
