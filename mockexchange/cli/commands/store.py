"""Defines `mockexchange store`, which lists, exports, deletes and checks what `serve --store` keeps, and compacts it.

Reading the store does not disturb its server.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

import click

from mockexchange.cli.click_base import Failure, Group, UsageFailure, checked, json_option
from mockexchange.cli.terminal import show_json_lines
from mockexchange.core.invariants import violations
from mockexchange.core.model.state import State
from mockexchange.sandbox.forks import exported_log
from mockexchange.sandbox.reopening import read_description, reopened
from mockexchange.sandbox.sandboxes import Sandboxes, Slot
from mockexchange.scenario.errors import ScenarioError
from mockexchange.store.codec import write_log
from mockexchange.store.followed_store import FollowedStore
from mockexchange.store.log import Header, LogError, LogUnavailable, Record
from mockexchange.store.opening import Location, compact, delete, open_reader, read_location, shown
from mockexchange.store.stores import StoredSandbox, StoreError, StoreReader, decoded, named

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
    """List, export, delete, compact and check what `serve --store` keeps."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@store.command("list")
@STORE
@json_option("store list")
def list_(location: Location, as_json: bool) -> None:
    """Print the sandboxes in STORE, and why a server sets one aside."""
    with _opened(location) as reader:
        rows = [
            {
                "sandbox": one.name,
                "scenario": one.header.scenario,
                "api_date": one.header.api_date,
                "commands": one.commands,
                "bytes": reader.size_of(one.id),
                "written_by": one.header.version,
                "set_aside": reason,
            }
            for one, _, reason in _restored(reader)
        ]
    if as_json:
        show_json_lines(rows)
        return
    for row in rows:
        size = f"{row['commands']:,} commands, {row['bytes']:,} bytes"
        click.echo(f"{row['sandbox']}  scenario {row['scenario']}, {size}, by mockexchange {row['written_by']}")
        if row["set_aside"]:
            click.echo(f"  set aside: {row['set_aside']}")


@store.command()
@STORE
@click.argument("sandbox", default="default")
def export(location: Location, sandbox: str) -> None:
    """Print the log of a SANDBOX in STORE, as `mockexchange log` does.

    Of a damaged one, print what comes before the damage; exit code 1.
    """
    with _opened(location) as reader:
        found = named(reader.shown, reader.stored(), sandbox)
        problem, count = found.problem, 0
        if problem and not found.header.version:
            raise Failure(f"{reader.shown}: sandbox {sandbox!r}: {problem}: nothing of it can be printed")
        log = ExportedLog(found.header, reader, found.id)
        try:
            lines = exported_log(log, read_description(found.description))
        except ScenarioError as error:
            problem, lines = str(error), write_log(log)
        try:
            for count, line in enumerate(lines):  # noqa: B007  # the number of the commands, after the header
                click.echo(line, nl=False)
        except (LogError, LogUnavailable) as error:
            problem = str(error)
        if problem:
            done = f"{count:,} of {found.commands:,} commands are printed"
            raise Failure(f"{reader.shown}: sandbox {sandbox!r}: {problem}: {done}")


@store.command("delete")
@STORE
@click.argument("sandbox")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option("store delete")
def delete_(location: Location, sandbox: str, yes: bool, as_json: bool) -> None:
    """Delete a SANDBOX with its log from STORE; no server may use STORE meanwhile."""
    with _opened(location) as reader:
        found = named(reader.shown, reader.stored(), sandbox)
    question = f"Delete sandbox {sandbox!r} with its {found.commands:,} commands from {shown(location)}, for good?"
    if not yes and not sys.stdin.isatty():
        raise UsageFailure(f"{question} Give --yes, or run it at a terminal")
    if not yes:
        click.confirm(question, abort=True, err=True)
    with _explained():
        found = delete(location, sandbox)
    if as_json:
        show_json_lines([{"sandbox": sandbox, "commands": found.commands}])
    else:
        click.echo(f"{shown(location)}: sandbox {sandbox} with {found.commands:,} commands is deleted")


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
        sandboxes = _restored(reader)
        for one, state, reason in sandboxes:
            texts = violations(state) if reason is None else [reason]
            problems += [{"sandbox": one.name, "problem": text} for text in texts]
    if as_json:
        show_json_lines(problems)
    elif not problems:
        commands = sum(one.commands for one, _, _ in sandboxes)
        noun = "sandbox" if len(sandboxes) == 1 else "sandboxes"
        click.echo(f"{shown(location)}: {len(sandboxes)} {noun} with {commands:,} commands: all is well")
    for row in () if as_json else problems:
        click.echo(f"sandbox {row['sandbox']}: {row['problem']}" if row["sandbox"] else row["problem"])
    if problems:
        raise SystemExit(1)


def _restored(reader: StoreReader) -> list[tuple[StoredSandbox, State, str | None]]:
    """Open all sandboxes as a server does; return each with its state and the reason why a server sets it aside."""

    async def open_all() -> list[tuple[StoredSandbox, State, str | None]]:
        sandboxes, found = Sandboxes(sys.maxsize), []
        async for stored, sandbox, description in reopened(FollowedStore(reader)):
            reason = sandboxes.restore(Slot(sandbox, description is not None and description.port is not None))
            found.append((stored, sandbox.exchange.state, reason))
        return found

    return asyncio.run(open_all())


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
