"""The part of the control API that lists, installs and removes the faults and the stubs of a sandbox, which work alike.

Several rules are installed all or none; each has a name.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.faults.preset_rules import load_preset, preset_names
from mockexchange.faults.rule_firing import InstalledRule
from mockexchange.sandbox.clock import Turns
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.stubs import InstalledStub
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_rules import FAULT, Rule
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.stubs import STUB, Stub
from mockexchange.scenario.value_types import wrong
from mockexchange.server.control.access import Access
from mockexchange.server.control.answers import MEDIA_TYPE, ControlJson
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import read_body
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource
from mockexchange.server.server_state import ServerState


class Registry(Protocol):
    """The interface of the installed rules of one kind in a sandbox: its faults, or its stubs."""

    async def remove(self, name: str) -> None:
        """Remove a rule. Raises ScenarioError if there is no such rule."""
        ...

    async def clear(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RuleKind:
    """A kind of rule: faults or stubs. `name` is its name in errors and in the path."""

    name: str
    registry_of: Callable[[Sandbox], Registry]
    show: Callable[[Sandbox], Response]
    read: Callable[[Located], Sequence[Any]]
    """A function that reads the rules of a body. Raises ScenarioError or ControlError."""
    install: Callable[[Sandbox, Sequence[Any]], Awaitable[Response]]
    """A function that installs rules, all or none, and answers with them. Raises ScenarioError."""


def rule_routes(server_state: ServerState) -> list[Resource]:
    faults = RuleKind(
        "fault",
        lambda sandbox: sandbox.faults,
        lambda sandbox: _shown_faults(sandbox.faults),
        _read_rules,
        _install_faults,
    )
    stubs = RuleKind(
        "stub", lambda sandbox: sandbox.stubs, lambda sandbox: _shown_stubs(sandbox.stubs), _read_stubs, _install_stubs
    )
    return [*_routes_of(server_state, faults), *_routes_of(server_state, stubs)]


def _routes_of(server_state: ServerState, kind: RuleKind) -> list[Resource]:
    one_addition = asyncio.Lock()  # the loop turns between rules, and two requests must not check before both install

    async def sandbox_of(request: Request) -> Sandbox:
        return await server_state.sandboxes.caught_up(request.path_params["name"])

    async def show(request: Request) -> Response:
        return kind.show(await sandbox_of(request))

    async def add(request: Request) -> Response:
        try:
            rules = await read_body(request, kind.read)
            sandbox = await sandbox_of(request)
            async with one_addition:
                return await kind.install(sandbox, rules)
        except ScenarioError as error:
            raise misread(f"bad_{kind.name}", error) from None

    async def clear(request: Request) -> Response:
        await kind.registry_of(await sandbox_of(request)).clear()
        return Response(status_code=204)

    async def remove(request: Request) -> Response:
        registry = kind.registry_of(await sandbox_of(request))
        try:
            await registry.remove(request.path_params[kind.name])
        except ScenarioError as error:
            raise ControlError(404, f"unknown_{kind.name}", error.message) from None
        return Response(status_code=204)

    all_rules, one_rule = f"{ONE_SANDBOX}/{kind.name}s", f"{ONE_SANDBOX}/{kind.name}s/{{{kind.name}:path}}"
    return [
        Resource(all_rules, GET=(Access.LOOK, show), POST=(Access.CHANGE, add), DELETE=(Access.CHANGE, clear)),
        Resource(one_rule, DELETE=(Access.CHANGE, remove)),
    ]


# --- faults


async def _install_faults(sandbox: Sandbox, rules: Sequence[Rule]) -> Response:
    sandbox.faults.check(rules)
    names, turns = [], Turns()
    for rule in rules:
        names.append(await sandbox.faults.install(rule))
        await turns.pause()
    installed = {one.name: one for one in sandbox.faults}
    return _shown_faults([installed[name] for name in names], 201)


def _shown_faults(faults: Iterable[InstalledRule], status: int = 200) -> Response:
    """Return faults as JSON: the rules as the user gave them, and how often each matched and took effect."""
    rows = [
        {
            "name": one.name,
            "match": one.rule.given.get("match") or {},
            "times": one.rule.times,
            "then": one.rule.given["then"],
            "matched": one.matched,
            "fired": one.fired,
        }
        for one in faults
    ]
    return ControlJson(rows, status_code=status)


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
        case str(name) | {"preset": Located(value=str(name))} if (
            not isinstance(node.value, dict) or len(node.value) == 1
        ):
            try:
                return load_preset(name)
            except ScenarioError as error:
                raise ScenarioError(error.message, node.file, node.line, path) from None
    return [FAULT.read(node, path)]


def _read_rules(body: Located) -> Sequence[Rule]:
    """Read a rule, a list of rules, or a preset by name. Raises ScenarioError or ControlError."""
    match body.value:
        case dict():
            return _read_group(body, "")
        case list():
            return RuleGroups().read(body, "")
        case _:
            raise ControlError(400, "bad_body", 'expected a rule, a list of rules or {"preset": "flaky"}')


# --- stubs


async def _install_stubs(sandbox: Sandbox, stubs: Sequence[Stub]) -> Response:
    sandbox.stubs.check(stubs)
    installed, turns = [], Turns()
    for stub in stubs:
        installed.append(await sandbox.stubs.install(stub))
        await turns.pause()
    return _shown_stubs(installed, 201)


def _read_stubs(body: Located) -> list[Stub]:
    """Read a stub, or a list of stubs. Raises ScenarioError or ControlError."""
    if isinstance(body.value, dict):
        return [STUB.read(body, "")]
    if not isinstance(body.value, list):
        raise ControlError(400, "bad_body", "expected a stub or a list of stubs")
    return [STUB.read(node, f"[{place}]") for place, node in enumerate(body.value)]


def _shown_stubs(stubs: Iterable[InstalledStub], status: int = 200) -> Response:
    """Return stubs as JSON in the form of the log, exact to the byte, with their counts of matches and answers."""
    texts = [f'{one.stub.written[:-1]},"matched":{one.matched},"answered":{one.answered}}}' for one in stubs]
    return Response(f"[{','.join(texts)}]".encode(), status, media_type=MEDIA_TYPE)
