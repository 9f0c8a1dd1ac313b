"""Never real money: while a test uses an exchange, a real venue's host is out of reach, and who dials it fails."""

import textwrap
from dataclasses import replace

import pytest

from mockexchange import Exchange
from mockexchange.guard import Dial, RealVenueReached
from tests.pytest_plugin.suites import Ran, Suite

pytestmark = pytest.mark.untraced

PRODUCTION = "api.elections.kalshi.com"
DEMO = "demo-api.kalshi.co"
HEAD = """
import socket, threading
import pytest

def dial(host):
    socket.create_connection((host, 443), timeout=1)

def swallow(host):
    try:
        dial(host)
    except BaseException:
        pass

def swallow_in_a_thread(host):
    thread = threading.Thread(target=swallow, args=[host])
    thread.start()
    thread.join()
"""


def ran(suite: Suite, tests: str, *words: str) -> Ran:
    return suite.run_text(HEAD + textwrap.dedent(tests), *words)


# --- in this very run


def test_a_dial_raises_at_once(exchange_sandbox: Exchange, venue_dials: list[Dial]) -> None:
    import socket

    with pytest.raises(RealVenueReached, match=rf"^{PRODUCTION}:443; "):
        socket.create_connection((PRODUCTION, 443))
    [dial] = venue_dials
    assert (dial.host, dial.port, dial.kind) == (PRODUCTION, 443, "production")
    venue_dials.clear()


# --- in suites of users

FAILING = f"""
    def test_at_once(exchange_sandbox):
        dial("{PRODUCTION}")
        pytest.fail("it went on")

    def test_swallowed(exchange_sandbox):
        swallow("{PRODUCTION}")

    def test_in_a_thread(exchange_sandbox):
        swallow_in_a_thread("{DEMO}")

    def test_of_the_session(mock_exchange):
        swallow("{PRODUCTION}")

    def test_asynchronous(async_exchange_sandbox):
        swallow("{PRODUCTION}")

    def test_failed_besides(exchange_sandbox):
        swallow("{PRODUCTION}")
        assert 1 == 2

    def test_skipped_after_it(exchange_sandbox):
        swallow("{PRODUCTION}")
        pytest.skip("not today")

    def test_many(exchange_sandbox):
        for _ in range(6):
            swallow("{PRODUCTION}")

    def test_by_the_way(request):
        request.getfixturevalue("exchange_sandbox")
        swallow("{PRODUCTION}")
"""


@pytest.mark.traced
def test_who_dials_fails_however_it_is_swallowed(suite: Suite) -> None:
    done = ran(suite, FAILING, "--tb=short", "-rf")
    assert done.counts == {"failed": 9}
    assert "it went on" not in done.text
    for test in ("at_once", "swallowed", "of_the_session", "asynchronous", "failed_besides", "skipped_after_it"):
        assert f"RealVenueReached: {PRODUCTION}:443; " in done.section(f"test_{test}")
    assert f"RealVenueReached: {DEMO}:443; " in done.section("test_in_a_thread")
    assert "hidden" not in done.section("test_swallowed")
    assert "It was refused when it was dialled; the program swallowed that" in done.section("test_swallowed")
    assert "assert 1 == 2" in done.section("test_failed_besides")
    assert done.section("test_many").count("Then: ") == 3
    assert "and 2 more" in done.section("test_many")
    assert "test_it.py:6)" in done.section("test_swallowed")


def test_phases_other_than_the_call_are_watched(suite: Suite) -> None:
    tests = f"""
        @pytest.fixture
        def before(exchange_sandbox):
            swallow("{PRODUCTION}")

        @pytest.fixture
        def earlier():
            swallow("{PRODUCTION}")

        @pytest.fixture
        def after(exchange_sandbox):
            yield
            swallow("{DEMO}")

        def test_set_up(before): pass
        def test_set_up_before_ours(earlier, exchange_sandbox): pass
        def test_torn_down(after): pass
    """
    done = ran(suite, tests)
    assert done.counts == {"passed": 1, "error": 3}
    assert done.text.count(f"RealVenueReached: {PRODUCTION}:443") >= 2
    assert f"RealVenueReached: {DEMO}:443" in done.section("test_torn_down")


NAMING = """
    from http.client import HTTPSConnection

    def name(host):
        HTTPSConnection("127.0.0.1", 1).set_tunnel(host)
"""
"""Naming a host to a proxy is what the guard sees of a dial, and nothing is asked of anybody yet."""


def test_who_uses_no_exchange_is_left_alone(suite: Suite) -> None:
    tests = f"""{NAMING}
    def test_guarded(exchange_sandbox, venue_dials):
        with pytest.raises(BaseException, match="{PRODUCTION}"):
            name("{PRODUCTION}")
        venue_dials.clear()

    def test_unguarded():
        name("{PRODUCTION}")
    """
    done = ran(suite, tests, "-rA")
    assert done.counts == {"passed": 2}


def test_hosts_may_be_allowed(suite: Suite) -> None:
    tests = f"""{NAMING}
    @pytest.mark.mockexchange(allow_hosts=["{DEMO}"])
    def test_by_the_marker(exchange_sandbox):
        name("{DEMO}")

    def test_by_the_configuration(exchange_sandbox):
        name("{PRODUCTION}")

    def test_the_others_are_not(exchange_sandbox, venue_dials):
        for host in ("{DEMO}", "external-api.kalshi.com"):
            with pytest.raises(BaseException, match=host):
                name(host)
        assert len(venue_dials) == 2
        venue_dials.clear()
    """
    assert ran(suite, tests, "--mockexchange-allow-hosts", PRODUCTION).counts == {"passed": 3}
    allowed = replace(suite, environment={"MOCKEXCHANGE_ALLOW_HOSTS": f"www.deribit.com,{PRODUCTION}"})
    assert ran(allowed, tests).counts == {"passed": 3}
    suite.file("pytest.ini", f"[pytest]\nmockexchange_allow_hosts =\n    {PRODUCTION}\n    www.deribit.com\n")
    assert ran(suite, tests).counts == {"passed": 3}


@pytest.mark.traced
def test_the_list_of_dials_is_the_tests_own(suite: Suite) -> None:
    tests = f"""
        def test_one(exchange_sandbox, venue_dials):
            swallow("{PRODUCTION}")
            assert len(venue_dials) == 1
            venue_dials.clear()

        def test_two(exchange_sandbox, venue_dials):
            assert venue_dials == []

        def test_three(venue_dials):
            swallow("{PRODUCTION}")
    """
    assert ran(suite, tests).counts == {"passed": 2, "failed": 1}


RERUN = """
    from _pytest.runner import runtestprotocol

    def pytest_runtest_protocol(item, nextitem):
        for _ in range(2):
            item._initrequest()
            for report in runtestprotocol(item, nextitem=nextitem, log=False):
                item.ihook.pytest_runtest_logreport(report=report)
        return True
"""


def test_a_test_that_is_run_again_is_guarded_again(suite: Suite) -> None:
    suite.file("conftest.py", RERUN)
    tests = f"""{NAMING}
    def test_it(exchange_sandbox, venue_dials):
        with pytest.raises(BaseException, match="{PRODUCTION}"):
            name("{PRODUCTION}")
        assert len(venue_dials) == 1
        venue_dials.clear()

    runs = []

    @pytest.fixture
    def failing_later(mock_exchange):
        runs.append(1)
        assert len(runs) == 1

    def test_set_up(failing_later, request):
        request.getfixturevalue("exchange_sandbox")
    """
    done = ran(suite, tests)
    assert done.counts == {"passed": 3, "error": 1}
    assert "default at " in done.section("test_set_up"), "not the sandbox of the run before"


def test_nobody_expects_it(suite: Suite) -> None:
    tests = f"""
        @pytest.mark.xfail
        def test_at_once(exchange_sandbox):
            dial("{PRODUCTION}")

        @pytest.mark.xfail(strict=True)
        def test_swallowed(exchange_sandbox):
            swallow("{PRODUCTION}")
            assert False

        @pytest.mark.xfail
        def test_something_else(exchange_sandbox):
            assert False
    """
    assert ran(suite, tests, "--junitxml=report.xml").counts == {"failed": 2, "xfailed": 1}
    report = (suite.directory / "report.xml").read_text(encoding="utf-8")
    assert report.count("RealVenueReached: ") >= 2
    assert "xfail-marked" not in report


@pytest.mark.traced
def test_the_way_there_is_shown_as_far_as_it_is_the_suites_own(suite: Suite) -> None:
    tests = f"""
        import httpx

        def test_deep(exchange_sandbox):
            httpx.get("https://{PRODUCTION}")
    """
    done = ran(suite, tests)
    assert done.counts == {"failed": 1}
    shown = done.section("test_deep").partition("- mockexchange -")[0]
    assert "in test_deep" in shown
    assert f"RealVenueReached: {PRODUCTION}:443" in shown
    assert "site-packages" not in shown
    assert "hidden" not in shown
    assert len(shown.splitlines()) < 8


def test_failures_of_workers_are_told(suite: Suite) -> None:
    tests = f"""
        def test_swallowed(exchange_sandbox):
            swallow("{PRODUCTION}")
    """
    done = ran(replace(suite, plugins=("xdist.plugin",)), tests, "-n", "2")
    assert done.counts == {"failed": 1}
    assert f"RealVenueReached: {PRODUCTION}:443; " in done.text
