"""The steps of a script that runs: what each has done so far, and the instants at which it is to happen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from mockexchange.scenario.actions import Template
from mockexchange.scenario.script import ScriptEntry
from mockexchange.scenario.triggers import ANY

WAITING, SCHEDULED, DONE = "waiting", "scheduled", "done"


@dataclass(slots=True, eq=False)
class Step:
    """An entry of the script, or a part of a sequence; `place` is that of the entry among all there have been."""

    name: str
    place: int
    entry: ScriptEntry
    parts: "tuple[Step, ...]"
    fired: int = 0
    """How often it was carried out; of a sequence that is what its parts were, together."""
    runs: int = 0
    """How many times it was set off and is still to be carried out."""
    refused: int = 0
    """How often what it does was refused."""
    reason: str = ""
    """Why it was refused last, empty for never."""
    is_begun: bool = False
    done_by: dict[str | None, int] = field(default_factory=dict)
    """How often each account has done what sets it off."""

    @property
    def template(self) -> Template | None:
        return self.entry.action if isinstance(self.entry.action, Template) else None

    @property
    def action(self) -> str:
        return self.template.kind if self.template else "sequence"

    def walk(self) -> "Iterator[Step]":
        """This step and the parts of it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def fired_in_all(self) -> int:
        return sum(step.fired for step in self.walk())

    @property
    def refused_in_all(self) -> int:
        return sum(step.refused for step in self.walk())

    @property
    def last_reason(self) -> str:
        """Of a sequence that of its last part that has one."""
        return next((step.reason for step in reversed(list(self.walk())) if step.reason), "")

    @property
    def state(self) -> str:
        if self.runs:
            return SCHEDULED
        when = self.entry.when
        is_over = self.is_begun and (when is None or (when.nth is not None and when.account != ANY))
        return DONE if is_over else WAITING

    def instants(self, begins: int) -> "Iterator[tuple[int, Step]]":
        """Yield when it happens, begun at that instant: a single step itself, a sequence its parts, in order."""
        entry = self.entry
        for repetition in count() if entry.times is None else range(entry.times):
            at = begins + repetition * entry.period_us
            if entry.action is self.template:
                yield at, self
            for part in self.parts:
                at += part.entry.after_us
                yield from part.instants(at)
                at += part.entry.span_us


def make_step(entry: ScriptEntry, place: int, path: str) -> Step:
    """`path` is the name of an entry that has none of its own."""
    name = entry.name or path
    parts = () if isinstance(entry.action, Template) else entry.action
    made = (make_step(part, place, f"{name}[{number}]") for number, part in enumerate(parts))
    return Step(name, place, entry, tuple(made))
