"""Builds the steps that are to be added to a running script, in slices, before the note that adds them is logged.

A note is a command that does not change the exchange; the log needs it so that a restart adds the steps too.
"""

import asyncio
from collections.abc import Sequence

from mockexchange.sandbox.script.steps import Step, make_step
from mockexchange.scenario.script import ScriptEntry

MADE_AT_ONCE = 500
"""The number of steps that are built before other tasks get a turn: about a millisecond."""


def make_steps(entries: Sequence[ScriptEntry], first_place: int) -> list[Step]:
    """Return a `Step` for each script entry.

    Entries without a name are named by their index, counted from `first_place`.
    """
    return [make_step(entry, place, f"script[{place}]") for place, entry in enumerate(entries, first_place)]


class Additions:
    """The steps of notes that add steps to the script, from their making until the note takes effect.

    They are found by the text of the note, and once it is logged by its number in the log.
    """

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        """Held from making steps until they are added, so that their places stay right."""
        self._prepared: dict[str, list[Step]] = {}
        self._added: dict[int, list[Step]] = {}

    async def prepare(self, text: str, entries: Sequence[ScriptEntry], first_place: int) -> None:
        """Build the steps of a note that will be logged next; other tasks run in between."""
        made: list[Step] = []
        for begin in range(0, len(entries), MADE_AT_ONCE):
            made += make_steps(entries[begin : begin + MADE_AT_ONCE], first_place + begin)
            if len(entries) > MADE_AT_ONCE:
                await asyncio.sleep(0)
        self._prepared[text] = made

    def take_prepared(self, text: str, sequence: int, first_place: int) -> list[Step] | None:
        """Return the steps that were built for a note, which takes effect now; None if there are none.

        There are none if the note comes from a stored log.
        """
        made = self._prepared.pop(text, None)
        if made is None:
            return None
        if made and made[0].place != first_place:  # another writer of the log has added steps meanwhile
            made = make_steps([step.entry for step in made], first_place)
        self._added[sequence] = made
        return made

    def take_added(self, sequence: int) -> list[Step]:
        """Return the steps that the note with this number has added; empty if the note had no effect."""
        return self._added.pop(sequence, [])

    def forget(self, text: str) -> None:
        """Drop the steps that were built for a note, in case the note was not logged."""
        self._prepared.pop(text, None)
