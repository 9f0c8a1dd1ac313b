"""A server that runs elsewhere: named by an option, used by the same tests, and dead or locked in the end."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

import mockexchange
from mockexchange import Exchange
from tests.pytest_plugin.suites import Suite

TOKEN = "secret-enough"
TESTS = """
    import pytest

    def test_one(exchange_sandbox, mock_exchange):
        assert exchange_sandbox.base_url == mock_exchange.base_url
        assert exchange_sandbox.name != mock_exchange.name
        assert exchange_sandbox.accounts["alice"].key_id != mock_exchange.accounts["alice"].key_id
        exchange_sandbox.deposit("alice", 1)

    @pytest.mark.mockexchange(scenario="mine.yaml", clock="paused", faults=["flaky"])
    def test_two(exchange_sandbox):
        assert list(exchange_sandbox.accounts) == ["zoe"]

    @pytest.mark.anyio
    async def test_three(async_exchange_sandbox, anyio_backend_name):
        await async_exchange_sandbox.deposit("alice", 1)

    @pytest.fixture
    def anyio_backend():
        return "asyncio"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Exchange]:
    with mockexchange.serve("empty", token=TOKEN) as exchange:
        yield exchange


def origin(server: Exchange) -> str:
    return server.control_url.removesuffix("/_mock")


def names(server: Exchange) -> list[str]:
    """Of the sandboxes that the server has."""
    return [row["id"] for row in server._connection.ask("GET", "sandboxes")]


def test_tests_run_unchanged_at_a_server_elsewhere(suite: Suite, server: Exchange) -> None:
    suite.file("mine.yaml", "scenario: mine\naccounts: {zoe: {cash: 3}}\n")
    with_anyio = replace(suite, plugins=("anyio.pytest_plugin",))
    ran = with_anyio.run_text(TESTS, "--mockexchange-url", origin(server), "--mockexchange-token", TOKEN)
    assert ran.counts == {"passed": 3}
    assert names(server) == ["default"], "sandboxes were left"
    environment = {"MOCKEXCHANGE_URL": server.control_url, "MOCKEXCHANGE_TOKEN": TOKEN}
    assert with_anyio.run_text(TESTS, **environment).counts == {"passed": 3}


def test_own_ports_are_for_the_asking(suite: Suite, server: Exchange) -> None:
    text = """
        def test_it(exchange_sandbox, mock_exchange):
            assert exchange_sandbox.base_url != mock_exchange.base_url
            with mock_exchange.sandbox(own_port=False) as other:
                assert exchange_sandbox.base_url != other.base_url
    """
    environment = {"MOCKEXCHANGE_URL": origin(server), "MOCKEXCHANGE_TOKEN": TOKEN}
    assert suite.run_text(text, **environment).counts == {"failed": 1}
    assert suite.run_text(text, "--mockexchange-own-ports", **environment).counts == {"passed": 1}
    assert suite.run_text(text, MOCKEXCHANGE_OWN_PORTS="yes", **environment).counts == {"passed": 1}


def test_workers_share_it(suite: Suite, server: Exchange) -> None:
    text = """
        import pytest

        @pytest.mark.parametrize("number", range(20))
        def test_it(exchange_sandbox, number):
            before = len(exchange_sandbox.ledger("alice")["deposits"])
            exchange_sandbox.deposit("alice", 1)
            assert len(exchange_sandbox.ledger("alice")["deposits"]) == before + 1
    """
    environment = {"MOCKEXCHANGE_URL": origin(server), "MOCKEXCHANGE_TOKEN": TOKEN}
    assert replace(suite, plugins=("xdist.plugin",)).run_text(text, "-n", "2", **environment).counts == {"passed": 20}
    assert names(server) == ["default"]


ONE = "def test_it(exchange_sandbox): pass\n"
NO_TOKEN = "expected the token of its control API: give --mockexchange-token, or set MOCKEXCHANGE_TOKEN"


def test_a_dead_server_is_refused(suite: Suite) -> None:
    with mockexchange.serve("empty") as gone:
        url = origin(gone)
    [line] = suite.run_text(ONE, f"--mockexchange-url={url}", "--mockexchange-token=x").refusal
    assert line.startswith(f"--mockexchange-url: no server answers at {url}/_mock (")
    assert "mockexchange serve" in line
    assert "connect()" not in line


def test_a_locked_server_is_refused(suite: Suite, server: Exchange) -> None:
    url = origin(server)
    assert suite.run_text(ONE, MOCKEXCHANGE_URL=url).refusal == [f"MOCKEXCHANGE_URL: {NO_TOKEN}"]
    words = [f"--mockexchange-url={url}", "--mockexchange-token=wrong"]
    assert suite.run_text(ONE, *words).refusal == [f"--mockexchange-url: {NO_TOKEN}"]


def test_what_is_no_url_is_refused(suite: Suite) -> None:
    suite.file("pytest.ini", "[pytest]\nmockexchange_url = localhost\n")
    expected = "mockexchange_url: expected the URL of a server such as http://127.0.0.1:8600, got 'localhost'"
    assert suite.run_text(ONE, "--mockexchange-token=x").refusal == [expected]


def test_scenarios_are_for_the_server_to_know(suite: Suite, server: Exchange) -> None:
    text = """
        import pytest

        @pytest.mark.mockexchange(scenario="of-its-own")
        def test_it(exchange_sandbox): pass
    """
    ran = suite.run_text(text, MOCKEXCHANGE_URL=origin(server), MOCKEXCHANGE_TOKEN=TOKEN)
    assert ran.counts == {"error": 1}
    assert "no scenario 'of-its-own'" in ran.text
    wrong = text.replace('scenario="of-its-own"', 'clock="slow"')
    [line] = suite.run_text(wrong, MOCKEXCHANGE_URL=origin(server), MOCKEXCHANGE_TOKEN=TOKEN).refusal
    assert "expected a clock" in line
