"""Opens files that a user names: regular files, and pipes where a file is read once, both bounded in bytes.

A path may name what no reader expects: a directory, a socket, a device that never ends, a pipe that nobody writes to, a
file of `/proc` that waits or has no size, or a file that grows while it is read. Each of them is an error of one line.
"""

import errno
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

MIB = 1024 * 1024
KEY_BYTES_MAX = 64 * 1024
"""The largest file of a key or a secret in bytes; an RSA key of 16,384 bits has 13,000."""
TEXT_BYTES_MAX = 64 * MIB
"""The largest file in bytes that is in memory as a whole, the same as the largest body of the control API."""
LINES_BYTES_MAX = 64 * 1024 * MIB
"""The largest file in bytes that is read line by line; it bounds the time for a file that never ends, not memory."""
LINE_BYTES_MAX = TEXT_BYTES_MAX
BUFFER_BYTES = 32 * 1024
PIPE = "a pipe"
KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: PIPE,
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class WrongFile(OSError):
    """Raised for what is no file that can be read, or one that is too large; `strerror` says which and what to give."""

    def __init__(self, number: int, message: str, path: str) -> None:
        super().__init__(number, message, path)

    def __str__(self) -> str:
        return f"{self.filename} {self.strerror}"


def open_file(path: str | os.PathLike[str], bytes_max: int, *, takes_pipes: bool = False) -> io.BufferedReader:
    """Open a regular file, or with `takes_pipes` also a pipe such as `<(command)`, for reading.

    Reading more than `bytes_max` bytes raises WrongFile. Raises OSError, of which WrongFile is one; it never waits for
    someone to write to a pipe.
    """
    name, flags = os.fspath(path), os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(name, flags)
    except OSError as error:
        kind = _kind_of(name)
        if kind and error.errno not in (errno.EACCES, errno.EPERM):  # a socket; on Windows also a directory
            raise WrongFile(errno.EINVAL, f"is {kind}: {_expected(takes_pipes=takes_pipes)}", name) from None
        raise
    try:
        status = os.fstat(descriptor)
        is_pipe = stat.S_ISFIFO(status.st_mode)
        if not (stat.S_ISREG(status.st_mode) or (is_pipe and takes_pipes)):
            kind = KINDS.get(stat.S_IFMT(status.st_mode), "of another kind")
            raise WrongFile(errno.EINVAL, f"is {kind}: {_expected(takes_pipes=takes_pipes)}", name)
        if status.st_size > bytes_max:
            raise _too_large(name, bytes_max, status.st_size)
        begun = _begin_pipe(descriptor, name) if is_pipe else b""
        return io.BufferedReader(_Bounded(descriptor, name, bytes_max, begun), BUFFER_BYTES)
    except BaseException:
        os.close(descriptor)
        raise


def problem_of(path: str | os.PathLike[str], *, takes_pipes: bool = False) -> str:
    """Return what is wrong with a path that exists and is no regular file, without opening it; "" if nothing is."""
    kind = _kind_of(os.fspath(path))
    if kind is None or (kind == PIPE and takes_pipes):
        return ""
    return f"is {kind}: {_expected(takes_pipes=takes_pipes)}"


def read_file(path: str | os.PathLike[str], bytes_max: int = TEXT_BYTES_MAX, *, takes_pipes: bool = False) -> bytes:
    """Return the content of a file as `open_file` opens it. Raises OSError."""
    with open_file(path, bytes_max, takes_pipes=takes_pipes) as file:
        return file.read()


def lines_of(file: BinaryIO, path: str | os.PathLike[str]) -> Iterator[bytes]:
    """Yield the lines of an open file. Raises WrongFile if one has more than LINE_BYTES_MAX bytes."""
    while line := file.readline(LINE_BYTES_MAX + 1):
        if len(line) > LINE_BYTES_MAX:
            raise WrongFile(errno.EFBIG, f"has a line of more than {LINE_BYTES_MAX:,} bytes", os.fspath(path))
        yield line


class _Bounded(io.RawIOBase):
    """An open file that raises WrongFile beyond so many bytes, also if it had less when it was opened."""

    def __init__(self, descriptor: int, path: str, bytes_max: int, begun: bytes) -> None:
        """`begun` is what was read of the file before."""
        super().__init__()
        self._begun = begun
        self._file, self._path, self._bytes_max = io.FileIO(descriptor, "rb"), path, bytes_max
        self._position = 0
        self.name = path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def fileno(self) -> int:
        return self._file.fileno()

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._position = self._file.seek(offset, whence)
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Read some bytes; none at the end, and of a file that would wait, as some of `/proc` do."""
        if self._begun:
            count = min(len(buffer), len(self._begun))
            buffer[:count], self._begun = self._begun[:count], self._begun[count:]
        else:
            count = self._file.readinto(buffer) or 0
        self._position += count
        if self._position > self._bytes_max:
            raise _too_large(self._path, self._bytes_max)
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _expected(*, takes_pipes: bool) -> str:
    return "expected a regular file" + (" or a pipe" if takes_pipes else "")


def _kind_of(path: str) -> str | None:
    try:
        return KINDS.get(stat.S_IFMT(Path(path).stat().st_mode))
    except (OSError, ValueError):
        return None


def _begin_pipe(descriptor: int, path: str) -> bytes:
    """Return the first bytes of a pipe, empty if they are still to come. Raises WrongFile if nobody writes to it."""
    try:
        begun = os.read(descriptor, BUFFER_BYTES)
    except BlockingIOError:
        begun = None
    if begun == b"":
        raise WrongFile(errno.EINVAL, f"is a pipe without content: {_expected(takes_pipes=True)}", path)
    os.set_blocking(descriptor, True)
    return begun or b""


def _too_large(path: str, bytes_max: int, size: int | None = None) -> WrongFile:
    got = "more" if size is None else f"{size:,}"
    return WrongFile(errno.EFBIG, f"is too large: expected at most {bytes_max:,} bytes, got {got}", path)
