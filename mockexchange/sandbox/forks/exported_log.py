"""Exports a log with its origin: the description of its sandbox, with which a fork continues as the original.

The origin is in the first line. It is the description that a store keeps, without key pairs: those are generated again
from names.
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from mockexchange.sandbox.log.stored import Description, describe
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.codec import write_log
from mockexchange.store.log import Header, LogError, ReadableLog


class _FirstLine(msgspec.Struct):
    """The first line of a log, as far as it is about the origin."""

    origin: Description | None = None


def exported(sandbox: Sandbox) -> Iterator[bytes]:
    """Yield the lines of a sandbox's log; the first line also has the sandbox's description, the log's origin."""
    description = msgspec.json.decode(describe(sandbox), type=Description)
    shown = msgspec.structs.replace(description, source=sandbox.plan.source)
    return exported_log(sandbox.log, shown)


def exported_log(log: ReadableLog, description: Description) -> Iterator[bytes]:
    """Yield the lines of a log; the first line also has a sandbox's description, the log's origin."""
    lines = write_log(log)
    next(lines)
    yield _first_line(log.header, description)
    yield from lines


def read_origin(line: bytes) -> Description | None:
    """Return the origin (the description of the sandbox) in the first line of an exported log.

    None if the line has none. Raises LogError.
    """
    try:
        return msgspec.json.decode(line, type=_FirstLine).origin
    except (msgspec.MsgspecError, RecursionError) as error:
        raise LogError(f"line 1: its origin cannot be read: {error}") from None


def _first_line(header: Header, description: Description) -> bytes:
    beginning = replace(description.beginning, host_at=0)  # equal logs are equal bytes
    public = msgspec.structs.replace(description, beginning=beginning, pairs={}, places=[], port=None, idle_us_max=None)
    return msgspec.json.encode({**msgspec.to_builtins(header), "origin": public}) + b"\n"
