"""Defines `mockexchange scenario`, which checks, describes, generates and lists scenarios."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from mockexchange.cli.click_base import Failure, Group, checked, json_option, option
from mockexchange.cli.terminal import Line, progress_bar, show_json_lines, show_table

FILE_MODE = 0o644
COLUMNS = ("SpinnerColumn", "{task.description}", "BarColumn", "MofNCompleteColumn", "TimeRemainingColumn")
"""The columns of the progress bar, as rich names them."""


def _lines_path(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".jsonl":
        raise ValueError(f"expected a name that ends in .jsonl, by which JSON lines are known, got {path.name!r}")
    if not path.parent.is_dir():
        raise ValueError(f"no folder {str(path.parent)!r}")
    return path


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def scenario(context: click.Context) -> None:
    """List, check and generate scenarios: the accounts, markets and steps that a sandbox begins with."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@scenario.command("list")
@json_option("scenario list")
def list_(as_json: bool) -> None:
    """List the built-in scenarios."""
    from mockexchange.scenario.loader import builtin_names, load_builtin

    plans = {name: load_builtin(name) for name in builtin_names()}
    if as_json:
        show_json_lines({"scenario": name, "title": plan.title} for name, plan in plans.items())
        return
    show_table(("scenario", "what it is"), [Line((name, plan.title)) for name, plan in plans.items()])


@scenario.command()
def schema() -> None:
    """Print the format as JSON Schema, for editors and other tools."""
    from mockexchange.scenario.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


@scenario.command()
@click.argument("file")
@option("--run", "is_run", envvar="MOCKEXCHANGE_SCENARIO_CHECK_RUN", is_flag=True, help="Play the script, too.")
@json_option("scenario check")
@click.pass_context
def check(context: click.Context, file: str, is_run: bool, as_json: bool) -> None:
    """Carry out FILE and print all its errors at once, each with its place.

    FILE may be the name of a built-in scenario, too. With --run the script is also run to its end, except steps that
    wait for a client.
    """
    from mockexchange.cli.scenario_check import check_scenario

    with _progress("checking") as progress:
        checked_file = check_scenario(file, progress, is_run=is_run)
    if as_json:
        click.echo(json.dumps({"errors": checked_file.errors, "counts": checked_file.counts}))
        context.exit(1 if checked_file.errors else 0)
    if len(checked_file.errors) > 1:
        raise Failure("\n  ".join([_counted(len(checked_file.errors), "error"), *checked_file.errors]))
    if checked_file.errors:
        raise Failure(checked_file.errors[0])
    click.echo(f"ok: {', '.join(_counted(number, noun) for noun, number in checked_file.counts.items())}")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@scenario.command()
@option("--accounts", type=click.IntRange(1, 10_000), default=3, show_default=True, help="How many accounts.")
@option("--markets", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="How many markets.")
@option("--fills", type=click.IntRange(0, 100_000_000), default=1_000, show_default=True, help="How many fills.")
@option(
    "--seed",
    type=click.IntRange(0, 2**53),
    default=0,
    show_default=True,
    help="Chooses the fills: another number makes others.",
)
@option(
    "--out", callback=checked(_lines_path), help="File to write, whose name ends in .jsonl.  [default: standard output]"
)
def generate(accounts: int, markets: int, fills: int, seed: int, out: Path | None) -> None:
    """Make up a scenario with any number of fills.

    The same numbers and seed give the same bytes, for one version of Faker.
    """
    from mockexchange.scenario.generator import FakerMissing, Size
    from mockexchange.scenario.generator import generate as lines_of

    size = Size(accounts=accounts, markets=markets, fills=fills, seed=seed)
    try:
        with _progress("generating", fills, is_quiet=out is None and sys.stdout.isatty()) as progress:
            _write(lines_of(size, progress), out)
    except FakerMissing as error:
        raise Failure(str(error)) from None


def _write(lines: Iterable[bytes], out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.writelines(lines)
        return
    try:
        with _whole(out) as stream:
            stream.writelines(lines)
    except OSError as error:
        raise Failure(f"{out} cannot be written: {error.strerror}") from None


@contextmanager
def _whole(target: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that is renamed to the target when it is complete."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        draft.chmod(FILE_MODE)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _progress(what: str, total: int | None = None, is_quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal; `total` is None if it is not known."""
    with progress_bar(*COLUMNS, is_shown=not is_quiet) as bar:
        yield lambda done: bar.update(description=what, completed=done, total=total)
