"""Checks the accounts, markets and instruments that a script names when the scenario is read.

A misspelt one is refused, because its step would do nothing.
"""

import re
from collections.abc import Iterable, Iterator

from mockexchange.scenario.error_collection import note_or_raise
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.script.actions import Template
from mockexchange.scenario.script.script_steps import ScriptEntry
from mockexchange.scenario.script.triggers import ANY
from mockexchange.scenario.types.value_types import below

# Markets and instruments
# Without this check the step would be refused only when it runs.


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


# Accounts


NAMING = frozenset(("account", "against"))
"""Keys whose value is an account or a subaccount, at any depth of an action."""
LITERAL = frozenset(("send", "then"))
"""Keys whose value is data for a client, in which NAMING has no meaning."""
NUMBERED = "$n"
NOTHING = r"(?!)"
"""A pattern that matches no text."""


def require_accounts(entries: Iterable[ScriptEntry], known: Iterable[str]) -> None:
    """Raise ScenarioError if a step names an account that is neither known nor opened by the script."""
    entries = list(entries)
    accounts = {*known, *(name for entry in entries for name in _opened(entry))}
    pattern = pattern_of(accounts)
    for place, entry in enumerate(entries):
        for node, path in _named_accounts(entry.node, f"script[{place}]"):
            name = str(node.value).partition("/")[0]
            if name != ANY and name not in accounts and NUMBERED not in name and not pattern.fullmatch(name):
                message = f"expected an account, got {name!r}{did_you_mean(name, accounts)}"
                note_or_raise(ScenarioError(message, node.file, node.line, path))


def pattern_of(names: Iterable[str]) -> re.Pattern[str]:
    """Return a regular expression that matches the `names` with "$n", for any number in its place.

    Names without "$n" are not in it.
    """
    numbered = (name for name in names if NUMBERED in name)
    return re.compile("|".join(re.escape(name).replace(re.escape(NUMBERED), "[0-9]+") for name in numbered) or NOTHING)


def _opened(entry: ScriptEntry) -> Iterator[str]:
    """Yield the accounts that a step opens."""
    for each in entry.templates:
        if each.kind == "account" and isinstance(each.node.value, dict):
            yield str(each.node.value["account"].value)


def _named_accounts(node: Located, path: str) -> Iterator[tuple[Located, str]]:
    """Yield the places where a step names accounts: its trigger, its action, and the conditions of its faults."""
    if isinstance(node.value, list):
        for place, item in enumerate(node.value):
            yield from _named_accounts(item, f"{path}[{place}]")
    elif isinstance(node.value, dict):
        for key, item in node.value.items():
            if key in NAMING and isinstance(item.value, str):
                yield item, below(path, key)
            elif key not in LITERAL:
                yield from _named_accounts(item, below(path, key))
