"""Streams over a socket, against servers that send what a correct one does not."""

import socket

import pytest

from mockexchange.kit.streaming.connections import ABNORMAL, Arrival, FrameType, HandshakeRefused, connect_socket
from mockexchange.kit.target import Unreachable
from tests.helpers.patience import PATIENCE_S
from tests.helpers.ports import closed_port
from tests.helpers.rows import each_row
from tests.kit.streaming.bare_server import (
    ADDRESS,
    BINARY,
    CLOSE,
    CONTINUED,
    PING,
    PONG,
    TEXT,
    Talk,
    frame,
    read_frame,
    read_head,
    serving,
    upgrade,
)


def sending(*frames: bytes) -> Talk:
    """Accept the handshake, send frames, and wait for the client to close."""

    def talk(connection: socket.socket) -> None:
        upgrade(connection)
        connection.sendall(b"".join(frames))
        while connection.recv(1000):
            pass

    return talk


def arrivals(count: int, *frames: bytes) -> list[Arrival | None]:
    """Return the first arrivals from a server that sends these frames."""
    with serving(sending(*frames)) as url:
        connection = connect_socket(url, {}, PATIENCE_S)
        found = [connection.receive(PATIENCE_S) for _ in range(count)]
        connection.drop()
    return found


def test_each_kind_of_message_arrives_as_what_it_is() -> None:
    assert arrivals(4, frame(TEXT, b"words"), frame(BINARY, b"\x00"), frame(PING, b"there?"), frame(PONG, b"here")) == [
        Arrival(FrameType.TEXT, b"words"),
        Arrival(FrameType.BINARY, b"\x00"),
        Arrival(FrameType.PING, b"there?"),
        Arrival(FrameType.PONG, b"here"),
    ]


def test_fragments_arrive_as_one_message_and_a_ping_between_them_first() -> None:
    parts = (frame(TEXT, b"wo", is_final=False), frame(PING), frame(CONTINUED, b"rds"))
    assert arrivals(2, *parts) == [Arrival(FrameType.PING, b""), Arrival(FrameType.TEXT, b"words")]


def test_what_does_not_come_is_not_waited_for() -> None:
    with serving(sending()) as url:
        connection = connect_socket(url, {}, PATIENCE_S)
        assert connection.receive(0.01) is None
        connection.drop()


def test_pings_are_answered_while_reading() -> None:
    def talk(connection: socket.socket) -> None:
        upgrade(connection)
        connection.sendall(frame(PING, b"there?"))
        assert read_frame(connection) == (PONG, b"there?")
        assert read_frame(connection) == (TEXT, b"a command")
        assert read_frame(connection) == (BINARY, b"another")
        assert read_frame(connection) == (PING, b"and you?")

    with serving(talk) as url:
        connection = connect_socket(url, {}, PATIENCE_S)
        connection.receive(PATIENCE_S)
        connection.send(b"a command")
        connection.send(b"another", is_binary=True)
        connection.ping(b"and you?")
        assert connection.receive(PATIENCE_S) == Arrival(FrameType.CLOSE, b"", ABNORMAL)
        assert connection.receive(PATIENCE_S) == Arrival(FrameType.CLOSE, b"", ABNORMAL)
        connection.drop()


def test_a_close_is_answered_and_nothing_is_sent_after_it() -> None:
    closing = (1001).to_bytes(2, "big") + b"bye"

    def talk(connection: socket.socket) -> None:
        upgrade(connection)
        connection.sendall(frame(CLOSE, closing))
        assert read_frame(connection)[0] == CLOSE

    with serving(talk) as url:
        connection = connect_socket(url, {}, PATIENCE_S)
        assert connection.receive(PATIENCE_S) == Arrival(FrameType.CLOSE, closing, 1001)
        with pytest.raises(Unreachable, match="closed"):
            connection.send(b"too late")
        connection.ping(b"too late")
        connection.close()
        connection.drop()


def test_a_close_of_ours_is_sent_once() -> None:
    def talk(connection: socket.socket) -> None:
        upgrade(connection)
        kind, content = read_frame(connection)
        assert (kind, int.from_bytes(content, "big")) == (CLOSE, 1000)
        connection.sendall(frame(CLOSE, content))

    with serving(talk) as url:
        connection = connect_socket(url, {}, PATIENCE_S)
        connection.close()
        connection.close()
        assert connection.receive(PATIENCE_S) == Arrival(FrameType.CLOSE, (1000).to_bytes(2, "big"), 1000)
        connection.drop()


def test_the_headers_are_sent_as_they_are_given() -> None:
    heads: list[bytes] = []
    with serving(lambda connection: heads.append(upgrade(connection))) as url:
        connect_socket(url, {"X-Key": "mine"}, PATIENCE_S).drop()
    assert b"GET /stream HTTP/1.1" in heads[0]
    assert b"X-Key: mine" in heads[0]


def test_a_refusal_tells_status_and_body() -> None:
    def talk(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\nsorry\n")

    with serving(talk) as url, pytest.raises(HandshakeRefused, match="401: sorry") as caught:
        connect_socket(url, {}, PATIENCE_S)
    assert (caught.value.status, caught.value.body) == (401, b"sorry\n")


@each_row(
    "said",
    [b"", b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"SSH-2.0-server\r\n", b"\x00\xff\n\n"],
    ids=["nothing", "no upgrade", "another protocol", "noise"],
)
def test_an_invalid_handshake_is_one_line(said: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(said)

    with serving(talk) as url, pytest.raises(Unreachable, match=r"^the handshake failed: [^\n]+$"):
        connect_socket(url, {}, PATIENCE_S)


def test_a_silent_server_is_not_waited_for() -> None:
    def talk(connection: socket.socket) -> None:
        while connection.recv(1000):
            pass

    with serving(talk) as url, pytest.raises(Unreachable, match=r"no answer to the handshake within 0\.05 seconds"):
        connect_socket(url, {}, 0.05)


def test_a_closed_port_is_one_line() -> None:
    with closed_port() as port, pytest.raises(Unreachable, match=f"ws://{ADDRESS}:{port}/: no connection"):
        connect_socket(f"ws://{ADDRESS}:{port}/", {}, PATIENCE_S)


def test_an_invalid_url_is_one_line() -> None:
    with pytest.raises(Unreachable, match="no connection"):
        connect_socket("http://127.0.0.1/", {}, PATIENCE_S)


def test_a_server_without_tls_is_one_line() -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(talk) as url, pytest.raises(Unreachable, match="no secure connection"):
        connect_socket(url.replace("ws://", "wss://"), {}, PATIENCE_S)


def test_a_connection_that_is_reset_is_an_end() -> None:
    def talk(connection: socket.socket) -> None:
        upgrade(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes((1, 0, 0, 0, 0, 0, 0, 0)))

    with serving(talk) as url:
        connection = connect_socket(url, {}, PATIENCE_S)
        assert connection.receive(PATIENCE_S) == Arrival(FrameType.CLOSE, b"", ABNORMAL)
        connection.drop()


def test_a_lost_connection_is_noticed_on_sending() -> None:
    with serving(upgrade) as url:
        connection = connect_socket(url, {}, PATIENCE_S)

    def send_much() -> None:
        for _ in range(1_000):
            connection.send(b"a command")

    with pytest.raises(Unreachable, match="closed"):
        send_much()
    connection.drop()
