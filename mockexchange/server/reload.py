"""Polls a scenario's files, and starts the scenario again when their content changes: `serve --reload`.

If the metadata of a file has changed, its content is compared, so that an editor that only touches a file changes
nothing. A file that is being written is not read until it has stayed the same for one poll.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from msgspec import Struct

from mockexchange.named_files import LINES_BYTES_MAX, open_file
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.plan import Plan

POLL_S = 0.25
"""The interval of polling, in seconds: shorter than the time from saving a file to looking at a terminal."""
HASH_BYTES = 1024 * 1024
Stamp = tuple[int, int, int] | None


class Reloaded(Struct, frozen=True):
    """The result of one reload. `problem` is the reason why the new scenario is not served, None if it is.

    `remark` is a problem after the new scenario was started, or None.
    """

    plan: Plan
    problem: str | None = None
    remark: str | None = None


class Reloader:
    """Watches the file `scenario` and the key files that it names, until its task is cancelled.

    After a change it calls `load`, which reads the scenario, in a thread, and `put_in_place`, which starts it and
    returns a remark or None. If either raises, the old scenario stays. `report` is called with the result.
    """

    def __init__(
        self,
        scenario: Path,
        plan: Plan,
        load: Callable[[], Plan],
        put_in_place: Callable[[Plan], Awaitable[str | None]],
        report: Callable[[Reloaded], object],
    ) -> None:
        self._scenario, self._plan = scenario, plan
        self._load, self._put_in_place, self._report = load, put_in_place, report
        files = [scenario, *files_of(plan)]
        self._stamps: dict[Path, Stamp] = {path: _stamp(path) for path in files}
        """The metadata of every watched file."""
        self._digests = _digests(files)
        self._is_settling = False

    async def run(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            await self.look()

    async def look(self) -> None:
        """Check the files once. A changed file is loaded if the check after that finds it unchanged since."""
        stamps = {path: _stamp(path) for path in self._stamps}
        if stamps != self._stamps:
            self._stamps, self._is_settling = stamps, True
            return
        if not self._is_settling:
            return
        self._is_settling = False
        digests = await asyncio.to_thread(_digests, list(self._stamps))
        if digests != self._digests:
            self._digests = digests
            self._report(await self._reload())

    async def _reload(self) -> Reloaded:
        """Load and start the scenario; files that are saved meanwhile count as another change."""
        try:
            plan = await asyncio.to_thread(self._load)
            self._watch([self._scenario, *files_of(plan)])
            remark = await self._put_in_place(plan)
        except (ScenarioError, OSError) as error:
            return Reloaded(self._plan, str(error))
        except Exception as error:  # noqa: BLE001  # an unexpected error in a file does not end the watch
            return Reloaded(self._plan, f"{self._scenario}: {type(error).__name__}: {error}")
        self._plan = plan
        return Reloaded(plan, remark=remark)

    def _watch(self, files: list[Path]) -> None:
        """Watch these files from now on, even if their plan cannot be started: one of them may be missing."""
        new = [path for path in files if path not in self._stamps]
        stamps, digests = {path: _stamp(path) for path in new}, _digests(new)
        self._stamps = {path: {**self._stamps, **stamps}[path] for path in files}
        self._digests = {path: {**self._digests, **digests}[path] for path in files}


def files_of(plan: Plan) -> list[Path]:
    """Return the key files that a scenario names."""
    named = (path for spec in plan.keys for path in (spec.public_path, spec.private_path))
    return list(dict.fromkeys(path for path in named if path is not None))


def _stamp(path: Path) -> Stamp:
    """Return the metadata of a file; None if it does not exist."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _digests(files: Iterable[Path]) -> dict[Path, bytes]:
    """Return hashes of the contents; a file that cannot be read counts as one of zeros."""
    digests = {}
    for path in files:
        found = hashlib.sha256()
        try:
            with open_file(path, LINES_BYTES_MAX) as stream:
                while piece := stream.read(HASH_BYTES):
                    found.update(piece)
            digests[path] = found.digest()
        except OSError:
            digests[path] = bytes(found.digest_size)
    return digests
