"""A scenario that is played anew when its files change: what counts as a change, and what comes of it."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import make_pair
from mockexchange.scenario.loader import load_scenario
from mockexchange.scenario.plan import Plan
from mockexchange.server import process
from mockexchange.server import reload as reloading
from mockexchange.server.process import Server
from mockexchange.server.reload import Reloaded, Reloader, files_of
from mockexchange.server.serve_options import Reload, ServeOptions
from tests.server.live import TOKEN, serving
from tests.server.streaming import until
from tests.server.wire import ask, request

FIRST = """\
scenario: mine
accounts:
  alice: {cash: 100}
  own: {keys: {main: {public_key: own.pem}}}
"""


class Scene:
    """A scenario in a folder, and a reloader whose looks are asked for."""

    def __init__(self, folder: Path) -> None:
        self.file, self.key = folder / "mine.yaml", folder / "own.pem"
        self.file.write_text(FIRST)
        self.key.write_text(make_pair("ed25519").public_pem)
        self.told: list[Reloaded] = []
        self.played: list[Plan] = []
        self.refuses: str | None = None
        self.remark: str | None = None
        self.meanwhile: Callable[[], object] = lambda: None
        self.reloader = Reloader(self.file, self.load(), self.load, self.play, self.told.append)

    def load(self) -> Plan:
        return load_scenario(str(self.file))

    async def play(self, plan: Plan) -> str | None:
        self.meanwhile()
        if self.refuses:
            raise ScenarioError(self.refuses, str(self.file), 3)
        self.played.append(plan)
        return self.remark

    async def look(self, times: int = 2) -> list[str | None]:
        """What comes of some looks, as problems; two are what a change takes."""
        before = len(self.told)
        for _ in range(times):
            await self.reloader.look()
        return [one.problem for one in self.told[before:]]

    def edit(self, path: Path, text: str) -> None:
        """Write a file whose time is a later one, however coarse the file system's clock is."""
        later_ns = path.stat().st_mtime_ns + 1_000_000_000 if path.exists() else 1
        path.write_text(text)
        os.utime(path, ns=(later_ns, later_ns))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await story()

    asyncio.run(run())


def test_what_changes_is_played_once_it_stays_the_same(scene: Scene) -> None:
    async def story() -> None:
        assert await scene.look(5) == []
        scene.edit(scene.file, FIRST.replace("100", "200"))
        assert await scene.look(1) == []
        scene.edit(scene.file, FIRST.replace("100", "300"))
        assert await scene.look(1) == []
        assert await scene.look(3) == [None]
        assert [plan.digest for plan in scene.played] == [scene.load().digest]
        assert scene.told[0].plan is scene.played[0]

    play(story)


def test_files_that_stay_the_same_are_not_read_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "_digests", lambda files: pytest.fail("read"))
    play(lambda: look_often(scene))


async def look_often(scene: Scene) -> None:
    assert await scene.look(5) == []


def test_a_touch_is_no_change(scene: Scene) -> None:
    async def story() -> None:
        scene.edit(scene.file, FIRST)
        assert await scene.look(5) == []

    play(story)


def test_the_key_files_that_it_names_count_and_may_be_others_later(scene: Scene) -> None:
    async def story() -> None:
        scene.edit(scene.key, make_pair("ed25519").public_pem)
        assert await scene.look() == [None]
        other = scene.key.with_name("other.pem")
        other.write_text(make_pair("ed25519").public_pem)
        scene.edit(scene.file, FIRST.replace("own.pem", "other.pem"))
        assert await scene.look() == [None]
        scene.edit(scene.key, "nobody reads this any more")
        assert await scene.look(4) == []
        scene.edit(other, make_pair("ed25519").public_pem)
        assert await scene.look() == [None]

    play(story)


def test_a_bad_one_is_told_once_and_the_old_one_stays(scene: Scene) -> None:
    async def story() -> None:
        scene.edit(scene.file, FIRST + "faluts: []\n")
        [problem] = await scene.look(6)
        assert problem is not None
        assert problem.startswith(f"{scene.file}:5: unknown key 'faluts'")
        assert scene.played == []
        scene.edit(scene.file, FIRST + "# mended\n")
        assert await scene.look() == [None]

    play(story)


def test_one_that_cannot_be_played_is_told(scene: Scene) -> None:
    async def story() -> None:
        scene.refuses = "unknown_market"
        scene.edit(scene.file, FIRST + "# other\n")
        assert await scene.look() == [f"{scene.file}:3: unknown_market"]

    play(story)


def test_what_is_saved_while_it_is_played_is_played_next(scene: Scene) -> None:
    async def story() -> None:
        contents = iter([FIRST.replace("100", "300")])

        def save() -> None:
            for text in contents:
                scene.edit(scene.file, text)

        scene.meanwhile = save
        scene.edit(scene.file, FIRST.replace("100", "200"))
        assert await scene.look() == [None]
        assert await scene.look() == [None]
        assert scene.played[-1].digest == scene.load().digest

    play(story)


def test_a_key_file_that_was_missing_is_waited_for(scene: Scene) -> None:
    async def story() -> None:
        scene.refuses = "other.pem cannot be read"
        scene.edit(scene.file, FIRST.replace("own.pem", "other.pem"))
        assert await scene.look() == [f"{scene.file}:3: other.pem cannot be read"]
        scene.refuses = None
        scene.edit(scene.key.with_name("other.pem"), make_pair("ed25519").public_pem)
        assert await scene.look() == [None]

    play(story)


def test_an_error_that_nobody_thought_of_does_not_end_the_watch(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        scene.meanwhile = partial(getattr, scene, "nothing")
        scene.edit(scene.file, FIRST + "# other\n")
        assert await scene.look() == [f"{scene.file}: AttributeError: 'Scene' object has no attribute 'nothing'"]
        scene.meanwhile = lambda: None
        scene.edit(scene.file, FIRST + "# mended\n")
        assert await scene.look() == [None]

    play(story)


def test_what_goes_wrong_afterwards_is_a_remark(scene: Scene) -> None:
    async def story() -> None:
        scene.remark = "the ready file is as it was"
        scene.edit(scene.file, FIRST + "# other\n")
        assert await scene.look() == [None]
        assert scene.told[0].remark == "the ready file is as it was"

    play(story)


def test_a_file_that_goes_and_comes_back(scene: Scene) -> None:
    async def story() -> None:
        scene.file.unlink()
        [problem] = await scene.look()
        assert problem is not None
        assert problem.startswith(f"no scenario {str(scene.file)!r}")
        assert await scene.look(3) == []
        scene.file.write_text(FIRST)
        assert await scene.look() == [None]

    play(story)


def test_it_looks_until_it_is_cancelled(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "POLL_S", 0)

    async def story() -> None:
        running = asyncio.create_task(scene.reloader.run())
        scene.edit(scene.file, FIRST + "# other\n")
        await until(lambda: scene.told)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    play(story)


def test_a_scenario_without_key_files_names_none() -> None:
    assert files_of(load_scenario("demo")) == []


# --- in a server


def test_keys_that_are_wanted_as_before_stay_and_others_come_and_go(tmp_path: Path) -> None:
    async def story() -> None:
        scene = Scene(tmp_path)
        options = ServeOptions(host="127.0.0.1", port=0, ready_file=tmp_path / "ready.json", token=TOKEN)
        async with Server(scene.load(), SandboxOptions(), options) as server:
            before = accounts(tmp_path)
            pem = pem_of(before["alice"])
            scene.edit(scene.file, FIRST.replace("alice: {cash: 100}", "bob: {}\n  alice: {cash: 7}"))
            await server.put_in_place(scene.load())
            after = accounts(tmp_path)
            assert list(after) == ["bob", "alice", "own"]
            assert after["alice"] == before["alice"]
            assert pem_of(after["alice"]) == pem
            assert pem_of(after["bob"]) != pem
            scene.edit(scene.file, FIRST.replace("{cash: 100}", "{keys: {main: {algorithm: ed25519}}}"))
            await server.put_in_place(scene.load())
            changed = accounts(tmp_path)["alice"]
            assert changed["key_id"] == before["alice"]["key_id"]
            assert pem_of(changed) != pem

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "home"))
        play(story)


def test_a_ready_file_that_cannot_be_written_is_told_and_the_scenario_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "home"))
    scene = Scene(tmp_path)

    def refuse(*arguments: object) -> None:
        raise OSError("the disk is full")

    async def story() -> None:
        options = ServeOptions(host="127.0.0.1", port=0, ready_file=tmp_path / "ready.json", token=TOKEN)
        async with Server(scene.load(), SandboxOptions(), options) as server:
            monkeypatch.setattr(process, "write_ready_file", refuse)
            scene.edit(scene.file, FIRST.replace("mine", "other"))
            remark = await server.put_in_place(scene.load())
            assert remark == "the ready file still tells of the accounts before: the disk is full"
            assert server.server_state.sandboxes.get("default").sandbox.plan.name == "other"

    play(story)


def pem_of(account: dict[str, Any]) -> str:
    return Path(account["private_key_path"]).read_text()


def accounts(folder: Path) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in json.loads((folder / "ready.json").read_text())["accounts"]}


def test_a_key_file_with_another_key_is_read_again(tmp_path: Path) -> None:
    async def story() -> None:
        scene = Scene(tmp_path)
        options = ServeOptions(host="127.0.0.1", port=0, ready_file=tmp_path / "ready.json", token=TOKEN)
        async with Server(scene.load(), SandboxOptions(), options) as server:
            other = make_pair("ed25519").public_pem
            scene.key.write_text(other)
            await server.put_in_place(scene.load())
            state = server.server_state.sandboxes.get("default").sandbox.exchange.state
            assert [key.public_key for key in state.keys.values() if key.account == "own"] == [other]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "home"))
        play(story)


def test_a_server_that_is_asked_to_reloads_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "POLL_S", 0)
    scene = Scene(tmp_path)
    reload = Reload(scene.file, scene.load, scene.told.append)
    with serving(tmp_path / "home", str(scene.file), reload=reload) as live:
        alice = live.ready["accounts"][0]["key_id"]
        scene.edit(scene.file, FIRST.replace("100", "200"))
        while not scene.told:
            assert ask(live.port, request("GET", "/_mock/live")).status == 200
        assert scene.told[0].problem is None
        shown = live.json("GET", "/sandboxes/default")
        assert shown["accounts"][0]["key_id"] == alice
        assert live.json("GET", "/sandboxes/default/accounts/alice/ledger")
