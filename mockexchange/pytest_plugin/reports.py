"""Adds a section to a failed test's report: last requests, refusals, lost frames, and commands to replay them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mockexchange.api.errors import MockExchangeError
from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.guard import RealVenueReached
from mockexchange.pytest_plugin import socket_permission
from mockexchange.pytest_plugin.failure_files import serve_command, write_files
from mockexchange.pytest_plugin.markers import SandboxRequest
from mockexchange.pytest_plugin.options import LOGS, settings_of
from mockexchange.pytest_plugin.traffic_summary import lines_of

SECTION = "mockexchange"
FOREIGN = frozenset({"site-packages", "dist-packages"})
"""Names of folders with third-party code, which may lie below a test suite's root."""


@dataclass(frozen=True, slots=True)
class WatchedExchange:
    """An exchange, with its settings, whose state is reported if a test fails."""

    exchange: Exchange
    sandbox_request: SandboxRequest


WATCHED = pytest.StashKey[WatchedExchange]()


@contextmanager
def watch(who: pytest.Item | pytest.Config, exchange: Exchange, sandbox_request: SandboxRequest) -> Iterator[None]:
    """Report this exchange's state if a test fails in the block. A test's own exchange precedes the session's."""
    who.stash[WATCHED] = WatchedExchange(exchange, sandbox_request)
    try:
        yield
    finally:
        del who.stash[WATCHED]


def add_section(report: pytest.TestReport, item: pytest.Item, raised: pytest.ExceptionInfo[BaseException]) -> None:
    """Add a section about the exchange to the report of a failed test."""
    if isinstance(raised.value, RealVenueReached):
        # Mark the report as failed, even under xfail, with the traceback of the suite's own lines.
        report.outcome = "failed"
        vars(report).pop("wasxfail", None)
        root = item.config.rootpath
        shown = raised.getrepr(style="short", tbfilter=lambda one: one.traceback.filter(lambda at: _is_own(at, root)))
        for traceback, *_ in getattr(shown, "chain", ()):
            traceback.extraline = None  # that entries are hidden, where none is of the suite
        report.longrepr = shown
    if not report.failed:
        return
    hint = socket_permission.hint_for(raised.value)
    watched = item.stash.get(WATCHED, None) or (report.when != "teardown" and item.config.stash.get(WATCHED, None))
    lines = [*([hint] if hint else []), *(_lines(item, watched) if watched else [])]
    if lines:
        report.sections.append((SECTION, "\n".join(lines)))


def _is_own(entry: Any, root: Path) -> bool:
    path = Path(entry.path)
    return path.is_relative_to(root) and not (FOREIGN.intersection(path.parts) or entry.ishidden(None))


def _lines(item: pytest.Item, watched: WatchedExchange) -> Iterator[str]:
    try:
        yield from lines_of(watched.exchange)
        words = serve_command(watched.sandbox_request)
        if words:
            yield f"to look at one like it: {words}"
        directory = settings_of(item.config).logs
        if directory is None:
            yield f"to replay it: run the test with {LOGS.flag} DIR, which keeps its log and its journal"
        else:
            commands = write_files(directory, item.nodeid, watched.exchange)
            yield f"to replay it: {commands.replay}"
            yield f"to serve it as it was at the end: {commands.serve}"
    except MockExchangeError as error:
        yield f"nothing more is known of the exchange: {error}"
    except OSError as error:
        yield f"what would replay it could not be kept: {error}"
