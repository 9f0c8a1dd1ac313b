"""Sandboxes of the built-in scenarios and the positions in them."""

import asyncio

from mockexchange.core.model.positions import Position
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_scenario


def opened(name: str) -> Sandbox:
    return asyncio.run(open_sandbox(load_scenario(name), SandboxOptions()))


def rows_of(subaccount: Subaccount) -> list[Position]:
    return list(subaccount.positions.values())


def held(sandbox: Sandbox) -> list[Position]:
    subaccounts = sandbox.exchange.state.subaccounts.values()
    return [row for subaccount in subaccounts for row in rows_of(subaccount) if row.stake.quantity_centis]
