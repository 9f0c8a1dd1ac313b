"""Parses command-line arguments that are written as in a scenario: steps, script steps, faults and stubs."""

from typing import Any, NamedTuple

from mockexchange.cli.click_base import UsageFailure
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.types.literal_json import plain
from mockexchange.scenario.types.value_types import Kind


class ParsedArgument(NamedTuple):
    """A parsed argument, and its JSON for the server, in which all scalars are text."""

    value: Any
    body: Any


def parse_argument(kind: Kind, what: str, number: int, text: str) -> ParsedArgument:
    """Parse the argument with number `number` of a command as YAML. Raises UsageFailure.

    `what` names the kind of argument in errors, such as "step".
    """
    place = f"{what} {number}"
    if not text.strip():
        raise UsageFailure(f"{place}: expected a {what}, got nothing")
    try:
        node = read_yaml(text, place)
        return ParsedArgument(kind.read(node, ""), plain(node))
    except ScenarioError as error:
        raise UsageFailure(": ".join(part for part in (place, error.path, error.message) if part)) from None
