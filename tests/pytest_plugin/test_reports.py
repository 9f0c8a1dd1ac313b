"""What a failed test says of its exchange, and what is kept of it."""

import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mockexchange.api.values.records import Frame
from mockexchange.pytest_plugin import reports
from mockexchange.pytest_plugin.reports import LINE_CHARS_MAX, NAME_CHARS_MAX, REQUESTS_SHOWN_MAX, cut, name_of
from tests.helpers.patience import PATIENCE_S
from tests.pytest_plugin.suites import Ran, Suite

FAILING = """
    import urllib.error, urllib.request
    import pytest

    def ask(exchange, path="/exchange/status", **headers):
        request = urllib.request.Request(exchange.base_url + path, headers=headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    @pytest.mark.mockexchange(scenario="golden", clock="paused")
    def test_refused(exchange_sandbox):
        ask(exchange_sandbox)
        assert ask(exchange_sandbox, "/portfolio/balance", **{"KALSHI-ACCESS-KEY": "nobody"}) == 200

    def test_many(exchange_sandbox):
        for number in range(25):
            ask(exchange_sandbox, f"/markets?limit={number + 1}")
        assert False

    def test_silent(exchange_sandbox):
        assert False

    @pytest.mark.mockexchange(faults=[{"name": "down", "match": {"nth": 1}, "then": {"status": 503}}])
    def test_disturbed(exchange_sandbox):
        exchange_sandbox.respond("GET /trade-api/v2/made/up", status=418)
        assert (ask(exchange_sandbox), ask(exchange_sandbox, "/made/up")) == (200, 200)

    def test_of_the_session(mock_exchange):
        ask(mock_exchange)
        assert False

    @pytest.fixture
    def broken(exchange_sandbox):
        ask(exchange_sandbox)
        raise RuntimeError("broken")

    def test_set_up(broken): pass

    @pytest.mark.mockexchange(scenario="scenario: text\\naccounts: {alice: {}}\\n")
    def test_of_text(exchange_sandbox):
        assert False

    def test_gone(exchange_sandbox):
        exchange_sandbox.discard()
        assert False

    @pytest.mark.xfail(strict=True)
    def test_expected(exchange_sandbox):
        assert False

    def test_passed(exchange_sandbox):
        ask(exchange_sandbox)
"""


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run of all of them, in two workers: sections travel."""
    directory = tmp_path_factory.mktemp("failing")
    (directory / "pytest.ini").write_text("[pytest]\n")
    return Suite(directory, ("xdist.plugin",)).run_text(FAILING, "-n", "2", "--mockexchange-logs=kept")


def section(failed: Ran, test: str) -> list[str]:
    _, _, rest = failed.section(test).partition("- mockexchange -")
    return rest.strip("- \n").splitlines()


def test_a_refusal_is_explained(failed: Ran) -> None:
    first, count, *requests = section(failed, "test_refused")[:5]
    assert re.fullmatch(
        r"sandbox-1 at http://127\.0\.0\.1:\d+/trade-api/v2: scenario golden \(seed \d+\),"
        r" API date 2026-10, clock paused",
        first,
    )
    assert count == "requests:"
    assert re.fullmatch(r"  #1 GET /trade-api/v2/exchange/status -> 200 \(\d+\.\d ms\)", requests[0])
    assert re.fullmatch(r"  #2 GET /trade-api/v2/portfolio/balance -> 401 \(\d+\.\d ms\)", requests[1])
    assert requests[2].startswith("    missing: KALSHI-ACCESS-TIMESTAMP, KALSHI-ACCESS-SIGNATURE; sent: ")


def test_the_last_requests_are_shown(failed: Ran) -> None:
    lines = section(failed, "test_many")
    assert lines[1] == f"requests, the last {REQUESTS_SHOWN_MAX} of 25:"
    assert [line.split()[0] for line in lines[2:12]] == [f"#{number}" for number in range(16, 26)]
    assert section(failed, "test_silent")[1] == "no requests came"


def test_faults_and_stubs_are_named(failed: Ran) -> None:
    text = "\n".join(section(failed, "test_disturbed"))
    assert "-> 503" in text
    assert "    the fault down made it so" in text
    assert "-> 418" in text
    assert "    answered by the stub " in text


def test_every_kind_of_failure_has_its_section(failed: Ran) -> None:
    assert section(failed, "test_of_the_session")[0].startswith("default at ")
    assert "-> 200" in section(failed, "ERROR at setup of test_set_up".removeprefix("ERROR at setup of "))[2]
    assert section(failed, "test_gone")[0].startswith("nothing more is known of the exchange: ")
    assert failed.counts == {"failed": 7, "error": 1, "passed": 1, "xfailed": 1}
    assert failed.text.count("- mockexchange -") == 8


def test_it_says_how_to_see_it_again(failed: Ran) -> None:
    words = "to look at one like it: mockexchange serve --scenario golden --api-date latest --clock paused"
    assert words in section(failed, "test_refused")
    assert not any("to look at one" in line for line in section(failed, "test_of_text"))


def test_what_is_kept_replays(failed: Ran) -> None:
    [line] = [line for line in section(failed, "test_refused") if line.startswith("to replay it: ")]
    _, *words = shlex.split(line.removeprefix("to replay it: "))
    done = subprocess.run(
        [sys.executable, "-m", "mockexchange", *words], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert Path(words[1]).parent.name == "kept"
    [served] = [line for line in section(failed, "test_refused") if line.startswith("to serve it as it was at the end")]
    assert shlex.split(served.rpartition(": ")[2])[:4] == ["mockexchange", "serve", "--from-log", words[1]]


def test_without_a_directory_it_says_which_option_keeps_it(suite: Suite) -> None:
    text = "def test_it(exchange_sandbox): assert False\n"
    suite.run_text(text, "--mockexchange-keep=by-its-other-name")
    assert (suite.directory / "by-its-other-name").is_dir()
    ran = suite.run_text(text)
    assert "to replay it: run the test with --mockexchange-logs DIR, which keeps its log and its journal" in ran.text
    assert not (suite.directory / "kept").exists()
    suite.file("pytest.ini", "[pytest]\nmockexchange_logs = of/failures\n")
    suite.run_text(text)
    names = sorted(path.name.split(".")[-2] for path in (suite.directory / "of" / "failures").iterdir())
    assert names == ["frames", "journal", "log"]


def test_what_cannot_be_kept_is_said(suite: Suite) -> None:
    text = """
        from pathlib import Path

        def test_it(exchange_sandbox):
            Path("kept").write_text("in the way")
            assert False
    """
    ran = suite.run_text(text, "--mockexchange-logs=kept/here")
    assert ran.counts == {"failed": 1}
    assert "what would replay it could not be kept: " in ran.section("test_it")


def lost(number: int) -> Frame:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Frame(
        number=number,
        at=at,
        host_at=at,
        position=0,
        connection=1,
        account="alice",
        direction="lost",
        raw=b"{}",
        kind="fill",
        note="its outbox was full",
    )


def test_lost_frames_are_told() -> None:
    first, *shown = list(reports._lost([lost(number) for number in range(1, 6)]))
    assert first == "frames that did not go out: 5, the last:"
    assert len(shown) == reports.LOST_SHOWN_MAX
    assert shown[-1] == "  frame 5 lost on its way to alice fill: its outbox was full"
    assert next(reports._lost([lost(1)])) == "frames that did not go out: 1:"
    assert list(reports._lost([])) == []


def test_lines_are_bounded() -> None:
    assert cut("a\nb   c") == "a b c"
    assert cut("x" * LINE_CHARS_MAX) == "x" * LINE_CHARS_MAX
    assert len(cut("x" * (LINE_CHARS_MAX + 1))) == LINE_CHARS_MAX


def test_files_are_named_after_their_tests() -> None:
    one, other = name_of("tests/test_a.py::test_b[1/2]"), name_of("tests/test_a.py::test_b[1 2]")
    assert one.startswith("tests-test_a.py-test_b-1-2-")
    assert one != other
    assert len(name_of("x" * 500)) <= NAME_CHARS_MAX + 9
