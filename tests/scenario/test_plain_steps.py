"""A step of JSON lines that is read without places is the step that is read with them, or is left to that reading."""

import json

import pytest
import yaml

from mockexchange.core.commands import Command
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import located_json
from mockexchange.scenario.steps import STEP, STEPS
from mockexchange.scenario.steps.plain_steps import CHARS_MAX, read_plain_step
from mockexchange.scenario.types.value_types import Scalar
from tests.commands.examples import EXAMPLES
from tests.helpers.rows import each_row


def line_of(text: str) -> str:
    """Return the line of a step; all its scalars are texts."""
    return json.dumps(yaml.load(text, Loader=yaml.BaseLoader))


def is_plain(line: str) -> bool:
    """Whether all values of a step are scalars without escapes."""
    ((name, given),) = json.loads(line).items()
    fields = STEPS[name].record.fields
    return "\\" not in line and all(isinstance(fields[key].kind, Scalar) for key in given)


CASES = [(line_of(one.step), one.command) for one in EXAMPLES if one.step]
CLOSE = '{"close": {"market": "M"}}'
DEPOSIT = '{"deposit": {"account": "a", "amount": 1'


@each_row(("line", "command"), CASES, ids=[line[:60] for line, _ in CASES])
def test_it_has_the_same_command(line: str, command: Command) -> None:
    step = read_plain_step(line, "f", 7)
    assert (step is not None) == is_plain(line)
    if step:
        assert (step.command, step.node.file, step.node.line) == (command, "f", 7)


@each_row(
    "line",
    [
        CLOSE + "\n",
        '{"at": "2025-11-05T12:00:00Z", "close": {"market": "M"}}',
        '{"close": {"market": "a:b:c"}, "after": "5s"}',
        ' {"close" : {"market" : "M"} }',
        DEPOSIT + "}}",
        DEPOSIT + ".50}}",
        '{"deposit": {"account": "a", "amount": "1.5"}}',
        '{"exchange": {"active": false, "trading": "true"}}',
        '{"exchange": {}}',
        '{"close": {"market": 12}}',
        '{"close": {"market": -0}}',
        '{"close": {"market": true}}',
        '{"close": {"market": NaN}}',
        '{"close": {"market": "Zürich"}}',
        '{"market": {"market": "M", "event": "E", "series": "S", "title": "a, b: c", "price": 0.5}}',
        '{"place": {"account": "a", "market": "M", "side": "bid", "count": 1, "price": 0.5}}',
    ],
)
def test_it_is_the_step_with_places(line: str) -> None:
    placed = STEP.read(located_json(line, "f", 1), "")
    step = read_plain_step(line.strip(), "f", 1)
    assert step is not None
    assert step[:3] == placed[:3]


@each_row(
    "line",
    [
        "",
        "[]",
        "close",
        '"close"',
        "{}",
        CLOSE[:-1],
        CLOSE + "x",
        '{"close": "M"}',
        '{"close": {"market": null}}',
        '{"close": {"market": ["M"]}}',
        '{"close": {"market": ""}}',
        '{"close": {}}',
        '{"shut": {"market": "M"}}',
        '{"close": {"market": "M"}, "halt": {}}',
        '{"close": {"market": "M", "ticker": "N"}}',
        '{"close": {"market": "M", "market": "N"}}',
        '{"close": {"market": "a:b", "market": "N"}}',
        '{"close" : {"market" : "M", "market" : "c:"}}',
        '{"close": {"market": "M"}, "close": {"market": "N"}}',
        '{"at": null, "close": {"market": "M"}}',
        '{"at": "yesterday", "close": {"market": "M"}}',
        '{"at": "2025-11-05", "after": "5s", "close": {"market": "M"}}',
        '{"at": "2025-11-05", "at": "2025-11-06", "close": {"market": "M"}}',
        DEPOSIT + "e2}}",
        DEPOSIT + ".1234567}}",
        '{"deposit": {"account": "a", "amount": -0}}',
        '{"place": {"account": "a", "market": "M", "side": "yes", "count": 1, "price": 0.5}}',
        '{"close": {"market": "' + "[" * 300 + '"}}',
    ],
)
def test_a_mistake_is_left_to_the_reading_with_places(line: str) -> None:
    assert read_plain_step(line, "f", 1) is None
    with pytest.raises(ScenarioError):
        STEP.read(located_json(line, "f", 1), "")


@each_row(
    "line",
    [
        '{"close": {"market": "\\u004d"}}',
        '{"close": {"market": "M"}}' + " " * CHARS_MAX,
        '{"announce": {"message": "\\""}}',
    ],
)
def test_escapes_and_long_lines_are_left_to_the_reading_with_places(line: str) -> None:
    assert read_plain_step(line, "f", 1) is None
    assert STEP.read(located_json(line, "f", 1), "")
