"""Verdicts without scripted events, with missing streams, and with changes during the comparison."""

from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from contracts.suites.streams import stream_target_in_process
from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Outcome, Verdict
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.stream import recording as module
from mockexchange.kit.kalshi.stream.recording import recording_of
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import MEMBER, OTHER, RESTRICTED
from mockexchange.scenario.loader import load_text
from tests.helpers.rows import each_row
from tests.kit.streaming.tampering import Change, Frame, of, tampered, tampered_target, with_body

DATA = {
    "stream.positions": "nothing came on market_positions",
    "stream.fills": "nothing came on fill",
    "stream.orders": "nothing came on user_orders",
    "stream.groups": "nothing came on order_group_updates",
    "stream.trades": "nothing came on trade",
    "stream.tickers": "nothing came on ticker",
    "stream.lifecycle": "nothing came on market_lifecycle_v2",
}


@pytest.fixture
def target() -> Iterator[StreamTarget]:
    with stream_target_in_process("2026-10") as made:
        made.listen_s = 0.1
        yield made


def verdicts(target: StreamTarget, *rules: str) -> list[Verdict]:
    return list(run_checks([one for one in KALSHI.stream_checks if one.rule in rules], target))


def test_what_did_not_come_is_not_judged(target: StreamTarget) -> None:
    target.trigger_events = None
    assert {one.rule: one.why for one in verdicts(target, *DATA)} == DATA
    found = verdicts(target, "stream.filter", "stream.own", "frames.documented")
    assert {one.outcome for one in found if one.subject not in ("orderbook_delta", "replies")} == {Outcome.NOT_JUDGED}


def test_books_begin_and_commands_are_answered_where_nothing_happens(target: StreamTarget) -> None:
    target.trigger_events = None
    rules = ("stream.acks", "stream.sids", "stream.books", "stream.book-equals-rest", "stream.codes")
    assert {one.outcome for one in verdicts(target, *rules)} == {Outcome.KEPT}


@pytest.mark.parametrize(
    ("role", "rule", "why"),
    [
        (OTHER, "stream.own", "it needs a key of another account: none was given for the role 'other'"),
        (RESTRICTED, "stream.bound", "it needs a member's key that is restricted to one subaccount: none was given"),
        (MEMBER, "stream.positions", "it needs a plain member's key: none was given for the role 'member'"),
    ],
)
def test_what_there_is_no_key_for_is_not_judged(target: StreamTarget, role: str, rule: str, why: str) -> None:
    target.rest.keys = {name: key for name, key in target.rest.keys.items() if name != role}
    for verdict in verdicts(target, rule):
        assert (verdict.outcome, why in verdict.why) == (Outcome.NOT_JUDGED, True), verdict


def chattering() -> Change:
    """Send a fill before every reply to the barrier command."""
    sids: dict[str, int] = {}

    def made(frame: Frame) -> list[Frame]:
        if frame["type"] == "subscribed":
            sids[frame["msg"]["channel"]] = frame["msg"]["sid"]
        if frame["type"] == "ok" and "fill" in sids:
            return [{"type": "fill", "sid": sids["fill"], "msg": {"trade_id": "x"}}, frame]
        return [frame]

    return made


def test_what_moves_while_it_is_looked_at_is_not_judged() -> None:
    with tampered_target(chattering) as target:
        [verdict] = verdicts(target, "stream.fills")
    assert (verdict.outcome, verdict.why) == (Outcome.NOT_JUDGED, "fill went on while REST was asked")


def test_what_differs_is_looked_at_once_more_where_rest_may_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LAG_S", 0.01)
    with tampered_target(of("fill", with_body(count_fp="99.00"))) as target:
        recording_of(target)
        target.trigger_events = None
        [verdict] = verdicts(target, "stream.fills")
    assert verdict.outcome is Outcome.BROKEN


def test_books_that_change_meanwhile_are_not_compared() -> None:
    sizes = count(1)

    def grown(frame: Frame) -> list[Frame]:
        return with_body(yes_dollars_fp=[["0.0100", f"{next(sizes)}.00"]])(frame)

    with tampered_target(of("orderbook_snapshot", grown)) as target:
        [verdict] = verdicts(target, "stream.yes-price")
    assert verdict.why == "the books changed meanwhile"


def failing(path: str) -> httpx.MockTransport:
    """Answer REST with 503 at one path, and with one market at the others."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(path):
            return httpx.Response(503)
        return httpx.Response(200, json={"markets": [{"ticker": "M"}]})

    return httpx.MockTransport(answer)


@pytest.mark.parametrize("path", ["/portfolio/positions", "/markets", "/portfolio/fills"])
def test_a_failing_rest_side_is_a_reason(target: StreamTarget, path: str) -> None:
    target.rest.http = httpx.Client(transport=failing(path))
    [verdict] = verdicts(target, "stream.fills")
    assert (verdict.outcome, f"GET {path}" in verdict.why) == (Outcome.NOT_JUDGED, True)
    assert verdict.why.endswith("was answered with status 503")


def test_reads_that_fail_after_the_recording_are_reasons(target: StreamTarget) -> None:
    recording_of(target)
    target.rest.http = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(503)))
    for verdict in verdicts(target, *DATA, "stream.book-equals-rest"):
        assert (verdict.outcome, "was answered with status 503" in verdict.why) == (Outcome.NOT_JUDGED, True), verdict


EMPTY = "scenario: nothing\naccounts: {member: {}}\n"
ONE = EMPTY + "markets: {M: {event: E, series: S, book: {yes: [[0.5, 1]]}}}\n"


@each_row(
    ("scenario", "rule", "why"),
    [
        (EMPTY, "stream.list", ""),
        (EMPTY, "stream.books", "there is no market to follow"),
        (EMPTY, "stream.codes", "there is no market to follow"),
        (ONE, "stream.add", "there is only one market"),
        (ONE, "stream.yes-price", "no book has a level of NO"),
        (ONE, "stream.bound", "it needs a member's key that is restricted to one subaccount"),
    ],
)
def test_what_an_exchange_has_not_is_not_judged(scenario: str, rule: str, why: str) -> None:
    with stream_target_in_process("2026-10", load_text(scenario)) as target:
        for verdict in verdicts(target, rule):
            assert verdict.why.startswith(why), verdict
            assert not verdict.findings


def test_a_restricted_key_without_frames_is_not_judged(target: StreamTarget) -> None:
    target.trigger_events, target.listen_s = None, 0.05
    assert {one.why for one in verdicts(target, "stream.bound")} == {"the restricted key received no frames"}


def silent() -> Change:
    return lambda frame: []


def test_a_silent_server_is_found_at_once(target: StreamTarget) -> None:
    target.connect, target.answer_s = tampered(target.connect, silent), 0.02
    assert {one.outcome for one in verdicts(target, "stream.list", "stream.no-id")} == {Outcome.BROKEN}
    assert {one.outcome for one in verdicts(target, "stream.acks", "stream.ids")} == {Outcome.BROKEN}
    found = verdicts(target, "stream.numbers", "stream.silence", "stream.codes")
    assert {one.why for one in found} == {
        "no frame has a number",
        "no subscription was ended",
        "the subscriptions to books, tickers and fills were not acknowledged",
    }
