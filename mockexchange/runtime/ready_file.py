"""The files of a running server: its run directory with the private keys, and its ready file, by which it is found.

The ready file is JSON with the URLs and the token of the server, which writes it at its start.
"""

import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockexchange.named_files import WrongFile, problem_of, read_file
from mockexchange.runtime.process_lock import is_abandoned, take_lock
from mockexchange.runtime.trust import bundle
from mockexchange.venues.registry import NAMES

if TYPE_CHECKING:
    from mockexchange.sandbox.credentials import Credential

START_ONE = "start one with `mockexchange serve`"
READY = "ready.json"
"""The file name of the ready file, if the user gives no other path."""
SPARE = "serve.json"
"""The name of a copy of the ready file, which each server keeps in its own run directory."""
ACCOUNT_NAMES = ("name", "key_id", "private_key_path")
APPLICATION = "mockexchange"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8600
RUN, DRAFT = "run-", ".new-"
"""How names of run directories begin: RUN; and DRAFT until the directory is locked, so that `sweep` leaves it alone."""
FULL = frozenset((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)))
FULL_ADVICE = "the folder for keys and the ready file is full; XDG_RUNTIME_DIR names another"
STEM_CHARS_MAX = 50
"""The most characters of a key file's name without its suffix: at four bytes each, they fit into 255 bytes."""


# The run directory


def runtime_directory(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the user's directory for files of running programs; if the system has none, the cache directory."""
    if environment.get("XDG_RUNTIME_DIR"):
        return Path(environment["XDG_RUNTIME_DIR"]) / APPLICATION
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or tempfile.gettempdir())
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home) / APPLICATION
    if platform == "darwin":
        return home / "Library" / "Caches" / APPLICATION
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / APPLICATION


def default_ready_file() -> Path:
    return runtime_directory() / READY


class RunDirectory:
    """A directory of mode 0700 for the private keys of the server, in files of mode 0600.

    It is removed when the server ends.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = parent or runtime_directory()
        with _told_if_full(parent):
            parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            sweep(parent)
            draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=parent))
            try:
                self._lock = take_lock(draft)
            except OSError:
                shutil.rmtree(draft, ignore_errors=True)
                raise
            self.path = draft.rename(parent / f"{RUN}{draft.name.removeprefix(DRAFT)}")
        self._key_paths: dict[tuple[str, str, str], Path] = {}

    def write_key(self, credential: "Credential") -> Path | None:
        """Write a credential's private key to a file and return its path, the same at each call.

        None if the credential has no private key, since the scenario gives only its public half.
        """
        if credential.private_pem is None:
            return None
        names = credential.account, credential.key, credential.key_id
        target = self._key_paths.get(names)
        if target is None:
            stem = credential.account if credential.key == "main" else f"{credential.account}.{credential.key}"
            target = self._free_path("".join(char if char.isalnum() or char in "._-" else "_" for char in stem))
            self._key_paths[names] = target
        write_private(target, credential.private_pem)
        return target

    def write_secret(self, credential: "Credential") -> Path:
        """Write a credential's shared secret to a new file at each call, and return the file's path."""
        path = self._free_path(f"{credential.account}.secret")
        write_private(path, credential.secret or "")
        return path

    def write_authority(self, certificate_pem: str) -> dict[str, str]:
        """Write the certificate of the server's TLS authority to two files, and return their paths by name.

        The file `ca_cert` has only this certificate, `ca_bundle` has it together with the system's authorities.
        """
        texts = {"ca_cert": certificate_pem, "ca_bundle": bundle(certificate_pem)}
        paths = {name: self.path / f"{name.replace('_', '-')}.crt" for name in texts}  # no key's file ends like this
        for name, text in texts.items():
            write_private(paths[name], text)
        return {name: str(path) for name, path in paths.items()}

    def _free_path(self, stem: str) -> Path:
        """Return an unused path, since a file system may treat different names as equal."""
        short = stem[:STEM_CHARS_MAX]
        names = chain([f"{short}.pem"], (f"{short}-{number}.pem" for number in count(2)))
        return next(path for path in map(self.path.joinpath, names) if not path.exists())

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def sweep(parent: Path) -> None:
    """Remove the run directories of servers that ended without removing them, for example by `kill -9`."""
    for path in parent.glob(f"{RUN}*"):
        if is_abandoned(path):
            shutil.rmtree(path, ignore_errors=True)


def write_private(target: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all; a link's target is replaced."""
    target = target.resolve()
    with _told_if_full(target):
        if problem := problem_of(target):  # a device would be replaced too
            raise WrongFile(errno.EINVAL, problem, str(target))
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(draft).replace(target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise


@contextmanager
def _told_if_full(target: Path) -> Iterator[None]:
    """Name the file or folder in an OSError, since a write that fails does not, and say so if the folder is full."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(
            error.errno, (f"{reason}: {FULL_ADVICE}" if error.errno in FULL else reason), str(target)
        ) from None


# Writing the ready file


def write_ready_file(target: Path, ready: dict[str, Any], run_directory: Path | None = None) -> None:
    """Write the ready file.

    At the default path, a copy is kept in the run directory. When another server with the same path ends, it restores
    the ready file from this copy.
    """
    text = json.dumps(ready, indent=2) + "\n"
    if run_directory and target == default_ready_file():
        write_private(run_directory / SPARE, text)
    write_private(target, text)


def remove_ready_file(target: Path) -> None:
    """Remove the ready file, unless another server has written it since.

    At the default path, the ready file of another server that still runs is then written in its place.
    """
    try:
        _, pid = _text_and_pid(target)
        if pid != os.getpid():
            return
        target.unlink()
    except (OSError, ValueError):
        return  # it is removed already, or not a file of this server: no reason for its end to fail
    if target == default_ready_file():
        # Give the default ready file to the newest server that wrote one before and still runs.
        text = running_spare(target.parent)
        if text is not None:
            with suppress(OSError):
                write_private(target, text)


# Finding a server


class NoServer(Exception):
    """Raised if no server is found: there is no ready file, or it cannot be read; the message is one line.

    `is_missing` is true if there is no file: then no server runs, and starting one helps.
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


def read_ready(file: Path) -> dict[str, Any]:
    """Return the content of a ready file. Raises NoServer.

    If the server that wrote the default ready file was killed, the newest server that still runs is returned instead.
    """
    text = running_spare(file.parent) if file.name == READY and _is_left_behind(file) else None
    try:
        return _checked(text or read_file(file).decode())
    except FileNotFoundError:
        raise NoServer(f"no server is running: there is no {file}", is_missing=True) from None
    except OSError as error:
        raise NoServer(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise NoServer(f"{file} is no ready file: expected what `mockexchange serve` writes") from None


def running_spare(folder: Path) -> str | None:
    """Return the ready file's text of the newest other server that still runs; None if none runs.

    `folder` is the folder with the servers' run directories. The server in this process is left out.
    """
    for spare in sorted(folder.glob(f"{RUN}*/{SPARE}"), key=_written_at, reverse=True):
        try:
            text, pid = _text_and_pid(spare)
            if pid != os.getpid() and is_running(pid):
                return text
        except (OSError, ValueError):
            continue  # that server is ending, or ended without removing its files
    return None


def _is_left_behind(file: Path) -> bool:
    """Return whether the server of a ready file has ended: its process is gone, or the file is."""
    try:
        _, pid = _text_and_pid(file)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False  # `read_ready` reads it again, and says what is wrong with it
    return not is_running(pid)


def _text_and_pid(file: Path) -> tuple[str, Any]:
    """Return the text of a ready file and the process id in it. Raises OSError, and ValueError if it is none."""
    text = read_file(file).decode()
    try:
        return text, json.loads(text)["pid"]
    except (KeyError, TypeError):
        raise ValueError(f"{file} has no process id") from None


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _checked(text: str) -> dict[str, Any]:
    """Parse a ready file and require the fields that are read later. Raises ValueError, KeyError or TypeError."""
    ready: dict[str, Any] = json.loads(text)
    default = NAMES[0]  # the default venue
    _ = ready["pid"], ready["control_url"], ready["control_token"], ready["venues"][default]["base_url"]
    _ = [account[name] for account in ready["accounts"] for name in ACCOUNT_NAMES]
    return ready


def is_running(pid: Any) -> bool:
    """Return whether a process with this id runs; always true on Windows, where the check could harm the process."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError, TypeError):
        return False
    except PermissionError:
        return True
    return True
