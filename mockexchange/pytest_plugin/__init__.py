"""The pytest plugin: fixtures with exchanges, a marker, reports of failures, and a guard against real venues.

    def test_a_bot(exchange_sandbox):
        bot = Bot(base_url=exchange_sandbox.base_url, key=exchange_sandbox.accounts["alice"])

pytest loads this module in every run, so the plugin's other modules are imported when a test needs them.
"""

from collections.abc import Generator
from typing import Any

import pytest

from mockexchange.pytest_plugin import options
from mockexchange.pytest_plugin.fixtures import async_exchange_sandbox, exchange_sandbox, mock_exchange, venue_dials
from mockexchange.pytest_plugin.options import GUARD, MARKER

__all__ = ["async_exchange_sandbox", "exchange_sandbox", "mock_exchange", "venue_dials"]

FIXTURES = frozenset(__all__)
REFUSAL_NODE_ID = "::mockexchange"
"""The node id of the report by which a pytest-xdist worker refuses tests; no file or folder can have it."""
Phase = Generator[None, object, object]


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add_to(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", options.MARKER_HELP)
    if not is_worker(config):
        config.pluginmanager.register(CollectionRefuser(), f"{MARKER}-refuser")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """End the run if selected tests use the plugin's options or markers wrongly."""
    concerned = [item for item in items if uses_exchange(item) or item.get_closest_marker(MARKER)]
    if concerned:
        from mockexchange.api.imports import modules_kept

        with modules_kept():
            from mockexchange.pytest_plugin.collection_checks import problems

        found = problems(config, concerned)
        if found:
            refuse(config, items, found)


class CollectionRefuser:
    """A plugin of pytest-xdist's controlling process that ends the run when a worker process refuses tests.

    Workers report the refusal as a failed collection.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.nodeid == REFUSAL_NODE_ID:
            raise pytest.UsageError(str(report.longrepr))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Phase:
    __tracebackhide__ = True
    if uses_exchange(item):
        from mockexchange.pytest_plugin import network_guard

        network_guard.begin(item)
    return (yield from _guard_phase(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Phase:
    __tracebackhide__ = True
    return (yield from _guard_phase(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Phase:
    __tracebackhide__ = True
    try:
        return (yield from _guard_phase(item))
    finally:
        if GUARD in item.stash:
            from mockexchange.pytest_plugin import network_guard

            network_guard.end(item)


def _guard_phase(item: pytest.Item) -> Phase:
    """Run a phase of a test, which fails if a real venue was dialled by its end."""
    __tracebackhide__ = True
    error: BaseException | None = None
    try:
        return (yield)
    except BaseException as raised:
        error = raised
        raise
    finally:
        if GUARD in item.stash:
            from mockexchange.pytest_plugin import network_guard

            network_guard.require_none(item, error)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo is not None and uses_exchange(item):
        from mockexchange.pytest_plugin import reports

        reports.add_section(report, item, call.excinfo)
    return report


def refuse(config: pytest.Config, items: list[pytest.Item], problems: str) -> None:
    """Run no tests and report `problems`. A pytest-xdist worker cannot end the run: it reports to its controller."""
    if not is_worker(config):
        raise pytest.UsageError(problems)
    items.clear()
    config.hook.pytest_collectreport(report=pytest.CollectReport(REFUSAL_NODE_ID, "failed", problems, []))


def is_worker(config: pytest.Config) -> bool:
    """Return whether this process is a pytest-xdist worker."""
    return hasattr(config, "workerinput")


def uses_exchange(item: pytest.Item) -> bool:
    """Return whether a test uses one of the plugin's fixtures: directly, through others, or requested at run time."""
    return GUARD in item.stash or not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
