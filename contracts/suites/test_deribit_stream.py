"""Deribit's stream against the rules of the kit, and each planted fault of its frames found by one of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from contracts.suites.derivatives import EVERY, target_at
from contracts.suites.verdict_text import findings_of
from mockexchange.kit.checks import run_checks
from mockexchange.kit.deribit import DERIBIT
from mockexchange.kit.findings import Outcome, Verdict
from mockexchange.kit.streaming.connections import Arrival, StreamConnection, connect_socket
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import Target

pytestmark = [pytest.mark.contract, pytest.mark.traced]

ANSWER_S = 20.0
QUICK_S = 0.3
"""Seconds to wait for a frame that a planted fault holds back."""
FAULTS = {
    "stream.login": (rb'"code":13009', b'"code":13004'),
    "stream.channels": (rb'"result":\["user.changes', b'"result":["user.shoes","user.changes'),
    "stream.raw": (rb'"code":13778', b'"code":13009'),
    "stream.ids": (rb'"id":7,', b'"id":"7",'),
    "stream.results": (rb'"size":-', b'"size":'),
    "stream.orders": (rb'"orders":\[\{', b'"orders":[{"spare":1,'),
    "stream.books": (rb'"type":"change"', b'"type":"snapshot"'),
    "frames.documented": (rb'"usDiff":\d+', b'"usDiff":"none"'),
}
"""Edits of frames, by the rule that has to find them."""


class EditedConnection:
    """A connection whose received frames are edited."""

    has_pings = True

    def __init__(self, inner: StreamConnection, pattern: bytes, replacement: bytes) -> None:
        self._inner, self._pattern, self._replacement = inner, pattern, replacement
        self.send, self.ping, self.close, self.drop = inner.send, inner.ping, inner.close, inner.drop

    def receive(self, timeout_s: float) -> Arrival | None:
        arrival = self._inner.receive(timeout_s)
        return arrival and arrival._replace(raw=re.sub(self._pattern, self._replacement, arrival.raw))


@pytest.fixture(scope="module", params=EVERY)
def rest(request: pytest.FixtureRequest) -> Iterator[Target]:
    with target_at("deribit", request.param, "over a socket") as target:
        yield target


def stream_of(
    rest: Target, edit: tuple[bytes, bytes] = (b"$^", b""), *, may_order: bool = True, answer_s: float = ANSWER_S
) -> StreamTarget:
    def connect(url: str, headers: Mapping[str, str], timeout_s: float) -> EditedConnection:
        return EditedConnection(connect_socket(url, headers, timeout_s), *edit)

    origin = rest.base_url.removesuffix(DERIBIT.prefix).replace("http", "ws", 1)
    target = replace(rest, ws_url=origin + DERIBIT.stream_path, may_order=may_order)
    return StreamTarget(rest=target, connect=connect, answer_s=answer_s)


def judged(target: StreamTarget, rule: str = "") -> list[Verdict]:
    return list(run_checks([check for check in DERIBIT.stream_checks if rule in ("", check.rule)], target))


def test_every_rule_of_the_stream_is_kept(rest: Target) -> None:
    verdicts = judged(stream_of(rest))
    assert findings_of(verdicts) == ""
    assert {one.rule: one.why for one in verdicts if one.outcome is Outcome.NOT_JUDGED} == {}


def test_orders_are_placed_only_where_that_is_allowed(rest: Target) -> None:
    [verdict] = judged(stream_of(rest, may_order=False), "stream.orders")
    assert verdict.why.startswith("it places orders")


@pytest.mark.parametrize("rule", FAULTS)
def test_what_is_planted_is_found(rule: str, rest: Target) -> None:
    verdicts = judged(stream_of(rest, FAULTS[rule]), rule if rule.startswith("stream.") else "stream.login")
    found = {finding.rule for verdict in verdicts for finding in verdict.findings}
    assert rule in found, "nobody noticed"


def test_a_stream_that_does_not_answer_is_not_judged(rest: Target) -> None:
    silence = (rb"(?s).+", b'{"params":{"type":"heartbeat"},"method":"heartbeat","jsonrpc":"2.0"}')
    [verdict] = judged(stream_of(rest, silence, answer_s=QUICK_S), "stream.login")
    assert "was not answered on the stream within 0.3 seconds" in verdict.why
