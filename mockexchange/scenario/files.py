"""The scenarios that a request may name: built-in ones, and regular files below one folder of the server's machine."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.loader import SUFFIX_OF_LINES, Plan, builtin_names, load_builtin, load_file

BYTES_MAX = {SUFFIX_OF_LINES: 1024 * 1024 * 1024}
"""Size of the largest file by suffix: JSON lines are read step by step."""
BYTES_MAX_DEFAULT = 64 * 1024 * 1024
"""Size of the largest other file, the same as that of an inline scenario."""
HEAD_BYTES = 64 * 1024
"""The beginning of a file, in which the name of its scenario has to be."""
NAME_CHARS_SHOWN_MAX = 80
_HEADER = re.compile(rb"""^[\s{\xef\xbb\xbf]*(["']?)scenario\1\s*:""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ScenarioFiles:
    """The folder with the scenario files that a request may name; None: it may name built-in scenarios only."""

    folder: Path | None = None

    def load(self, name: str) -> Plan:
        """Read a scenario by its name, or by its path below the folder. Raises ScenarioError.

        Nothing outside the folder is opened, and no error says whether it exists.
        """
        names = builtin_names()
        if name in names:
            return load_builtin(name)
        path = self._path_of(name)
        if path is None:
            where = "the server reads no files" if self.folder is None else f"no file of that name is in {self.folder}"
            advice = did_you_mean(name, names) or f": expected one of {', '.join(names)}"
            raise ScenarioError(
                f"no scenario {name[:NAME_CHARS_SHOWN_MAX]!r}{advice} ({where}: see serve --scenario-dir)"
            )
        _require_scenario(path)
        return load_file(path)

    def _path_of(self, name: str) -> Path | None:
        """Return the real path of a file below the folder; None if there is none."""
        if self.folder is None or not name:
            return None
        try:
            folder = self.folder.resolve()
            path = (folder / name).resolve()
            return path if path.is_relative_to(folder) and path.exists() else None
        except (OSError, ValueError, RuntimeError):  # no file can have this name, or its links go in a circle
            return None


def require_no_key_files(plan: Plan) -> Plan:
    """Return the plan of an inline scenario. Raises ScenarioError if it names a file for a key."""
    for spec in plan.keys:
        for field, path in (("private_key", spec.private_path), ("public_key", spec.public_path)):
            if path is not None:
                message = (
                    "expected no path of a file in a scenario that is sent: leave it out, so that a key is drawn, add a"
                    " public key with the step `key`, or put the scenario into the server's --scenario-dir"
                )
                raise ScenarioError(message, "", 0, f"accounts.{spec.account}.keys.{spec.name}.{field}")
    return plan


def _require_scenario(path: Path) -> None:
    """Raise ScenarioError, which quotes nothing of the file, unless it is a regular file of a scenario."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe without a writer would wait
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            head = file.read(HEAD_BYTES) if stat.S_ISREG(status.st_mode) else None
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror or error}", str(path)) from None
    size_max = BYTES_MAX.get(path.suffix, BYTES_MAX_DEFAULT)
    if head is None:
        raise ScenarioError("expected a regular file, not a folder, a pipe or a device", str(path))
    if status.st_size > size_max:
        raise ScenarioError(f"expected at most {size_max:,} bytes, got {status.st_size:,}", str(path))
    if not _HEADER.search(head):
        raise ScenarioError("is no scenario: expected `scenario: NAME` at its beginning", str(path))
