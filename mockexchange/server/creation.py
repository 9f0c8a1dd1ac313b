"""What `POST sandboxes` and `PUT sandboxes/{name}` ask for, checked whole before anything is made."""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from mockexchange.clock import parse_mode
from mockexchange.sandbox import SandboxOptions
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.kinds import DURATION, NAME, Field, Record, integer
from mockexchange.scenario.loader import Plan, load_located, load_scenario, load_text
from mockexchange.scenario.source import Located
from mockexchange.venues.kalshi.dates import api_date


class _Any:
    """A value whose reading is left to the caller."""

    def read(self, node: Located, path: str) -> Located:
        return node

    def json_schema(self) -> dict[str, object]:
        return {}


CREATION = Record(
    {
        "name": Field(NAME),
        "scenario": Field(_Any()),
        "api_date": Field(NAME, default="compat"),
        "clock": Field(NAME, default="real"),
        "port": Field(integer(0, 65_535)),
        "expires_after": Field(DURATION),
    }
)


class Creation(NamedTuple):
    plan: Plan
    options: SandboxOptions
    port: int | None
    idle_us_max: int | None


def parse_creation(body: dict[str, Located], default_name: Callable[[], str]) -> Creation:
    """Read the body of a creation. Raises ScenarioError where something in it is wrong."""
    values = CREATION.read(Located(dict(body)), "")
    name = values["name"] or default_name()
    try:
        parse_mode(values["clock"])
        date = api_date(values["api_date"])
    except ValueError as error:
        raise ScenarioError(str(error)) from None
    options = SandboxOptions(name=name, api_date=date, clock=values["clock"])
    return Creation(_plan(values["scenario"]), options, values["port"], values["expires_after"])


def _plan(node: Located | None) -> Plan:
    """A scenario is a name or file, YAML text (more than one line), or the scenario itself as an object."""
    if node is None or node.value is None:
        return load_scenario("empty")
    if not isinstance(node.value, str):
        return load_located(node, hashlib.sha256(repr(node).encode()).hexdigest())
    return load_text(node.value) if "\n" in node.value else load_scenario(node.value)
