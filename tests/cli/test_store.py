"""`mockexchange store`: what a store file has, and what is wrong with it."""

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.core.commands import PriceMarket
from mockexchange.replay import Replay
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.reopening import describe
from mockexchange.scenario.loader import load_text
from mockexchange.store.checksums import sandbox_checksum
from mockexchange.store.opening import Location, open_store
from mockexchange.store.sqlite_store import lock
from tests.helpers.postgres import PostgresServer
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL


def filled(location: Location, names: tuple[str, ...] = ("default", "other")) -> None:
    """Make a store with two sandboxes, or with those of the names."""

    async def fill() -> None:
        store = open_store(location)
        for name in names:
            sandbox = await open_sandbox(load_text(SMALL), SandboxOptions(name=name, clock="paused"))
            sandbox.use_log(await store.create(name, sandbox.log.header, describe(sandbox), list(sandbox.log)))
            await sandbox.submit(PriceMarket(market="RAIN-1", price_centicents=5_000))
        store.close()

    asyncio.run(fill())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with two sandboxes."""
    filled(tmp_path / "mock.db")
    return tmp_path / "mock.db"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["store", *map(str, arguments)])


def test_help_is_shown_without_a_command() -> None:
    assert "compact" in call().output


def test_sandboxes_are_listed(path: Path) -> None:
    lines = call("list", path).output.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"{name}  scenario small, {rest}".split(",")[0] for name, rest in (("default", ""), ("other", ""))
    ]
    [first, second] = [json.loads(line) for line in call("list", path, "--json").output.splitlines()]
    assert (first["sandbox"], second["sandbox"], first["scenario"]) == ("default", "other", "small")
    assert first["commands"] == second["commands"] > 20
    assert first["bytes"] > 1_000


def test_a_log_is_exported_as_replay_reads_it(path: Path) -> None:
    exported = call("export", path).output.encode()
    replay = Replay(exported.splitlines())
    assert len(list(replay)) == json.loads(call("list", path, "--json").output.splitlines()[0])["commands"]
    assert b'"price_market"' in exported.splitlines()[-1]
    unknown = call("export", path, "nope")
    assert unknown.exit_code == 1
    assert f"{path}: no sandbox 'nope'; known: default, other" in unknown.stderr


def test_a_file_is_compacted(path: Path) -> None:
    assert call("compact", path).output.startswith(f"{path}: ")
    size = json.loads(call("compact", path, "--json").output)
    assert size == {"bytes_before": path.stat().st_size, "bytes": path.stat().st_size}
    assert call("check", path).exit_code == 0


@pytest.mark.parametrize(
    ("statement", "problem", "sandbox"),
    [
        ("delete from record where seq = 5 and sandbox = 2", "sandbox other: record 5 is missing", "other"),
        ("update record set crc = 1 where seq = 5 and sandbox = 2", "sandbox other: record 5 is damaged", "other"),
        ("update sandbox set description = '{}' where id = 2", "sandbox other: it is damaged: the checksum", "other"),
    ],
)
def test_problems_are_found(path: Path, statement: str, problem: str, sandbox: str | None) -> None:
    assert call("check", path).output.endswith("commands: all is well\n")
    assert call("check", path, "--json").output == ""
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    checked = call("check", path)
    assert (checked.exit_code, checked.output.startswith(problem.format(path=path))) == (1, True)
    [row] = [json.loads(line) for line in call("check", path, "--json").output.splitlines()]
    assert row["sandbox"] == sandbox


def test_one_sandbox_is_deleted(path: Path) -> None:
    refused = call("delete", path, "other")
    assert (refused.exit_code, "Give --yes" in refused.stderr) == (2, True)
    refused = call("delete", path, "nope", "--yes")
    assert (refused.exit_code, "no sandbox 'nope'; known: default, other" in refused.stderr) == (1, True)
    held = lock(path)
    refused = call("delete", path, "other", "--yes")
    assert (refused.exit_code, "another server uses it" in refused.stderr) == (1, True)
    held.release()
    before = call("export", path, "default").output
    [row] = [json.loads(line) for line in call("delete", path, "other", "--yes", "--json").output.splitlines()]
    assert (row["sandbox"], row["commands"] > 20) == ("other", True)
    assert [line.split()[0] for line in call("list", path).output.splitlines()] == ["default"]
    assert call("export", path, "default").output == before
    connection = sqlite3.connect(path)
    assert connection.execute("select distinct sandbox from record").fetchall() == [(1,)]
    connection.close()


@pytest.mark.parametrize(
    ("statement", "reason", "printed"),
    [
        ("update record set crc = 1 where seq = 5", "record 5 is damaged: its checksum does not match", 5),
        ("update sandbox set description = 'x'", "its description cannot be read", None),
        ("update sandbox set header = 'x'", "its header cannot be read", 0),
    ],
)
def test_what_can_be_read_of_a_damaged_log_is_exported(
    path: Path, statement: str, reason: str, printed: int | None
) -> None:
    whole = call("export", path, "other").output.splitlines()
    connection = sqlite3.connect(path)
    connection.execute(statement + (" and sandbox = 2" if "seq" in statement else " where id = 2"))
    rows = connection.execute("select name, header, description from sandbox where id = 2").fetchall()
    [(name, header, description)] = [[part.encode() if isinstance(part, str) else part for part in row] for row in rows]
    crc = sandbox_checksum(2, name, header, description)
    connection.execute("update sandbox set crc = ? where id = 2", (crc,))
    connection.commit()
    connection.close()
    exported = call("export", path, "other")
    lines = exported.stdout.splitlines()
    assert (exported.exit_code, reason in exported.stderr) == (1, True)
    assert len(lines) == (len(whole) if printed is None else printed)
    assert lines[1:] == whole[1 : len(lines)]
    rows = [json.loads(line) for line in call("list", path, "--json").output.splitlines()]
    assert [reason in (row["set_aside"] or "") for row in rows] == [False, True]
    assert f"  set aside: {reason}" in call("list", path).output


def test_one_sandbox_is_counted_in_the_singular(tmp_path: Path) -> None:
    filled(tmp_path / "one.db", ("default",))
    assert call("check", tmp_path / "one.db").output.startswith(f"{tmp_path / 'one.db'}: 1 sandbox with ")


@each_row("command", ["list", "export", "compact", "check", "delete"])
def test_what_is_no_store_is_refused(tmp_path: Path, command: str) -> None:
    more = ("default", "--yes") if command == "delete" else ()
    missing = call(command, tmp_path / "none.db", *more)
    assert (missing.exit_code, "no such file" in missing.stderr) == (1, True)
    (tmp_path / "text.db").write_text("x" * 1_000)
    other = call(command, tmp_path / "text.db", *more)
    assert (other.exit_code, "it is no SQLite database" in other.stderr) == (1, True)


def test_a_database_is_a_store_as_a_file_is(postgres: PostgresServer) -> None:
    filled(postgres.url)
    url = postgres.url.text
    assert [line.split()[0] for line in call("list", url).output.splitlines()] == ["default", "other"]
    assert call("check", url).output.endswith("commands: all is well\n")
    assert len(list(Replay(call("export", url, "other").output.encode().splitlines()))) > 20
    assert call("delete", url, "other", "--yes").output.startswith(f"{url}: sandbox other with ")
    assert postgres.run_sql("select distinct sandbox from mockexchange.record") == [(1,)]
    assert call("compact", url).output.startswith(f"{url}: ")
    postgres.run_sql("delete from mockexchange.record where seq = 5")
    checked = call("check", url)
    assert (checked.exit_code, checked.output) == (1, "sandbox default: record 5 is missing\n")
    refused = call("list", "postgresql://u:secret@127.0.0.1:1/x")
    assert (refused.exit_code, "start PostgreSQL" in refused.stderr, "secret" in refused.stderr) == (1, True, False)
    refused = call("list", "mysql://u:secret@h/x")
    assert (refused.exit_code, "secret" in refused.stderr) == (2, False)


def test_serve_takes_a_file_of_sqlite_or_a_database(tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["serve", "--store", "mock.db"])
    assert (refused.exit_code, "expected sqlite:FILE" in refused.stderr) == (2, True)
    (tmp_path / "text.db").write_text("x" * 1_000)
    refused = CliRunner().invoke(main, ["serve", "--port", "0", "--store", f"sqlite:{tmp_path / 'text.db'}"])
    assert (refused.exit_code, "it is no SQLite database" in refused.stderr) == (2, True)
