"""The accounts that a script names: a misspelt one is told before anything runs, for it would do nothing, silently."""

import re
from collections.abc import Iterable, Iterator

from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.script import ScriptEntry
from mockexchange.scenario.triggers import ANY
from mockexchange.scenario.value_types import below

NAMING = frozenset(("account", "against"))
"""The keys whose value is an account or a book of one, wherever they stand."""
LITERAL = frozenset(("send", "then"))
"""The keys below which there is what a client reads, whatever its keys are."""
NUMBERED = "$n"


def require_accounts(entries: Iterable[ScriptEntry], known: Iterable[str]) -> None:
    """Refuse an account that there never is. Raises ScenarioError."""
    entries = list(entries)
    accounts = {*known, *(name for entry in entries for name in _opened(entry))}
    pattern = re.compile("|".join(re.escape(name).replace(re.escape(NUMBERED), "[0-9]+") for name in accounts))
    for place, entry in enumerate(entries):
        for node, path in _named(entry.node, f"script[{place}]"):
            name = str(node.value).partition("/")[0]
            if name != ANY and NUMBERED not in name and not pattern.fullmatch(name):
                message = f"expected an account, got {name!r}{did_you_mean(name, accounts)}"
                raise ScenarioError(message, node.file, node.line, path)


def _opened(entry: ScriptEntry) -> Iterator[str]:
    """The accounts that a step opens."""
    for each in entry.templates:
        if each.kind == "account" and isinstance(each.node.value, dict):
            yield str(each.node.value["account"].value)


def _named(node: Located, path: str) -> Iterator[tuple[Located, str]]:
    """Where a step names accounts: in what it waits for, what it does, and what its faults match."""
    if isinstance(node.value, list):
        for place, item in enumerate(node.value):
            yield from _named(item, f"{path}[{place}]")
    elif isinstance(node.value, dict):
        for key, item in node.value.items():
            if key in NAMING and isinstance(item.value, str):
                yield item, below(path, key)
            elif key not in LITERAL:
                yield from _named(item, below(path, key))
