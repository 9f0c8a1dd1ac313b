"""The text format of a log: JSON lines, first the header, then a record per line.

Amounts are integers or decimal texts.
"""

from collections.abc import Iterable, Iterator
from typing import Any, get_args

import msgspec

from mockexchange.core.commands import Command
from mockexchange.core.vocabulary import written_tag
from mockexchange.store.log import FORMAT, Cause, Header, LogError, ReadableLog, Record

COMMANDS: dict[str, type[Command]] = {written_tag(kind): kind for kind in get_args(Command)}
NAMES: dict[type[Command], str] = {kind: name for name, kind in COMMANDS.items()}


__all__ = ["COMMANDS", "NAMES", "LogError", "decode_record", "encode_record", "read_log", "write_log"]
NO_JSON = "it is no JSON"
UNREADABLE = (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError, RecursionError)


def write_log(log: ReadableLog, after: int = 0) -> Iterator[bytes]:
    """Yield the lines of a log as bytes: the header, then the records with numbers greater than `after`.

    Each line ends with a newline.
    """
    yield msgspec.json.encode(log.header) + b"\n"
    for record in log.records(after=after):
        yield encode_record(record) + b"\n"


def encode_record(record: Record) -> bytes:
    """Return the JSON line of a record without its newline: {seq, at, do}, and `cause` if the record has one."""
    command = {NAMES[type(record.command)]: record.command}
    cause = {} if record.cause is None else {"cause": record.cause}
    return msgspec.json.encode({"seq": record.sequence, "at": record.at, "do": command, **cause})


def read_log(lines: Iterable[bytes]) -> tuple[Header, Iterator[Record]]:
    """Parse the lines of a log into its header and an iterator over its records, each parsed when it is needed.

    The function and the iterator raise LogError with the number of the wrong line.
    """
    numbered = enumerate(lines, start=1)
    _, first = next(numbered, (1, b""))
    if not first:
        raise LogError("line 1: expected a log header, got an empty file")
    try:
        header = msgspec.json.decode(first, type=Header)
    except (msgspec.DecodeError, RecursionError) as error:
        raise LogError(f"line 1: expected a log header: {_describe_other(first) or error}") from None
    if header.format != FORMAT:
        raise LogError(f"line 1: expected log format {FORMAT}, got {header.format}")
    return header, (_read_record(number, line) for number, line in numbered if line.strip())


def _describe_other(line: bytes) -> str:
    """Return what a file with this first line is instead of a log; empty if it may be a log with a wrong header."""
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return NO_JSON
    if isinstance(found, dict) and isinstance(found.get("format"), str):
        return "this is a recording, of which `mockexchange import` makes a scenario"
    if isinstance(found, dict) and "number" in found and ("method" in found or "direction" in found):
        return "this is a journal, as `mockexchange journal --json` writes it"
    return ""


def decode_record(sequence: int, line: bytes) -> Record:
    """Parse the JSON line of the record with this number. Raises LogError, which shows the number."""
    try:
        return _record_of(line)
    except UNREADABLE as error:
        raise LogError(f"record {sequence}: expected {{seq, at, do: {{name: fields}}}}: {error}") from None


def _read_record(number: int, line: bytes) -> Record:
    try:
        return _record_of(line)
    except UNREADABLE as error:
        why = error if isinstance(error, msgspec.ValidationError) else _describe_other(line) or error
        raise LogError(f"line {number}: expected a record {{seq, at, do: {{name: fields}}}}: {why}") from None


def _record_of(line: bytes) -> Record:
    record: dict[str, Any] = msgspec.json.decode(line)
    ((name, values),) = record["do"].items()
    command = msgspec.convert(values, COMMANDS[name])
    cause = msgspec.convert(record.get("cause"), Cause | None)
    return Record(int(record["seq"]), int(record["at"]), command, cause)
