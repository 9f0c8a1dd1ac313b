"""Waiting for requests, against a control API that answers from a script: what is asked of it, and when it ends."""

from datetime import timedelta
from typing import Any

import pytest

from mockexchange.api.errors import TimedOut, WrongArgument
from mockexchange.api.synchronous import journal
from mockexchange.api.synchronous.journal import Journal
from tests.api.fakes import Script, request_row

HUNDRED = "/trade-api/v2/portfolio/positions?limit=100"


class Clock:
    """A clock that each look at it moves on."""

    def __init__(self, step_us: int) -> None:
        self._ticks = iter(range(0, 10**12, step_us))

    def __call__(self) -> int:
        return next(self._ticks)


@pytest.fixture
def _slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_now_us", Clock(1_000))


def test_it_waits_for_as_many_as_are_missing_after_the_newest() -> None:
    script = Script([request_row(4)], [request_row(5), request_row(6)])
    found = Journal(script, "default").expect("GetPositions", times=3, account="alice", within="5s")
    assert [one.number for one in found] == [4, 5, 6]
    (wait,) = script.waits
    assert wait == {"request": {"operation": "GetPositions", "account": "alice", "times": 2, "after": 4}}


def test_what_the_server_cannot_look_for_is_looked_for_here() -> None:
    script = Script([], [request_row(1)], [request_row(2, target=HUNDRED, body='{"a": 1}')])
    journal = Journal(script, "default")
    (found,) = journal.expect("GetPositions", query={"limit": 100}, json={"a": 1}, within=timedelta(seconds=5))
    assert found.number == 2
    assert [wait["request"]["after"] for wait in script.waits] == [0, 1]


def test_what_must_not_be_is_not_asked_of_the_server() -> None:
    script = Script([], [request_row(1, account=None)])
    assert Journal(script, "default").expect(account=None, within="5s")
    assert script.waits == [{"request": {"times": 1, "after": 0}}]


@pytest.mark.usefixtures("_slow_clock")
def test_it_ends_when_the_time_is_up() -> None:
    script = Script([request_row(1)])
    with pytest.raises(TimedOut, match="within 5ms; got 1"):
        Journal(script, "default").expect("GetPositions", times=2, within="5ms")
    assert len(script.waits) > 1


@pytest.mark.usefixtures("_slow_clock")
def test_it_waits_in_parts_that_the_server_allows() -> None:
    script = Script([], [request_row(1)])
    assert Journal(script, "default").expect(within="2h")
    (body,) = [body for _, path, body in script.asked if path.endswith("/wait")]
    assert body["timeout"] == "10m"


def test_too_many_are_not_waited_for() -> None:
    script = Script([request_row(1), request_row(2)])
    with pytest.raises(AssertionError, match="expected 1 request within 5s; got 2") as caught:
        Journal(script, "default").expect(times=1, within="5s")
    assert not isinstance(caught.value, TimedOut)
    assert script.waits == []


def test_a_name_of_a_sandbox_is_one_step_of_a_path() -> None:
    script = Script([])
    Journal(script, "a/b c").requests()
    assert script.asked[0][1] == "sandboxes/a%2Fb%20c/journal"


def test_a_duration_that_is_none_is_refused() -> None:
    with pytest.raises(WrongArgument, match="expected a duration such as 250ms"):
        Journal(Script([]), "default").expect(within="soon")


def asked_of(script: Script) -> list[tuple[str, str]]:
    return [(method, path) for method, path, _ in script.asked]


def test_a_journal_is_cleared_by_one_call() -> None:
    script: Any = Script([])
    Journal(script, "default").clear()
    assert asked_of(script) == [("DELETE", "sandboxes/default/journal")]
