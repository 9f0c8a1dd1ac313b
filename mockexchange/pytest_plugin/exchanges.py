"""Runs the exchanges of the fixtures: one for the whole session, in a thread or remote, and one for each test."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

from mockexchange.api.serve import serve
from mockexchange.api.synchronous.connect import connect
from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.pytest_plugin.markers import SandboxRequest, find_scenario, sandbox_request_of
from mockexchange.pytest_plugin.options import settings_of
from mockexchange.pytest_plugin.reports import watch
from mockexchange.pytest_plugin.socket_permission import unblocked


@contextmanager
def session_exchange(config: pytest.Config) -> Iterator[Exchange]:
    """Run one exchange for all tests of this process, with the default scenario and API date."""
    settings = settings_of(config)
    scenario, api_date = find_scenario(settings.scenario, config.rootpath), settings.api_date
    if settings.url is None:
        making = serve(scenario, api_date=api_date, overlay=settings.overlay)
    else:
        own_port = settings.has_own_ports
        making = connect(settings.url, settings.token, scenario=scenario, api_date=api_date, own_port=own_port)
    sandbox_request = SandboxRequest(scenario=scenario, api_date=api_date)
    with _entered(making) as exchange, watch(config, exchange, sandbox_request):
        yield exchange


@contextmanager
def test_exchange(item: pytest.Item, server: Exchange) -> Iterator[Exchange]:
    """Create a new sandbox for a test at the session's server, with the settings of the test's marker."""
    settings, sandbox_request = settings_of(item.config), sandbox_request_of(item)
    making = server.sandbox(
        sandbox_request.scenario,
        api_date=sandbox_request.api_date,
        clock=sandbox_request.clock,
        faults=sandbox_request.faults,
        own_port=settings.has_own_ports or not settings.is_remote,
    )
    with _entered(making) as exchange, watch(item, exchange, sandbox_request):
        yield exchange


@contextmanager
def _entered(making: AbstractContextManager[Exchange]) -> Iterator[Exchange]:
    with ExitStack() as stack:
        with unblocked():
            exchange = stack.enter_context(making)
        yield exchange
