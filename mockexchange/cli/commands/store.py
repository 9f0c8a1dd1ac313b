"""Defines `mockexchange store`, which lists, exports, compacts and checks the file or database of `serve --store`.

Reading the store does not disturb its server.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

import click

from mockexchange.cli.click_base import Failure, checked, json_option
from mockexchange.cli.help_page import Group
from mockexchange.cli.terminal import show_json_lines
from mockexchange.core.invariants import violations
from mockexchange.replay.log_replay import Replay
from mockexchange.sandbox.forks.exported_log import exported_log
from mockexchange.sandbox.log.stored import read_description
from mockexchange.scenario.errors import ScenarioError
from mockexchange.store.codec import LogError, write_log
from mockexchange.store.log import Header, LogUnavailable, Record
from mockexchange.store.opening import Location, compact, open_reader, read_location, shown
from mockexchange.store.stores import StoredSandbox, StoreError, StoreReader, decoded

STORE = click.argument("location", metavar="STORE", callback=checked(read_location))


class ExportedLog(NamedTuple):
    """The log of a stored sandbox, which is read from the store piece by piece."""

    header: Header
    reader: StoreReader
    id: int

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]:
        return decoded(self.reader.rows(self.id, after, count), after)


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def store(context: click.Context) -> None:
    """List, export, compact and check what `serve --store` keeps."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@store.command("list")
@STORE
@json_option("store list")
def list_(location: Location, as_json: bool) -> None:
    """Print the sandboxes in STORE."""
    with _opened(location) as reader:
        rows = [
            {
                "sandbox": one.name,
                "scenario": one.header.scenario,
                "api_date": one.header.api_date,
                "commands": one.commands,
                "bytes": reader.size_of(one.id),
                "written_by": one.header.version,
            }
            for one in reader.stored()
        ]
    if as_json:
        show_json_lines(rows)
        return
    for row in rows:
        size = f"{row['commands']:,} commands, {row['bytes']:,} bytes"
        click.echo(f"{row['sandbox']}  scenario {row['scenario']}, {size}, by mockexchange {row['written_by']}")


@store.command()
@STORE
@click.argument("sandbox", default="default")
def export(location: Location, sandbox: str) -> None:
    """Print the log of a SANDBOX in STORE, as `mockexchange log` does."""
    with _opened(location) as reader:
        sandboxes = reader.stored()
        found = next((one for one in sandboxes if one.name == sandbox), None)
        if found is None:
            known = ", ".join(one.name for one in sandboxes[:20]) or "none"
            raise Failure(f"{reader.shown}: no sandbox {sandbox!r}; known: {known}")
        with _explained():
            description = read_description(found.description)
        for line in exported_log(_log_of(found, reader), description):
            click.echo(line, nl=False)


@store.command("compact")
@STORE
@json_option("store compact")
def compact_(location: Location, as_json: bool) -> None:
    """Free the space of deleted sandboxes; no server may use STORE meanwhile."""
    with _explained():
        before, now = compact(location)
    if as_json:
        show_json_lines([{"bytes_before": before, "bytes": now}])
    else:
        click.echo(f"{shown(location)}: {before:,} bytes before, {now:,} now")


@store.command()
@STORE
@json_option("store check")
def check(location: Location, as_json: bool) -> None:
    """Read all of STORE, carry out its logs again, and print the problems; exit code 1 if there are any."""
    with _opened(location) as reader:
        problems = [{"sandbox": None, "problem": text} for text in reader.damages()]
        sandboxes: list[StoredSandbox] = []
        try:
            sandboxes = reader.stored()
        except StoreError as error:
            problems.append({"sandbox": None, "problem": str(error)})
        for one in sandboxes:
            problems += [{"sandbox": one.name, "problem": text} for text in _problems_of(one, reader)]
    if as_json:
        show_json_lines(problems)
    elif not problems:
        commands = sum(one.commands for one in sandboxes)
        noun = "sandbox" if len(sandboxes) == 1 else "sandboxes"
        click.echo(f"{shown(location)}: {len(sandboxes)} {noun} with {commands:,} commands: all is well")
    for row in () if as_json else problems:
        click.echo(f"sandbox {row['sandbox']}: {row['problem']}" if row["sandbox"] else row["problem"])
    if problems:
        raise SystemExit(1)


def _problems_of(stored: StoredSandbox, reader: StoreReader) -> list[str]:
    try:
        read_description(stored.description)
        replay = Replay(write_log(_log_of(stored, reader)))
        for _ in replay:
            pass
    except (LogError, LogUnavailable, ScenarioError) as error:
        return [str(error)]
    except Exception as error:  # noqa: BLE001  # a command that fails halfway is a finding too
        return [f"a command cannot be carried out again: {type(error).__name__}: {error}"]
    return violations(replay.exchange.state)


def _log_of(stored: StoredSandbox, reader: StoreReader) -> ExportedLog:
    return ExportedLog(stored.header, reader, stored.id)


@contextmanager
def _opened(location: Location) -> Iterator[StoreReader]:
    """Yield a reader of a store. Raises Failure."""
    with _explained(), closing(open_reader(location)) as reader:
        yield reader


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (StoreError, LogError, LogUnavailable) as error:
        raise Failure(str(error)) from None
