"""The parts of the recording, each of which one test carries out; a subject begins with the name of its part."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.golden import command_line, control, sockets, wire, written
from tests.golden.pinned import pinned_time

Texts = dict[str, str]
BUILT_IN = ("demo", "deribit", "empty", "fcm", "golden", "lively", "pages", "signalplus")
"""The scenarios of the package, as `mockexchange scenario list` names them."""


def _played(scenario: str | Path, dates: Sequence[str]) -> Callable[[], Texts]:
    """Return the recorder of a scenario at some API dates."""

    def record() -> Texts:
        texts: Texts = {}
        with pinned_time():
            for date in dates:
                texts |= {f"{date} {subject}": text for subject, text in asyncio.run(wire.play(scenario, date)).items()}
        return texts

    return record


DATES = wire.dates("kalshi")
DATES_OF = {
    "demo": [*DATES, "latest"],
    **dict.fromkeys(("deribit", "signalplus", "derivatives", "steps"), wire.dates("deribit")),
}
"""The API dates at which a scenario is played, where these are not all of Kalshi's."""
PARTS: dict[str, Callable[[], Texts]] = {
    **{name: _played(name, DATES_OF.get(name, DATES)) for name in BUILT_IN},
    **{f"written-{path.stem}": _played(path, DATES_OF.get(path.stem, DATES)) for path in written.SCENARIOS},
    "control": control.record,
    "sockets": sockets.record,
    "command-line": command_line.record,
    "help": command_line.record_help,
    "wrong-scenarios": command_line.record_wrong_scenarios,
    "written": written.record,
    "written-postgres": written.record_postgres,
}
"""What records a part, by its name."""


def is_possible(part: str) -> bool:
    """Return whether this machine can record a part."""
    return part != "written-postgres" or written.has_postgres()


def part_of(subject: str) -> str:
    """Return the part of a subject, or of the words with which some begin."""
    return subject.partition(" ")[0]
