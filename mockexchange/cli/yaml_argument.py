"""What is written on a command line as in a scenario: a step, an entry of a script, a fault."""

from typing import Any, NamedTuple

from mockexchange.cli.click_base import UsageFailure
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.literal_json import plain
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.value_types import Kind


class ParsedArgument(NamedTuple):
    """What was read, and the same as JSON whose scalars are all text: the server types them."""

    value: Any
    body: Any


def parse_argument(kind: Kind, what: str, number: int, text: str) -> ParsedArgument:
    """Read one of several arguments; `what` says what each is. Raises Misuse."""
    place = f"{what} {number}"
    if not text.strip():
        raise UsageFailure(f"{place}: expected a {what}, got nothing")
    try:
        node = read_yaml(text, place)
        return ParsedArgument(kind.read(node, ""), plain(node))
    except ScenarioError as error:
        raise UsageFailure(": ".join(part for part in (place, error.path, error.message) if part)) from None
