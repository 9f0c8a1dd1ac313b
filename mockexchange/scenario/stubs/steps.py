"""The steps of a stub, which it executes when it answers: `then: [{fill: {account: $account, ...}}]`."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from mockexchange.core.commands import Command
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.steps import STEPS, read_command
from mockexchange.scenario.stubs.placeholders import Values, filled_node, filled_or_none, parts_of, texts_in
from mockexchange.scenario.types.literal_json import exact_json
from mockexchange.scenario.types.value_types import below, wrong

THEN = "then"
STEPS_MAX = 20
"""The most steps of a stub: far more than one request of a venue does."""


@dataclass(frozen=True, slots=True)
class StubStep:
    """A step of a stub. Its placeholders are filled, and its values checked, when the stub answers."""

    name: str
    written: str
    """The step as compact JSON."""
    node: Located = field(compare=False, repr=False)
    path: str = field(compare=False)
    names: tuple[str, ...] = field(default=(), compare=False)
    """The names of the segments in the stub's path."""

    def command(self, values: Values) -> Command:
        """Return the step's command, with its placeholders filled by the values of a request.

        A key whose value is a single placeholder is left out if the request lacks that value. Raises ScenarioError if a
        value is wrong for the step.
        """
        filled = filled_node(self.node, lambda text: filled_or_none(parts_of(text, self.names), values))
        return read_command(self.name, filled, self.path)


class StubStepType:
    """The schema of a step of a stub. `bound` adds the path's segment names to a step after it was read."""

    def read(self, node: Located, path: str) -> StubStep:
        given = node.value
        if not isinstance(given, dict) or len(given) != 1:
            raise wrong(node, path, f"a step with one of {', '.join(STEPS)}")
        [(name, item)] = given.items()
        if name not in STEPS:
            advice = did_you_mean(name, STEPS) or f": known are {', '.join(STEPS)}"
            raise ScenarioError(f"unknown step {name!r}{advice}", node.file, node.line_of(name), path)
        path = below(path, name)
        if next(texts_in(item), None) is None:
            read_command(name, item, path)
        else:
            STEPS[name].record.check_keys(item, path)
        return StubStep(name, exact_json(node), item, path)

    def json_schema(self) -> dict[str, Any]:
        steps = {name: {"type": "object"} for name in STEPS}
        one = {"minProperties": 1, "maxProperties": 1, "additionalProperties": False}
        return {"type": "object", "properties": steps, **one}


def bound(step: StubStep, names: Collection[str]) -> StubStep:
    """Return a step that knows the names of the segments in its stub's path.

    Raises ScenarioError for an unknown placeholder.
    """
    for text in texts_in(step.node):
        try:
            parts_of(str(text.value), names)
        except ValueError as error:
            raise ScenarioError(str(error), text.file, text.line, step.path) from None
    return StubStep(step.name, step.written, step.node, step.path, tuple(names))
