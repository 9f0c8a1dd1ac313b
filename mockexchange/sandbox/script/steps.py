"""The steps of a running script: the number of their runs, and when each runs next."""

from collections.abc import Iterable, Iterator
from itertools import count

from msgspec import Struct, field

from mockexchange.scenario.script import ANY, ScriptEntry, Template

WAITING, SCHEDULED, DONE = "waiting", "scheduled", "done"


class Step(Struct, eq=False):
    """An entry of a running script, or a part of an entry that is a sequence. `place` is the index of the entry."""

    name: str
    place: int
    entry: ScriptEntry
    parts: "tuple[Step, ...]"
    fired: int = 0
    """How often the step's action ran; for a sequence, its parts count instead."""
    runs: int = 0
    """How many runs of the step are pending."""
    refused: int = 0
    """Number of times its action was refused."""
    failed: int = 0
    """Number of times that an exception ended its action."""
    reason: str = ""
    """Reason of the last refusal or failure; empty if there was none."""
    is_begun: bool = False
    done_by: dict[str | None, int] = field(default_factory=dict)
    """How often each account did the action that triggers the step."""

    @property
    def template(self) -> Template | None:
        return self.entry.action if isinstance(self.entry.action, Template) else None

    @property
    def action(self) -> str:
        return self.template.kind if self.template else "sequence"

    def walk(self) -> "Iterator[Step]":
        """Yield this step and its parts, recursively."""
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
    def failed_in_all(self) -> int:
        return sum(step.failed for step in self.walk())

    @property
    def last_reason(self) -> str:
        """The reason why the step was last refused or failed, "" if it never was; for a sequence, that of its parts."""
        return next((step.reason for step in reversed(list(self.walk())) if step.reason), "")

    @property
    def state(self) -> str:
        if self.runs:
            return SCHEDULED
        when = self.entry.when
        is_over = self.is_begun and (when is None or (when.nth is not None and when.account != ANY))
        return DONE if is_over else WAITING

    def begin(self, at: int) -> "Iterable[tuple[int, Step]]":
        """Count a run that is triggered at `at`; return the (instant, step) pairs of the run."""
        self.is_begun = True
        self.runs += 1
        return self.instants(at + self.entry.after_us)

    def instants(self, begins: int) -> "Iterable[tuple[int, Step]]":
        """Return the (instant, step) pairs of a run that starts at the instant `begins`.

        The steps are this one, or the parts of a sequence.
        """
        if self.entry.times == 1 and not self.parts:
            return ((begins, self),)
        return self._instants(begins)

    def _instants(self, begins: int) -> "Iterator[tuple[int, Step]]":
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
    """Return the step for a script entry, with its parts. The step is named `path` if the entry has no name."""
    name = entry.name or path
    parts = () if isinstance(entry.action, Template) else entry.action
    made = (make_step(part, place, f"{name}[{number}]") for number, part in enumerate(parts))
    return Step(name, place, entry, tuple(made))
