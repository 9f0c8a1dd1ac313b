"""The parts of the recording, each of which one test carries out; a subject begins with the name of its part."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.golden import command_line, control, wire
from tests.golden.pinned import pinned_time

Texts = dict[str, str]
BUILT_IN = ("demo", "deribit", "empty", "fcm", "golden", "lively", "pages", "signalplus")
"""The scenarios of the package, as `mockexchange scenario list` names them."""
WRITTEN = Path(__file__).with_name("written")


def _played(scenario: str | Path, *more: str) -> Callable[[], Texts]:
    """Return the recorder of a scenario at all API dates; `more` are dates that only it is played at."""

    def record() -> Texts:
        texts: Texts = {}
        with pinned_time():
            for date in (*wire.dates("kalshi"), *more):
                texts |= {f"{date} {subject}": text for subject, text in asyncio.run(wire.play(scenario, date)).items()}
        return texts

    return record


PARTS: dict[str, Callable[[], Texts]] = {
    **{name: _played(name, *(["latest"] if name == "demo" else [])) for name in BUILT_IN},
    **{f"written-{path.stem}": _played(path) for path in sorted((WRITTEN / "scenarios").glob("*.yaml"))},
    "control": control.record,
    "command-line": command_line.record,
    "wrong-scenarios": command_line.record_wrong_scenarios,
}
"""What records a part, by its name."""


def part_of(subject: str) -> str:
    """Return the part of a subject, or of the words with which some begin."""
    return subject.partition(" ")[0]
