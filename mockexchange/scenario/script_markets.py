"""The markets that a script names: a misspelt one is told before anything runs, for its step would be refused."""

import re
from collections.abc import Iterable

from mockexchange.scenario.actions import Template
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.kinds import below
from mockexchange.scenario.script import Entry
from mockexchange.scenario.source import Located

KEY = "market"
"""The key whose value is a market, and the step that lists one."""
NUMBERED = "$n"
KNOWN_SHOWN_MAX = 20


def require_markets(entries: Iterable[Entry], known: Iterable[str]) -> None:
    """Refuse a market that there never is: neither known nor listed by a step of the script. Raises ScenarioError."""
    named = [(each, node) for entry in entries for each in entry.templates if (node := _market(each)) is not None]
    markets = sorted({*known, *(str(node.value) for each, node in named if each.kind == KEY)})
    pattern = re.compile("|".join(re.escape(name).replace(re.escape(NUMBERED), "[0-9]+") for name in markets))
    for each, node in named:
        name = str(node.value)
        if NUMBERED not in name and not pattern.fullmatch(name):
            advice = did_you_mean(name, markets) or f": known are {', '.join(markets[:KNOWN_SHOWN_MAX]) or 'none'}"
            path = below(each.path, KEY)
            raise ScenarioError(f"expected a market, got {name!r}{advice}", node.file, node.line, path)


def _market(template: Template) -> Located | None:
    """Where an action names a market."""
    given = template.node.value
    node = given.get(KEY) if isinstance(given, dict) else None
    return node if node is not None and isinstance(node.value, str) else None
