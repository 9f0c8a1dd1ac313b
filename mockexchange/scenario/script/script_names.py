"""Checks the markets and instruments that a script names: a misspelt one is refused when the scenario is read.

Without this check the step would be refused only when it runs.
"""

from collections.abc import Iterable

from mockexchange.scenario.error_collection import note_or_raise
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.script.actions import Template
from mockexchange.scenario.script.script_accounts import NUMBERED, pattern_of
from mockexchange.scenario.script.script_steps import ScriptEntry
from mockexchange.scenario.types.value_types import below

ORDERED = "$order."
KNOWN_SHOWN_MAX = 20


def require_known(entries: Iterable[ScriptEntry], kind: str, known: Iterable[str]) -> None:
    """Raise ScenarioError if a step names a market or an instrument that is unknown and that no step lists.

    `kind` is "market" or "instrument": the key with the name in actions, and the step that lists a new one.
    """
    named = [(each, node) for entry in entries for each in entry.templates if (node := _named(each, kind)) is not None]
    names = {*known, *(str(node.value) for each, node in named if each.kind == kind)}
    pattern = pattern_of(names)
    for each, node in named:
        name = str(node.value)
        if name not in names and not any((NUMBERED in name, name.startswith(ORDERED), pattern.fullmatch(name))):
            shown = ", ".join(sorted(names)[:KNOWN_SHOWN_MAX]) or "none"
            advice = did_you_mean(name, names) or f": known are {shown}"
            article = "an" if kind.startswith("i") else "a"
            message = f"expected {article} {kind}, got {name!r}{advice}"
            note_or_raise(ScenarioError(message, node.file, node.line, below(each.path, kind)))


def _named(template: Template, kind: str) -> Located | None:
    """Return the node with the market or instrument that an action names; None if it names none."""
    given = template.node.value
    node = given.get(kind) if isinstance(given, dict) else None
    return node if node is not None and isinstance(node.value, str) else None
