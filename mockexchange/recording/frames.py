"""Parses WebSocket frames from bytes that the proxy passes on unchanged."""

from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FRAME_BYTES_MAX = 16 * 1024 * 1024
"""The largest frame and message, ten times what the largest snapshots take; more is not held in memory."""
_FINAL, _MASKED = 0x80, 0x80


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

    def __init__(self, begun: bytes = b"") -> None:
        self._bytes = bytearray(begun)

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
    return bytes([_FINAL | TEXT, 126]) + length.to_bytes(2, "big") + payload


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
    if not mask or not payload:
        return payload
    whole = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(payload), "big")
