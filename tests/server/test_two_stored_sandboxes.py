"""Two sandboxes of one store are found as they were after a restart, whatever was accepted for them before."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import AddKey, Command, OpenAccount, RemoveKey
from mockexchange.sandbox.interface import CommandFailed, KeyInUse
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.state_json.digest import state_digest
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.script_entries import SCRIPT
from mockexchange.server.persistence import Persistence
from mockexchange.server.server_state import ServerState
from mockexchange.store.opening import Location
from tests.commands.examples import EXAMPLES, HISTORIES
from tests.helpers.effort import examples
from tests.helpers.postgres import PostgresServer
from tests.helpers.sandboxes import WALL
from tests.sandbox.random_life import ACTIONS, SCRIPTED, done_by
from tests.server.wire import ADDRESS

NAMES = ("default", "other")
KEY_IDS = st.sampled_from(("a", "b", "c"))
KEYS = st.builds(
    AddKey,
    account=st.sampled_from(("alice", "bob", "nobody")),
    key=st.sampled_from(("k", "l", "m")),
    key_id=KEY_IDS,
    public_key=st.sampled_from(("PEM a", "PEM b")),
) | st.builds(RemoveKey, account=st.sampled_from(("alice", "bob")), key_id=KEY_IDS)
ADDED_LATER = KEYS.filter(lambda command: isinstance(command, AddKey)).map(lambda command: ("script", command))
DEEDS = st.one_of(
    KEYS,
    st.sampled_from([one.command for one in EXAMPLES]),
    st.sampled_from([history[:length] for history in HISTORIES.values() for length in (9, len(history))]),
    ACTIONS,
    ADDED_LATER,
    st.just("reset"),
)
LIVES = st.lists(st.tuples(st.sampled_from(NAMES), DEEDS), max_size=20)


async def do(server: ServerState, name: str, deed: Any, number: int) -> None:
    """Do something with a sandbox on the way by which requests do it; what is refused is not accepted."""
    sandbox = server.sandboxes.get(name).sandbox
    with suppress(KeyInUse, CommandFailed):
        if deed == "reset":
            await server.reset(name)
        elif isinstance(deed, str):
            await done_by(sandbox, deed, number)
        elif isinstance(deed, tuple):
            await add_step(sandbox, deed[1], number)
        elif isinstance(deed, list):
            await sandbox.submit(OpenAccount(account=f"of {number}"))
            for command in deed:
                await attempt(sandbox, command)
        else:
            await sandbox.submit(deed)


async def attempt(sandbox: Sandbox, command: Command) -> None:
    with suppress(KeyInUse, CommandFailed):
        await sandbox.submit(command)


async def add_step(sandbox: Sandbox, command: AddKey, number: int) -> None:
    """Let the script add a key a second later."""
    text = f"[{{after: 1s, key: {{account: alice, key: s{number}, key_id: {command.key_id}, secret: s{number}}}}}]"
    await sandbox.script.add(SCRIPT.read(read_yaml(text, "s"), ""))
    await sandbox.advance(1_000_000)


async def picture(server: ServerState) -> dict[str, Any]:
    found = {}
    for slot in server.sandboxes:
        sandbox = slot.sandbox
        steps = [(step.name, step.state, step.fired_in_all, step.refused_in_all) for step in sandbox.script.steps]
        rules = [*(one.name for one in sandbox.faults), *(one.name for one in sandbox.stubs)]
        digest = await state_digest(sandbox.exchange.state)
        found[sandbox.name] = (sandbox.broken, digest, sandbox.clock.now(), steps, rules, list(sandbox.log))
    return found


async def live_and_restart(store: Location, lives: list[tuple[str, Any]]) -> None:
    server = ServerState(ADDRESS)
    server.persistence = Persistence.open(store, "normal")
    try:
        for name in NAMES:
            await server.open(load_text(SCRIPTED), SandboxOptions(name=name, clock="paused", host=lambda: WALL))
        for number, (name, deed) in enumerate(lives):
            await do(server, name, deed, number)
        before = await picture(server)
    finally:
        await server.stop()
    again = ServerState(ADDRESS)
    again.persistence = Persistence.open(store, "normal")
    try:
        await again.restore()
        after = await picture(again)
    finally:
        await again.stop()
    assert after == before
    assert [part[0] for part in after.values()] == [None, None]


def in_a_file(lives: list[tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live_and_restart(Path(folder) / "mock.db", lives))


def in_a_database(server: PostgresServer, lives: list[tuple[str, Any]]) -> None:
    server.run_sql("set client_min_messages = error; drop schema if exists mockexchange cascade")
    asyncio.run(live_and_restart(server.url, lives))


SAME_KEY: list[tuple[str, Any]] = [
    (name, AddKey(account="alice", key="k", key_id="a", public_key=f"PEM {name}")) for name in NAMES
]
"""One key id for both, which a few random lives do not have."""
FEW = settings(max_examples=examples(8), deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=examples(300))


@FEW
@given(LIVES)
@example(SAME_KEY)
def test_both_are_found_in_a_file(lives: list[tuple[str, Any]]) -> None:
    in_a_file(lives)


@FEW
@given(lives=LIVES)
@example(lives=SAME_KEY)
def test_both_are_found_in_a_database(postgres_server: PostgresServer, lives: list[tuple[str, Any]]) -> None:
    in_a_database(postgres_server, lives)


@pytest.mark.thorough
@MANY
@given(LIVES)
def test_both_are_found_in_a_file_after_many_lives(lives: list[tuple[str, Any]]) -> None:
    in_a_file(lives)


@pytest.mark.thorough
@MANY
@given(lives=LIVES)
def test_both_are_found_in_a_database_after_many_lives(
    postgres_server: PostgresServer, lives: list[tuple[str, Any]]
) -> None:
    in_a_database(postgres_server, lives)


def test_a_key_and_a_name_are_taken_while_they_are_being_stored(tmp_path: Path) -> None:
    """Of several that ask for one at the same time, one gets it, and a restart finds just that."""
    fixed = load_text("scenario: fixed\naccounts: {alice: {keys: {main: {key_id: a}}}}\n")

    async def life() -> None:
        server = ServerState(ADDRESS)
        server.persistence = Persistence.open(tmp_path / "mock.db", "normal")
        for name in NAMES:
            await server.open(load_text(SCRIPTED), SandboxOptions(name=name, clock="paused", host=lambda: WALL))
        asked: list[Any] = [server.sandboxes.get(name).sandbox.submit(command) for name, command in SAME_KEY]
        asked += [server.open(fixed, SandboxOptions(name="new", clock="paused", host=lambda: WALL)) for _ in range(2)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert sorted(type(one).__name__ for one in outcomes if isinstance(one, Exception)) == ["KeyInUse"] * 3
        removed = next(name for name, one in zip(NAMES, outcomes, strict=False) if not isinstance(one, Exception))
        await server.sandboxes.get(removed).sandbox.submit(RemoveKey(account="alice", key_id="a"))
        named = [server.open(fixed, SandboxOptions(name="new", clock="paused", host=lambda: WALL)) for _ in range(2)]
        made = await asyncio.gather(*named, return_exceptions=True)
        assert [type(one).__name__ for one in made] == ["Sandbox", "SandboxError"]
        before = await picture(server)
        await server.stop()
        again = ServerState(ADDRESS)
        again.persistence = Persistence.open(tmp_path / "mock.db", "normal")
        await again.restore()
        assert await picture(again) == before
        await again.stop()

    asyncio.run(life())


def test_a_sandbox_is_deleted_and_reset_one_after_the_other(tmp_path: Path) -> None:
    """Whichever is asked while the other is being stored, before or after its write, a restart finds what clients saw.

    What is asked first is done in any case; a reset of what was deleted meanwhile is refused.
    """
    rows = [(first, second, is_written) for first, second in product(CHANGES, CHANGES) for is_written in (False, True)]

    async def life(path: Path, first: str, second: str, is_written: bool) -> tuple[list[str], list[str]]:
        server = ServerState(ADDRESS)
        server.persistence = Persistence.open(path, "normal")
        for name in NAMES:
            await server.open(load_text(SCRIPTED), SandboxOptions(name=name, clock="paused", host=lambda: WALL))
        held = hold_next(server.persistence.store, "create" if first == "reset" else "delete", is_written)
        server.sandboxes.get("other").idle_us_max = 0
        asked = [asyncio.create_task(CHANGES[first](server))]
        await held.reached.wait()
        asked.append(asyncio.create_task(CHANGES[second](server)))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        held.released.set()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        before = await picture(server)
        await server.stop()
        again = ServerState(ADDRESS)
        again.persistence = Persistence.open(path, "normal")
        await again.restore()
        assert await picture(again) == before
        await again.stop()
        return sorted(before), [type(one).__name__ for one in outcomes]

    for number, (first, second, is_written) in enumerate(rows):
        names, outcomes = asyncio.run(life(tmp_path / f"{number}.db", first, second, is_written))
        done = {"reset": "Sandbox", "delete": "NoneType", "expire": "NoneType"}
        kept = ["default", "other"] if {first, second} == {"reset"} else ["default"]
        told = done[second] if first == "reset" or second == "expire" else "SandboxError"
        assert (names, outcomes) == (kept, [done[first], told]), (first, second, is_written)


CHANGES: dict[str, Callable[[ServerState], Coroutine[Any, Any, object]]] = {
    "reset": lambda server: server.reset("other"),
    "delete": lambda server: server.delete("other"),
    "expire": lambda server: server.drop_expired(),
}
TURNS = 50
"""Turns of the loop in which a call reaches its store, or waits for another call."""


class Held(NamedTuple):
    reached: asyncio.Event
    released: asyncio.Event


def hold_next(store: Any, operation: str, is_written: bool) -> Held:
    """Let the next call of a store's operation wait until it is released, before or after it has written."""
    held, operate = Held(asyncio.Event(), asyncio.Event()), getattr(store, operation)

    async def waiting(*arguments: Any) -> Any:
        setattr(store, operation, operate)
        done = await operate(*arguments) if is_written else None
        held.reached.set()
        await held.released.wait()
        return done if is_written else await operate(*arguments)

    setattr(store, operation, waiting)
    return held
