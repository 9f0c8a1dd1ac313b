"""The image's command in a container that no engine made: see contain.sh beside this file."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.helpers.patience import PATIENCE_S
from tests.house.checkout import ROOT
from tests.house.image import entry_point, health_check, last_of, pairs_of
from tests.house.serving import COMMAND, wait_until_ready

CONTAIN = ROOT / "tests" / "house" / "contain.sh"
TOOLS = ("chroot", "setpriv", "unshare")


def can_contain() -> bool:
    """Whether this machine lets its user do what an engine does."""
    trial = ["unshare", "--mount", "--pid", "--fork", "true"]
    return all(map(shutil.which, TOOLS)) and not subprocess.run(trial, capture_output=True, check=False).returncode


class Container:
    """One container at a time: what is under /opt is made of this environment, what is mounted is in `folder`."""

    def __init__(self, image: str, folder: Path) -> None:
        self.image, self.folder = image, folder
        for name in ("image", "opt", "scenarios", "keys"):
            (folder / name).mkdir()
        (folder / "opt" / "bin").symlink_to(COMMAND.parent)
        shutil.copy(ROOT / "tools" / "probe_container.py", folder / "opt" / "probe.py")
        self._process: subprocess.Popen[bytes] | None = None

    def log(self) -> str:
        return (self.folder / "log.txt").read_text(encoding="utf-8")

    def wait(self) -> int:
        """Return the exit code, of the container's process 1 if it ended by itself."""
        assert self._process is not None
        return self._process.wait(PATIENCE_S)

    @contextmanager
    def run(self, **variables: str) -> Iterator[tuple[int, Path, Mapping[str, Any]]]:
        """Yield the number of its process 1 as seen from here, its root, and what its ready file says.

        Raises AssertionError with exit code and output if it does not become ready.
        """
        log_file = self.folder / "log.txt"
        with log_file.open("wb") as log:
            self._process = subprocess.Popen(self._command(variables), stdout=log, stderr=subprocess.STDOUT)
        try:
            ready = wait_until_ready(
                self._process, lambda: self._root() / "run" / "mockexchange" / "ready.json", log_file
            )
            yield int(self._first_process()), self._root(), ready
        finally:
            self._stop()

    def check_health(self) -> subprocess.CompletedProcess[str]:
        """Run the image's health check beside its process 1."""
        given = [f"{name}={value}" for name, value in self._variables({}).items()]
        command = ["chroot", str(self._root()), "env", "--ignore-environment", *given, *health_check(self.image)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def _stop(self) -> None:
        """What made the namespaces ends with its child, and takes no signal itself."""
        assert self._process is not None
        if self._process.poll() is None:
            os.kill(int(self._first_process()) or self._process.pid, signal.SIGTERM)
        self.wait()

    def _command(self, variables: Mapping[str, str]) -> list[str]:
        """The image's entry point under its own variables and these."""
        pairs = [f"{name}={value}" for name, value in self._variables(variables).items()]
        return [str(CONTAIN), last_of(self.image, "USER"), str(self.folder), *pairs, *entry_point(self.image)]

    def _variables(self, variables: Mapping[str, str]) -> dict[str, str]:
        """On a port that is free here; the home is that of a user whom nobody has heard of."""
        own = pairs_of(self.image, "ENV")
        path = own["PATH"].replace("$PATH", os.environ["PATH"])
        return {**own, "HOME": "/", "PATH": path, "MOCKEXCHANGE_PORT": "0", **variables}

    def _root(self) -> Path:
        return Path("/proc") / self._first_process() / "root"

    def _first_process(self) -> str:
        """The one child of what made the namespaces, as numbered on this side; "0" before it starts."""
        assert self._process is not None
        pid = self._process.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").strip() or "0"
