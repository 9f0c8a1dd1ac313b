"""What holds for every suite of the checkout."""

import gc
import importlib
import os
import pkgutil
import signal
from collections.abc import Generator
from typing import Any

import coverage
import pytest

import mockexchange

UNTRACED = (
    "contracts/",
    *(
        f"tests/{name}/"
        for name in (
            "attacks",
            "clients",
            "console",
            "contracts",
            "docs",
            "examples",
            "golden",
            "histories",
            "house",
            "stream_properties",
        )
    ),
)
"""Folders whose tests coverage is not measured of: they run other programs or the same lines many times, at three
times the processor time under tracing, and reach no line that the other folders leave out."""
WITH_CHILDREN = (
    "tests/cli/test_live_view.py",
    "tests/cli/test_terminal.py",
    "tests/cli/test_watch.py",
    "tests/pytest_plugin/",
)
"""Tests whose child processes are measured too. Those of other tests repeat what tests in this process reach, and take
twice the time to start under tracing."""
COLLECTED_AFTER = (20_000, 20, 20)
"""New objects after which the collector runs: by its own thresholds it takes a tenth of the tests' time."""
CHILDREN = "COVERAGE_PROCESS_CONFIG"
"""The variable by which coverage has child processes measured."""


def pytest_configure(config: pytest.Config) -> None:
    """Hear signals however the run was started: in the background, or under nohup, some would be ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.stash[TRACING] = Tracing(config)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep the collector from walking thousands of tests each time: it stops servers and clients alike for seconds.

    Where coverage is measured, every module is imported first: a test without tracing could be the first to import one.
    """
    tracing = session.config.stash[TRACING]
    if tracing.controller is not None:
        tracing.stop_others()
        for module in pkgutil.walk_packages(mockexchange.__path__, "mockexchange."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what coverage is not measured of by its folder, before a `-m` selects by marks."""
    for item in items:
        if item.nodeid.startswith(UNTRACED):
            item.add_marker("untraced", append=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    marked = {mark.name for mark in item.iter_markers()}
    is_on = "traced" in marked or "untraced" not in marked
    item.config.stash[TRACING].switch(is_on, of_children=is_on and item.nodeid.startswith(WITH_CHILDREN))
    return (yield)


class Tracing:
    """Coverage's tracing, also of child processes: on or off from one test to the next, fixtures included."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._is_on = True
        self._for_children = os.environ.get(CHILDREN)

    @property
    def controller(self) -> Any:
        """The plugin's object that starts and stops coverage; None in a run without coverage."""
        return getattr(self._config.pluginmanager.getplugin("_cov"), "cov_controller", None)

    def stop_others(self) -> None:
        """Stop every coverage but the plugin's: the others would go on tracing while that one is paused.

        A worker has two more: one that started with its process, and one of pytest-cov that its next one replaces.
        """
        self.controller.pause()
        while (other := coverage.Coverage.current()) is not None:
            other.stop()
        self.controller.resume()

    def switch(self, is_on: bool, *, of_children: bool) -> None:
        """Turn the tracing of this process, and of its children, on or off; a run without coverage has neither."""
        if self.controller is None:
            return
        if is_on != self._is_on:
            self._is_on = is_on
            self.controller.resume() if is_on else self.controller.pause()
        self._for_children = os.environ.pop(CHILDREN, self._for_children)
        if of_children and self._for_children is not None:
            os.environ[CHILDREN] = self._for_children


TRACING = pytest.StashKey[Tracing]()
