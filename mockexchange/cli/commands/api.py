"""`mockexchange api`: the API dates of the default venue, and the changes between two of them."""

from typing import NamedTuple

import click

from mockexchange.cli.click_base import checked
from mockexchange.cli.terminal import Line, show_table
from mockexchange.venues.dated import COMPAT, LATEST, ApiDate
from mockexchange.venues.registry import DEFAULT
from mockexchange.venues.venue import WireTables
from mockexchange.venues.wire_diff import READS, Change, diff_rows

SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
ALWAYS_SO = "always"


class Difference(NamedTuple):
    """The changes in one section of the API."""

    title: str
    changes: list[Change]


@click.group(invoke_without_command=True)
@click.pass_context
def api(context: click.Context) -> None:
    """The days of the wire, and what changed between them."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _wire() -> WireTables:
    assert DEFAULT.wire, "the default venue has dated tables"
    return DEFAULT.wire


@api.command()
def dates() -> None:
    """List what --api-date takes."""
    wire = _wire()
    kept = wire.count_removed_fields()
    lines = [Line((COMPAT, "-", f"the newest of all that ever was: keeps {kept} removed fields"))]
    days = list(wire.aliases.items())
    for (_, before), (alias, day) in zip([("", wire.first_day), *days], days, strict=False):
        lines.append(Line((alias, day, _remark(DEFAULT.api_date(before), DEFAULT.api_date(day)))))
    newest, day = days[-1]
    lines.append(Line((LATEST, day, f"the same as {newest}")))
    lines.append(Line(("a day", f"{wire.first_day}..", "the wire as it was, or is announced to be, on that day")))
    show_table(("api date", "day", "what it is"), lines)


def _remark(before: ApiDate, after: ApiDate) -> str:
    count = sum(len(difference.changes) for difference in compare(before, after))
    return f"{count} changes since {before.day}" if before.day != after.day else "the first day whose wire is known"


@api.command()
@click.argument("before", metavar="A", callback=checked(DEFAULT.api_date))
@click.argument("after", metavar="B", callback=checked(DEFAULT.api_date))
def diff(before: ApiDate, after: ApiDate) -> None:
    """Print what changed on the wire from A to B.

    Operations, fields, parameters and errors, with the day and the source of each. What came and went in between, or
    went and came back, is no change.
    """
    differences = compare(before, after)
    count = sum(len(difference.changes) for difference in differences)
    click.secho(f"{before} -> {after}: {count} change{'' if count == 1 else 's'}", bold=True)
    for difference in differences:
        _show(difference)
    used = sorted({change.source for difference in differences for change in difference.changes})
    if used:
        click.secho("\nsources", bold=True)
        width = max(map(len, used))
        click.echo("\n".join(f"  {source:<{width}}  {_wire().sources[source]}" for source in used))


def compare(before: ApiDate, after: ApiDate) -> list[Difference]:
    """Return the sections that have changes."""
    compared = [
        Difference(title, list(diff_rows(rows, before, after, describe)))
        for title, rows, describe in _wire().sections()
    ]
    return [difference for difference in compared if difference.changes]


def _show(difference: Difference) -> None:
    click.secho(f"\n{difference.title}", bold=True)
    width = max(len(change.name) for change in difference.changes)
    for change in difference.changes:
        sign, colour = SIGNS[change.kind]
        click.echo(f"  {change.day or ALWAYS_SO:<10}  ", nl=False)
        click.secho(f"{sign} {change.name:<{width}}  {_describe_change(change)}", fg=colour, nl=False)
        click.echo(f"  [{change.source}]")


def _describe_change(change: Change) -> str:
    parts = ((aspect, old, new) for aspect, (old, new) in change.facts.items())
    if change.kind == "changed":
        return "; ".join(f"{aspect} {old or 'none'} -> {new or 'none'}".strip() for aspect, old, new in parts)
    return ", ".join(f"{aspect} {old or new}".strip() for aspect, old, new in parts if aspect != READS)
