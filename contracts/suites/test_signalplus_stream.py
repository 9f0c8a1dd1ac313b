"""SignalPlus's stream against the rules of the kit, and each planted fault of it found by one of them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from contracts.suites.derivatives import EVERY, target_at
from contracts.suites.test_deribit_stream import ANSWER_S, EditedConnection
from contracts.suites.verdict_text import findings_of
from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Outcome, Verdict
from mockexchange.kit.signalplus import SIGNALPLUS
from mockexchange.kit.streaming.connections import connect_socket
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import MEMBER, Target

pytestmark = [pytest.mark.contract, pytest.mark.traced]

UNCHANGED = (rb"$^", b"")
FAULTS = {
    "stream.channels": (rb'"result":\["user.changes', b'"result":["user.shoes","user.changes'),
    "stream.ids": (rb'"rid":7,', b'"rid":8,'),
    "stream.results": (rb'"size":"-', b'"size":"'),
    "frames.documented": (rb'"result":', b'"outcome":'),
}
"""Edits of frames, by the rule that has to find them."""


@pytest.fixture(scope="module", params=EVERY)
def rest(request: pytest.FixtureRequest) -> Iterator[Target]:
    with target_at("signalplus", request.param, "over a socket") as target:
        yield target


def judged(
    rest: Target, rule: str = "", edit: tuple[bytes, bytes] = UNCHANGED, *, is_open: bool = False
) -> list[Verdict]:
    """Judge the stream; with `is_open` it accepts handshakes without a signature."""

    def connect(url: str, headers: Mapping[str, str], timeout_s: float) -> EditedConnection:
        sent = headers or (rest.key(MEMBER).headers("GET", url) if is_open else {})
        return EditedConnection(connect_socket(url, sent, timeout_s), *edit)

    origin = rest.base_url.removesuffix(SIGNALPLUS.prefix).replace("http", "ws", 1)
    target = StreamTarget(
        rest=replace(rest, ws_url=origin + SIGNALPLUS.stream_path), connect=connect, answer_s=ANSWER_S
    )
    return list(run_checks([check for check in SIGNALPLUS.stream_checks if rule in ("", check.rule)], target))


def test_every_rule_of_the_stream_is_kept(rest: Target) -> None:
    verdicts = judged(rest)
    assert findings_of(verdicts) == ""
    assert {one.rule: one.why for one in verdicts if one.outcome is Outcome.NOT_JUDGED} == {}


@pytest.mark.parametrize("rule", FAULTS)
def test_what_is_planted_is_found(rule: str, rest: Target) -> None:
    verdicts = judged(rest, rule if rule.startswith("stream.") else "stream.login", FAULTS[rule])
    assert rule in {finding.rule for verdict in verdicts for finding in verdict.findings}


def test_a_stream_for_everybody_is_found(rest: Target) -> None:
    [verdict] = judged(rest, "stream.login", is_open=True)
    assert [finding.seen for finding in verdict.findings] == ["accepted"]
