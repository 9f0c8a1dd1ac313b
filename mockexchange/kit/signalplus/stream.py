"""Checks SignalPlus' stream: signed handshakes, channels, ids, frames, and the same results as over HTTP."""

import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.signalplus.calls import POSITIONS, rows_of
from mockexchange.kit.streaming.connections import FrameType, HandshakeRefused, StreamConnection
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import MEMBER, NotJudged, Unreachable

LOGIN, CHANNELS, IDS, SAME = (f"stream.{name}" for name in ("login", "channels", "ids", "results"))
SUBSCRIBE, UNSUBSCRIBE = "private/subscribe", "private/unsubscribe"
CHANGES_CHANNEL, UNKNOWN_CHANNEL = "user.changes.any.any.raw", "user.shoes"
REFUSALS = (401, 403)
UNKNOWN_METHOD = -32601
ATTEMPTS_MAX = 3


class Caller:
    """A client of one stream; every frame that it receives is compared with the API document."""

    def __init__(self, target: StreamTarget, connection: StreamConnection) -> None:
        self._target, self._connection, self._rids = target, connection, itertools.count(1)

    def ask(self, method: str, params: Mapping[str, Any] | None = None, rid: int | None = None) -> Mapping[str, Any]:
        """Call a method and return its answer.

        Raises NotJudged if no answer comes, Unreachable if the stream is closed.
        """
        envelope = {"rid": next(self._rids) if rid is None else rid, "method": method, "params": params or {}}
        self._connection.send(json.dumps(envelope).encode())
        until_s = time.monotonic() + self._target.answer_s
        while (arrival := self._connection.receive(max(0.0, until_s - time.monotonic()))) is not None:
            if arrival.type is FrameType.CLOSE:
                raise Unreachable(f"the stream was closed with {arrival.code}")
            if arrival.type is FrameType.TEXT:
                self._target.objections.extend(self._target.judge.objections(arrival.raw, "the stream"))
                frame: Mapping[str, Any] = json.loads(arrival.raw, parse_float=Decimal)
                if "method" not in frame:
                    return frame
        raise NotJudged(f"{method} was not answered on the stream within {self._target.answer_s:g} seconds")


@contextmanager
def opened(target: StreamTarget) -> Iterator[Caller]:
    """Yield a client of a stream that is opened with the member's key. Raises NotJudged if it is refused."""
    try:
        connection = target.connect(target.url, target.signer(MEMBER).headers("GET", target.url), target.answer_s)
    except HandshakeRefused as refused:
        raise NotJudged(f"no stream was opened with the key: {refused}") from None
    try:
        yield Caller(target, connection)
    finally:
        connection.drop()


Expect = Callable[[str, object, object], Iterator[Finding]]


def judge_login(target: StreamTarget, expect: Expect) -> Iterator[Finding]:
    """Check that a handshake without a signature is refused, and one with a signature accepted."""
    with opened(target) as caller:
        yield from expect("a call after a signed handshake", "result" in caller.ask(POSITIONS), True)
    try:
        target.connect(target.url, {}, target.answer_s).drop()
    except HandshakeRefused as refused:
        yield from expect("a handshake without a signature", refused.status in REFUSALS, True)
    else:
        yield from expect("a handshake without a signature", "accepted", "refused")


def judge_channels(target: StreamTarget, expect: Expect) -> Iterator[Finding]:
    """Check that the answer to a request for a known and an unknown channel lists only the known one."""
    both = {"channels": [CHANGES_CHANNEL, UNKNOWN_CHANNEL]}
    with opened(target) as caller:
        yield from expect("subscribing", caller.ask(SUBSCRIBE, both).get("result"), [CHANGES_CHANNEL])
        yield from expect("unsubscribing", caller.ask(UNSUBSCRIBE, both).get("result"), [CHANGES_CHANNEL])


def judge_ids(target: StreamTarget, expect: Expect) -> Iterator[Finding]:
    """Check that each answer, also an error, has the `rid` of its request with the same digits."""
    with opened(target) as caller:
        for sent in (7, 9_007_199_254_740_993):
            yield from expect(f"the rid {sent}", caller.ask(POSITIONS, rid=sent).get("rid"), sent)
            answer = caller.ask("private/nothing", rid=sent)
            code = answer.get("error", {}).get("code")
            yield from expect("an unknown method", (code, answer.get("rid")), (UNKNOWN_METHOD, sent))


def judge_results(target: StreamTarget, expect: Expect) -> Iterator[Finding]:
    """Check that positions on the stream equal those over HTTP. A trade in between is no finding."""
    with opened(target) as caller:
        for _ in range(ATTEMPTS_MAX):
            before, streamed = rows_of(target.rest), caller.ask(POSITIONS).get("result")
            if before == rows_of(target.rest):
                yield from expect(f"{POSITIONS} on the stream", streamed, before)
                return
        raise NotJudged(f"{POSITIONS} changed while it was read")


def _check(
    rule: str, description: str, judge: Callable[[StreamTarget, Expect], Iterator[Finding]]
) -> Check[StreamTarget]:
    def judged(target: StreamTarget, subject: str) -> Iterator[Finding]:
        def expect(what: str, seen: object, expected: object) -> Iterator[Finding]:
            if seen != expected:
                yield Finding(rule, f"the stream: {what}", str(seen), str(expected), target.location())

        yield from judge(target, expect)

    return Check(rule, description, "contracts/signalplus/README.md", lambda target: ["stream"], judged)


CHECKS: tuple[Check[StreamTarget], ...] = (
    _check(LOGIN, "Private calls need a login, and have one.", judge_login),
    _check(CHANNELS, "Subscribing answers with the channels.", judge_channels),
    _check(IDS, "An answer on the stream has the id of its request.", judge_ids),
    _check(SAME, "Reads are the same on the stream and over HTTP.", judge_results),
)
