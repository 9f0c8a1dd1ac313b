"""Random actions on a sandbox with a script: commands, faults, stubs, steps, the clock, and requests that trigger."""

from collections.abc import Awaitable
from typing import Any

from hypothesis import strategies as st

from mockexchange.core.commands import Deposit
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.script_entries import SCRIPT
from mockexchange.scenario.stubs import STUB
from tests.helpers.sandboxes import SMALL, signed
from tests.helpers.scripts import SECOND

SCRIPTED = (
    SMALL
    + """script:
  - {name: often, every: 1s, price: {market: RAIN-2, price: 0.3}}
  - {name: asked, when: {request: {nth: each}}, deposit: {account: bob, amount: 2}}
  - {name: armed, after: 3s, fault: {match: {nth: 9}, then: {status: 503}}}
"""
)


def deposit(micros: int) -> Deposit:
    return Deposit(subaccount_ref=SubaccountRef("alice", "0"), amount_micros=micros)


async def ask(sandbox: Sandbox) -> None:
    sandbox.answer(signed(sandbox))
    await sandbox.run_due()


def done_by(sandbox: Sandbox, name: str, number: int) -> Awaitable[Any]:
    match name:
        case "submit":
            return sandbox.submit(deposit(1_000_000 + number))
        case "fault":
            text = f"{{name: f{number % 3}, then: {{drop: true}}}}"
            return sandbox.faults.install(FAULT.read(read_yaml(text, "f"), ""))
        case "stub":
            text = f"{{name: s{number % 3}, request: GET /x, status: 200}}"
            return sandbox.stubs.install(STUB.read(read_yaml(text, "s"), ""))
        case "script":
            return sandbox.script.add(SCRIPT.read(read_yaml("[{after: 2s, announce: {message: x}}]", "s"), ""))
        case "advance":
            return sandbox.advance(SECOND)
        case "run":
            return sandbox.run_clock("paused")
    return ask(sandbox)


ACTIONS = st.sampled_from(("submit", "submit", "submit", "fault", "stub", "script", "advance", "run", "ask"))
GROUPS = st.lists(st.lists(ACTIONS, max_size=6), max_size=5)
