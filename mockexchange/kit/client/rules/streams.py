"""Checks a client's stream commands and pongs, and its reaction to a closed stream or a lost frame."""

from collections.abc import Iterator
from itertools import pairwise

from mockexchange.kit.client.api_documents import ApiDocuments
from mockexchange.kit.client.rules.retries import busiest
from mockexchange.kit.client.rules.rule import REPEATS_SHOWN_MAX, NotSeen, Rule
from mockexchange.kit.client.traffic import CLOSE, LOST, OPEN, Frame, Traffic
from mockexchange.kit.findings import Finding

PLACE = "docs/verify-client.md#streams"
UNSUBSCRIBE = "unsubscribe"
"""The command `unsubscribe`, which does not count as a reaction to a lost frame."""
NO_PONG = b"no pong"
"""The close reason of a stream whose pings were not answered."""
TEST_REQUEST, NO_TEST = b"test_request", b"heartbeat close"
"""A text in a notification that requests a heartbeat, and the close reason of a stream that sends none."""
HANDSHAKES_PER_SECOND_MAX = 4
PAUSE_S_MIN = 0.05
"""The shortest pause in seconds that counts: a hundred clients without pauses are an attack."""
REACTION_S_MIN = 1.0
"""The time in seconds for which a client must go on after an event, so that its reaction can be checked."""
SHOWN_CHARS_MAX = 200


def _require_streams(traffic: Traffic) -> None:
    if not traffic.handshakes:
        raise NotSeen("no stream was opened")


def commands(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    if not traffic.commands:
        raise NotSeen("nothing was sent on a stream")
    reported: set[str] = set()
    for frame in traffic.commands:
        for finding in documents.frames.command_objections(frame.raw, _shown(frame)):
            if finding.seen not in reported and len(reported) < REPEATS_SHOWN_MAX:
                reported.add(finding.seen)
                yield finding


def sids(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    """Yield a finding for each command with a subscription id (sid) that its connection never received."""
    named = [frame for frame in traffic.commands if _sids(frame)]
    if not named:
        raise NotSeen("no command named a subscription")
    for frame in named:
        given = {_sid_of(ack) for ack in traffic.acknowledged if ack.stream == frame.stream and ack.at_s <= frame.at_s}
        strange = sorted(_sids(frame) - given)
        if strange:
            seen = f"sid {strange[0]}, which this connection has not been given"
            yield Finding("streams.sids", _shown(frame), seen, "a sid that was acknowledged", PLACE)


def _sids(frame: Frame) -> set[int]:
    command = frame.json()
    params = command.get("params") if isinstance(command, dict) else None
    if not isinstance(params, dict):
        return set()
    listed = params.get("sids")
    found = [*(listed if isinstance(listed, list) else []), params.get("sid")]
    return {sid for sid in found if isinstance(sid, int)}


def _sid_of(acknowledgement: Frame) -> int:
    body = acknowledgement.json()
    return int(body["msg"]["sid"])


def pongs(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    _require_streams(traffic)
    unanswered = [frame for frame in traffic.endings if NO_PONG in frame.raw]
    if unanswered:
        seen = f"a ping was not answered; the stream was closed ({unanswered[0].raw.decode('utf-8', 'replace')})"
        yield Finding(
            "streams.pongs", f"stream {unanswered[0].stream}", seen, "a pong with the payload of each ping", PLACE
        )
    elif longest_quiet_s(traffic) < traffic.silence_s:
        raise NotSeen("no stream was open and quiet for so long that a ping had to be answered")


def heartbeats(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    """Yield a finding for a stream that the exchange closed because the client did not answer its heartbeat.

    The venue sends a `test_request` message, which the client has to answer with `public/test`.
    """
    asked = [frame for frame in traffic.frames if frame.direction == "out" and TEST_REQUEST in frame.raw]
    if not asked:
        raise NotSeen("no stream asked for heartbeats and was quiet until one was a test request")
    for ending in traffic.endings:
        if NO_TEST in ending.raw:
            seen = f"a test request was not answered; the stream was closed ({_end_of(ending)})"
            yield Finding("streams.heartbeats", f"stream {ending.stream}", seen, "public/test after each", PLACE)
            return


def longest_quiet_s(traffic: Traffic) -> float:
    """Return the longest time in seconds in which the exchange sent no frame on an open stream."""
    longest_s = 0.0
    for stream in {frame.stream for frame in traffic.frames}:
        sent = [frame.at_s for frame in traffic.frames if frame.stream == stream and frame.direction != LOST]
        is_over = any(frame.stream == stream for frame in traffic.endings)
        moments = sent if is_over else [*sent, traffic.ended_s]
        longest_s = max([longest_s, *(later - earlier for earlier, later in pairwise(moments))])
    return longest_s


def returns(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    for ending in _cut(traffic):
        if not any(call.began_s > ending.at_s for call in traffic.handshakes):
            _require_time(traffic, ending)
            seen = f"the stream ended ({_end_of(ending)}) and no other was opened"
            yield Finding("streams.returns", f"stream {ending.stream}", seen, "a new connection", PLACE)


def _require_time(traffic: Traffic, event: Frame) -> None:
    """Raise NotSeen if the client ended soon after an event: a client that has finished need not connect again."""
    if traffic.ended_s - event.at_s < REACTION_S_MIN:
        raise NotSeen("the client ended before it could have connected again")


def resubscribes(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    cut = _cut(traffic)
    back = [call.stream for call in traffic.handshakes if call.stream and call.began_s > cut[0].at_s]
    if not back:
        raise NotSeen("no stream was opened again")
    before = {frame.channel for frame in traffic.acknowledged if frame.stream == cut[0].stream}
    after = {frame.channel for frame in traffic.acknowledged if frame.stream in back}
    if before - after:
        seen = f"the new connection has no {', '.join(sorted(before - after))}"
        yield Finding("streams.resubscribes", f"stream {back[0]}", seen, f"{', '.join(sorted(before))} again", PLACE)


def paced(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    _require_streams(traffic)
    most = busiest([call.began_s for call in traffic.handshakes])
    if most > HANDSHAKES_PER_SECOND_MAX:
        seen = f"{most} handshakes within one second"
        expected = f"pauses: {HANDSHAKES_PER_SECOND_MAX} handshakes a second at most"
        yield Finding("streams.paced", traffic.handshakes[0].where, seen, expected, PLACE)


def paused(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    for ending in _cut(traffic):
        later = [call.began_s - ending.at_s for call in traffic.handshakes if call.began_s > ending.at_s]
        if later and min(later) < PAUSE_S_MIN:
            seen = f"it connected again {min(later) * 1000:.0f} ms after the end ({_end_of(ending)})"
            yield Finding(
                "streams.paused", f"stream {ending.stream}", seen, "a pause before the next connection", PLACE
            )


def _cut(traffic: Traffic) -> list[Frame]:
    """Return the ends of streams that a fault caused. Raises NotSeen if there are none."""
    cut = [frame for frame in traffic.endings if frame.fault]
    if not cut:
        raise NotSeen("no stream was open when it was to be cut")
    return cut


def _end_of(ending: Frame) -> str:
    return ending.raw.decode("utf-8", "replace").strip() or "without a close frame"


def resumes(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    """Yield a finding if a client ignores an error that ends its stream, or a gap in the sequence numbers.

    It has to subscribe again, request a snapshot or open another connection.
    """
    struck = [frame for frame in traffic.frames if frame.fault and frame.kind not in (OPEN, CLOSE)]
    if not struck:
        raise NotSeen("no message came that could be disturbed")
    first = struck[0]
    reactions = [frame for frame in traffic.commands if frame.at_s > first.at_s and not _is_farewell(frame)]
    if not reactions and not any(call.began_s > first.at_s for call in traffic.handshakes):
        _require_time(traffic, first)
        seen = f"nothing was done after {_shown(first)} ({first.fault})"
        yield Finding(
            "streams.resumes", f"stream {first.stream}", seen, "a new subscription, snapshot or connection", PLACE
        )


def _is_farewell(command: Frame) -> bool:
    body = command.json()
    asked = body.get("cmd") or body.get("method") if isinstance(body, dict) else ""
    return str(asked).rpartition("/")[2].startswith(UNSUBSCRIBE)


def _shown(frame: Frame) -> str:
    text = frame.raw.decode("utf-8", "replace").strip()
    return text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]}..."


RULES = (
    Rule("streams.commands", "Commands and channels are documented ones.", commands),
    Rule("streams.sids", "Commands name subscriptions by sids that were given.", sids),
    Rule("streams.pongs", "Pings are answered.", pongs),
    Rule("streams.heartbeats", "Test requests of a heartbeat are answered.", heartbeats),
    Rule("streams.returns", "After the end of a stream the client opens another.", returns),
    Rule("streams.resubscribes", "The new connection has every channel of the old one.", resubscribes),
    Rule("streams.paced", "A client opens only a few connections a second.", paced),
    Rule("streams.paused", "A client waits before it connects again.", paused, is_advice=True),
    Rule("streams.resumes", "After a terminal error or a lost message the client starts over.", resumes),
)
