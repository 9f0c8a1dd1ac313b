"""How far each log of an SQLite file had come, in a file beside it: SQLite does not notice a lost write-ahead log.

The file `FILE.mark` is there while a server uses the store, and after one that did not end by itself. After each commit
the numbers of the logs that grew are written to it, and not synchronized: like the write-ahead log, they outlive the
process. A machine that crashes may lose commits of the durability `normal` and keep their numbers, so these count only
until it starts again.
"""

import os
import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path

HEADER = struct.Struct("<16s40s8s")
MAGIC = b"mockexchange-1"
SLOT = struct.Struct("<q")
"""The number of records of the sandbox with the id of the slot, plus one; 0 for a sandbox that there is none of."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def mark_path(path: Path) -> Path:
    return Path(f"{path}.mark")


def read_marks(path: Path) -> dict[int, int]:
    """Return the number of committed records of each sandbox, by its id; empty if a store has no marks that count."""
    try:
        raw = mark_path(path).read_bytes()
    except OSError:
        return {}
    if len(raw) < HEADER.size:
        return {}
    magic, boot, durability = (part.rstrip(b"\0") for part in HEADER.unpack_from(raw))
    is_same_boot = bool(boot) and boot == _boot_id()
    if magic != MAGIC or not (durability == b"full" or is_same_boot):
        return {}
    slots = raw[HEADER.size : len(raw) - (len(raw) - HEADER.size) % SLOT.size]
    return {id_: count - 1 for id_, (count,) in enumerate(SLOT.iter_unpack(slots)) if count > 0}


class CommitMarks:
    """The marks of a store that is open for writing."""

    def __init__(self, path: Path, durability: str, behind: Mapping[int, int]) -> None:
        """Make the file of marks anew, with those of the sandboxes whose records are missing (`behind`).

        Raises OSError.
        """
        self._path, self._keeps = mark_path(path), bool(behind)
        self._file = FileIO(self._path, "w", opener=_private)
        self._file.write(HEADER.pack(MAGIC, _boot_id(), durability.encode()))
        self.write(behind.items())

    def write(self, counts: Iterable[tuple[int, int | None]]) -> None:
        """Note the number of committed records of sandboxes by id, None for one that was deleted.

        A full disk loses the mark, not the commit: then less is noticed.
        """
        for id_, count in counts:
            with suppress(OSError):
                _write_slot(self._file, id_, count)

    def close(self) -> None:
        """Remove the file, since SQLite has moved the write-ahead log into the store; keep it for missing records."""
        self._file.close()
        if not self._keeps:
            self._path.unlink(missing_ok=True)


def forget(path: Path, id_: int) -> None:
    """Note that a command deleted a sandbox; nothing happens if the store has no marks."""
    with suppress(OSError), FileIO(mark_path(path), "r+") as file:
        _write_slot(file, id_, None)


def _write_slot(file: FileIO, id_: int, count: int | None) -> None:
    file.seek(HEADER.size + id_ * SLOT.size)
    file.write(SLOT.pack(0 if count is None else count + 1))


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _boot_id() -> bytes:
    """Return what identifies the machine's present run; empty where the system does not say."""
    try:
        return BOOT_ID.read_bytes().strip()
    except OSError:
        return b""
