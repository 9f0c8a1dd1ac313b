"""Whatever a log holds, the server starts: what cannot be restored is set aside with the reason, the others serve."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import DEFAULT, SandboxOptions
from mockexchange.sandbox.reopening import added_keys, reopened
from mockexchange.scenario.loader import load_text
from mockexchange.server.serve_options import Sharing
from mockexchange.store.checksums import checksum, sandbox_checksum
from mockexchange.store.log import Header, LogUnavailable
from mockexchange.store.memory_log import MemoryLog
from mockexchange.store.opening import Location
from mockexchange.store.stores import Row, StoredSandbox
from tests.helpers.postgres import PostgresServer
from tests.server.live import Live, SandboxView, serving
from tests.server.replicas.several import serving_two
from tests.server.small import error_of, fixed_key, names_of
from tests.server.test_keys_in_use import key
from tests.server.workers.pair import serving_pair


class Database:
    """The store as another program changes it, with checksums that fit."""

    def __init__(self, location: Location) -> None:
        self._is_file = isinstance(location, Path)
        self._connection: Any = (
            sqlite3.connect(location, isolation_level=None)
            if isinstance(location, Path)
            else psycopg.connect(location.text, autocommit=True, options="-c search_path=mockexchange")
        )

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(statement if self._is_file else statement.replace("?", "%s"), values)
        return cursor.fetchall() if cursor.description else []

    def rewrite(self, name: str, **changed: bytes) -> None:
        [(id_, *texts)] = self.run("select id, header, description from sandbox where name = ?", name)
        parts = dict(zip(("header", "description"), map(bytes, texts), strict=True)) | changed
        crc = sandbox_checksum(id_, name.encode(), parts["header"], parts["description"])
        statement = "update sandbox set header = ?, description = ?, crc = ? where id = ?"
        self.run(statement, parts["header"], parts["description"], crc, id_)

    def description(self, name: str) -> dict[str, Any]:
        [(raw,)] = self.run("select description from sandbox where name = ?", name)
        found: dict[str, Any] = json.loads(bytes(raw))
        return found

    def append(self, name: str, do: dict[str, Any]) -> None:
        """Add a record to the log of a sandbox."""
        [(id_,)] = self.run("select id from sandbox where name = ?", name)
        [(seq,)] = self.run("select max(seq) + 1 from record where sandbox = ?", id_)
        body = json.dumps({"seq": seq, "at": 1_762_257_600_000_000, "do": do}).encode()
        self.run("insert into record values (?, ?, 'x', ?, ?)", id_, seq, body, checksum(id_, seq, body))

    def content(self) -> tuple[Any, ...]:
        return self.run("select * from sandbox order by id"), self.run("select * from record order by sandbox, seq")

    def close(self) -> None:
        self._connection.close()


BAD = "(select id from sandbox where name = 'bad')"
ADD = {"account": "alice", "key": "second", "key_id": "of-default", "public_key": "PEM"}
HEADER = Header(
    version="", sandbox="a", scenario="", scenario_hash="", seed=0, api_date="", clock="", rounding="", settings={}
)
Damage = Callable[[Database], object]
DAMAGES: dict[str, tuple[Damage, str]] = {
    "a hole": (lambda db: db.run(f"delete from record where seq = 3 and sandbox = {BAD}"), "record 3 is missing"),
    "a changed record": (lambda db: db.run(f"update record set crc = 0 where seq = 3 and sandbox = {BAD}"), "record 3"),
    "changed options": (lambda db: db.run("update sandbox set crc = 0 where name = 'bad'"), "it is damaged"),
    "no header": (lambda db: db.rewrite("bad", header=b"\xff"), "its header cannot be read"),
    "a header of another format": (lambda db: db.rewrite("bad", header=newer(db)), "its log has format 9"),
    "no description": (lambda db: db.rewrite("bad", description=b"{}"), "its description cannot be read"),
    "no scenario": (lambda db: db.rewrite("bad", description=elsewhere(db)), "nowhere"),
    "a command of a newer version": (lambda db: db.append("bad", {"fly": {}}), "record 10: expected"),
    "a note that cannot be read": (
        lambda db: db.append("bad", {"note": {"subject": "fault", "text": '{"install":{"then":"x"}}'}}),
        "expected",
    ),
    "an unknown venue": (lambda db: db.append("bad", {"open_account": {"account": "z", "venue": "mars"}}), "'mars'"),
    "a key of another sandbox": (
        lambda db: db.append("bad", {"add_key": ADD}),
        "key id of-default is in use by another",
    ),
}


def newer(db: Database) -> bytes:
    [(header,)] = db.run("select header from sandbox where name = 'bad'")
    return json.dumps(json.loads(bytes(header)) | {"format": 9}).encode()


def elsewhere(db: Database) -> bytes:
    description = db.description("bad")
    source = description["source"]
    empty = dict.fromkeys(source, "") if isinstance(source, dict) else [""] * len(source)
    named = (
        {**empty, "kind": "builtin", "name": "nowhere"}
        if isinstance(empty, dict)
        else ["builtin", "nowhere", *empty[2:]]
    )
    return json.dumps(description | {"source": named}).encode()


def view(live: Live, name: str) -> SandboxView:
    return SandboxView(live, live.json("GET", f"/sandboxes/{name}"))


def make(folder: Path, store: Location) -> SandboxView:
    """Make a store with three sandboxes; return the one that is to be damaged, for its keys."""
    with serving(folder, fixed_key("of-default"), clock="paused", store=store) as live:
        bad = live.sandbox("bad", fixed_key("of-bad"), clock="paused", port=None)
        live.sandbox("good", fixed_key("of-good"), clock="paused", port=None)
    return bad


def look(live: Live, bad: SandboxView, reason: str) -> None:
    """Ask for everything that a server answers about a sandbox that is set aside, and for the other ones."""
    assert names_of(live) == {"default", "bad", "good"}
    broken = live.json("GET", "/sandboxes/bad")["broken"]
    assert "sandbox 'bad' is set aside" in broken
    assert reason in broken
    assert [one["broken"] for one in live.json("GET", "/sandboxes") if one["id"] != "bad"] == [None, None]
    client = bad.client()
    answer = SandboxView(live, live.json("GET", "/sandboxes/good")).ask(client.get("/portfolio/balance"))
    assert (answer.status, error_of(answer)["message"]) == (503, broken)
    for method, path, body in (
        ("POST", "/commands", []),
        ("GET", "/accounts", None),
        ("GET", "/log", None),
        ("POST", "/clock", {"advance": "1s"}),
    ):
        refused = live.control(method, f"/sandboxes/bad{path}", body)
        assert (refused.status, error_of(refused)["message"]) == (503, broken), path
    assert live.control("GET", "/sandboxes/bad/journal").status == 200
    refused = live.control("PUT", "/sandboxes/bad", {"scenario": "empty"})
    assert (refused.status, error_of(refused)["code"], reason in error_of(refused)["message"]) == (
        409,
        "name_in_use",
        True,
    )
    refused = live.control("POST", "/sandboxes/good/commands", [key("of-bad")])
    assert (refused.status, error_of(refused)["code"]) == (409, "key_in_use")
    assert live.control("GET", "/metrics").status == 200
    for name in ("default", "good"):
        good = view(live, name)
        assert good.ask(good.client().get("/portfolio/balance")).status == 200


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_sandbox_that_cannot_be_restored_is_set_aside(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    postgres: PostgresServer | None = request.getfixturevalue("postgres") if engine == "postgres" else None
    first: Location = postgres.url if postgres else tmp_path / "first.db"
    bad = make(tmp_path, first)
    whole = Database(first)
    sandboxes, records = whole.content()
    for number, (name, (damage, reason)) in enumerate(DAMAGES.items()):
        store = first if postgres else tmp_path / f"{number}.db"
        if isinstance(store, Path):
            shutil.copy(tmp_path / "first.db", store)
        database = Database(store)
        damage(database)
        before = database.content()
        caplog.clear()
        with serving(tmp_path, fixed_key("of-default"), clock="paused", store=store) as live:
            look(live, bad, reason)
            assert "sandbox bad is set aside: " in caplog.text, name
        assert database.content() == before, name
        database.close()
        if postgres:
            restore_rows(whole, sandboxes, records)
    whole.close()


def restore_rows(database: Database, sandboxes: Any, records: Any) -> None:
    database.run("delete from sandbox")
    for row in sandboxes:
        database.run("insert into sandbox overriding system value values (?, ?, ?, ?, ?)", *row)
    for row in records:
        database.run("insert into record values (?, ?, ?, ?, ?)", *row)


def test_what_is_set_aside_is_reset_deleted_or_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    make(tmp_path, path)
    database = Database(path)
    database.append("bad", {"add_key": ADD})
    few = Sharing(sandboxes_max=2)
    with serving(tmp_path, fixed_key("of-default"), store=path, sharing=few) as live:
        assert [bool(one["broken"]) for one in live.json("GET", "/sandboxes")] == [False, True, True]
        assert "room for 2 sandboxes" in view(live, "good").shown["broken"]
        remove = {"remove_key": {"account": "alice", "key_id": "of-default"}}
        live.json("POST", "/sandboxes/default/commands", [remove])
    with serving(tmp_path, fixed_key("of-default"), store=path) as live:
        assert {one["broken"] for one in live.json("GET", "/sandboxes")} == {None}
        view(live, "good").call("POST", "/reset")
    database.rewrite("bad", description=b"{}")
    database.append("good", {"fly": {}})
    with serving(tmp_path, fixed_key("of-default"), store=path) as live:
        refused = live.control("POST", "/sandboxes/bad/reset")
        assert (refused.status, error_of(refused)["code"]) == (409, "no_scenario")
        live.json("DELETE", "/sandboxes/bad")
        live.json("POST", "/sandboxes/good/reset")
        assert {one["broken"] for one in live.json("GET", "/sandboxes")} == {None}
    database.append("default", {"fly": {}})
    database.close()
    with serving(tmp_path, fixed_key("of-default"), store=path) as live:
        assert "is set aside" in view(live, "default").shown["broken"]
        good = view(live, "good")
        assert good.ask(good.client().get("/portfolio/balance")).status == 200
        assert live.control("GET", "/sandboxes/default/accounts").status == 503
        live.json("POST", "/sandboxes/default/reset")
        assert view(live, "default").shown["broken"] is None


def test_readers_pass_on_what_is_set_aside(tmp_path: Path) -> None:
    """The first worker answers for it; the reader goes on with the others, also when the default one is set aside."""
    path = tmp_path / "mock.db"  # where the pair has its store
    bad = make(tmp_path, path)
    database = Database(path)
    for name in ("default", "bad"):
        database.append(name, {"fly": {}})
    database.close()
    with serving_pair(tmp_path) as pair:
        good = pair.view("good").client()
        assert pair.read(good, "/portfolio/balance").status == 200
        for name in ("default", "bad"):
            client = bad.client() if name == "bad" else bad.client()._replace(key_id="of-default")
            refused = pair.read(client, "/portfolio/balance")
            assert refused.status == 503, name
            assert "is set aside" in error_of(refused)["message"]


def test_replicas_answer_for_the_others(postgres: PostgresServer, tmp_path: Path) -> None:
    bad = make(tmp_path, postgres.url)
    with serving(tmp_path, fixed_key("of-default"), clock="paused", store=postgres.url) as live:
        live.sandbox("own", fixed_key("of-own"))
    database = Database(postgres.url)
    database.append("bad", {"fly": {}})
    with serving_two(tmp_path, postgres) as both:
        for live in both:
            shown = live.json("GET", "/sandboxes/good")
            good = SandboxView(live, {**shown, "base_url": f"http://127.0.0.1:{live.port}"})
            assert good.ask(good.client().get("/portfolio/balance")).status == 200
            answer = good.ask(bad.client().get("/portfolio/balance"))
            assert (answer.status, "is set aside" in error_of(answer)["message"]) == (503, True)
            assert "no port of its own" in live.json("GET", "/sandboxes/own")["broken"]
        database.append("good", {"fly": {}})  # a record that only a later version knows arrives while they serve
        for live in both:
            shown = live.json("GET", "/sandboxes/default")
            default = SandboxView(live, {**shown, "base_url": f"http://127.0.0.1:{live.port}"})
            assert default.ask(default.client().get("/portfolio/balance")).status == 200
    database.close()


def test_a_sandbox_that_is_set_aside_is_ended_and_runs_no_step() -> None:
    plan = "scenario: s\nscript:\n  - {name: pay, after: 1h, account: {account: zoe}}\n"
    sandbox = asyncio.run(open_sandbox(load_text(plan), SandboxOptions()))
    ended: list[str] = []
    sandbox.closing.append(ended.append)
    assert sandbox.host_delay_us() is not None
    sandbox.set_aside("of the test")
    assert (ended, sandbox.host_delay_us()) == (["set aside"], None)


def test_keys_that_a_log_adds_are_found_behind_records_that_cannot_be_read_and_before_it_breaks() -> None:
    def row(number: int, do: dict[str, Any]) -> Row:
        return 1, number, "x", json.dumps({"seq": number, "at": 1, "do": do}).encode(), 0

    def rows() -> Iterator[Row]:
        yield row(1, {"add_key": ADD | {"key": "a", "key_id": "kept"}})
        yield row(2, {"add_key": ADD | {"key": "b", "key_id": "removed"}})
        yield 1, 3, "x", b"{ add_key", 0
        yield row(4, {"remove_key": {"account": "alice", "key_id": "removed"}})
        yield row(5, {"add_key": ADD | {"key": "c", "key_id": "behind"}})
        raise LogUnavailable("the file is gone")

    assert added_keys(rows()) == {"kept", "behind"}


def test_the_default_sandbox_is_opened_first_and_equal_names_are_told_apart() -> None:
    class Broken:
        """A store of sandboxes of which none can be opened."""

        def stored(self) -> list[StoredSandbox]:
            return [
                StoredSandbox(id_, name, HEADER, b"{}", 0, "torn") for id_, name in ((1, "a"), (2, DEFAULT), (3, "a"))
            ]

        def log_of(self, stored: StoredSandbox) -> MemoryLog:
            return MemoryLog(HEADER)

        def rows(self, id_: int) -> Iterator[Row]:
            return iter(())

    async def names() -> list[str]:
        return [one.sandbox.name async for one in reopened(Broken())]

    assert asyncio.run(names()) == [DEFAULT, "a", "a#3"]
