"""Prepares steps to be added to a running script: builds them in slices, before the note that adds them is logged."""

import asyncio
from collections.abc import Sequence

from mockexchange.sandbox.script.steps import Step, make_step
from mockexchange.scenario.script.script_steps import ScriptEntry

MADE_AT_ONCE = 500
"""The number of steps that are built before other tasks get a turn: about a millisecond."""


def make_steps(entries: Sequence[ScriptEntry], first_place: int) -> list[Step]:
    """Return a step for each script entry.

    Steps without a name are named by their index, counted from `first_place`.
    """
    return [make_step(entry, place, f"script[{place}]") for place, entry in enumerate(entries, first_place)]


class Additions:
    """The steps that are being added, by the text of the note that adds them, later by the note's number in the log."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        """Held from making steps until they are added, so that their places stay right."""
        self._prepared: dict[str, list[Step]] = {}
        self._added: dict[int, list[Step]] = {}

    async def prepare(self, text: str, entries: Sequence[ScriptEntry], first_place: int) -> None:
        """Build the steps of a note that is about to be logged; other tasks run in between."""
        made: list[Step] = []
        for begin in range(0, len(entries), MADE_AT_ONCE):
            made += make_steps(entries[begin : begin + MADE_AT_ONCE], first_place + begin)
            if len(entries) > MADE_AT_ONCE:
                await asyncio.sleep(0)
        self._prepared[text] = made

    def take_prepared(self, text: str, sequence: int, first_place: int) -> list[Step] | None:
        """Return the steps built for a note that takes effect now; None if the note comes from a log."""
        made = self._prepared.pop(text, None)
        if made is None:
            return None
        if made and made[0].place != first_place:  # another writer of the log has added steps meanwhile
            made = make_steps([step.entry for step in made], first_place)
        self._added[sequence] = made
        return made

    def take_added(self, sequence: int) -> list[Step]:
        """Return the steps that the note with this number has added; empty if it failed."""
        return self._added.pop(sequence, [])

    def forget(self, text: str) -> None:
        """Drop the steps built for a note, since the note may not have been logged."""
        self._prepared.pop(text, None)
