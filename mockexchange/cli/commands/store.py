"""`mockexchange store`: look into the file of `serve --store`, and tidy it. Reading it does not disturb its server."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click

from mockexchange.cli.click_base import Failure, json_option
from mockexchange.cli.terminal import show_json_lines
from mockexchange.core.invariants import violations
from mockexchange.replay.log_replay import Replay
from mockexchange.sandbox.stored import read_description
from mockexchange.scenario.errors import ScenarioError
from mockexchange.store.codec import LogError, write_log
from mockexchange.store.log import Header, LogUnavailable, Record
from mockexchange.store.sqlite_file import StoreError, compact, damages, open_reader
from mockexchange.store.sqlite_store import StoredSandbox, decoded, stored_rows, stored_sandboxes

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


class StoredLog(NamedTuple):
    """The log of a sandbox, read from a file."""

    header: Header
    connection: Any
    id: int

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]:
        return decoded(stored_rows(self.connection, self.id, after, count), after)

    def __iter__(self) -> Iterator[Record]:
        return self.records()


@click.group(invoke_without_command=True)
@click.pass_context
def store(context: click.Context) -> None:
    """List, export, compact and check the file of `serve --store`."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@store.command("list")
@FILE
@json_option("store list")
def list_(file: Path, as_json: bool) -> None:
    """Print the sandboxes in FILE."""
    with _opened(file) as (connection, sandboxes):
        rows = [
            {
                "sandbox": one.name,
                "scenario": one.header.scenario,
                "api_date": one.header.api_date,
                "commands": one.commands,
                "bytes": _size_of(connection, one.id),
                "written_by": one.header.version,
            }
            for one in sandboxes
        ]
    if as_json:
        show_json_lines(rows)
        return
    for row in rows:
        size = f"{row['commands']:,} commands, {row['bytes']:,} bytes"
        click.echo(f"{row['sandbox']}  scenario {row['scenario']}, {size}, by mockexchange {row['written_by']}")


@store.command()
@FILE
@click.argument("sandbox", default="default")
def export(file: Path, sandbox: str) -> None:
    """Print the log of a SANDBOX in FILE, as `mockexchange log` does."""
    with _opened(file) as (connection, sandboxes):
        found = next((one for one in sandboxes if one.name == sandbox), None)
        if found is None:
            known = ", ".join(one.name for one in sandboxes[:20]) or "none"
            raise Failure(f"{file}: no sandbox {sandbox!r}; known: {known}")
        for line in write_log(_log_of(found, connection)):
            click.echo(line, nl=False)


@store.command("compact")
@FILE
def compact_(file: Path) -> None:
    """Give the room of deleted sandboxes back; no server may use FILE meanwhile."""
    before = file.stat().st_size if file.is_file() else 0
    with _explained():
        compact(file)
    click.echo(f"{file}: {before:,} bytes before, {file.stat().st_size:,} now")


@store.command()
@FILE
@json_option("store check")
def check(file: Path, as_json: bool) -> None:
    """Read all of FILE, carry its logs out again, and print what is wrong; exit code 1 if something is."""
    with _opened(file) as (connection, sandboxes):
        problems = [{"sandbox": None, "problem": text} for text in damages(connection)]
        for one in sandboxes:
            problems += [{"sandbox": one.name, "problem": text} for text in _problems_of(one, connection)]
    if as_json:
        show_json_lines(problems)
    elif not problems:
        commands = sum(one.commands for one in sandboxes)
        click.echo(f"{file}: {len(sandboxes)} sandboxes with {commands:,} commands: all is well")
    for row in () if as_json else problems:
        click.echo(f"sandbox {row['sandbox']}: {row['problem']}" if row["sandbox"] else row["problem"])
    if problems:
        raise SystemExit(1)


def _problems_of(stored: StoredSandbox, connection: Any) -> list[str]:
    try:
        read_description(stored.description)
        replay = Replay(write_log(_log_of(stored, connection)))
        for _ in replay:
            pass
    except (LogError, LogUnavailable, ScenarioError) as error:
        return [str(error)]
    except Exception as error:  # noqa: BLE001  # a command that fails halfway is a finding too
        return [f"a command cannot be carried out again: {type(error).__name__}: {error}"]
    return violations(replay.exchange.state)


def _log_of(stored: StoredSandbox, connection: Any) -> Any:
    return StoredLog(stored.header, connection, stored.id)


def _size_of(connection: Any, id_: int) -> int:
    statement = "select coalesce(sum(length(body)), 0) from record where sandbox = ?"
    size: int = connection.execute(statement, (id_,)).fetchone()[0]
    return size


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Any, list[StoredSandbox]]]:
    """Yield a connection that reads a file, and its sandboxes. Raises Failure."""
    with _explained(), closing(open_reader(file)) as connection:
        yield connection, stored_sandboxes(file, connection)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (StoreError, LogError, LogUnavailable) as error:
        raise Failure(str(error)) from None
