"""Sends messages and file descriptors of connections, in order, between the first worker process and a reader.

The process that starts all workers keeps both ends of each socket pair open, so a message to a worker that was killed
reaches the worker that replaces it.
"""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from mockexchange.sandbox.interface import SandboxEnded
from mockexchange.sandbox.journal import JournalEntry
from mockexchange.sandbox.sandbox import Sandbox

WAITING_MAX = 10_000
"""The most messages that wait for a worker that does not read; beyond it the oldest are dropped."""
PACKET_BYTES_MAX = 128 * 1024
"""The longest message in a packet; longer ones are passed as a file in memory, which costs ten times as much."""
PACKET_OVERHEAD_BYTES = 64
READ_AT_ONCE = 64
BUFFER_BYTES = 4 * 1024 * 1024
FILES_BYTES = socket.CMSG_SPACE(2 * 4)
"""The room for two open files beside a packet."""
FILE = b"\xff"
"""The content of a packet whose message is in the file that comes with the packet."""


class Answered(msgspec.Struct, tag=True, frozen=True):
    """The message of a reader that it has answered a request to a sandbox; it carries the journal entry."""

    sandbox: int
    entry: JournalEntry


class RunDue(msgspec.Struct, tag=True, frozen=True):
    """The message with which a reader asks the first worker to run the due steps of a sandbox's script.

    The reply has the same `number`.
    """

    sandbox: int
    number: int


class Done(msgspec.Struct, tag=True, frozen=True):
    """The reply to the RunDue message with the same `number`: the due steps were run, or cannot be."""

    number: int


class HandOver(msgspec.Struct, tag=True, frozen=True):
    """The message that passes a connection to the first worker.

    `read` are the bytes that the reader has read from it.
    """

    read: bytes


class Compare(msgspec.Struct, tag=True, frozen=True):
    """The message with the digest of a reader's copy of a sandbox, after the command with this number."""

    sandbox: int
    sequence: int
    digest: str


class Compared(msgspec.Struct, tag=True, frozen=True):
    """The reply to a Compare message if the writing process has, or had, the sandbox after the same command."""

    sandbox: int
    sequence: int
    is_equal: bool


Message = Answered | RunDue | Done | HandOver | Compare | Compared
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


async def answer_run_due(sandbox: Sandbox | None, message: RunDue, send: Callable[[Message], object]) -> None:
    """Run the due steps of a sandbox for a reader, and tell it; None is a sandbox that was reset or deleted."""
    try:
        if sandbox is not None:
            await sandbox.run_due()
    except SandboxEnded:
        pass  # nothing is due any more
    finally:
        send(Done(message.number))


class _Packet(NamedTuple):
    raw: bytes
    files: tuple[int, ...]


def mailbox_ends() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets, for two mailboxes that send to each other."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    return ends


Receive = Callable[[Message, int | None, "Mailbox"], object]


class Mailbox:
    """Sends messages to another process and receives messages from it.

    `receive` is called with each message, the open file that came with it (or None), and this mailbox.
    """

    def __init__(self, end: socket.socket, receive: Receive) -> None:
        self._end, self._receive = end, receive
        # the system cuts what is longer than half of its buffer
        half = end.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 2
        self._packet_bytes_max = min(PACKET_BYTES_MAX, half - PACKET_OVERHEAD_BYTES)
        self._packet = memoryview(bytearray(PACKET_BYTES_MAX))
        self._waiting: deque[_Packet] = deque()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(end.fileno(), self._read)

    def close(self) -> None:
        self._loop.remove_reader(self._end.fileno())
        self._loop.remove_writer(self._end.fileno())
        while self._waiting:
            _close(self._waiting.popleft().files)

    def send(self, message: Message, file: int | None = None) -> None:
        """Send a message now, or as soon as there is room.

        `file`, an open file, is closed in this process after that.
        """
        raw = _ENCODER.encode(message)
        files = () if file is None else (file,)
        packet = _Packet(raw, files) if len(raw) <= self._packet_bytes_max else _Packet(FILE, (_file_of(raw), *files))
        if self._waiting or not self._send(packet):
            if not self._waiting:
                self._loop.add_writer(self._end.fileno(), self._send_waiting)
            self._waiting.append(packet)
            if len(self._waiting) > WAITING_MAX:
                _close(self._waiting.popleft().files)

    def _send_waiting(self) -> None:
        while self._waiting and self._send(self._waiting[0]):
            self._waiting.popleft()
        if not self._waiting:
            self._loop.remove_writer(self._end.fileno())

    def _send(self, packet: _Packet) -> bool:
        """Return whether there was room for a packet."""
        try:
            if packet.files:
                socket.send_fds(self._end, [packet.raw], packet.files)
            else:
                self._end.send(packet.raw)
        except (BlockingIOError, InterruptedError):
            return False
        _close(packet.files)
        return True

    def _read(self) -> None:
        for _ in range(READ_AT_ONCE):
            try:
                size, notes, _, _ = self._end.recvmsg_into([self._packet], FILES_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            if not size:
                return
            files = [file for _, _, raw_files in notes for file in memoryview(raw_files).cast("i")]
            packet = self._packet[:size]
            raw = _content_of(files.pop(0)) if packet == FILE else packet
            self._receive(_DECODER.decode(raw), files[0] if files else None, self)


def _file_of(raw: bytes) -> int:
    """Return an open file in memory with this content."""
    file = os.memfd_create("mockexchange")
    with open(file, "wb", closefd=False) as stream:
        stream.write(raw)
    return file


def _content_of(file: int) -> bytes:
    with open(file, "rb") as stream:
        stream.seek(0)
        return stream.read()


def _close(files: Sequence[int]) -> None:
    for file in files:
        os.close(file)
