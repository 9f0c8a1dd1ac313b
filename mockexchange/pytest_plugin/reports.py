"""Adds a section to a failed test's report: last requests, refusals, lost frames, and commands to replay them."""

import hashlib
import json
import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mockexchange.api.errors import MockExchangeError
from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.api.values.records import Frame, Request
from mockexchange.guard import RealVenueReached
from mockexchange.pytest_plugin import socket_permission
from mockexchange.pytest_plugin.markers import SandboxRequest
from mockexchange.pytest_plugin.options import LOGS, settings_of

# The traffic of an exchange: requests, reasons of refusals, frames, and pending script steps


REQUESTS_SHOWN_MAX = 10
FRAMES_SHOWN_MAX = 6
LOST_SHOWN_MAX = 3
NAMES_SHOWN_MAX = 5
LINE_CHARS_MAX = 400
"""Characters of a line; a URL with a cursor has 200, a long diagnosis 300."""
INDENT = "    "
WAITS_FOR = {"scheduled": "has not happened yet, it does", "waiting": "waits for a client to set it off"}
"""Texts about a script step that has not run yet, by the step's state."""


def lines_of(exchange: Exchange) -> Iterator[str]:
    """Yield the lines of the summary of an exchange's traffic.

    Raises MockExchangeError if the server does not answer.
    """
    header = exchange.ask("GET", "log")[0]
    clock = exchange.ask("GET", "clock")
    yield (
        f"{exchange.name} at {exchange.base_url}: scenario {header['scenario']} (seed {header['seed']}),"
        f" API date {header['api_date']}, clock {clock['mode']}"
    )
    yield from _requests(exchange.journal.last(REQUESTS_SHOWN_MAX))
    frames = exchange.journal.frames()
    yield from _frames([frame for frame in frames if frame.direction != "lost"])
    yield from _lost([frame for frame in frames if frame.direction == "lost"])
    # The pending script steps, and what each waits for.
    steps = exchange.ask("GET", "script")
    waiting = [step for step in steps if step["state"] in WAITS_FOR]
    for step in waiting[:NAMES_SHOWN_MAX]:
        time = f" at {step['next']} (exchange time)" if step["next"] else ""
        yield cut(f"the script's {step['name']} ({step['action']}) {WAITS_FOR[step['state']]}{time}")
    if clock["mode"] == "paused" and any(step["next"] for step in waiting):
        yield f"the clock is paused at {clock['now']}: only exchange.advance(...) brings them about"
    stubs = exchange.ask("GET", "stubs")
    unused = [stub["request"] for stub in stubs if not stub["matched"]]
    if unused:
        more = f" and {len(unused) - NAMES_SHOWN_MAX} more" if len(unused) > NAMES_SHOWN_MAX else ""
        yield cut(f"stubs that nobody asked for: {', '.join(unused[:NAMES_SHOWN_MAX])}{more}")


def _requests(requests: list[Request]) -> Iterator[str]:
    if not requests:
        yield "no requests came"
        return
    count = requests[-1].number
    yield "requests:" if len(requests) == count else f"requests, the last {len(requests)} of {count}:"
    for request in requests:
        latency_ms = request.latency.total_seconds() * 1e3
        yield f"  {cut(request.title)} ({latency_ms:.1f} ms)"
        for why in filter(None, (request.diagnosis, *request.findings, _cause_of(request))):
            yield INDENT + cut(why)


def _cause_of(one: Request | Frame) -> str | None:
    if one.fault:
        return f"the fault {one.fault} made it so"
    return f"answered by the stub {one.stub}" if one.stub else None


def _frames(frames: list[Frame]) -> Iterator[str]:
    """Yield the last frames of all streams."""
    if not frames:
        return
    shown = frames[-FRAMES_SHOWN_MAX:]
    yield "frames:" if len(shown) == len(frames) else f"frames, the last {len(shown)} of {len(frames)}:"
    for frame in shown:
        yield f"  {cut(' '.join([frame.title, frame.raw.decode(errors='backslashreplace')]))}"
        for why in filter(None, (frame.note, _cause_of(frame) if frame.direction == "out" else None)):
            yield INDENT + cut(why)


def _lost(frames: list[Frame]) -> Iterator[str]:
    if not frames:
        return
    yield f"frames that did not go out: {len(frames)}" + (", the last:" if len(frames) > LOST_SHOWN_MAX else ":")
    for frame in frames[-LOST_SHOWN_MAX:]:
        why = frame.note or frame.fault or "the client did not read"
        yield f"  {cut(f'{frame.title}: {why}')}"


def cut(text: str) -> str:
    """Return the text on one line, cut to a maximum length."""
    line = " ".join(text.split())
    return line if len(line) <= LINE_CHARS_MAX else f"{line[: LINE_CHARS_MAX - 3]}..."


# Files of a failed test for `mockexchange replay`: its log and its journal


NAME_CHARS_MAX = 80
DIGEST_CHARS = 8


class ReplayCommands(NamedTuple):
    """The shell commands that use the files of a failed test."""

    replay: str
    """The command that sends the requests of the test again."""
    serve: str
    """The command that serves the exchange as it was at the end of the test."""


def write_files(directory: Path, test: str, exchange: Exchange) -> ReplayCommands:
    """Write the files of a test's exchange; return the commands that read them."""
    name = name_of(test)
    directory.mkdir(parents=True, exist_ok=True)
    rows = {part: list(exchange.ask("GET", part)) for part in ("log", "journal", "frames")}
    log, *journals = (_write(directory / f"{name}.{part}.jsonl", found) for part, found in rows.items())
    given = [word for path in journals for word in ("--journal", str(path))]
    last = str(rows["log"][-1]["seq"])
    return ReplayCommands(
        shlex.join(["mockexchange", "replay", str(log), *given]),
        shlex.join(["mockexchange", "serve", "--from-log", str(log), "--until", last]),
    )


def name_of(test: str) -> str:
    """Return a unique file name for a test, made of the words of its id and a hash."""
    words = re.sub(r"[^A-Za-z0-9_.]+", "-", test).strip("-.")[-NAME_CHARS_MAX:].lstrip("-.")
    return f"{words}-{hashlib.sha256(test.encode()).hexdigest()[:DIGEST_CHARS]}"


def serve_command(sandbox_request: SandboxRequest) -> str | None:
    """Return the shell command that serves an exchange with the settings of a test's marker.

    Returns None if the scenario is not a name or a file.
    """
    if not isinstance(sandbox_request.scenario, str | Path) or "\n" in str(sandbox_request.scenario):
        return None
    words = [
        "--scenario",
        str(sandbox_request.scenario),
        "--api-date",
        sandbox_request.api_date,
        "--clock",
        sandbox_request.clock,
    ]
    return shlex.join(["mockexchange", "serve", *words])


def _write(path: Path, rows: Iterable[Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


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
