"""Heartbeats of a stream, and the close of an idle one."""

from typing import Any

from mockexchange.venues.deribit.settings import DeribitSettings
from tests.venues.deribit.keyring import (
    HOST,
    NOW,
    SECOND,
)
from tests.venues.deribit.stream.sessions import client


def test_a_client_that_sends_nothing_is_left_after_ten_minutes() -> None:
    one = client()
    assert one.session.wakes_at == HOST + 600 * SECOND
    one.host_at += 60 * SECOND
    one.ask("public/test")
    assert one.session.wake(NOW, HOST + 600 * SECOND) == []
    assert one.session.ending is None
    assert one.wake() == []
    assert one.host_at == HOST + 660 * SECOND
    assert one.session.ending == (1000, "idle")


def test_the_idle_close_can_be_switched_off() -> None:
    assert client(settings=DeribitSettings(stream_idle_us=0)).session.wakes_at is None


def beat(kind: str) -> dict[str, Any]:
    return {"params": {"type": kind}, "method": "heartbeat", "jsonrpc": "2.0"}


def test_a_client_that_answers_test_requests_stays() -> None:
    one = client()
    assert one.ask("public/set_heartbeat", interval=10) == "ok"
    assert one.session.wakes_at == HOST + 10 * SECOND
    for _ in range(100):
        assert one.wake() == [beat("test_request")]
        one.host_at += SECOND
        one.ask("public/test")
        assert one.wake() == [beat("heartbeat")]
    assert one.session.ending is None
    assert one.host_at == HOST + 2_000 * SECOND


def test_a_client_that_does_not_is_closed_at_the_end_of_the_next_interval() -> None:
    one = client()
    one.ask("public/set_heartbeat", interval=10)
    assert one.wake() == [beat("test_request")]
    one.host_at += SECOND
    one.ask("public/get_time")
    assert one.wake() == []
    assert one.host_at == HOST + 20 * SECOND
    assert one.session.ending == (4000, "heartbeat close")
    assert one.session.wakes_at is None


def test_an_error_that_was_asked_for_is_no_answer_to_a_test_request() -> None:
    one = client()
    one.ask("public/set_heartbeat", interval=10)
    one.wake()
    one.ask("public/test", expected_result="exception")
    one.wake()
    assert one.session.ending is not None


def test_a_client_that_sends_in_each_interval_is_not_tested() -> None:
    one = client()
    one.ask("public/set_heartbeat", interval=30)
    for _ in range(5):
        one.host_at += 15 * SECOND
        one.ask("public/get_time")
        assert one.wake() == [beat("heartbeat")]


def test_heartbeats_can_be_set_anew_and_switched_off() -> None:
    one = client()
    one.ask("public/set_heartbeat", interval=10)
    one.wake()
    one.host_at += 5 * SECOND
    assert one.ask("public/set_heartbeat", interval=60) == "ok"
    assert one.session.wakes_at == one.host_at + 60 * SECOND
    assert one.wake() == [beat("test_request")]
    assert one.ask("public/disable_heartbeat") == "ok"
    assert one.session.wakes_at == one.host_at + 600 * SECOND


def test_a_wake_that_comes_too_early_does_nothing() -> None:
    one = client()
    one.ask("public/set_heartbeat", interval=10)
    assert one.session.wake(NOW, HOST + 10 * SECOND - 1) == []
    assert one.session.wakes_at == HOST + 10 * SECOND


def test_heartbeats_go_by_the_time_at_which_they_are_sent() -> None:
    one = client()
    one.ask("public/set_heartbeat", interval=10)
    assert len(one.session.wake(NOW, HOST + 13 * SECOND)) == 1
    assert one.session.wakes_at == HOST + 23 * SECOND
