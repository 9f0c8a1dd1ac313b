"""The part of the control API that lists a sandbox's faults with their counts, installs faults, and removes them."""

from collections.abc import Iterable, Sequence
from typing import Any

from starlette.responses import Response

from mockexchange.faults.installed_rule import InstalledRule
from mockexchange.faults.preset_rules import load_preset, preset_names
from mockexchange.faults.registry import Faults
from mockexchange.sandbox.clock import Turns
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_rules import FAULT, Rule
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import wrong
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.json_text import ControlJson
from mockexchange.server.control.rules.installed_rules import Installable


def fault_of(one: InstalledRule) -> dict[str, Any]:
    """Return an installed fault as JSON: the rule as the user gave it, and how often it matched and took effect."""
    given = one.rule.given
    return {
        "name": one.name,
        "match": given.get("match") or {},
        "times": one.rule.times,
        "then": given["then"],
        "matched": one.matched,
        "fired": one.fired,
    }


async def _install(sandbox: Sandbox, rules: Sequence[Rule]) -> Response:
    sandbox.faults.check(rules)
    names, turns = [], Turns()
    for rule in rules:
        names.append(await sandbox.faults.install(rule))
        await turns.pause()
    installed = {one.name: one for one in sandbox.faults}
    return _shown([installed[name] for name in names], 201)


def _shown(faults: Iterable[InstalledRule], status: int = 200) -> Response:
    return ControlJson([fault_of(one) for one in faults], status_code=status)


class RuleGroups:
    """Reads a list of fault rules and names of presets, and replaces each preset by its rules."""

    def read(self, node: Located, path: str) -> list[Rule]:
        if not isinstance(node.value, list):
            raise wrong(node, path, "a list of fault rules, or of names of presets")
        return [rule for place, item in enumerate(node.value) for rule in _read_group(item, f"{path}[{place}]")]

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"anyOf": [FAULT.json_schema(), {"enum": list(preset_names())}]}}


def _read_group(node: Located, path: str) -> Sequence[Rule]:
    """Read a rule, or the rules of a preset by its name. Raises ScenarioError."""
    match node.value:
        case str(name) | {"preset": Located(value=str(name))} if _is_preset(node):
            return _preset(name, node, path)
    return [FAULT.read(node, path)]


def _is_preset(node: Located) -> bool:
    return not isinstance(node.value, dict) or len(node.value) == 1


def _preset(name: str, node: Located, path: str) -> Sequence[Rule]:
    try:
        return load_preset(name)
    except ScenarioError as error:
        raise ScenarioError(error.message, node.file, node.line, path) from None


def _read_rules(body: Located) -> Sequence[Rule]:
    """Read a rule, a list of rules, or a preset by name. Raises ScenarioError or ControlError."""
    match body.value:
        case dict():
            return _read_group(body, "")
        case list():
            return RuleGroups().read(body, "")
        case _:
            raise ControlError(400, "bad_body", 'expected a rule, a list of rules or {"preset": "flaky"}')


def _registry_of(sandbox: Sandbox) -> Faults:
    return sandbox.faults


def _show(sandbox: Sandbox) -> Response:
    return _shown(sandbox.faults)


FAULT_RULES = Installable("fault", _registry_of, _show, _read_rules, _install)
