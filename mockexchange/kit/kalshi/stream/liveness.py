"""Pings in both directions, and the end."""

from collections.abc import Iterator

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import Words
from mockexchange.kit.kalshi.stream.commands import whole_check
from mockexchange.kit.streaming.connection import Sort
from mockexchange.kit.streaming.recorded_stream import Line
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

PAYLOAD, HEARTBEAT = b"are you there", b"heartbeat"
NORMAL = 1000
LATE_S = 5.0
"""How much later than documented a ping may come: in 90 quiet seconds eight were seen, not nine."""


def judge_pong(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """A ping is answered with its payload."""
    line = _line(target)
    line.wire.ping(PAYLOAD)
    answered = (one.arrival for one in line.until(target.answer_s) if one.arrival and one.arrival.sort is Sort.PONG)
    pong = next(answered, None)
    seen = "no pong" if pong is None else repr(pong.raw)
    yield from Words("stream.pong", target).differing("a ping", seen, repr(PAYLOAD))


def judge_heartbeat(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """A quiet stream is pinged, with the payload that was seen."""
    line = _line(target)
    within_s = target.heartbeat_s + LATE_S
    pings = (one.arrival for one in line.until(within_s) if one.arrival and one.arrival.sort is Sort.PING)
    ping = next(pings, None)
    seen = f"no ping in {within_s:g} quiet seconds" if ping is None else repr(ping.raw)
    yield from Words("stream.heartbeat", target).differing("a quiet stream", seen, repr(HEARTBEAT))


def judge_close(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Who closes is answered with a close."""
    line = _line(target)
    line.subscribe("fill")
    ending = line.close()
    seen = "no close" if ending is None else f"close {ending.code}"
    yield from Words("stream.close", target).differing("closing", seen, f"close {NORMAL}")


def _line(target: StreamTarget) -> Line:
    line = target.open()
    if not line.wire.has_pings:
        raise NotJudged("without a socket there are no pings, and no close frames")
    return line


CHECKS: tuple[Check[StreamTarget], ...] = (
    whole_check("stream.pong", "Pings are answered.", judge_pong),
    whole_check("stream.heartbeat", "A quiet stream is pinged.", judge_heartbeat),
    whole_check("stream.close", "A close is answered.", judge_close),
)
