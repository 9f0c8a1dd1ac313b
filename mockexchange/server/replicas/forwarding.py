"""Forwards clients' connections and messages from a server that only reads to the home, the server that writes."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from mockexchange.sandbox.interface import LOGGER
from mockexchange.server.replicas.peers import (
    CONNECTION,
    GREETING,
    MESSAGES,
    NO_HOME,
    Address,
    MessageReader,
    announcement,
    encoded,
    refusal,
)
from mockexchange.server.workers.mailbox import Message

GREETING_S_MAX = 1.0
HOME_S_MAX = 15.0
"""The seconds that a connection waits until a server that writes is known: more than a replacement takes."""
RETRY_S = 0.1
PIECE_BYTES = 64 * 1024
WAITING_MAX = 10_000
"""The most messages that wait for the server that writes; beyond it the oldest are dropped."""
FINISH_S_MAX = 5.0
FINISH_POLL_S = 0.01
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class HomeAddress:
    """The address of the home (the server that writes), as far as this server knows it."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.now: Address | None = None

    async def call(self, kind: bytes) -> Streams:
        """Connect to the server that writes, and return the connection after its greeting.

        Raises OSError and TimeoutError.
        """
        if self.now is None:
            raise OSError(NO_HOME)
        async with asyncio.timeout(GREETING_S_MAX):
            reader, writer = await asyncio.open_connection(*self.now)
            try:
                if await reader.readexactly(len(GREETING)) != GREETING:
                    raise OSError(f"{self.now} is no server of this database")
            except asyncio.IncompleteReadError:
                writer.close()
                raise OSError(f"{self.now} is not the home") from None
            except BaseException:
                writer.close()
                raise
        writer.write(announcement(kind, self.token))
        return reader, writer


class ForwardedConnection:
    """A client's connection whose bytes are copied to the server that writes, and back."""

    def __init__(self, client: Streams, home: Streams) -> None:
        self._client, self._home = client, home
        self.is_waiting = True
        """Whether the client has sent something since the home sent the last."""

    async def run(self) -> None:
        """Copy bytes in both directions until one side ends."""
        there = asyncio.create_task(self._copy(self._client[0], self._home[1], is_question=True))
        back = asyncio.create_task(self._copy(self._home[0], self._client[1], is_question=False))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            if there.done():
                await asyncio.wait((back,), timeout=FINISH_S_MAX)  # a client that has sent all still reads
        finally:
            for task in (there, back):
                task.cancel()
            self.end()

    def end(self) -> None:
        for _, writer in (self._client, self._home):
            writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_question: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(PIECE_BYTES):
                self.is_waiting = is_question
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()


class Forwarder:
    """Forwards clients' connections to the home, the server that writes."""

    def __init__(self, home: HomeAddress) -> None:
        self._home = home
        self._tasks: set[asyncio.Task[None]] = set()
        self._forwarded: set[ForwardedConnection] = set()

    def hand_over(self, read: bytes, connection: int) -> None:
        """Forward a connection to the server that writes, after the bytes that this server has read from it.

        `connection` is a file descriptor.
        """
        sock = socket.socket(fileno=connection)
        sock.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._pass_on(read, sock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cut(self) -> None:
        """Close all forwarded connections, because another server writes from now on."""
        for forwarded in list(self._forwarded):
            forwarded.end()

    async def stop(self) -> None:
        """Wait until running requests are answered, then close all forwarded connections."""
        loop = asyncio.get_running_loop()
        until = loop.time() + FINISH_S_MAX
        while any(one.is_waiting for one in self._forwarded) and loop.time() < until:  # noqa: ASYNC110  # of many
            await asyncio.sleep(FINISH_POLL_S)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(FINISH_POLL_S)  # a socket is closed in a later turn of the loop than its connection

    async def _pass_on(self, read: bytes, sock: socket.socket) -> None:
        try:
            client = await asyncio.open_connection(sock=sock)
        except OSError:
            sock.close()
            return
        try:
            home = await self._connect_home()
            if home is None:
                client[1].write(refusal(NO_HOME))
                return
            home[1].write(read)
            forwarded = ForwardedConnection(client, home)
            self._forwarded.add(forwarded)
            try:
                await forwarded.run()
            finally:
                self._forwarded.discard(forwarded)
        finally:
            client[1].close()

    async def _connect_home(self) -> Streams | None:
        """Return a connection to the home, whichever it is by then; None if there is none for a while."""
        loop = asyncio.get_running_loop()
        until = loop.time() + HOME_S_MAX
        while loop.time() < until:
            with suppress(OSError, TimeoutError):
                return await self._home.call(CONNECTION)
            await asyncio.sleep(RETRY_S)
        return None


class HomeMessages:
    """Sends messages to the server that writes, and receives its messages.

    Messages wait while no such server is known.
    """

    def __init__(self, home: HomeAddress, take: Callable[[Message], object]) -> None:
        self._home, self._take = home, take
        self._waiting: deque[Message] = deque(maxlen=WAITING_MAX)
        self._writer: asyncio.StreamWriter | None = None
        self._trouble = ""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def send(self, message: Message) -> None:
        if self._writer is None or self._writer.is_closing():
            self._waiting.append(message)
        else:
            self._writer.write(encoded(message))

    def cut(self) -> None:
        """Close the connection and connect again, because another server writes from now on."""
        if self._writer:
            self._writer.close()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.sleep(0)

    async def _run(self) -> None:
        while True:
            try:
                await self._exchange()
            except (OSError, TimeoutError, ValueError) as error:
                if self._home.now is not None and str(error) != self._trouble:
                    self._trouble = str(error)
                    LOGGER.warning("the home at %s cannot be reached: %s", self._home.now, str(error) or "no answer")
            await asyncio.sleep(RETRY_S)

    async def _exchange(self) -> None:
        reader, writer = await self._home.call(MESSAGES)
        self._writer, self._trouble = writer, ""
        messages = MessageReader()
        try:
            while self._waiting:
                writer.write(encoded(self._waiting.popleft()))
            while data := await reader.read(PIECE_BYTES):
                for message in messages.feed(data):
                    self._take(message)
        finally:
            self._writer = None
            writer.close()
