"""Reads presets: named sets of fault rules in data files of the package.

A line with `$private` in it is expanded to one line per condition that matches a venue's private operations.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib.resources import files

from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.fault_rules import FAULTS, Rule
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.plan import Plan
from mockexchange.venues.registry import VENUES

PRESETS = files("mockexchange.faults") / "presets"
SUFFIX = ".yaml"
PRIVATE = "$private"


@cache
def preset_names() -> tuple[str, ...]:
    return tuple(sorted(entry.name.removesuffix(SUFFIX) for entry in PRESETS.iterdir() if entry.name.endswith(SUFFIX)))


@cache
def load_preset(name: str) -> tuple[Rule, ...]:
    """Return the rules of a preset. Raises ScenarioError, with the known presets, if there is no such preset."""
    if name not in preset_names():
        known = ", ".join(preset_names())
        raise ScenarioError(f"no preset {name[:40]!r}{did_you_mean(name, preset_names()) or f': known are {known}'}")
    text = (PRESETS / f"{name}{SUFFIX}").read_text(encoding="utf-8")
    return tuple(FAULTS.read(read_yaml("".join(map(_for_venues, text.splitlines(True))), f"{name}{SUFFIX}"), ""))


def _for_venues(line: str) -> str:
    if PRIVATE not in line:
        return line
    conditions = {
        name: condition for venue in VENUES.values() for name, condition in venue.faults.private_conditions.items()
    }
    return "".join(line.replace(PRIVATE, condition).replace("$name", name) for name, condition in conditions.items())


def with_presets(plan: Plan, names: Iterable[str]) -> Plan:
    """Return the plan of a scenario with the rules of these presets added after its own.

    Raises ScenarioError for an unknown preset.
    """
    rules = [rule for name in dict.fromkeys(names) for rule in load_preset(name)]
    return replace(plan, faults=[*plan.faults, *rules]) if rules else plan
