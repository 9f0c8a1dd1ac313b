"""Opens the scenarios that a request may name: built-in ones, and files below one folder on the server's machine."""

import re
from itertools import islice
from pathlib import Path

from msgspec import Struct

from mockexchange.named_files import open_file, read_file
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.loader import (
    NO_SCENARIO,
    SUFFIX_OF_LINES,
    builtin_names,
    builtin_text,
    load_builtin,
    load_file,
    unreadable,
)
from mockexchange.scenario.plan import Plan

BYTES_MAX = {SUFFIX_OF_LINES: 1024 * 1024 * 1024}
"""The size of the largest file, by its suffix; JSON lines may be large, since they are read step by step."""
BYTES_MAX_DEFAULT = 64 * 1024 * 1024
"""The size of the largest file with another suffix, the same as of a scenario in a request."""
HEAD_BYTES = 64 * 1024
"""How many bytes at the beginning of a file are searched for the name of its scenario."""
NAME_CHARS_SHOWN_MAX = 80
LISTED_MAX = 500
"""The most files in a list; files that are not listed can still be loaded by name."""
LOOKED_AT_MAX = 10_000
"""The most files of any kind that are looked through for scenarios."""
TEXT_BYTES_MAX = 1024 * 1024
"""The size of the largest scenario whose text is returned; people do not read longer ones."""
LISTED_SUFFIXES = (".yaml", ".yml", ".json", SUFFIX_OF_LINES)
_HEADER = re.compile(rb"""^[\s{\xef\xbb\xbf]*(["']?)scenario\1\s*:""", re.MULTILINE)


class ScenarioFiles(Struct, frozen=True):
    """The folder with the scenario files that a request may name.

    Without a folder, only built-in scenarios may be named.
    """

    folder: Path | None = None

    def load(self, name: str) -> Plan:
        """Read a scenario by the name of a built-in one, or by a path below the folder. Raises ScenarioError.

        Nothing outside the folder is opened, and no error message shows whether a file there exists.
        """
        if name in builtin_names():
            return load_builtin(name)
        return load_file(self._file_of(name))

    def text(self, name: str) -> str:
        """Return the text of a built-in scenario by its name, or of a file by its path below the folder.

        Raises ScenarioError.
        """
        if name in builtin_names():
            return builtin_text(name)
        return read_text(self._file_of(name))

    def paths(self) -> list[str]:
        """Return the paths of the scenario files below the folder, sorted, at most LISTED_MAX."""
        if self.folder is None:
            return []
        files = (path for path in islice(self.folder.rglob("*"), LOOKED_AT_MAX) if path.suffix in LISTED_SUFFIXES)
        names = sorted(path.relative_to(self.folder).as_posix() for path in files)
        return list(islice(filter(self._is_scenario, names), LISTED_MAX))

    def _is_scenario(self, name: str) -> bool:
        try:
            self._file_of(name)
        except ScenarioError:
            return False
        return True

    def _file_of(self, name: str) -> Path:
        """Return the real path of a scenario file below the folder.

        Raises ScenarioError, which quotes nothing of a file that is no scenario.
        """
        path = self._path_of(name)
        if path is None:
            names = builtin_names()
            where = "the server reads no files" if self.folder is None else f"no file of that name is in {self.folder}"
            advice = did_you_mean(name, names) or f": expected one of {', '.join(names)}"
            raise ScenarioError(
                f"no scenario {name[:NAME_CHARS_SHOWN_MAX]!r}{advice} ({where}: see serve --scenario-dir)"
            )
        try:
            with open_file(path, BYTES_MAX.get(path.suffix, BYTES_MAX_DEFAULT)) as file:
                head = file.read(HEAD_BYTES)
        except OSError as error:
            raise unreadable(path, error) from None
        if not _HEADER.search(head):
            raise ScenarioError(NO_SCENARIO, str(path))
        return path

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


def read_text(path: Path) -> str:
    """Return the text of a scenario file. Raises ScenarioError if it is longer than TEXT_BYTES_MAX."""
    return read_bytes(path, TEXT_BYTES_MAX).decode("utf-8", "replace")


def read_bytes(path: Path, bytes_max: int) -> bytes:
    """Return the content of a file. Raises ScenarioError if it cannot be read or is longer than `bytes_max`."""
    try:
        return read_file(path, bytes_max, takes_pipes=True)
    except OSError as error:
        raise unreadable(path, error) from None


def require_no_key_files(plan: Plan) -> Plan:
    """Return a plan that a client sent in a request, after checking that it names no key files.

    A request must not read the server's files. Raises ScenarioError if the plan names one.
    """
    for spec in plan.keys:
        for field, path in (("private_key", spec.private_path), ("public_key", spec.public_path)):
            if path is not None:
                message = (
                    "expected no path of a file in a scenario that is sent: leave it out, so that a key is drawn, add a"
                    " public key with the step `key`, or put the scenario into the server's --scenario-dir"
                )
                raise ScenarioError(message, "", 0, f"accounts.{spec.account}.keys.{spec.name}.{field}")
    return plan
