"""Writes the log of `serve`: one line per event, as text or as a JSON object.

A thread of its own formats and writes the lines, so that a stopped terminal or a full pipe does not block the exchange.
Lines that do not fit into its queue are dropped, and the log records their number.
"""

import json
import logging
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from queue import Full, Queue
from threading import Thread
from typing import Any, TextIO

import click

from mockexchange.cli.click_base import message_of
from mockexchange.cli.event_format import describe_request
from mockexchange.cli.terminal import printable
from mockexchange.core.instants import format_instant
from mockexchange.runtime.redaction import WholeSecrets, redact, redact_entry
from mockexchange.sandbox.clock import host_now_us
from mockexchange.sandbox.journal import Firing, FrameEntry, JournalEntry, JournalItem
from mockexchange.sandbox.journal_json import request_to_json
from mockexchange.sandbox.options import DEFAULT
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.reload import Reloaded
from mockexchange.server.sandbox_secrets import SandboxSecrets
from mockexchange.version import __version__

TEXT, JSON = FORMATS = ("text", "json")
NOTHING, REFUSALS, REQUESTS = AMOUNTS = ("none", "refusals", "requests")
DEFAULT_AMOUNTS = {TEXT: REFUSALS, JSON: REQUESTS}
LINES_WAITING_MAX = 10_000
"""The longest queue: about one second of requests at full speed, and 10 MB."""
END_S_MAX = 2.0
"""The longest time, in seconds, that the server waits at its end for queued lines to be written."""
LOST_FRAME_FIELDS = ("connection", "account", "channel", "kind", "fault", "note")
LEVELS = {
    "failed": "error",
    "reload_failed": "error",
    "log_failed": "error",
    "log_lost": "warning",
    "frame_lost": "warning",
    "script_finding": "warning",
}
Line = Callable[[], str]
Facts = dict[str, Any]


class LogWriter:
    """A thread that writes queued lines to a stream until `close`."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._lines: Queue[Line | None] = Queue(LINES_WAITING_MAX)
        self._thread = Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def put(self, line: Line) -> bool:
        """Queue a line; return False if the queue is full."""
        try:
            self._lines.put_nowait(line)
        except Full:
            return False
        return True

    def close(self) -> None:
        """Write the queued lines for at most END_S_MAX seconds, and end the thread."""
        try:
            self._lines.put(None, timeout=END_S_MAX)
        except Full:
            return
        self._thread.join(END_S_MAX)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(f"{line()}\n")
                self._stream.flush()
            except (OSError, ValueError):  # the stream is closed
                continue


class RequestLog:
    """The server's log of requests and lost frames. `FORMATS` lists its formats, `AMOUNTS` how much it can contain."""

    def __init__(self, form: str, amount: str, writer: LogWriter, *, shows_secrets: bool = False) -> None:
        self._make_line = partial(_make_line, LINE_WRITERS[form])
        self._shows_secrets = shows_secrets
        self._watched: dict[int, weakref.ref[Sandbox]] = {}
        self.tokens = WholeSecrets()
        """The tokens of the control API; the server adds them when it starts."""
        self._secrets = SandboxSecrets(self._sandboxes, self.tokens)
        self._is_json, self._amount, self._writer = form == JSON, amount, writer
        self._is_started = False
        self._lost = 0
        """The number of dropped lines that the log has not reported yet."""

    def watch(self, sandbox: Sandbox) -> None:
        """Log the requests, lost frames and script runs of a sandbox from now on."""
        if self._amount != NOTHING:
            self._watched[id(sandbox)] = weakref.ref(sandbox)
            log_item = partial(self._log_item, sandbox.name)
            for firing in list(sandbox.journal.firings):  # steps of the script that were due when it was opened
                log_item(firing)
            sandbox.journal.observers.append(log_item)

    def log_start(self, scenario: str, ready: Facts) -> None:
        """Log the start, in the JSON format only, since the text format has the banner."""
        self._is_started = True
        self.tokens.add(ready.get("control_token", ""))
        if self._is_json:
            facts = {name: ready[name] for name in ("pid", "control_url", "api_date", "ca_cert", "venues")}
            accounts = [one["name"] for one in ready["accounts"]]
            self._log("start", {"version": __version__, "scenario": scenario, **facts, "accounts": accounts})

    def log_stop(self) -> None:
        if self._is_json and self._is_started:
            self._log("stop", {})

    def log_problem(self, problem: str, error: BaseException | None = None) -> None:
        """Log why the server ends, in the JSON format only; an unexpected error is logged with its traceback.

        In the text format the command prints the reason itself.
        """
        if self._is_json:
            facts = {"problem": problem, **({"traceback": _traceback_of(error)} if error else {})}
            self._log("failed", self._hide(facts))

    def log_record(self, record: logging.LogRecord) -> None:
        """Log a message that a library, or a part of the server without a journal, has sent to Python's logging."""
        facts = {"logger": record.name, "text": record.getMessage().strip(), "severity": record.levelname.lower()}
        error = record.exc_info[1] if record.exc_info else None
        facts |= {"traceback": _traceback_of(error)} if error else {}
        self._log("message", self._hide(facts))

    def log_reload(self, scenario: str, reloaded: Reloaded) -> None:
        if reloaded.problem is None:
            accounts = list(dict.fromkeys(spec.account for spec in reloaded.plan.keys))
            facts = {"digest": reloaded.plan.digest, "accounts": accounts, "remark": reloaded.remark}
            self._log("reload", {"scenario": scenario, **facts})
        else:
            facts = {"scenario": scenario, "problem": reloaded.problem}
            self._log("reload_failed", self._hide(facts))

    def _log_item(self, sandbox: str, item: JournalItem) -> None:
        if isinstance(item, JournalEntry):
            if self._amount == REQUESTS or is_refused(item):
                self._log("request", {}, sandbox, lambda: self._hide(request_to_json(item)))
        elif isinstance(item, Firing) and item.kind == "finding":
            self._log("script_finding", self._hide({"step": item.name, **item.detail}), sandbox)
        elif isinstance(item, FrameEntry) and item.direction == "lost" and self._amount == REQUESTS:
            self._log("frame_lost", {name: getattr(item, name) for name in LOST_FRAME_FIELDS}, sandbox)

    def hide_text(self, text: str) -> str:
        """Return a message without secrets."""
        return text if self._shows_secrets else redact(text, self._secrets.known())

    def _hide(self, facts: Facts) -> Facts:
        """Return facts without secrets."""
        return facts if self._shows_secrets else redact_entry(facts, self._secrets.known())

    def _sandboxes(self) -> list[Sandbox]:
        """Return the watched sandboxes that there still are."""
        found = [(key, watched()) for key, watched in list(self._watched.items())]
        for key in (key for key, sandbox in found if sandbox is None):
            self._watched.pop(key, None)
        return [sandbox for _, sandbox in found if sandbox is not None]

    def _log(
        self, event: str, facts: Facts, sandbox: str | None = None, more: Callable[[], Facts] | None = None
    ) -> None:
        now = host_now_us()
        if self._lost and self._writer.put(
            partial(self._make_line, now, "log_lost", None, {"lines": self._lost}, None)
        ):
            self._lost = 0
        if not self._writer.put(partial(self._make_line, now, event, sandbox, facts, more)):
            self._lost += 1


class RecordHandler(logging.Handler):
    """A logging handler that passes Python's log messages to the server's log."""

    def __init__(self, request_log: RequestLog) -> None:
        super().__init__(logging.WARNING)
        self.request_log = request_log

    def emit(self, record: logging.LogRecord) -> None:
        self.request_log.log_record(record)


def _traceback_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def is_refused(entry: JournalEntry) -> bool:
    """Return whether a request was refused or failed, other than by a fault or a stub."""
    return entry.diagnosis is not None or (entry.status >= 400 and entry.fault is None and entry.stub is None)


def _make_line(
    make_line: Callable[..., str],
    now: int,
    event: str,
    sandbox: str | None,
    facts: Facts,
    more: Callable[[], Facts] | None,
) -> str:
    """Format a line; on an error format a line that reports it, so that the log goes on."""
    try:
        return make_line(now, event, sandbox, facts, more)
    except Exception as error:  # noqa: BLE001  # reported in the log
        return make_line(now, "log_failed", sandbox, {"problem": f"{event}: {type(error).__name__}: {error}"}, None)


def _make_json_line(now: int, event: str, sandbox: str | None, facts: Facts, more: Callable[[], Facts] | None) -> str:
    whole = {**facts, **(more() if more else {})}
    is_odd = whole.get("diagnosis") or whole.get("remark") or whole.get("status", 0) >= 400
    level = LEVELS.get(event) or whole.pop("severity", None) or ("warning" if is_odd else "info")
    head = {"time": format_instant(now), "level": level, "event": event}
    return json.dumps({**head, **({} if sandbox is None else {"sandbox": sandbox}), **whole})


def _make_text_line(now: int, event: str, sandbox: str | None, facts: Facts, more: Callable[[], Facts] | None) -> str:
    where = f"[{sandbox}] " if sandbox not in (None, DEFAULT) else ""
    clock = format_instant(now)[11:23]
    return f"{clock}  {where}{printable(DESCRIPTIONS[event]({**facts, **(more() if more else {})}))}"


LINE_WRITERS = {TEXT: _make_text_line, JSON: _make_json_line}
DESCRIPTIONS: dict[str, Callable[[Facts], str]] = {
    "request": describe_request,
    "frame_lost": lambda lost: (
        f"lost a frame {lost['kind']} of stream {lost['connection']} {lost['account'] or '-'}"
        f" [{lost['fault'] or 'overflow'}] {lost['note']}".rstrip()
    ),
    "script_finding": lambda facts: f"script: {facts['step']}: {facts['text']}",
    "reload": lambda facts: (
        f"reloaded {facts['scenario']}: {', '.join(facts['accounts']) or 'no accounts'}"
        f"{'; but ' + facts['remark'] if facts['remark'] else ''}"
    ),
    "log_failed": lambda facts: f"a line of this log could not be written: {facts['problem']}",
    "reload_failed": lambda facts: f"{facts['problem']}: not reloaded, what was before goes on",
    "log_lost": lambda lost: f"{lost['lines']:,} lines of this log were lost: whoever reads it is too slow",
}
"""Functions that describe each kind of event in the text format.

Start and stop are missing, since the banner and the shell's prompt show them.
"""


@contextmanager
def opened_request_log(log_format: str, amount: str, *, shows_secrets: bool = False) -> Iterator[RequestLog]:
    """Yield the log of a server. In the JSON format it also contains Python's log messages and why the server ends."""
    writer = LogWriter()
    request_log = RequestLog(log_format, amount, writer, shows_secrets=shows_secrets)
    try:
        with _all_messages(request_log) if log_format == JSON else _plain_messages(request_log):
            yield request_log
    finally:
        request_log.log_stop()
        writer.close()


@contextmanager
def _all_messages(request_log: RequestLog) -> Iterator[None]:
    """Pass the messages of libraries, warnings, and the exception that ends the server, to the log."""
    handler, root = RecordHandler(request_log), logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(True)
    before = sys.unraisablehook, threading.excepthook
    sys.unraisablehook, threading.excepthook = _log_unraisable, _log_of_thread
    try:
        yield
    except (click.Abort, click.exceptions.Exit):
        raise
    except click.ClickException as failure:
        request_log.log_problem(message_of(failure))
        raise SystemExit(failure.exit_code) from None
    except Exception as error:  # noqa: BLE001  # it is logged
        request_log.log_problem(f"the server made a mistake ({type(error).__name__}): please report it", error)
        raise SystemExit(1) from None
    finally:
        sys.unraisablehook, threading.excepthook = before
        logging.captureWarnings(False)
        root.removeHandler(handler)


@contextmanager
def _plain_messages(request_log: RequestLog) -> Iterator[None]:
    """Write the messages of libraries to standard error without secrets, and else as Python does without a handler."""
    handler, root = logging.StreamHandler(), logging.getLogger()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_HidingFormatter(request_log))
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


class _HidingFormatter(logging.Formatter):
    """Formats a message with its traceback, without secrets."""

    def __init__(self, request_log: RequestLog) -> None:
        super().__init__()
        self._hide = request_log.hide_text

    def format(self, record: logging.LogRecord) -> str:
        return self._hide(super().format(record))


def _log_unraisable(found: "sys.UnraisableHookArgs") -> None:
    """Log an exception that Python cannot raise, such as one of a finalizer."""
    logging.getLogger("python").error(
        "%s: %r", found.err_msg or "Exception ignored in", found.object, exc_info=found.exc_value
    )


def _log_of_thread(found: threading.ExceptHookArgs) -> None:
    name = found.thread.name if found.thread else "?"
    logging.getLogger("python").error("Exception in thread %s", name, exc_info=found.exc_value)
