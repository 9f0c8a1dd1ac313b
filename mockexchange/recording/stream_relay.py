"""Passes the frames of one stream between client and venue unchanged, and records its messages.

The proxy sends nothing of its own, except the refusal of a command that does more than read. A frame of the client is
recorded before it is sent; one of the venue is sent first. The next frames are read when the file has kept up, so a
slow disk slows the stream and loses nothing.
"""

import asyncio
import json
from contextlib import suppress
from typing import NamedTuple

from mockexchange.emulation.tcp_listener import READ_BYTES, StreamPair, reset_writer
from mockexchange.recording.read_only import why_no_command
from mockexchange.recording.recording_file import LateLines

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FRAME_BYTES_MAX = 16 * 1024 * 1024
"""The largest frame and message, ten times what the largest snapshots take; more is not held in memory."""
_FINAL, _MASKED = 0x80, 0x80
IN, OUT = "in", "out"
KINDS = {CLOSE: "close", PING: "ping", PONG: "pong"}
INVALID_REQUEST = -32600
"""The JSON-RPC error code for an invalid request."""


# Frames in the bytes of a stream


class CannotRelay(Exception):
    """Raised if the proxy cannot pass a stream on and closes it; the message gives the reason."""


class WireFrame(NamedTuple):
    """One WebSocket frame: its bytes as sent, and its decoded payload."""

    raw: bytes
    opcode: int
    is_final: bool
    payload: bytes


class FrameReader:
    """Splits the bytes that one side of a stream sends into frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[WireFrame]:
        """Add received bytes, and return the frames that are now complete. Raises CannotRelay."""
        self._bytes += data
        found, begin = [], 0
        while (frame := _frame_at(self._bytes, begin)) is not None:
            found.append(frame)
            begin += len(frame.raw)
        del self._bytes[:begin]
        return found


class MessageReader:
    """Joins the frames that one side of a stream sends to messages."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def complete(self, frame: WireFrame) -> bytes | None:
        """Return the message that this frame completes; None if the message is not complete, and for control frames."""
        if frame.opcode not in (CONTINUATION, TEXT, BINARY):
            return None
        if sum(map(len, self._parts)) + len(frame.payload) > FRAME_BYTES_MAX:
            raise CannotRelay(f"a message of more than {FRAME_BYTES_MAX} bytes")
        self._parts.append(frame.payload)
        if not frame.is_final:
            return None
        message, self._parts = b"".join(self._parts), []
        return message

    @property
    def is_between(self) -> bool:
        """Return whether the next data frame begins a new message."""
        return not self._parts


def text_frame(payload: bytes) -> bytes:
    """Return the bytes of a text frame with this payload, without a mask, as servers send it."""
    length = len(payload)
    if length < 126:
        return bytes([_FINAL | TEXT, length]) + payload
    if length < 1 << 16:
        return bytes([_FINAL | TEXT, 126]) + length.to_bytes(2, "big") + payload
    return bytes([_FINAL | TEXT, 127]) + length.to_bytes(8, "big") + payload


def _frame_at(held: bytearray, begin: int) -> WireFrame | None:
    """Return the frame that begins at a place; None if it is not complete."""
    if len(held) < begin + 2:
        return None
    first, second = held[begin], held[begin + 1]
    length, start = second & 0x7F, begin + 2
    if length >= 126:
        size = 2 if length == 126 else 8
        start += size
        if len(held) < start:
            return None
        length = int.from_bytes(held[start - size : start], "big")
    if length > FRAME_BYTES_MAX:
        raise CannotRelay(f"a frame of {length} bytes, limit {FRAME_BYTES_MAX}")
    mask_size = 4 if second & _MASKED else 0
    end = start + mask_size + length
    if len(held) < end:
        return None
    payload = bytes(held[start + mask_size : end])
    if mask_size:
        payload = _unmasked(payload, bytes(held[start : start + mask_size]))
    return WireFrame(bytes(held[begin:end]), first & 0x0F, bool(first & _FINAL), payload)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    if not payload:
        return payload
    whole = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(payload), "big")


# The relay


class StreamRelay:
    """Passes on and records one stream; `number` is the stream's connection number in the recording."""

    def __init__(self, lines: LateLines, number: int, *, allows_writes: bool = False) -> None:
        self._lines, self._number, self._allows_writes = lines, number, allows_writes
        self._messages = {IN: MessageReader(), OUT: MessageReader()}
        self._is_closed = False

    async def run(self, client: StreamPair, server: StreamPair, begun: tuple[bytes, bytes]) -> None:
        """Pass frames on until either side ends; `begun` are the bytes already received from client and server."""
        self._lines.add_frame(self._number, OUT, b"", kind="open")
        asking = asyncio.create_task(self._carry(IN, client, server, begun[0], client))
        answering = asyncio.create_task(self._carry(OUT, server, client, begun[1], client))
        try:
            done, _ = await asyncio.wait([asking, answering], return_when=asyncio.FIRST_COMPLETED)
            if asking in done and not answering.done():
                server.writer.close()
        finally:
            for task in (asking, answering):
                task.cancel()
            results = await asyncio.gather(asking, answering, return_exceptions=True)
            if not self._is_closed:
                reasons = [str(one) or type(one).__name__ for one in results if isinstance(one, OSError | CannotRelay)]
                note = "; ".join(reasons) or "the connection ended without a close frame"
                self._lines.add_frame(self._number, OUT, b"", kind="close", note=note)
            with suppress(OSError):  # the file keeps it for its end
                self._lines.write_all()
            if any(isinstance(one, OSError) for one in results):
                reset_writer(client.writer)
            with suppress(OSError):
                await server.close()

    async def _carry(
        self, direction: str, source: StreamPair, target: StreamPair, begun: bytes, client: StreamPair
    ) -> None:
        reader, data = FrameReader(), begun
        while True:
            frames = reader.feed(data)
            if direction == OUT:
                target.writer.write(b"".join([frame.raw for frame in frames]))
            sent = [frame.raw for frame in frames if self._take(direction, frame, client)]
            if direction == IN:
                target.writer.write(b"".join(sent))
            await target.writer.drain()
            await self._lines.keep_up()
            data = await source.reader.read(READ_BYTES)
            if not data:
                return

    def _take(self, direction: str, frame: WireFrame, client: StreamPair) -> bool:
        """Write a frame down; return whether it is passed on."""
        kind = KINDS.get(frame.opcode)
        if kind:
            self._is_closed |= kind == "close"
            payload = _close_text(frame.payload) if kind == "close" else frame.payload
            self._lines.add_frame(self._number, direction, payload, kind=kind)
            return True
        messages = self._messages[direction]
        is_first_and_last = messages.is_between and frame.is_final
        message = messages.complete(frame)
        if message is None:
            return True
        why = None if self._allows_writes or direction == OUT else why_no_command(message)
        self._lines.add_frame(self._number, direction, message, note=why or "")
        if why is None:
            return True
        if is_first_and_last:
            # Answer a command as the server would answer an invalid one, and write the answer down.
            number = json.loads(message)
            number = number.get("id") if isinstance(number, dict) else None
            answer = {"jsonrpc": "2.0", "id": number, "error": {"code": INVALID_REQUEST, "message": why}}
            raw = json.dumps(answer).encode()
            self._lines.add_frame(self._number, OUT, raw, note="the proxy's own")
            client.writer.write(text_frame(raw))
            return False
        # Its first frames are at the venue, so that only the end of the stream stops it.
        raise CannotRelay("a command in pieces, of which some were sent, would change the account")


def _close_text(payload: bytes) -> bytes:
    """Return the code and the reason of a close frame as text."""
    return b" ".join([str(int.from_bytes(payload[:2], "big")).encode(), payload[2:]]).strip() if payload else b""
