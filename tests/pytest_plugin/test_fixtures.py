"""What tests get: an exchange for the session, and a fresh one each, as their markers say."""

from pathlib import Path

import pytest

from mockexchange import Exchange
from tests.pytest_plugin.suites import Suite

pytestmark = pytest.mark.untraced

# --- in this very run


def test_a_sandbox_is_an_exchange(exchange_sandbox: Exchange) -> None:
    exchange_sandbox.deposit("alice", 5)
    assert exchange_sandbox.scenario == "demo"
    assert exchange_sandbox.api_date == "2026-10"


def test_it_is_none_of_the_others(exchange_sandbox: Exchange, mock_exchange: Exchange) -> None:
    assert exchange_sandbox.name != mock_exchange.name
    assert exchange_sandbox.base_url != mock_exchange.base_url
    assert exchange_sandbox.journal.requests() == []


@pytest.mark.mockexchange(scenario="golden", api_date="2025-11", clock="paused", faults=["flaky"])
def test_a_marker_says_what_it_is_made_of(exchange_sandbox: Exchange) -> None:
    assert (exchange_sandbox.scenario, exchange_sandbox.api_date) == ("golden", "2025-11")
    assert exchange_sandbox.now() == exchange_sandbox.now()
    assert exchange_sandbox.faults()


def test_keys_are_the_same_in_every_test(exchange_sandbox: Exchange, mock_exchange: Exchange) -> None:
    with mock_exchange.sandbox(name=f"{exchange_sandbox.name}-other") as other:
        assert other.accounts["alice"].key_id != exchange_sandbox.accounts["alice"].key_id
    first = exchange_sandbox.ask("GET", "log")[0]
    assert first["sandbox"] == exchange_sandbox.name


# --- in suites of users

FRESH = """
    import pytest

    @pytest.mark.parametrize("number", range(3))
    def test_fresh(exchange_sandbox, number):
        before = exchange_sandbox.ledger("alice")
        exchange_sandbox.deposit("alice", 1)
        assert exchange_sandbox.ledger("alice") != before
        assert [len(exchange_sandbox.ledger("alice")["deposits"])] == [len(before["deposits"]) + 1]

    counts = []

    @pytest.mark.parametrize("number", range(2))
    def test_session(mock_exchange, number):
        mock_exchange.deposit("alice", 1)
        counts.append(len(mock_exchange.ledger("alice")["deposits"]))
        assert counts[-1] - counts[0] == number
"""


def test_a_sandbox_is_fresh_and_the_session_goes_on(suite: Suite) -> None:
    assert suite.run_text(FRESH).counts == {"passed": 5}


NEAREST = """
    from pathlib import Path
    import pytest

    pytestmark = pytest.mark.mockexchange(scenario="golden", clock="paused")

    def test_of_the_module(exchange_sandbox):
        assert (exchange_sandbox.scenario, exchange_sandbox.api_date) == ("golden", "2026-06")

    @pytest.mark.mockexchange(scenario="fcm")
    class TestClass:
        def test_of_the_class(self, exchange_sandbox):
            assert exchange_sandbox.scenario == "fcm"
            assert exchange_sandbox.now() == exchange_sandbox.now()

        @pytest.mark.mockexchange(scenario="empty", clock="real")
        def test_of_the_function(self, exchange_sandbox):
            assert exchange_sandbox.scenario == "empty"
            assert exchange_sandbox.now() != exchange_sandbox.now()

    @pytest.mark.mockexchange(scenario="beside.yaml")
    def test_of_a_file(exchange_sandbox):
        assert exchange_sandbox.scenario == "beside"

    @pytest.mark.mockexchange(scenario=Path("above.yaml"))
    def test_of_the_root(exchange_sandbox):
        assert exchange_sandbox.scenario == "above"

    @pytest.mark.mockexchange(scenario="scenario: text\\naccounts: {zoe: {cash: 3}}\\n")
    def test_of_text(exchange_sandbox):
        assert list(exchange_sandbox.accounts) == ["zoe"]

    @pytest.mark.mockexchange(scenario={"scenario": "mapped", "accounts": {"max": {}}})
    def test_of_a_mapping(exchange_sandbox):
        assert list(exchange_sandbox.accounts) == ["max"]

    @pytest.mark.mockexchange(scenario="demo", faults=[{"match": {"nth": 3}, "then": {"status": 503}}])
    def test_of_faults(exchange_sandbox):
        assert len(exchange_sandbox.faults()) == 1

    def test_of_a_fixture_of_ours(bot):
        assert bot.endswith("/trade-api/v2")

    @pytest.fixture
    def bot(exchange_sandbox):
        return exchange_sandbox.base_url
"""


def test_what_is_said_nearest_counts(suite: Suite) -> None:
    suite.file("unit/test_it.py", NEAREST)
    suite.file("unit/beside.yaml", "scenario: beside\n")
    suite.file("above.yaml", "scenario: above\n")
    suite.file("pytest.ini", "[pytest]\nmockexchange_api_date = 2026-06\n")
    assert suite.run("unit").counts == {"passed": 9}


DEFAULTS = """
    def test_defaults(exchange_sandbox, mock_exchange):
        wanted = ("golden", "2025-12")
        assert (exchange_sandbox.scenario, exchange_sandbox.api_date) == wanted
        assert (mock_exchange.scenario, mock_exchange.api_date) == wanted
"""


def test_defaults_come_from_the_file_the_environment_and_the_command_line(suite: Suite) -> None:
    ini = "[pytest]\nmockexchange_scenario = {}\nmockexchange_api_date = {}\n"
    suite.file("pytest.ini", ini.format("golden", "2025-12"))
    assert suite.run_text(DEFAULTS).counts == {"passed": 1}
    suite.file("pytest.ini", ini.format("fcm", "2025-11"))
    environment = {"MOCKEXCHANGE_SCENARIO": "golden", "MOCKEXCHANGE_API_DATE": "2025-12"}
    assert suite.run_text(DEFAULTS, **environment).counts == {"passed": 1}
    environment = {"MOCKEXCHANGE_SCENARIO": "pages", "MOCKEXCHANGE_API_DATE": "2026-02"}
    words = ["--mockexchange-scenario=golden", "--mockexchange-api-date", "2025-12"]
    assert suite.run_text(DEFAULTS, *words, **environment).counts == {"passed": 1}


def test_pytest_shows_what_there_is(suite: Suite) -> None:
    shown = suite.run("--fixtures", "--markers").text + suite.run("--help").text
    assert "@pytest.mark.mockexchange(scenario, api_date, clock, faults, allow_hosts): " in shown
    for option in ("url", "token", "scenario", "api-date", "own-ports", "allow-hosts", "logs"):
        assert f"--mockexchange-{option}" in shown
    for fixture in ("mock_exchange", "exchange_sandbox", "async_exchange_sandbox", "venue_dials"):
        assert fixture in suite.run("--fixtures").text


LEAKS = """
    import os, threading
    from pathlib import Path
    import pytest

    def things():
        files = Path("/proc/self/fd")
        return threading.active_count(), len(list(files.iterdir())) if files.exists() else 0

    @pytest.fixture(scope="session", autouse=True)
    def counted(request):
        pass

    @pytest.mark.parametrize("number", range(40))
    def test_it(exchange_sandbox, number, request):
        exchange_sandbox.env("kalshi-sdk")
        seen = request.config.__dict__.setdefault("seen", [])
        seen.append(things())
        assert seen[-1] == seen[min(3, len(seen) - 1)], "a thread, a socket or a file more than the fourth test had"
        assert "KALSHI_KEY_ID" in os.environ
"""
AFTERWARDS = """
    import gc, os, threading

    def pytest_unconfigure(config):
        gc.collect()
        print("threads:", sorted(one.name for one in threading.enumerate()))
        print("left:", sorted(name for name in os.environ if name.startswith("KALSHI_")))
"""


def test_nothing_leaks(suite: Suite) -> None:
    suite.file("conftest.py", AFTERWARDS)
    ran = suite.run_text(LEAKS, KALSHI_KEY_ID="")
    assert "40 passed" in ran.text
    assert "threads: ['MainThread']" in ran.text
    assert "left: ['KALSHI_KEY_ID']" in ran.text


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_asynchronous_tests_await_the_same_sandbox(suite: Suite, mode: str) -> None:
    mark = "" if mode == "auto" else "@pytest.mark.asyncio"
    text = f"""
        import asyncio, pytest

        {mark}
        async def test_it(async_exchange_sandbox, exchange_sandbox):
            await async_exchange_sandbox.deposit("alice", 5)
            assert async_exchange_sandbox.name == exchange_sandbox.name
            assert len(await async_exchange_sandbox.positions("alice")) == len(exchange_sandbox.positions("alice"))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(async_exchange_sandbox.stream.wait_subscribed("alice", within="60s"), 0.05)
    """
    suite.file("pytest.ini", f"[pytest]\nasyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function\n")
    asynchronous = Suite(suite.directory, ("pytest_asyncio.plugin",))
    assert asynchronous.run_text(text).counts == {"passed": 1}


def test_the_plugin_of_anyio_will_do(suite: Suite) -> None:
    text = """
        import pytest

        pytestmark = pytest.mark.anyio

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        async def test_it(async_exchange_sandbox):
            await async_exchange_sandbox.deposit("alice", 5)
    """
    assert Suite(suite.directory, ("anyio.pytest_plugin",)).run_text(text).counts == {"passed": 1}


ENVIRONMENT = """
    import os

    def test_one(async_exchange_sandbox, monkeypatch):
        async_exchange_sandbox.env("kalshi-sdk")
        assert os.environ["KALSHI_KEY_ID"] == async_exchange_sandbox.accounts["alice"].key_id
        assert os.path.exists(os.environ["KALSHI_PRIVATE_KEY_PATH"])
        global path
        path = os.environ["KALSHI_PRIVATE_KEY_PATH"]

    def test_two():
        assert "KALSHI_KEY_ID" not in os.environ
        assert not os.path.exists(path)
"""


def test_what_was_made_to_be_awaited_goes_with_it_too(suite: Suite) -> None:
    assert suite.run_text(ENVIRONMENT).counts == {"passed": 2}


def test_a_clean_run_says_nothing_of_it(suite: Suite, tmp_path: Path) -> None:
    ran = suite.run_text("def test_it(exchange_sandbox): pass\n", "-rA")
    assert "mockexchange" not in ran.text
