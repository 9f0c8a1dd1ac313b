"""Reads the lines of a recording for comparisons: every request with its answer, also refused ones, and every frame."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.importing.recorded_answers import (
    CUT,
    JSON_HEADERS,
    PROXY,
    Problem,
    RecordedAnswer,
    WrongRecording,
    call_in,
    check_beginning,
    check_header,
    lines_of,
)
from mockexchange.named_files import LINES_BYTES_MAX, open_file
from mockexchange.recording.read_errors import reason_of
from mockexchange.recording.recording_file import ENDED
from mockexchange.venues.registry import venue_at
from mockexchange.venues.request import Request

Plain = dict[str, Any]
UNKNOWN_HOST = "an unknown host"
JUDGED_FILES = "JSON lines, or a HAR or a cassette with its ending"
DIGITS = re.compile(r"\d")


class RecordedExchange(NamedTuple):
    """A recorded request with its answer, in the form that `AnswerJudge` accepts."""

    asked: RecordedAnswer
    status: int
    content: bytes
    headers: Mapping[str, str]
    """The answer's headers by lower-case name; empty if the file has none, as in an exported journal."""
    host: str
    connection: int | None
    called: str = ""
    """The method that a POST at a JSON-RPC venue calls, such as "private/get_positions"; empty for other requests."""
    params: str = ""
    """The parameters of that call, as sorted JSON."""

    @property
    def path(self) -> str:
        """Return the path under which the API document describes the request.

        For a JSON-RPC call, this is the path of its method.
        """
        return f"{venue_at(self.asked.path).prefix}/{self.called}" if self.called else self.asked.path

    @property
    def same(self) -> str:
        """Return a text that is equal for requests that read the same. It leaves out the ids of JSON-RPC calls."""
        return f"{self.asked.target} {self.called} {self.params}"

    @property
    def judged_as(self) -> bytes:
        """Return a digest that is equal for answers whose comparison with documents has the same result.

        Only the digits of the header Date are left out.
        """
        headers = {name: DIGITS.sub("0", value) if name == "date" else value for name, value in self.headers.items()}
        found = repr((self.asked.method, self.path, self.status, headers)).encode() + self.content
        return hashlib.blake2b(found, digest_size=16).digest()

    @property
    def where(self) -> str:
        return self.asked.where


class RecordedFrame(NamedTuple):
    """A recorded message of a stream, or its opening or closing (`kind`). `text` is None if the bytes were left out."""

    line: int
    at: int
    connection: int
    is_sent: bool
    """Whether the client sent it."""
    kind: str
    text: str | None


def read_lines(path: Path) -> Iterator[RecordedExchange | RecordedFrame | Problem]:
    """Yield the requests and frames of a recording, and a Problem for each line that cannot be read.

    The end of a recording that was cut short is a Problem too. Requests that the recording proxy did not pass on, and
    answers whose body was left out, are skipped. Raises WrongRecording.
    """
    number, raw = 0, b""
    with open_file(path, LINES_BYTES_MAX) as file:
        for number, offset, raw in lines_of(file):
            try:
                found = _read(path, raw, number, offset)
            except WrongRecording:
                raise
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                yield Problem(number, reason_of(error))
            else:
                if found is not None:
                    yield found
    if number and not _is_end(raw):
        yield Problem(number, CUT)


def _is_end(raw: bytes) -> bool:
    """Return whether a line is the summary of a recording."""
    try:
        return ENDED in json.loads(raw)
    except (ValueError, TypeError, RecursionError):
        return False


def read_again(path: Path, asked: Iterable[RecordedAnswer]) -> Iterator[RecordedExchange]:
    """Yield the requests `asked` with their answers.

    They are read from the file again, one at a time, to save memory.
    """
    with open_file(path, LINES_BYTES_MAX) as file:
        for answer in asked:
            file.seek(answer.offset)
            found = _read(path, file.readline(), answer.line, answer.offset)
            if isinstance(found, RecordedExchange):
                yield found


def _read(path: Path, raw: bytes, number: int, offset: int) -> RecordedExchange | RecordedFrame | None:
    if not raw.strip():
        return None
    check_beginning(path, raw, number, JUDGED_FILES)
    line = json.loads(raw)
    if "format" in line or "log" in line:
        check_header(path, line)
        return None
    if ENDED in line:
        return None
    if "direction" in line:
        is_sent = line["direction"] == "in"
        return RecordedFrame(
            number, int(line["at_us"]), int(line["connection"]), is_sent, str(line["kind"]), line["frame"]
        )
    if line.get("source") == PROXY or line.get("answer") is None:
        return None
    target, method = str(line["target"]), str(line["method"])
    asked = RecordedAnswer(number, offset, int(line["at_us"]), target, method, call_in(line))
    headers = {str(name).lower(): str(value) for name, value in line.get("answer_headers") or ()}
    host = str(line.get("source") or UNKNOWN_HOST).rpartition("/")[2]
    called, params = _call_of(method, target, line.get("body"))
    return RecordedExchange(
        asked, int(line["status"]), line["answer"].encode(), headers, host, line.get("connection"), called, params
    )


def _call_of(method: str, target: str, body: str | None) -> tuple[str, str]:
    """Return the method and the parameters that a POST calls; empty for all other requests."""
    path, _, query = target.partition("?")
    rpc_call_of = venue_at(path).rest.rpc_call_of
    if method != "POST" or not body or rpc_call_of is None:
        return "", ""
    called, params = rpc_call_of(Request(method, path, query, JSON_HEADERS, body.encode())) or ("", {})
    return called, json.dumps(dict(params), sort_keys=True)
