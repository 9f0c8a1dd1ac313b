"""Beside the plugins that suites of client libraries have: respx, pytest-socket, pytest-xdist, others' orders."""

from dataclasses import replace

import pytest

from mockexchange.pytest_plugin.socket_permission import HINT as HINT_TEXT
from mockexchange.pytest_plugin.socket_permission import hint_for
from tests.pytest_plugin.suites import Suite

pytestmark = pytest.mark.untraced

COUNT = 200


def test_respx_hands_requests_on(suite: Suite) -> None:
    text = """
        import httpx, pytest, respx

        def test_sync(exchange_sandbox, respx_mock):
            respx_mock.route(host="api.elections.kalshi.com").mock(side_effect=exchange_sandbox.httpx_handler)
            answer = httpx.get("https://api.elections.kalshi.com/trade-api/v2/exchange/status")
            assert answer.status_code == 200
            assert len(exchange_sandbox.journal.requests()) == 1

        @pytest.mark.asyncio
        @respx.mock
        async def test_async(async_exchange_sandbox):
            respx.route(host="api.elections.kalshi.com").mock(side_effect=async_exchange_sandbox.httpx_async_handler)
            async with httpx.AsyncClient() as client:
                answer = await client.get("https://api.elections.kalshi.com/trade-api/v2/exchange/status")
            assert answer.status_code == 200

        def test_what_respx_does_not_know_is_guarded_still(exchange_sandbox):
            with respx.mock(assert_all_called=False) as router:
                router.route(host="other.example").respond(204)
                assert httpx.get("https://other.example").status_code == 204
    """
    suite.file("pytest.ini", "[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    assert replace(suite, plugins=("respx.plugin", "pytest_asyncio.plugin")).run_text(text).counts == {"passed": 3}


SOCKETS = """
    import socket, urllib.request
    import httpx, pytest

    def test_over_a_socket(exchange_sandbox):
        with urllib.request.urlopen(exchange_sandbox.base_url + "/exchange/status") as answer:
            assert answer.status == 200

    def test_in_process(exchange_sandbox):
        with httpx.Client(transport=exchange_sandbox.httpx_transport(), base_url=exchange_sandbox.base_url) as client:
            assert client.get("/exchange/status").status_code == 200
        exchange_sandbox.deposit("alice", 1)

    @pytest.mark.allow_hosts(["127.0.0.1"])
    def test_as_marked(exchange_sandbox):
        test_over_a_socket(exchange_sandbox)

    def test_others_stay_blocked(exchange_sandbox):
        with pytest.raises(Exception, match="A test tried to use socket.socket"):
            socket.create_connection(("192.0.2.1", 9), timeout=1)
"""
HINT = "let tests connect to this machine with --allow-hosts=127.0.0.1,::1"


def test_sockets_may_be_let_through_to_this_machine(suite: Suite) -> None:
    words = ["--disable-socket", "--allow-hosts=127.0.0.1,::1"]
    ran = replace(suite, plugins=("pytest_socket",)).run_text(SOCKETS, *words)
    assert ran.counts == {"passed": 4}
    assert HINT not in ran.text


@pytest.mark.parametrize("warnings", ["error", "default"])
def test_without_sockets_what_needs_none_works_and_the_rest_says_what_to_do(suite: Suite, warnings: str) -> None:
    words = ["--disable-socket", "-W", warnings]
    ran = replace(suite, plugins=("pytest_socket",)).run_text(SOCKETS, *words, "-k", "not others")
    assert ran.counts == {"passed": 2, "failed": 1, "deselected": 1}
    assert HINT in ran.section("test_over_a_socket")


def test_the_hint_is_found_beneath_what_clients_make_of_an_error() -> None:
    blocked = RuntimeError("A test tried to use socket.socket.")
    for link in ("__cause__", "__context__"):
        wrapped = ValueError("connection failed")
        setattr(wrapped, link, blocked)
        assert hint_for(wrapped) == HINT_TEXT
    assert hint_for(ValueError("connection failed")) is None


def test_a_circle_of_causes_has_an_end() -> None:
    first, second = ValueError("one"), ValueError("other")
    first.__cause__, second.__cause__ = second, first
    assert hint_for(first) is None
    assert hint_for(None) is None


MANY = """
    import urllib.request
    import pytest

    @pytest.mark.parametrize("number", range({count}))
    def test_one_of_many(exchange_sandbox, number, worker_id):
        with urllib.request.urlopen(exchange_sandbox.base_url + "/exchange/status") as answer:
            assert answer.status == 200
        before = len(exchange_sandbox.ledger("alice")["deposits"])
        exchange_sandbox.deposit("alice", number + 1)
        assert len(exchange_sandbox.ledger("alice")["deposits"]) == before + 1
        assert len(exchange_sandbox.journal.requests()) == 1

    @pytest.mark.parametrize("number", range(4))
    def test_a_server_each(mock_exchange, number, worker_id, tmp_path_factory):
        shared = tmp_path_factory.getbasetemp().parent
        (shared / f"{{worker_id}}-{{mock_exchange.control_url.rpartition(':')[2].partition('/')[0]}}").touch()
"""


def test_two_hundred_tests_in_two_workers(suite: Suite) -> None:
    parallel = replace(suite, plugins=("xdist.plugin",))
    base = suite.directory / "base"
    ran = parallel.run_text(MANY.format(count=COUNT), "-n", "2", f"--basetemp={base}")
    assert ran.counts == {"passed": COUNT + 4}
    servers = {path.name.split("-")[0]: path.name for path in base.glob("gw?-*")}
    assert len(set(servers.values())) == len(servers)
    assert len(list(base.glob("gw?-*"))) == len(servers), "a worker had more than one server"


def test_any_order_will_do(suite: Suite) -> None:
    """Session exchanges are made late, and tests without one are among the others."""
    suite.file(
        "conftest.py",
        """
        import random

        def pytest_collection_modifyitems(items):
            random.Random(7).shuffle(items)
        """,
    )
    text = """
        import pytest

        @pytest.mark.parametrize("number", range(10))
        def test_fresh(exchange_sandbox, number):
            assert exchange_sandbox.journal.requests() == []

        @pytest.mark.parametrize("number", range(10))
        def test_session(mock_exchange, number):
            assert mock_exchange.scenario == "demo"

        @pytest.mark.parametrize("number", range(10))
        def test_none(number): pass

        class TestOfUnittest:
            @pytest.fixture(autouse=True)
            def pointed(self, exchange_sandbox):
                self.url = exchange_sandbox.base_url

            def test_it(self):
                assert self.url
    """
    assert suite.run_text(text).counts == {"passed": 31}
