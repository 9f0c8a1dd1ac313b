"""The busy world: `world.yaml` with a script, of which a step is played before every so many requests.

The world moves with the requests and not with the clock, so that each run is the same on any machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.suites.targets import target_at
from contracts.suites.world import open_world
from mockexchange.kit.target import Target
from mockexchange.sandbox.sandbox import Sandbox

SCRIPT = Path(__file__).with_name("busy_script.yaml")
STEP_US = 40_000
"""Exchange time from one step of the script to the next."""


@contextmanager
def busy_target_at(alias: str, requests_per_step: int) -> Iterator[Target]:
    """Yield the target of a world in which a step of the script is played before every so many requests."""
    world = open_world(alias, SCRIPT.read_text())
    with target_at(alias, world=world, wrap=lambda app: _moving(app, world.sandbox, requests_per_step)) as target:
        yield target


def _moving(app: ASGIApp, sandbox: Sandbox, requests_per_step: int) -> ASGIApp:
    asked = 0

    async def move_and_answer(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal asked
        asked += 1
        if asked % requests_per_step == 0:
            await sandbox.advance(STEP_US)
        await app(scope, receive, send)

    return move_and_answer
