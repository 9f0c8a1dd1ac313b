"""Where the server leaves word of itself: the ready file and the run directory with the private keys."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockexchange.sandbox import Credential

APPLICATION = "mockexchange"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8600
STEM_CHARS_MAX = 50
"""Four bytes each, they fit into the 255 bytes of a file's name, with a number and what a draft's name adds."""


def runtime_directory(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The user's runtime directory, or the cache directory where the system has none."""
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or tempfile.gettempdir())
    if environment.get("XDG_RUNTIME_DIR"):
        return Path(environment["XDG_RUNTIME_DIR"]) / APPLICATION
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home) / APPLICATION
    if platform == "darwin":
        return home / "Library" / "Caches" / APPLICATION
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / APPLICATION


def default_ready_file() -> Path:
    return runtime_directory() / "ready.json"


class RunDirectory:
    """Files that live as long as the server: private keys of mode 0600 in a directory of mode 0700."""

    def __init__(self, parent: Path | None = None) -> None:
        parent = parent or runtime_directory()
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = Path(tempfile.mkdtemp(prefix="run-", dir=parent))

    def write_key(self, credential: "Credential") -> Path | None:
        """Write a credential's private key; None where only its public half is known."""
        if credential.private_pem is None:
            return None
        stem = credential.account if credential.key == "main" else f"{credential.account}.{credential.key}"
        target = self._free_path("".join(char if char.isalnum() or char in "._-" else "_" for char in stem))
        write_private(target, credential.private_pem)
        return target

    def _free_path(self, stem: str) -> Path:
        """Names that differ may be spelt alike in a file system."""
        short = stem[:STEM_CHARS_MAX]
        names = chain([f"{short}.pem"], (f"{short}-{number}.pem" for number in count(2)))
        return next(path for path in map(self.path.joinpath, names) if not path.exists())

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def write_private(target: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def write_ready_file(target: Path, ready: dict[str, Any]) -> None:
    write_private(target, json.dumps(ready, indent=2) + "\n")


def remove_ready_file(target: Path) -> None:
    """Remove the file unless another server has written it since."""
    try:
        if json.loads(target.read_text())["pid"] == os.getpid():
            target.unlink()
    except (OSError, ValueError, KeyError, TypeError):
        return
