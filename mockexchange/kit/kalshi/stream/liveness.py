"""Checks pings in both directions, and the closing of a stream."""

from collections.abc import Iterator

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import FindingWriter
from mockexchange.kit.kalshi.stream.commands import stream_check
from mockexchange.kit.streaming.connections import FrameType
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

PAYLOAD, HEARTBEAT = b"are you there", b"heartbeat"
NORMAL = 1000
LATE_S = 5.0
"""The seconds by which a ping may be later than documented: in 90 quiet seconds eight were seen, not nine."""


def judge_pong(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the server answers a ping with a pong of the same payload."""
    stream = _open_with_pings(target)
    stream.connection.ping(PAYLOAD)
    answered = (
        one.arrival for one in stream.read_for(target.answer_s) if one.arrival and one.arrival.type is FrameType.PONG
    )
    pong = next(answered, None)
    seen = "no pong" if pong is None else repr(pong.raw)
    yield from FindingWriter("stream.pong", target).difference("a ping", seen, repr(PAYLOAD))


def judge_heartbeat(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the server pings a quiet stream, with the payload that was recorded at the venue."""
    if target.is_brief:
        raise NotJudged(
            f"a quiet stream is pinged after {target.heartbeat_s:g} seconds, and --fast does not wait for it"
        )
    stream = _open_with_pings(target)
    within_s = target.heartbeat_s + LATE_S
    pings = (one.arrival for one in stream.read_for(within_s) if one.arrival and one.arrival.type is FrameType.PING)
    ping = next(pings, None)
    seen = f"no ping in {within_s:g} quiet seconds" if ping is None else repr(ping.raw)
    yield from FindingWriter("stream.heartbeat", target).difference("a quiet stream", seen, repr(HEARTBEAT))


def judge_close(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the server answers a close frame with a close frame."""
    stream = _open_with_pings(target)
    stream.subscribe("fill")
    ending = stream.close()
    seen = "no close" if ending is None else f"close {ending.code}"
    yield from FindingWriter("stream.close", target).difference("closing", seen, f"close {NORMAL}")


def _open_with_pings(target: StreamTarget) -> RecordedStream:
    stream = target.open()
    if not stream.connection.has_pings:
        raise NotJudged("without a socket there are no pings and no close frames")
    return stream


CHECKS: tuple[Check[StreamTarget], ...] = (
    stream_check("stream.pong", "Pings are answered.", judge_pong),
    stream_check("stream.heartbeat", "A quiet stream is pinged.", judge_heartbeat),
    stream_check("stream.close", "A close is answered.", judge_close),
)
