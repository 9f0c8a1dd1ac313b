"""Defines the plugin's fixtures: an exchange for the session, a new one for each test, and refused connections."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mockexchange.api.asynchronous.exchange import AsyncExchange
    from mockexchange.api.synchronous.exchange import Exchange
    from mockexchange.guard import Dial


@pytest.fixture(scope="session")
def mock_exchange(request: pytest.FixtureRequest) -> "Iterator[Exchange]":
    """Yield an exchange for the whole session: a server in each pytest process, or the one at --mockexchange-url.

    All tests share its state. `exchange_sandbox` is new for each test.
    """
    from mockexchange.api.imports import modules_kept

    with modules_kept():
        from mockexchange.pytest_plugin.exchanges import session_exchange

    with session_exchange(request.config) as exchange:
        yield exchange


@pytest.fixture
def exchange_sandbox(request: pytest.FixtureRequest, mock_exchange: "Exchange") -> "Iterator[Exchange]":
    """Yield a new exchange with the settings of the test's marker, on its own port if pytest runs the server."""
    from mockexchange.pytest_plugin import network_guard
    from mockexchange.pytest_plugin.exchanges import test_exchange

    network_guard.begin(request.node)
    with test_exchange(request.node, mock_exchange) as exchange:
        yield exchange


@pytest.fixture
def async_exchange_sandbox(exchange_sandbox: "Exchange") -> "Iterator[AsyncExchange]":
    """Return the test's `exchange_sandbox` as an AsyncExchange.

    Any event loop can use it, without an asyncio plugin.
    """
    from mockexchange.api.serve import async_view

    with async_view(exchange_sandbox) as exchange:
        yield exchange


@pytest.fixture
def venue_dials(request: pytest.FixtureRequest) -> "list[Dial]":
    """Return the refused attempts of this test to connect to a real venue. The test fails unless it clears the list."""
    from mockexchange.pytest_plugin import network_guard

    return network_guard.begin(request.node).dials
