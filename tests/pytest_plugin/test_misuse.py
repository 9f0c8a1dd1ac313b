"""What cannot work is refused when tests are collected: one error, in words, and the exit code of wrong usage."""

from dataclasses import replace
from pathlib import Path

import pytest

from mockexchange.pytest_plugin.collection_checks import PROBLEMS_SHOWN_MAX
from mockexchange.pytest_plugin.markers import MARKER_TEXT, find_scenario
from tests.helpers.rows import each_row
from tests.pytest_plugin.suites import Suite

pytestmark = pytest.mark.untraced

WRONG = {
    '"golden"': (
        " takes keyword arguments alone, such as @pytest.mark.mockexchange(scenario='golden'); got ('golden',)"
    ),
    'senario="golden"': " has no argument 'senario': did you mean 'scenario'?",
    'colour="red"': " has no argument 'colour' (known: scenario, api_date, clock, faults, allow_hosts)",
    "scenario=7": "(scenario=...): expected a built-in name, a file, YAML text or a mapping, got 7",
    "api_date=2026": "(api_date=...): expected text, such as 'latest' or '2026-06', got 2026",
    'faults="flaky"': "(faults=...): expected a list of rules or of names of presets, got 'flaky'",
    'allow_hosts="kalshi.com"': "(allow_hosts=...): expected a list of host names, got 'kalshi.com'",
    "faults=[" + "1, " * 60 + "]": (
        f"(faults=...): expected a list of rules or of names of presets, got [{'1, ' * 25}1..."
    ),
    'scenario="goldn"': ": no scenario 'goldn': did you mean 'golden'?",
    'api_date="2026-13"': (
        ": expected an API date, got '2026-13': unknown API date '2026-13': expected compat, latest, 2025-11, 2025-12,"
        " 2026-02, 2026-04, 2026-06, 2026-10, a month, or a day such as 2025-11-03; did you mean 2026-12?"
    ),
    'clock="slow"': ": expected a clock real, paused or a scale such as 10x (at most 1000000x), got 'slow'",
    'faults=["flakky"]': ": no preset 'flakky': did you mean 'flaky'?",
    'faults=[{"match": {"operation": "GetPosition"}, "then": {"status": 503}}]': (
        ": faults[0].match.operation: expected the name of an operation, such as GetPositions or private/*,"
        " got 'GetPosition': did you mean 'GetPositions'?"
    ),
    'faults=[{"match": {"account": "nobody"}, "then": {"status": 503}}]': (
        ": faults[0].match.account: expected an account, got 'nobody': known are alice, bob, desk"
    ),
    'scenario="wrong.yaml"': ": {directory}/wrong.yaml:2: accounts.alice: unknown key 'cahs': did you mean 'cash'?",
    'scenario="refused.yaml"': ": {directory}/refused.yaml:3: unknown_market: no market 'NOWHERE'; known: none",
    'scenario="scenario: x\\nmarket: {}\\n"': ": scenario:2: unknown key 'market': did you mean 'markets'?",
}
FILES = {
    "wrong.yaml": "scenario: wrong\naccounts: {alice: {cahs: 3}}\n",
    "refused.yaml": "scenario: refused\nhistory:\n  - settle: {market: NOWHERE, result: yes}\n",
}


def marked(arguments: str, name: str = "test_it") -> str:
    return f"@pytest.mark.mockexchange({arguments})\ndef {name}(exchange_sandbox): pass\n"


def told_of(suite: Suite, arguments: list[str]) -> list[str]:
    """What pytest says of tests with these markers, and runs none of them."""
    tests = "\n".join(marked(one, f"test_{number}") for number, one in enumerate(arguments))
    ran = suite.run_text(f"import pytest\n\n{tests}")
    assert "no tests ran" in ran.text
    return ran.refusal


@pytest.mark.traced
def test_every_wrong_marker_is_refused(suite: Suite) -> None:
    for name, text in FILES.items():
        suite.file(name, text)
    wrong = list(WRONG)
    expected = [text.format(directory=suite.directory) for text in WRONG.values()]
    for start in range(0, len(wrong), PROBLEMS_SHOWN_MAX):
        some = slice(start, start + PROBLEMS_SHOWN_MAX)
        lines = [f"test_it.py::test_{number}: {MARKER_TEXT}{text}" for number, text in enumerate(expected[some])]
        assert told_of(suite, wrong[some]) == lines


def test_a_marker_shows_all_its_errors(suite: Suite) -> None:
    bad = (
        '{"scenario": "x", "accouts": {}, "markets": {"A": {"event": "A", "series": "A", "price": "2"}},'
        ' "history": [{"close": {"market": "B"}}, {"cancel": {"order": "b"}}]}'
    )
    lines = told_of(suite, ["scenaro='demo', clock=5", f'scenario={bad}, clock="0x", faults=["flakky"]'])
    expected = [
        "0: {} has no argument 'scenaro': did you mean 'scenario'?",
        "0: {}(clock=...): expected text, such as 'paused' or '10x', got 5",
        "1: {}: expected a clock real, paused or a scale such as 10x",
        "1: {}: no preset 'flakky': did you mean 'flaky'?",
        "1: {}: unknown key 'accouts': did you mean 'accounts'?",
        "1: {}: markets.A.price: expected a price such as 0.56",
        "1: {}: history[0]: unknown_market: no market 'B'",
        "1: {}: history[1]: unknown_order: no order 'b'",
    ]
    assert len(lines) == len(expected)
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(f"test_it.py::test_{start.format(MARKER_TEXT)}")


@pytest.mark.traced
def test_the_list_is_bounded(suite: Suite) -> None:
    lines = told_of(suite, ["scenario='goldn'"] * (PROBLEMS_SHOWN_MAX + 2))
    assert len(lines) == PROBLEMS_SHOWN_MAX + 1
    assert lines[-1] == "and 2 more"


def test_a_worker_of_xdist_refuses_as_well(suite: Suite) -> None:
    suite.file("test_it.py", "import pytest\n" + marked("scenario='goldn'"))
    ran = replace(suite, plugins=("xdist.plugin",)).run("-n", "2")
    assert ran.refusal == [f"test_it.py::test_it: {MARKER_TEXT}: no scenario 'goldn': did you mean 'golden'?"]


@pytest.mark.parametrize("words", [(), ("-n", "1")], ids=["alone", "worker"])
def test_a_folder_may_have_the_name_of_ours(suite: Suite, words: tuple[str, ...]) -> None:
    suite.file("mockexchange/test_it.py", "def test_it(): pass\n")
    suite.file("mockexchange/test_broken.py", "import nowhere_to_be_found\n")
    ran = replace(suite, plugins=("xdist.plugin",)).run("--continue-on-collection-errors", *words)
    assert ran.counts == {"passed": 1, "error": 1}


USELESS = """
    import pytest

    @pytest.mark.mockexchange(scenario="golden", clock="paused")
    def test_one(mock_exchange): pass

    @pytest.mark.mockexchange(scenario="golden")
    def test_two(): pass

    @pytest.mark.mockexchange(allow_hosts=["demo-api.kalshi.co"])
    def test_three(mock_exchange): pass

    @pytest.mark.mockexchange(scenario="golden")
    def test_four(request):
        assert request.getfixturevalue("exchange_sandbox").scenario == "golden"

    @pytest.mark.mockexchange(scenario="golden")
    class TestClass:
        def test_five(self, mock_exchange): pass
"""


def test_a_marker_that_nothing_is_made_of_is_refused(suite: Suite) -> None:
    told = "says what exchange_sandbox is made of, and the test has none:"
    assert suite.run_text(USELESS).refusal == [
        f"test_it.py::test_one: {MARKER_TEXT}(clock, scenario) {told} mock_exchange is as the options say",
        f"test_it.py::test_two: {MARKER_TEXT}(scenario) {told} it uses no exchange",
    ]
    assert suite.run("-k", "not one and not two").counts == {"passed": 3, "deselected": 2}


def test_a_directory_of_logs_that_is_a_file_is_refused(suite: Suite) -> None:
    path = suite.file("kept", "no directory\n")
    told = f"--mockexchange-logs: expected a directory, got the file {path}"
    assert suite.run_text("def test_it(mock_exchange): pass\n", "--mockexchange-logs=kept").refusal == [told]


def test_an_overlay_that_is_no_document_is_refused(suite: Suite) -> None:
    path = suite.file("openapi.yaml", "swagger: '2.0'\n")
    told = f"--mockexchange-overlay: {path} is no OpenAPI document: expected `openapi: 3.x` at its beginning"
    text = "def test_it(mock_exchange): pass\n"
    assert suite.run_text(text, "--mockexchange-overlay=openapi.yaml").refusal == [told]


def test_an_overlay_is_of_the_exchange_of_every_test(suite: Suite) -> None:
    schema = "{properties: {risk_dollars: {type: string}}}"
    answer = f"{{content: {{application/json: {{schema: {schema}}}}}}}"
    paths = f"{{/portfolio/balance: {{get: {{responses: {{'200': {answer}}}}}}}}}"
    suite.file("openapi.yaml", f"openapi: 3.1.0\npaths: {paths}\n")
    text = """\
def test_it(exchange_sandbox):
    entry = exchange_sandbox.call("alice", "GET", "/trade-api/v2/portfolio/balance")
    assert entry.overlay == ("risk_dollars",)
"""
    assert suite.run_text(text, "--mockexchange-overlay=openapi.yaml").counts == {"passed": 1}


def test_tests_that_are_not_run_are_not_looked_at(suite: Suite) -> None:
    suite.file("test_it.py", "import pytest\n" + marked("scenario='goldn'", "test_one") + "def test_two(): pass\n")
    assert suite.run("-k", "two").counts == {"passed": 1, "deselected": 1}


GOLDN = "no scenario 'goldn': did you mean 'golden'?"
ORIGINS = {
    "command line": (["--mockexchange-scenario=goldn"], {}, "", f"--mockexchange-scenario: {GOLDN}"),
    "environment": ([], {"MOCKEXCHANGE_SCENARIO": "goldn"}, "", f"MOCKEXCHANGE_SCENARIO: {GOLDN}"),
    "file": ([], {}, "mockexchange_scenario = goldn", f"mockexchange_scenario: {GOLDN}"),
    "date": ([], {}, "mockexchange_api_date = new", "mockexchange_api_date: expected an API date, got 'new': unknown"),
}


@pytest.mark.parametrize(("words", "environment", "ini", "told"), ORIGINS.values(), ids=ORIGINS)
def test_a_wrong_default_is_said_once_with_its_origin(
    suite: Suite, words: list[str], environment: dict[str, str], ini: str, told: str
) -> None:
    suite.file("pytest.ini", f"[pytest]\n{ini}\n")
    text = "def test_one(exchange_sandbox): pass\ndef test_two(mock_exchange): pass\n"
    [line] = suite.run_text(text, *words, **environment).refusal
    assert line.startswith(told)


def test_a_run_without_exchanges_needs_no_right_default(suite: Suite) -> None:
    words = ["--mockexchange-scenario=goldn", "--mockexchange-url=http://127.0.0.1:1"]
    assert suite.run_text("def test_none(): pass\n", *words).counts == {"passed": 1}


@each_row("name", ["x" * 5_000, "a\0b", "", "nowhere.yaml"])
def test_a_name_that_no_file_has_stays_as_it_is(name: str, tmp_path: Path) -> None:
    assert find_scenario(name, tmp_path) == name
