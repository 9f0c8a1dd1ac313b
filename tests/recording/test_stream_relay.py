"""Frames of WebSocket in a stream of bytes."""

import pytest

from mockexchange.recording.stream_relay import CannotRelay, FrameReader, MessageReader, WireFrame, text_frame
from tests.helpers.rows import each_row

MASK = b"\x01\x02\x03\x04"


def frame(opcode: int, payload: bytes, *, is_final: bool = True, mask: bytes = b"") -> bytes:
    length, marked = len(payload), 0x80 if mask else 0
    head = bytes([(0x80 if is_final else 0) | opcode])
    if length < 126:
        head += bytes([marked | length])
    elif length < 65536:
        head += bytes([marked | 126]) + length.to_bytes(2, "big")
    else:
        head += bytes([marked | 127]) + length.to_bytes(8, "big")
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)) if mask else payload
    return head + mask + masked


FRAMES = [
    (frame(1, b"{}"), b"{}"),
    (frame(1, b"x" * 125, mask=MASK), b"x" * 125),
    (frame(2, b"y" * 126), b"y" * 126),
    (frame(1, b"z" * 65535, mask=MASK), b"z" * 65535),
    (frame(1, b"z" * 65536), b"z" * 65536),
    (frame(9, b"heartbeat"), b"heartbeat"),
    (frame(8, b""), b""),
]


@each_row(("raw", "payload"), FRAMES, ids=[f"{len(payload)}" for _, payload in FRAMES])
def test_a_frame_is_read_whole_and_in_pieces(raw: bytes, payload: bytes) -> None:
    assert [one.payload for one in FrameReader().feed(raw + raw)] == [payload, payload]
    reader, step = FrameReader(), 1 if len(raw) < 1_000 else 997
    found = [one for start in range(0, len(raw), step) for one in reader.feed(raw[start : start + step])]
    assert [(one.raw, one.payload, one.opcode) for one in found] == [(raw, payload, raw[0] & 15)]


def test_a_message_in_pieces_is_joined_around_a_ping() -> None:
    raw = frame(1, b"ab", is_final=False) + frame(9, b"!") + frame(0, b"cd", is_final=True)
    messages = MessageReader()
    assert [messages.complete(one) for one in FrameReader().feed(raw)] == [None, None, b"abcd"]
    assert messages.is_between


def test_what_is_too_long_to_hold_is_refused() -> None:
    with pytest.raises(CannotRelay, match="limit 16777216"):
        FrameReader().feed(b"\x81\x7f" + (1 << 30).to_bytes(8, "big"))
    messages = MessageReader()
    messages.complete(WireFrame(b"", 1, False, bytes(16 * 1024 * 1024)))
    with pytest.raises(CannotRelay, match="a message of more than"):
        messages.complete(WireFrame(b"", 0, True, b"x"))


@each_row("length", [2, 125, 126, 65_535, 65_536])
def test_a_frame_of_our_own_is_read_back(length: int) -> None:
    assert [one.payload for one in FrameReader().feed(text_frame(b"x" * length))] == [b"x" * length]
