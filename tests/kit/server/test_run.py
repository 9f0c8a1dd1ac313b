"""Runs of `verify server`: selected rules are judged, and verdicts are kept if a run ends early."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from threading import current_thread
from typing import Any

import httpx
import pytest

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding, Outcome, Report, Verdict
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.schemathesis.hints import SchemathesisHints
from mockexchange.kit.schemathesis.run import Effort
from mockexchange.kit.server import run as running
from mockexchange.kit.server.arguments import Address, Selection
from mockexchange.kit.server.preflight import CannotJudge
from mockexchange.kit.server.run import ServerRun, ServerRunSettings, rules_of
from mockexchange.kit.target import FCM, MEMBER, NotJudged, Target, Unreachable
from tests.helpers.rows import each_row

URL = "http://127.0.0.1:1/trade-api/v2"
BALANCE = "/portfolio/balance"


class Key:
    key_id = "my-id"

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        return {}


class ProgressDisplay:
    """Records its calls."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.taken: list[Verdict] = []
        self.warnings: list[str] = []

    def stage(self, name: str, total: int | None = None) -> None:
        self.stages.append(name)

    def at(self, words: str) -> None:
        assert words

    def add_verdict(self, verdict: Verdict) -> None:
        self.taken.append(verdict)

    def warn(self, words: str) -> None:
        self.warnings.append(words)


def check(rule: str, judge: Callable[[Target, str], Iterable[Finding]], *subjects: str) -> Check[Target]:
    return Check(rule, f"says {rule}", "here", lambda target: subjects or ("one",), judge)


def good(target: Target, subject: str) -> Iterator[Finding]:
    yield from ()


def bad(target: Target, subject: str) -> Iterator[Finding]:
    yield Finding("a.bad", subject, "seen", "expected", "place")


def absent(target: Target, subject: str) -> Iterable[Finding]:
    raise NotJudged("no row to look at")


def interrupted(target: Target, subject: str) -> Iterable[Finding]:
    raise KeyboardInterrupt


def asking(target: Target, subject: str) -> Iterator[Finding]:
    target.http.get(f"{URL}/{subject}")
    yield from ()


ADDRESS = Address(URL, "ws://127.0.0.1:1/trade-api/ws/v2", "127.0.0.1")


def settings(*checks: Check[Target], only: tuple[str, ...] = ("a.*",), address: Address = ADDRESS) -> ServerRunSettings:
    venue = KALSHI._replace(checks=checks, stream_checks=())
    selection = Selection(only=only)
    return ServerRunSettings(
        venue=venue, address=address, api_date="2026-10", keys={MEMBER: Key()}, selection=selection
    )


def judged(given: ServerRunSettings) -> tuple[Report, ProgressDisplay]:
    watcher = ProgressDisplay()
    with closing(ServerRun(given, watcher)) as run:
        run.judge()
    return run.report, watcher


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[httpx.Request], httpx.Response]], None]:
    """Let runs ask a function instead of a server."""

    def install(handler: Callable[[httpx.Request], httpx.Response]) -> None:
        monkeypatch.setattr(
            "mockexchange.kit.server.throttled_transport.httpx.HTTPTransport",
            lambda **given: httpx.MockTransport(handler),
        )

    return install


def test_kept_broken_and_unjudged_rules_are_distinguished() -> None:
    report, watcher = judged(
        settings(check("a.good", good), check("a.bad", bad, "one", "two"), check("a.absent", absent))
    )
    outcomes = [(verdict.rule, verdict.subject, verdict.outcome) for verdict in report.verdicts]
    assert outcomes == [
        ("a.good", "one", Outcome.KEPT),
        ("a.bad", "one", Outcome.BROKEN),
        ("a.bad", "two", Outcome.BROKEN),
        ("a.absent", "one", Outcome.NOT_JUDGED),
    ]
    assert watcher.taken == report.verdicts
    assert all(one.reproduction for one in report.findings)
    assert (report.title, report.cut_short, report.exit_code) == (f"{URL} as of 2026-10", "", 1)


def test_what_is_not_selected_is_not_even_asked() -> None:
    report, watcher = judged(settings(check("b.stops", interrupted), check("a.good", good)))
    assert [verdict.rule for verdict in report.verdicts] == ["a.good"]
    assert watcher.stages == ["rules beyond the document's schemas"]


def test_an_interrupted_run_keeps_what_was_judged() -> None:
    report, _ = judged(settings(check("a.bad", bad), check("a.stops", interrupted), check("a.good", good)))
    assert [verdict.rule for verdict in report.verdicts] == ["a.bad"]
    assert (report.cut_short, report.exit_code) == ("it was interrupted", 2)


def test_a_server_that_dies_ends_the_run_where_it_died(
    answers: Callable[[Callable[[httpx.Request], httpx.Response]], None],
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("three"):
            raise httpx.ConnectError("Connection refused")
        return httpx.Response(200)

    def ask(target: Target, subject: str) -> Iterator[Finding]:
        try:
            yield from asking(target, subject)
        except httpx.HTTPError as error:
            raise Unreachable(str(error)) from None

    answers(answer)
    report, _ = judged(settings(check("a.asks", ask, "one", "two", "three", "four")))
    assert [verdict.outcome.value for verdict in report.verdicts] == ["kept", "kept", "not judged"]
    assert report.cut_short == "it does not answer any more: Connection refused (at a.asks three)"
    assert report.exit_code == 2


def test_on_a_production_host_nothing_wrong_is_sent_on_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "explore", lambda *given: pytest.fail("requests were made up"))
    given = settings(
        check("signatures.refused", interrupted),
        check("a.good", good),
        only=("a.*", "signatures.*", "requests.as_sent"),
        address=ADDRESS._replace(production_host="api.elections.kalshi.com"),
    )
    report, _ = judged(given)
    found = {verdict.rule: verdict for verdict in report.verdicts}
    assert found["a.good"].outcome is Outcome.KEPT
    for rule in ("signatures.refused", "requests.as_sent"):
        assert found[rule].why.startswith("not on a production host: ")
        assert found[rule].description


def writing(*checks: Check[Target], address: Address = ADDRESS, only: tuple[str, ...] = ("a.*",)) -> ServerRunSettings:
    given = settings(address=address, only=only)
    return replace(given, venue=given.venue._replace(write_checks=checks))


def test_orders_are_placed_only_where_that_is_allowed() -> None:
    order = check("a.order", good)
    report, watcher = judged(replace(writing(order), may_order=True))
    assert [verdict.outcome for verdict in report.verdicts] == [Outcome.KEPT]
    assert watcher.stages == ["orders"]
    (verdict,) = judged(writing(order))[0].verdicts
    assert verdict.why == "it places orders: --writes allows that, on hosts other than production"


def test_rules_of_orders_are_no_part_of_a_run_that_only_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "explore", lambda *given: iter(()))
    monkeypatch.setattr(running, "discover_names", lambda target: {})
    report, _ = judged(writing(check("a.order", interrupted), only=()))
    assert report.verdicts == []


def test_no_order_is_placed_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ADDRESS._replace(production_host="api.elections.kalshi.com")
    report, _ = judged(replace(writing(check("a.order", interrupted), address=real), may_order=True))
    assert [verdict.outcome for verdict in report.verdicts] == [Outcome.NOT_JUDGED]


@each_row(("host", "lag_s"), [("127.0.0.1", 0.0), ("demo-api.kalshi.co", 15.0)])
def test_reads_after_writes_are_awaited_elsewhere(host: str, lag_s: float) -> None:
    with closing(ServerRun(settings(address=ADDRESS._replace(host=host)), ProgressDisplay())) as run:
        assert run.target.lag_s == lag_s


def test_generated_requests_get_known_names_and_are_filtered(monkeypatch: pytest.MonkeyPatch) -> None:
    def explore(
        target: Target, hints: SchemathesisHints, effort: Effort, on_progress: Callable[[str], None]
    ) -> Iterator[Verdict]:
        assert (effort.examples, effort.seed, target.may_write) == (3, 4, False)
        on_progress("GET /somewhere")
        yield Verdict("requests.as_sent", "GET /a")
        yield Verdict("exploring.answered", "GET /a")
        raise Unreachable("GET /b: no answer")

    monkeypatch.setattr(running, "explore", explore)
    monkeypatch.setattr(running, "discover_names", lambda target: {})
    report, watcher = judged(replace(settings(only=("requests.*",)), examples=3, seed=4))
    assert [verdict.rule for verdict in report.verdicts] == ["requests.as_sent"]
    assert watcher.stages == ["requests made up from the document"]
    assert (report.cut_short, report.exit_code) == ("GET /b: no answer", 2)


def test_a_fast_run_generates_no_requests() -> None:
    report, watcher = judged(replace(settings(only=("requests.*", "exploring.*")), is_fast=True))
    assert {verdict.why for verdict in report.verdicts} == {"a run with --fast sends no generated requests"}
    assert watcher.stages == []


def test_the_stream_is_listened_to_beside_the_other_rules() -> None:
    threads: list[str] = []

    def note(target: Any, subject: str) -> Iterator[Finding]:
        threads.append(current_thread().name)
        yield from ()

    listening: Check[Any] = Check("a.stream", "says", "here", lambda target: ("one",), note)
    given = settings(check("a.good", note))
    venue = given.venue._replace(stream_checks=(listening,))
    report, _ = judged(replace(given, venue=venue, is_fast=True))
    assert [verdict.rule for verdict in report.verdicts] == ["a.good", "a.stream"]
    assert len(set(threads)) == 2


def test_all_rules_can_be_selected() -> None:
    rules = rules_of(KALSHI)
    assert {"pages.partition", "signatures.refused", "frames.documented", "requests.as_sent", "orders.counts"} <= set(
        rules
    )
    Selection(only=tuple(rules)).require_known(rules)


def test_a_run_says_what_it_consisted_of(answers: Callable[[Callable[[httpx.Request], httpx.Response]], None]) -> None:
    answers(lambda request: httpx.Response(200))
    with closing(ServerRun(settings(check("a.asks", asking, "one", "two")), ProgressDisplay())) as run:
        run.judge()
    (table,) = run.tables()
    rows = {row[0]: row[1] for row in table.rows}
    assert (rows["requests"], rows["answers"], rows["keys"]) == ("2", "2 x 200", "member my-id")


def prepared(given: ServerRunSettings) -> tuple[ServerRun, ProgressDisplay]:
    watcher = ProgressDisplay()
    with closing(ServerRun(given, watcher)) as run:
        run.prepare()
    return run, watcher


def test_a_key_is_known_by_what_it_may_read(
    answers: Callable[[Callable[[httpx.Request], httpx.Response]], None],
) -> None:
    answers(lambda request: httpx.Response(200, json={"rows": [1]}))
    run, watcher = prepared(settings())
    assert list(run.target.keys) == [FCM]
    (warning,) = watcher.warnings
    assert warning.startswith(
        "the key my-id is an FCM member's key: give a plain member's key, and this one as --role fcm="
    )
    run, watcher = prepared(replace(settings(), keys={MEMBER: Key(), FCM: Key()}))
    assert (list(run.target.keys), watcher.warnings) == ([MEMBER, FCM], [])


def test_a_mock_of_another_date_is_a_warning(
    answers: Callable[[Callable[[httpx.Request], httpx.Response]], None],
) -> None:
    for spoken, warnings in (("2026-10-31", 0), ("compat", 1), ("2026-06-11", 1), ("2026-07-01", 1)):
        mark = {"x-mock-api-date": spoken}
        answers(lambda request, mark=mark: httpx.Response(200, json={}, headers=mark))  # type: ignore[misc]  # mypy cannot infer it
        run, watcher = prepared(settings())
        assert (list(run.target.keys), len(watcher.warnings)) == ([MEMBER], warnings)


def test_a_run_that_cannot_begin_says_so(
    answers: Callable[[Callable[[httpx.Request], httpx.Response]], None],
) -> None:
    answers(lambda request: httpx.Response(401))
    with pytest.raises(CannotJudge, match=r"the key my-id .member. was refused: 401"):
        prepared(settings())
