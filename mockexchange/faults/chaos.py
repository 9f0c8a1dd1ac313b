"""Presets: sets of fault rules under a name, as data of the package."""

from functools import cache
from importlib.resources import files

from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.faults import FAULTS, Rule
from mockexchange.scenario.source import read_yaml

PRESETS = files("mockexchange.faults") / "presets"
SUFFIX = ".yaml"


@cache
def preset_names() -> tuple[str, ...]:
    return tuple(sorted(entry.name.removesuffix(SUFFIX) for entry in PRESETS.iterdir() if entry.name.endswith(SUFFIX)))


@cache
def load_preset(name: str) -> tuple[Rule, ...]:
    """The rules of a preset. Raises ScenarioError that names those there are."""
    if name not in preset_names():
        known = ", ".join(preset_names())
        raise ScenarioError(f"no preset {name[:40]!r}{did_you_mean(name, preset_names()) or f': known are {known}'}")
    text = (PRESETS / f"{name}{SUFFIX}").read_text(encoding="utf-8")
    return tuple(FAULTS.read(read_yaml(text, f"{name}{SUFFIX}"), ""))
