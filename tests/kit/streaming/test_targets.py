"""Opening streams, reading them without scripted events, and caching."""

import time
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.streaming.connections import Arrival, FrameType, HandshakeRefused, StreamConnection
from mockexchange.kit.streaming.target import HANDSHAKES_MAX, StreamTarget
from mockexchange.kit.target import MEMBER, NotJudged, Target, Unreachable
from tests.helpers.rows import each_row
from tests.kit.streaming.scripted import Player

OK = Arrival(FrameType.TEXT, b'{"id":1,"type":"ok","msg":[]}\n')
END = Arrival(FrameType.CLOSE, b"", 1001)


class Key:
    """A key whose signature is its name."""

    key_id = "k"

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        return {"X-Signed": f"{method} {url}"}


def target_of(*wires: Player, **options: Any) -> StreamTarget:
    """Return a target that opens these streams one after the other."""
    waiting = list(wires)

    def connect(url: str, headers: Mapping[str, str], timeout_s: float) -> StreamConnection:
        assert headers == {"X-Signed": f"GET {url}"}
        return waiting.pop(0)

    rest = Target(
        venue=KALSHI,
        api_date="2026-10",
        base_url="http://127.0.0.1:1",
        http=httpx.Client(),
        keys={MEMBER: Key()},
        ws_url="ws://127.0.0.1:1/stream",
    )
    return StreamTarget(rest=rest, connect=connect, answer_s=0.01, listen_s=0.02, **options)


def test_leaving_the_block_closes_every_stream() -> None:
    first, second = Player(OK), Player(OK)
    with target_of(first, second) as target:
        streams = [target.open(), target.open()]
        assert [stream.name for stream in streams] == ["stream 1", "stream 2"]
    assert first.waiting == second.waiting == []


@each_row(("pauses_s", "tried"), [((0.0,), 1), ((6.0, 0.0), 2), ((6.0, 6.0, 6.0), HANDSHAKES_MAX)])
def test_a_handshake_that_is_refused_late_is_tried_again(
    pauses_s: tuple[float, ...], tried: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test a busy machine, where a signature may be too old when it is read."""
    asked: list[float] = []

    def refuse(url: str, headers: Mapping[str, str], timeout_s: float) -> StreamConnection:
        now_s = time.monotonic() + pauses_s[len(asked)]
        monkeypatch.setattr(time, "monotonic", lambda: now_s)
        asked.append(now_s)
        raise HandshakeRefused(401, b"")

    target = target_of()
    target.connect = refuse
    with pytest.raises(HandshakeRefused):
        target.shake_hands(target.signer(MEMBER))
    assert len(asked) == tried


def test_without_a_script_it_is_listened_for_a_while() -> None:
    target = target_of(Player(Arrival(FrameType.PING, b""), OK))
    stream = target.open()
    assert not target.is_scripted
    target.collect_events(stream)
    assert [entry.arrival.type for entry in stream.entries if entry.arrival] == [FrameType.PING, FrameType.TEXT]


def test_a_stream_that_ends_is_not_listened_to_any_longer() -> None:
    target = target_of(Player(END))
    target.listen_s = 3600.0
    stream = target.open()
    target.collect_events(stream)
    assert stream.is_closed


def test_with_a_script_something_happens_at_once() -> None:
    happened: list[str] = []
    target = target_of(Player(OK), trigger_events=lambda: happened.append("something"))
    target.collect_events(target.open())
    assert happened == ["something"]
    assert target.is_scripted


def test_what_is_not_there_is_not_judged() -> None:
    target = target_of(Player())
    with pytest.raises(NotJudged, match="role 'other'"):
        target.open("other")
    target.rest.ws_url = None
    with pytest.raises(NotJudged, match="no URL of a stream"):
        target.open()


def refuse(url: str, headers: Mapping[str, str], timeout_s: float) -> StreamConnection:
    raise HandshakeRefused(401, b"who are you?")


def test_a_refused_handshake_is_not_judged() -> None:
    target = target_of()
    target.connect = refuse
    with pytest.raises(NotJudged, match="no stream was opened with the key 'member': status 401: who are you"):
        target.open()


def test_what_is_made_once_is_kept_and_forgotten() -> None:
    target, made = target_of(), list[int]()

    def make(_: StreamTarget) -> int:
        made.append(len(made))
        return made[-1]

    assert [target.cached("a number", make), target.cached("a number", make)] == [0, 0]
    target.drop_cached("a number")
    assert target.cached("a number", make) == 1


@each_row("reason", [NotJudged("no market"), Unreachable("no market")])
def test_why_it_could_not_be_made_is_kept_too(reason: Exception) -> None:
    target, tries = target_of(), list[int]()

    def fail(_: StreamTarget) -> int:
        tries.append(1)
        raise reason

    for _ in range(2):
        with pytest.raises(NotJudged, match="no market"):
            target.cached("a number", fail)
    assert tries == [1]


def test_objections_are_taken_once() -> None:
    target, finding = target_of(), Finding("a.rule", "here", "this", "that", "there")
    target.objections.append(finding)
    assert target.new_objections() == (finding,)
    assert target.new_objections() == ()
    target.objections.append(finding)
    target.begin()
    assert (target.objections, target.has_changed(), target.may_write) == ([], False, False)
