"""Rules about streams: each finds its violations, and nothing in correct traffic."""

import pytest

from mockexchange.kit.client.rules import NotSeen
from mockexchange.kit.client.traffic import Frame, Traffic
from tests.helpers.rows import each_row
from tests.kit.client.wiring import acknowledged, ended, found, frame, handshake, said, seen, traffic

SUBSCRIBE = {"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}
OPENED = frame(b"", direction="in", kind="open")


def stream(*frames: Frame, until: float = 0.0) -> Traffic:
    return traffic([handshake(0.0)], [OPENED, *frames], ended_s=until)


def test_documented_commands_are_right() -> None:
    assert not found("streams.commands", stream(said(SUBSCRIBE)))


@each_row(
    "command",
    [
        {"id": 1, "cmd": "subscribe", "params": {"channels": ["wishes"]}},
        {"id": 1, "cmd": "dance"},
        b"this is no JSON",
    ],
    ids=["channel", "command", "text"],
)
def test_an_undocumented_command_is_found_once(command: object) -> None:
    assert len(found("streams.commands", stream(said(command), said(command)))) == 1


@each_row("params", [{"sids": [1]}, {"sid": 1}])
def test_sids_that_were_given_are_right(params: dict[str, object]) -> None:
    crossed = stream(acknowledged("fill"), said({"id": 2, "cmd": "unsubscribe", "params": params}, at=1.0))
    assert not found("streams.sids", crossed)


@each_row("given", [2, 1], ids=["other sid", "other connection"])
def test_a_sid_that_was_not_given_is_found(given: int) -> None:
    command = said({"id": 2, "cmd": "unsubscribe", "params": {"sids": [given]}}, at=1.0, stream=3 - given)
    (words,) = seen("streams.sids", stream(acknowledged("fill"), command))
    assert words == f"sid {given}, which this connection has not been given"


def test_a_ping_without_a_pong_is_found() -> None:
    assert seen("streams.pongs", stream(ended(b"1011 no pong", 1.0, fault=None))) == [
        "a ping was not answered; the stream was closed (1011 no pong)"
    ]


def test_pongs_are_judged_on_streams_that_were_quiet() -> None:
    assert not found("streams.pongs", stream(until=0.8))
    assert not found("streams.pongs", stream(ended(b"1000", 0.8, fault=None)))
    with pytest.raises(NotSeen, match="so long"):
        found("streams.pongs", stream(frame({}, at=0.5), until=0.9))
    with pytest.raises(NotSeen, match="so long"):
        found("streams.pongs", stream(ended(b"1000", 0.5, fault=None), until=9.0))
    with pytest.raises(NotSeen, match="no stream"):
        found("streams.pongs", traffic())


CUT = ended(b"1012 restart", 1.0)


def back(at: float, *channels: str) -> Traffic:
    frames = [OPENED, acknowledged("fill"), CUT, *(acknowledged(one, at=at, stream=2) for one in channels)]
    return traffic([handshake(0.0), handshake(at, 2)], frames)


def test_a_client_that_connects_again_is_right() -> None:
    for rule in ("streams.returns", "streams.resubscribes", "streams.paced", "streams.paused"):
        assert not found(rule, back(1.5, "fill", "ticker"))


def test_a_client_that_does_not_connect_again_is_found() -> None:
    assert seen("streams.returns", stream(CUT, until=2.0)) == [
        "the stream ended (1012 restart) and no other was opened"
    ]
    with pytest.raises(NotSeen, match="opened again"):
        found("streams.resubscribes", stream(CUT))
    with pytest.raises(NotSeen, match="ended before"):
        found("streams.returns", stream(CUT, until=1.9))


def test_a_client_that_connects_again_without_a_channel_or_a_pause_is_found() -> None:
    assert seen("streams.resubscribes", back(1.5, "ticker")) == ["the new connection has no fill"]
    assert seen("streams.paused", back(1.02, "fill")) == ["it connected again 20 ms after the end (1012 restart)"]


@each_row("rule", ["streams.returns", "streams.resubscribes", "streams.paused"])
def test_what_was_not_cut_is_not_judged(rule: str) -> None:
    with pytest.raises(NotSeen, match="was to be cut"):
        found(rule, stream(ended(b"1000", 1.0, fault=None)))


def test_a_storm_of_handshakes_is_found() -> None:
    storm = traffic([handshake(place / 10, None, 502) for place in range(5)])
    assert seen("streams.paced", storm) == ["5 handshakes within one second"]
    assert not found("streams.paced", traffic([handshake(place / 3, None, 502) for place in range(9)]))


STRUCK = frame({"type": "error", "msg": {"code": 25}}, at=1.0, kind="error", fault="end")


def test_a_client_that_starts_over_is_right() -> None:
    assert not found("streams.resumes", stream(STRUCK, said(SUBSCRIBE, at=1.1)))
    assert not found("streams.resumes", traffic([handshake(0.0), handshake(1.2, 2)], [OPENED, STRUCK]))


def test_a_client_that_goes_on_as_before_is_found() -> None:
    (words,) = seen("streams.resumes", stream(said(SUBSCRIBE, at=0.5), STRUCK, until=2.0))
    assert words.startswith('nothing was done after {"type": "error"')
    assert words.endswith("(end)")
    with pytest.raises(NotSeen, match="ended before"):
        found("streams.resumes", stream(STRUCK, until=1.5))
    with pytest.raises(NotSeen, match="could be disturbed"):
        found("streams.resumes", stream(CUT))


def test_long_frames_are_shown_in_part() -> None:
    long = frame({"type": "x" * 500}, at=1.0, fault="gap", direction="lost")
    assert len(seen("streams.resumes", stream(long, until=2.0))[0]) < 300


def test_a_rule_without_traffic_is_not_judged() -> None:
    for rule, crossed in (("streams.commands", stream()), ("streams.sids", stream(said(SUBSCRIBE), said(b"x")))):
        with pytest.raises(NotSeen):
            found(rule, crossed)
    with pytest.raises(NotSeen, match="no command named"):
        found("streams.sids", stream(said({"id": 1, "cmd": "unsubscribe", "params": {"sids": "all"}})))


def test_a_frame_that_is_no_json_is_none() -> None:
    assert frame(b"x").json() is None
    assert acknowledged("fill").json() is not None
