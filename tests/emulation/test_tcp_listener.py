"""Doors: what comes in at one end comes out at the other, and a connection ends as the server ends it."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import Mock

import pytest

from mockexchange.emulation.tcp_listener import HOST, StreamPair, reset_writer
from tests.emulation.tcp_clients import dial, door, pass_on, read_to_end
from tests.helpers.patience import PATIENCE_S


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Yield the port of a server that has one conversation."""
    with socket.create_server((HOST, 0)) as listening:

        def serve() -> None:
            sock, _ = listening.accept()
            with sock:
                talk(sock)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def echo(sock: socket.socket) -> None:
    while data := sock.recv(65_536):
        sock.sendall(data)


def send_all(sock: socket.socket, data: bytes) -> None:
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)


def test_bytes_go_both_ways_however_many_they_are() -> None:
    sent = b"0123456789abcdef" * 65_536
    with server(echo) as port, door(partial(pass_on, port)) as ours, dial(ours) as sock:
        sender = threading.Thread(target=send_all, args=(sock, sent))
        sender.start()
        received = read_to_end(sock)
        sender.join(PATIENCE_S)
    assert received == sent


def test_what_the_server_ends_is_ended() -> None:
    with server(lambda sock: sock.sendall(b"all")) as port, door(partial(pass_on, port)) as ours, dial(ours) as sock:
        assert read_to_end(sock) == b"all"


def reset(sock: socket.socket) -> None:
    sock.recv(1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_what_the_server_resets_is_no_proper_end() -> None:
    with server(reset) as port, door(partial(pass_on, port)) as ours, dial(ours) as sock:
        sock.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_where_nobody_listens_the_connection_is_broken_off() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    with door(partial(pass_on, port)) as ours, pytest.raises(ConnectionResetError), dial(ours) as sock:
        sock.recv(1)


def test_a_door_that_closes_ends_its_connections() -> None:
    async def wait(client: StreamPair) -> None:
        client.writer.write(b"here")
        await client.reader.read()

    with door(wait) as ours:
        sock = dial(ours)
        assert sock.recv(4) == b"here"
    with sock, pytest.raises(ConnectionResetError):
        sock.recv(1)
    with pytest.raises(ConnectionRefusedError):
        dial(ours)


def test_a_connection_that_is_closed_already_is_broken_off_all_the_same() -> None:
    for info in ({"socket": None}, {"socket": socket.socket()}):
        writer = Mock(get_extra_info=info.get)
        if info["socket"]:
            info["socket"].close()
        reset_writer(writer)
        writer.transport.abort.assert_called_once_with()


def test_a_client_that_is_gone_leaves_the_server_in_peace() -> None:
    ended = threading.Event()

    def talk(sock: socket.socket) -> None:
        assert read_to_end(sock) == b"bye"
        ended.set()

    with server(talk) as port, door(partial(pass_on, port)) as ours:
        with dial(ours) as sock:
            sock.sendall(b"bye")
        assert ended.wait(PATIENCE_S)
