"""Writes the file of a recording: JSON lines as in an exported journal, between a header and a summary.

Lines are written at once, to `FILE.part`. At the end that file is read once more, since an id may have appeared in text
before a field showed that it is an id. Only a file without secrets gets its final name.
"""

import asyncio
import json
import os
import time
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mockexchange.core.instants import format_instant
from mockexchange.recording.redaction import Redactor
from mockexchange.runtime.redaction import redact_values, texts_of
from mockexchange.version import __version__

FORMAT, VERSION = "mockexchange-recording", 1
ENDED = "ended"
PART = ".part"
LEFT_OUT = "its bodies are left out, since they had what looks like a secret"
BYTES_MAX = 1024 * 1024 * 1024
"""The largest recording in bytes, about a day of a busy account; importing it takes minutes."""
BODY_BYTES_MAX = 16 * 1024 * 1024
OWNER_ONLY = 0o600
BETWEEN_TEXTS = "\0"
"""A separator of joined texts, which is no white space, so that no pattern matches across two texts."""
_ENCODE = json.JSONEncoder(check_circular=False).encode
Plain = dict[str, Any]
Bodies = dict[str, bytes | None]
AGE_S_MAX, WAITING_BYTES_MAX = 1.0, 16 * 1024 * 1024
PAUSE_S, SLICE_S = 0.02, 0.01
"""The pause between two slices of writing, and a slice's length: while frames arrive, a third of the time."""


class SecretFound(Exception):
    """Raised if a finished recording still contains a secret; the message has the places."""


class Exchanged(NamedTuple):
    """A request and its answer, before redaction. Times are in microseconds."""

    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    status: int
    answer_headers: list[tuple[bytes, bytes]]
    answer: bytes
    at: int
    latency_us: int
    source: str = ""
    """The origin of the server that answered, or "proxy" for a request that was not passed on."""
    note: str = ""
    connection: int | None = None


class RecordingFile:
    """Writes the file of one recording. It cannot be used after `finish` or `abandon`."""

    def __init__(
        self, path: Path, redactor: Redactor, target: str, *, bytes_max: int = BYTES_MAX, at: int | None = None
    ) -> None:
        """Create the file. Raises OSError if that fails or a file of this name exists."""
        self.path, self.part = path, path.with_name(path.name + PART)
        self.redactor, self.counts = redactor, Counter[str]()
        self._bytes_max, self._size = bytes_max, 0
        self._failure: OSError | None = None
        if path.exists():
            raise FileExistsError(f"{path} exists: give --out another name")
        try:
            self._file = _create(self.part)
        except FileExistsError:
            left = "is of a recording that runs or was killed: remove it, or give --out another name"
            raise FileExistsError(f"{self.part} {left}") from None
        except OSError as error:
            raise OSError(f"{path} cannot be written: {error.strerror or error}") from None
        began = {"format": FORMAT, "version": VERSION, "target": target, "program": f"mockexchange {__version__}"}
        self._write({**began, "began": format_instant(_now() if at is None else at), "redacted": True}, is_always=True)

    def add_request(self, found: Exchanged) -> None:
        """Redact a request and its answer, and write them as one line."""
        self.counts["requests"] += 1
        headers = [self.redactor.headers(one) for one in (found.headers, found.answer_headers)]
        line: Plain = {
            "number": self.counts["requests"],
            "position": 0,
            "method": found.method,
            "target": self.redactor.target(found.target),
            "status": found.status,
            "source": found.source,
            **_times(found.at),
            "latency_us": found.latency_us,
            "connection": found.connection,
            "headers": headers[0],
            "answer_headers": headers[1],
        }
        note = self.redactor.text(found.note)
        if note:
            line["note"] = note
        head = [*(text for pair in (*headers[0], *headers[1]) for text in pair), found.method, line["target"]]
        self._add_with_bodies(line, {"body": found.body, "answer": found.answer}, [*head, found.source, note])

    def add_frame(
        self,
        connection: int,
        direction: str,
        raw: bytes,
        *,
        kind: str = "",
        note: str = "",
        at: int | None = None,
        monotonic_us: int | None = None,
        is_flushed: bool = True,
    ) -> None:
        """Redact and write a message of a stream, or its opening or closing. `at` is the current time by default.

        Lines with `is_flushed` false stay in a buffer until the next flushed line or `flush`.
        """
        self.counts["frames"] += 1
        note = self.redactor.text(note) if note else ""
        line: Plain = {
            "number": self.counts["frames"],
            "position": 0,
            "connection": connection,
            "direction": direction,
            "kind": kind,
            "channel": "",
            "fault": None,
            "note": note,
            **_times(_now() if at is None else at),
            "monotonic_us": time.monotonic_ns() // 1000 if monotonic_us is None else monotonic_us,
        }
        self._add_with_bodies(line, {"frame": raw}, [note], is_flushed=is_flushed)

    def flush(self) -> None:
        """Write the buffered lines. Raises OSError."""
        if self._failure is not None:
            raise self._failure
        try:
            self._file.flush()
        except OSError as error:
            self._failure = error  # the connection that it is raised in ends, and `finish` reports it
            raise

    def finish(self) -> Counter[str]:
        """Write the last line, give the file its final name, and return the counts of lines by kind.

        Raises SecretFound, and then removes the file with the secret. Raises OSError if a line could not be written;
        the lines before it stay in `FILE.part`.
        """
        if self._failure is not None:
            raise self._failure
        self._write({ENDED: format_instant(_now()), **self.counts}, is_always=True)
        self._file.close()
        checked = self.path.with_name(self.path.name + ".checked")
        try:
            # Copy the lines, with ids that were known too late replaced; return the places of what still looks
            # secret.
            found: list[str] = []
            with self.part.open(encoding="utf-8") as lines, _create(checked) as file:
                for number, line in enumerate(lines, start=1):
                    shown = redact_values(json.loads(line), self.redactor.pseudonyms.in_written_text)
                    found += [
                        f"line {number} has {leak[:6]!r}..."
                        for text in texts_of(shown)
                        for leak in self.redactor.leaks(text)
                    ]
                    file.write(json.dumps(shown).encode() + b"\n")
            if found:
                raise SecretFound(f"{self.path} is refused, and its parts are removed: {'; '.join(found[:5])}")
            checked.replace(self.path)
        finally:
            checked.unlink(missing_ok=True)
            self.part.unlink(missing_ok=True)
        return self.counts

    def abandon(self) -> None:
        """Close and remove the unfinished file."""
        self._file.close()
        self.part.unlink(missing_ok=True)

    def _add_with_bodies(self, line: Plain, bodies: Bodies, texts: list[str], *, is_flushed: bool = True) -> None:
        """Write a line with its bodies; `texts` are the others that are not the recording's own."""
        for name, raw in bodies.items():
            line |= self._body(name, raw)
        if self.redactor.leaks(BETWEEN_TEXTS.join([*texts, *(line[name] or "" for name in bodies)])):
            self.counts["bodies left out"] += 1
            line |= {**dict.fromkeys(bodies), "note": LEFT_OUT}
        self._write(line, is_flushed=is_flushed)

    def _body(self, name: str, raw: bytes | None) -> Plain:
        if not raw:
            return {name: "" if raw == b"" else None}
        shown = self.redactor.body(raw) if len(raw) <= BODY_BYTES_MAX else None
        if shown is None:
            self.counts["bodies left out"] += 1
            return {name: None, f"{name}_size": len(raw)}
        return {name: shown.decode()}

    def _write(self, line: Plain, *, is_always: bool = False, is_flushed: bool = True) -> None:
        """Write a line at once, so that nothing is lost however this ends; beyond the limit lines are only counted."""
        data = _ENCODE(line).encode() + b"\n"
        if self._size + len(data) > self._bytes_max and not is_always:
            self.counts["lines beyond the limit"] += 1
            return
        self._size += len(data)
        try:
            self._file.write(data)
            if is_flushed:
                self._file.flush()
        except OSError as error:
            self._failure = error  # the connection that it is raised in ends, and `finish` reports it
            raise


def _create(path: Path) -> BinaryIO:
    """Create a file that its owner alone may read. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    return os.fdopen(descriptor, "wb")


def _now() -> int:
    return time.time_ns() // 1000


def _times(at: int) -> Plain:
    return {"at": format_instant(at), "at_us": at, "host_at_us": at}


# Lines that wait, so that their traffic is passed on first


class _Waiting(NamedTuple):
    since: float
    size: int
    write: Callable[[], None]


class LateLines:
    """The lines of one recording that wait until they are redacted and written, in order.

    Redacting a frame takes several times as long as passing it on, so a burst of frames is passed on first. No line
    waits longer than a second, and when some megabytes are waiting, streams are not read until the lines are written.
    """

    def __init__(self, file: RecordingFile) -> None:
        self.file = file
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None

    def add_request(self, found: Exchanged) -> None:
        """Write a request with its answer. It has to wait if older lines are waiting. Raises OSError."""
        if self._waiting:
            self._add(len(found.answer), partial(self.file.add_request, found))
        else:
            self.file.add_request(found)

    def add_frame(self, connection: int, direction: str, raw: bytes, *, kind: str = "", note: str = "") -> None:
        """Add a message of a stream, or its opening or closing, to the waiting lines. Its time is the current time."""
        at, monotonic_ns = time.time_ns() // 1000, time.monotonic_ns()
        add = partial(self.file.add_frame, connection, direction, raw, kind=kind, note=note, at=at, is_flushed=False)
        self._add(len(raw), partial(add, monotonic_us=monotonic_ns // 1000))

    async def keep_up(self) -> None:
        """Write the oldest lines until none is too old and not too many wait. Raises OSError."""
        while self._waiting and (
            self._size > WAITING_BYTES_MAX or self._waiting[0].since + AGE_S_MAX < time.monotonic()
        ):
            self._write_until(time.monotonic() + SLICE_S)
            await asyncio.sleep(0)
        self.file.flush()

    def write_all(self) -> None:
        """Write all waiting lines. Raises OSError."""
        self._write_until(float("inf"))

    def _add(self, size: int, write: Callable[[], None]) -> None:
        self._waiting.append(_Waiting(time.monotonic(), size, write))
        self._size += size
        self._arm()

    def _arm(self) -> None:
        if self._timer is None and self._waiting:
            self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._write_some)

    def _write_some(self) -> None:
        self._timer = None
        try:
            self._write_until(time.monotonic() + SLICE_S)
        except OSError:
            self._waiting.clear()
            self._size = 0  # the file has the reason: streams end with it, and so does the recording
        self._arm()

    def _write_until(self, deadline: float) -> None:
        while self._waiting and time.monotonic() < deadline:
            found = self._waiting.popleft()
            self._size -= found.size
            found.write()
        self.file.flush()
