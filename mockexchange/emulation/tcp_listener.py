"""Listens on sockets, closes them together with their connections, and copies bytes between two connections."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import NamedTuple, Self

from mockexchange.server.operating_system import close_server

HOST = "127.0.0.1"
HEAD_BYTES_MAX = 64 * 1024
"""The most bytes of a request's first line and headers, as in most servers."""
READ_BYTES = 64 * 1024
NO_LINGER = struct.pack("ii", 1, 0)
"""The value of SO_LINGER (0 seconds) with which closing a socket resets its connection."""


class StreamPair(NamedTuple):
    """The reader and the writer of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def close(self) -> None:
        """Close the connection and wait until the written bytes are sent. It is no error if the peer is gone."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


async def connect_locally(port: int) -> StreamPair:
    """Connect to a port of this machine. Raises OSError."""
    return StreamPair(*await asyncio.open_connection(HOST, port))


class TcpListener:
    """A context manager that listens on the loopback address, with TLS if `context` is given.

    Port 0 takes a free port.
    """

    def __init__(
        self, serve: Callable[[StreamPair], Awaitable[None]], context: ssl.SSLContext | None = None, *, port: int = 0
    ) -> None:
        self._serve, self._context = serve, context
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = port

    async def __aenter__(self) -> Self:
        serving = asyncio.start_server(self._accept, HOST, self.port, ssl=self._context, limit=HEAD_BYTES_MAX)
        self._server = await serving
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None, "entered"
        await close_server(self._server)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a server's callback is one"
        self._tasks.add(task)
        try:
            await self._serve(StreamPair(reader, writer))
        except (OSError, asyncio.CancelledError):
            reset_writer(writer)  # the peer is gone, or is disconnected by the end
        finally:
            self._tasks.discard(task)


async def join(client: StreamPair, server: StreamPair) -> None:
    """Copy bytes both ways until the server closes. A reset by the server resets the client's connection."""
    asking = asyncio.create_task(_carry(client.reader, server.writer))
    try:
        await _carry(server.reader, client.writer)
        await client.close()
    except OSError:
        reset_writer(client.writer)
    finally:
        asking.cancel()
        server.writer.close()  # before anything is waited for, which may be cancelled
        await asyncio.wait([asking])
        await server.close()


def reset_writer(writer: asyncio.StreamWriter) -> None:
    """Reset a connection, so that the peer cannot mistake its end for an orderly close."""
    sock = writer.get_extra_info("socket")
    if sock is not None:  # TLS forgets it when it closes
        with contextlib.suppress(OSError):  # it is closed already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    writer.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(READ_BYTES):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
