"""Reads presets: named sets of fault rules in data files of the package.

A line with `$private` in it is expanded to one line per condition that matches a venue's private operations, one with
`$http` to one line per venue, with a condition that matches its requests over HTTP and no calls on streams.
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
PRIVATE, OVER_HTTP = "$private", "$http"


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
    venues = VENUES.values()
    if PRIVATE in line:
        marker, named = (
            PRIVATE,
            {name: one for venue in venues for name, one in venue.faults.private_conditions.items()},
        )
    elif OVER_HTTP in line:
        marker, named = OVER_HTTP, {venue.name: f"path: {venue.prefix}*" for venue in venues}
    else:
        return line
    return "".join(line.replace(marker, condition).replace("$name", name) for name, condition in named.items())


def with_presets(plan: Plan, names: Iterable[str]) -> Plan:
    """Return the plan of a scenario with the rules of these presets added after its own.

    Raises ScenarioError for an unknown preset.
    """
    rules = [rule for name in dict.fromkeys(names) for rule in load_preset(name)]
    return replace(plan, faults=[*plan.faults, *rules]) if rules else plan
