"""Lists the answers and the streams of a recording, line by line. Bodies are read from the file again when needed."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mockexchange.core.instants import format_instant
from mockexchange.named_files import LINES_BYTES_MAX, open_file
from mockexchange.recording.read_errors import reason_of
from mockexchange.recording.read_only import why_not_sent
from mockexchange.recording.recording_file import ENDED, FORMAT, VERSION
from mockexchange.venues.registry import venue_at, venue_of
from mockexchange.venues.request import Request

# Frames of streams, up to a limit; those that are not compared are counted by the reason


OPEN, CLOSE = "open", "close"
CONTROL = ("ping", "pong")
CHARS_MAX = 16 * 1024 * 1024
"""The most characters of frames that are held, about 60,000 frames."""


class StreamLine(NamedTuple):
    """A recorded message of a stream (`kind` is not "close"), or its closing. `at` is in microseconds."""

    line: int
    at: int
    connection: int
    is_sent: bool
    """Whether the client sent it."""
    kind: str
    text: str


@dataclass(slots=True)
class RecordedStreams:
    """The frames of the streams in a recording, in the file's order."""

    lines: list[StreamLine] = field(default_factory=list)
    venues: dict[int, str] = field(default_factory=dict)
    """The venue of each stream, by the number of its connection."""
    _chars: int = 0

    def open(self, connection: int | None, path: str) -> None:
        """Note the path at which a stream was opened."""
        if connection is not None:
            self.venues[connection] = venue_at(path).name

    def of(self, venue: str) -> list[StreamLine]:
        """Return the lines of a venue's streams."""
        return [one for one in self.lines if self.venues[one.connection] == venue]

    def take(self, line: dict[str, Any], number: int) -> str:
        """Hold a line; return why its frame is not compared, "" if it is."""
        kind = str(line.get("kind", ""))
        why = self._why_not_compared(line, kind)
        if not why and kind not in (OPEN, *CONTROL):
            text = str(line["frame"] or "")
            self._chars += len(text)
            is_sent = line["direction"] == "in"
            self.lines.append(StreamLine(number, int(line["at_us"]), line["connection"], is_sent, kind, text))
        return why

    def _why_not_compared(self, line: dict[str, Any], kind: str) -> str:
        venue = self.venues.get(line.get("connection", 0))
        if venue is None:
            return "frames of streams whose opening was not recorded"
        if venue_of(venue).rest.rpc_call_of is not None:
            return f"frames of streams of {venue}"
        if kind in (OPEN, CLOSE, *CONTROL):
            return ""
        if line.get("note") or line.get("fault") is not None or line["direction"] not in ("in", "out"):
            return "frames that the proxy or a fault made"
        if line["frame"] is None:
            return "frames whose text was left out"
        return "" if self._chars <= CHARS_MAX else f"frames after the first {CHARS_MAX} characters of frames"


# Answers, line by line


Plain = dict[str, Any]
LINE_BYTES_MAX = 64 * 1024 * 1024
"""The longest line in bytes: two bodies of at most 16 MB each, escaped."""
PROBLEMS_MAX = 100
CUT = "there is no summary after it: the recording was cut short"
IMPORTED_FILES = "JSON lines, or a CSV export with the columns of a venue"
PROXY = "proxy"
JSON_HEADERS = ((b"content-type", b"application/json"),)
SWITCHED = 101
"""The status of an opened stream, whose frames are compared instead."""
ROW = "row"
"""The method of a row of a CSV file, for which there was no request."""
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class WrongRecording(ValueError):
    """Raised for a file that has nothing to import; the message gives the reason."""


class Problem(NamedTuple):
    """A line of a recording that could not be read, with the reason."""

    line: int
    why: str


class RecordedAnswer(NamedTuple):
    """A recorded request: its time, its target, and where its line is in the file (number and byte offset)."""

    line: int
    offset: int
    at: int
    target: str
    method: str = "GET"
    body: str = ""
    """The body of a POST that calls a reading JSON-RPC method; empty for all other requests."""

    @property
    def is_write(self) -> bool:
        """Return whether the request changed the account. Its answer is read for rows, but it is not sent again."""
        return self.method in WRITES and not self.body

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def where(self) -> str:
        return f"line {self.line}, {format_instant(self.at)}: {self.method} {self.target}"


@dataclass(slots=True)
class Recorded:
    """A recording of one venue: its answers, the lines that could not be read, and counts of what is skipped."""

    path: Path
    venue: str = ""
    answers: list[RecordedAnswer] = field(default_factory=list)
    writes: list[RecordedAnswer] = field(default_factory=list)
    streams: RecordedStreams = field(default_factory=RecordedStreams)
    problems: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    from_frames: list[Problem] = field(default_factory=list)
    """The rows that only frames of streams show, with their lines."""
    assumed: list[Problem] = field(default_factory=list)
    """Assumptions about rows of a CSV file that lack a fact, with their lines."""

    def bodies(self) -> Iterator[tuple[RecordedAnswer, Any]]:
        """Yield each answer with its parsed body, in the file's order."""
        with open_file(self.path, LINES_BYTES_MAX) as file:
            for answer in sorted([*self.answers, *self.writes]):
                file.seek(answer.offset)
                yield answer, json.loads(json.loads(file.readline())["answer"])

    def text_of(self, answer: RecordedAnswer) -> str:
        with open_file(self.path, LINES_BYTES_MAX) as file:
            file.seek(answer.offset)
            return str(json.loads(file.readline())["answer"])


def read_answers(path: Path) -> Recorded:
    """Read a recording or an exported journal. Raises WrongRecording if none of its lines can be imported."""
    found, is_ended, number = Recorded(path), False, 0
    with open_file(path, LINES_BYTES_MAX) as file:
        for number, offset, raw in lines_of(file):
            try:
                is_ended = _take(found, raw, number, offset)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                if isinstance(error, WrongRecording) and number == 1:
                    raise
                note_problem(found, number, reason_of(error))
    if number and not is_ended:
        note_problem(found, number, CUT)
    if not found.answers:
        first = f"; line {found.problems[0].line}: {found.problems[0].why}" if found.problems else ""
        raise WrongRecording(f"{path} has no answer that can be imported, of {number} lines{first}")
    return found


def lines_of(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Yield each line with its number and the byte offset at which it begins. A line that is too long is cut."""
    number = offset = 0
    while raw := file.readline(LINE_BYTES_MAX):
        number += 1
        yield number, offset, raw
        while len(raw) == LINE_BYTES_MAX and not raw.endswith(b"\n"):
            offset, raw = offset + len(raw), file.readline(LINE_BYTES_MAX)
        offset += len(raw)


def _take(found: Recorded, raw: bytes, number: int, offset: int) -> bool:
    """Take one line; return whether it is the last one of a recording."""
    check_beginning(found.path, raw, number)
    if not raw.strip():
        return False
    line = json.loads(raw)
    if "format" in line or "log" in line:
        check_header(found.path, line)
    elif "direction" in line:
        why = found.streams.take(line, number)
        if why:
            found.skipped[why] += 1
    elif ENDED not in line:
        _take_entry(found, line, number, offset)
    return ENDED in line


def check_beginning(path: Path, raw: bytes, number: int, expected: str = IMPORTED_FILES) -> None:
    """Raise WrongRecording, with the files that are expected, if a file's first line is not a JSON object."""
    if number == 1 and raw.lstrip()[:1] not in (b"{", b""):
        raise WrongRecording(f"{path} is no recording: expected {expected}")


def check_header(path: Path, line: Plain) -> None:
    """Raise WrongRecording if the header of a file names another format than that of recordings."""
    if "log" in line:
        raise WrongRecording(f"{path} is a HAR: make a recording of it: mockexchange record --har {path}")
    if isinstance(line["format"], int):
        raise WrongRecording(
            f"{path} is a log of a sandbox, no recording: mockexchange serve --from-log {path} plays it"
        )
    if (line["format"], line.get("version")) != (FORMAT, VERSION):
        raise WrongRecording(
            f"{path} has the format {line['format']!r} {line.get('version')}, not {FORMAT!r} {VERSION}"
        )


def _take_entry(found: Recorded, line: Plain, number: int, offset: int) -> None:
    """Take the line of a request: a read to ask again, a write whose answer may have rows, or an opened stream."""
    body = call_in(line)
    answer = RecordedAnswer(number, offset, int(line["at_us"]), str(line["target"]), line["method"], body)
    why = _why_not_asked_again(line, is_read=bool(body))
    if line["status"] == SWITCHED:
        found.streams.open(line.get("connection"), answer.path)
    elif why:
        found.skipped[why] += 1
    is_done = line["status"] in (200, 201) and line.get("source") != PROXY
    has_rows = line["method"] in WRITES and is_done and bool(line.get("answer"))
    if why and not has_rows:
        return
    venue = venue_at(answer.path).name
    if found.venue not in ("", venue):  # the first read decides which venue is imported
        found.skipped[f"answers of {venue}"] += 0 if answer.is_write else 1  # writes are counted above
        return
    if not isinstance(json.loads(line["answer"]), dict):
        raise TypeError("expected an object as the answer")
    if answer.is_write:
        found.writes.append(answer)
    else:
        found.venue = venue
        found.answers.append(answer)


def call_in(line: Plain) -> str:
    """Return the body of a recorded POST that calls a JSON-RPC method which only reads; empty for other requests."""
    body = line.get("body")
    if line["method"] != "POST" or not body:
        return ""
    path, _, query = str(line["target"]).partition("?")
    asked = Request("POST", path, query, JSON_HEADERS, body.encode())
    is_rpc = venue_at(path).rest.rpc_call_of is not None
    return body if is_rpc and why_not_sent(asked) is None else ""


def _why_not_asked_again(line: Plain, *, is_read: bool) -> str:
    if line["method"] != "GET" and not is_read:
        return f"{line['method']} requests"
    if line.get("source") == PROXY:
        return "requests that were not sent"
    if line["status"] != 200:
        return f"answers {line['status']}"
    return "" if line.get("answer") else "answers whose body was left out"


def note_problem(found: Recorded, line: int, why: str) -> None:
    """Add a line that could not be read, unless there are too many already."""
    if len(found.problems) < PROBLEMS_MAX:
        found.problems.append(Problem(line, why))
