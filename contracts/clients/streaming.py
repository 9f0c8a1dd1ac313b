"""Common parts of the drivers of streaming clients: the loop over tasks, and the rows that reached the client's user.

A driver runs as `python -m contracts.clients.NAME` in an interpreter that has the client, so nothing is imported
here but the standard library. It reads a JSON task from each line of standard input and prints a line of JSON for it,
{error} if the client raised or the expected rows did not arrive:

    {do: open, host, ws_url, key_id, private_key_pem, options}    connect anew; the options are the driver's own
    {do: subscribe, channel, tickers}                             subscribe, to all markets if `tickers` is null
    {do: rows, kind, count}     {rows: [...]} of a kind since the beginning, once there are `count` of them
    {do: first, counts}         {kind}: the first kind in `counts` that has that many rows
    {do: close}
    {do: read, task, arguments}                                   a task over REST, see neutral.py

A kind is a message type of the stream, in rows by our names (see shapes.py), or one of ERROR, RAISED, ENDED, LOG,
SUBSCRIBED, FRAME:TYPE, PAUSE and RESUMED.
"""

import asyncio
import contextlib
import faulthandler
import json
import logging
import re
import sys
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from contracts.clients.neutral import TASK_SECONDS_MAX, Driver, Shape, Watched, perform, row_of

WAIT_SECONDS_MAX = 60
"""Time limit for rows that a test waits for."""
ERROR = "error"
"""An error of the stream that was handed to the user: {code, text}."""
RAISED = "raised"
"""An exception that the client raised to its user: {error}."""
ENDED = "ended"
"""The client ended its user's iterator without an error: {channel}."""
LOG = "log"
"""A warning or error in the client's log: {text}."""
SUBSCRIBED = "subscribed"
"""The exchange acknowledged a channel: {channel}."""
FRAME = "frame"
"""The client has processed a frame, as FRAME:TYPE of its message type: {}. Its rows for the user came before."""
PAUSE = "pause"
"""A log line of the client about a pause before it connects again: {text}."""
RESUMED = "resumed"
"""The client connected again by itself, and every channel is acknowledged again: {}."""

Row = Mapping[str, Any]


class Inbox:
    """The rows that reached the user, by kind. The client's threads put them in, the loop over tasks reads them."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = defaultdict(list)
        self._changed = threading.Condition()

    def put(self, kind: str, row: Row) -> None:
        with self._changed:
            self._rows[kind].append(row)
            self._changed.notify_all()

    def put_shaped(self, kind: str, found: Any, shape: Shape) -> None:
        self.put(kind, row_of(found, shape))

    def put_frame(self, message_type: str) -> None:
        self.put(f"{FRAME}:{message_type}", {})

    def wait_subscribed(self, count: int) -> None:
        """Wait for an acknowledgement. Raises RuntimeError if an error comes instead."""
        errors = len(self.wait(ERROR, 0))
        if self.wait_any({SUBSCRIBED: count, ERROR: errors + 1}) == ERROR:
            raise RuntimeError(f"refused: {self.wait(ERROR, 0)[-1]}")

    def wait(self, kind: str, count: int) -> list[Row]:
        """Return all rows of a kind once there are `count`. Raises TimeoutError."""
        self.wait_any({kind: count})
        with self._changed:
            return list(self._rows[kind])

    def wait_any(self, counts: Mapping[str, int]) -> str:
        """Return the first kind that has its count of rows. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._reached(counts), WAIT_SECONDS_MAX):
                came = {name: len(rows) for name, rows in self._rows.items()}
                raise TimeoutError(f"wanted {counts}, came {came}; logged last: {self._rows[LOG][-1:]}")
            return self._reached(counts)[0]

    def gather(self, kinds: Collection[str], count: int, seconds: float) -> list[Row]:
        """Return the rows of some kinds once there are `count`, or those that arrived in time."""
        with self._changed:
            self._changed.wait_for(lambda: sum(len(self._rows[kind]) for kind in kinds) >= count, seconds)
            return [row for kind in kinds for row in self._rows[kind]]

    def _reached(self, counts: Mapping[str, int]) -> list[str]:
        return [kind for kind, count in counts.items() if len(self._rows[kind]) >= count]


class Stream(Protocol):
    """A client's stream; its methods raise the exceptions of the client."""

    inbox: Inbox

    def open(self, task: Mapping[str, Any]) -> None: ...

    def subscribe(self, channel: str, tickers: list[str] | None) -> None: ...

    def close(self) -> None: ...


class Worker:
    """An event loop in a thread, for clients that want one while the tasks are read."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine in the loop; return its result or raise its exception."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(TASK_SECONDS_MAX)


PAUSES = re.compile(r"[Rr]econnecting in [0-9.]+ ?s")


class LogHandler(logging.Handler):
    """Puts lines of the client's log into an inbox."""

    inbox: Inbox | None = None

    def __init__(self) -> None:
        super().__init__(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if self.inbox and PAUSES.search(text):
            self.inbox.put(PAUSE, {"text": text})
        if self.inbox and record.levelno >= logging.WARNING:
            self.inbox.put(LOG, {"text": text})


@cache
def original_connect() -> Any:
    websockets: Any = import_module("websockets")
    return websockets.connect


def set_pings(options: Mapping[str, float]) -> None:
    """Set the ping and close timeouts of the library below a client to the option `ping_seconds`, if given."""
    websockets: Any = import_module("websockets")
    connect = original_connect()
    pings: dict[str, float] = {}
    if "ping_seconds" in options:
        pings = {"ping_interval": options["ping_seconds"], "ping_timeout": options["ping_seconds"]}
        pings["close_timeout"] = options["ping_seconds"]
    websockets.connect = lambda url, **given: connect(url, **{**given, **pings})


def serve_stream(make: Callable[[], Stream], rest: Driver, logger: str) -> None:
    """Reply to the tasks on standard input; `logger` is the name of the client's root logger."""
    warnings.simplefilter("error")
    handler = LogHandler()
    logging.getLogger(logger).addHandler(handler)
    logging.getLogger(logger).setLevel(logging.INFO)
    session = _Session(make, rest, handler)
    for line in sys.stdin:
        faulthandler.dump_traceback_later(TASK_SECONDS_MAX, exit=True)
        answer = session.answer(json.loads(line))
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
    session.close()


class _Session:
    """Carries out tasks; each `open` creates a new client."""

    def __init__(self, make: Callable[[], Stream], rest: Driver, handler: LogHandler) -> None:
        self._make, self._rest, self._handler = make, rest, handler
        self._stream = make()
        self._client: Any = None

    def answer(self, task: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return self._answer(task)
        except Exception as error:  # noqa: BLE001 # every client has errors of its own
            return {"error": f"{type(error).__name__}: {error}"}

    def close(self) -> None:
        """Close the stream, ignoring errors, since some clients raise if their connection is already closed."""
        self._handler.inbox = None
        with contextlib.suppress(Exception):
            self._stream.close()

    def _open(self, task: Mapping[str, Any]) -> None:
        self.close()
        self._stream = self._make()
        self._handler.inbox = self._stream.inbox
        self._client = self._rest.connect(task["host"], task["key_id"], task["private_key_pem"])
        self._stream.open(task)

    def _answer(self, task: Mapping[str, Any]) -> Mapping[str, Any]:
        match task["do"]:
            case "open":
                self._open(task)
            case "subscribe":
                self._stream.subscribe(task["channel"], task["tickers"])
            case "rows":
                return {"rows": self._stream.inbox.wait(task["kind"], task["count"])}
            case "first":
                return {"kind": self._stream.inbox.wait_any(task["counts"])}
            case "close":
                self.close()
            case "read":
                return perform(self._rest, Watched(self._client, set()), task)
        return {}
