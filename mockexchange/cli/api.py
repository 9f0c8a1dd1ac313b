"""`mockexchange api`: the days of the wire, and what changed between two of them."""

from typing import NamedTuple

import click

from mockexchange.cli.frame import checked
from mockexchange.cli.terminal import Line, show_table
from mockexchange.venues.dated import COMPAT, LATEST, ApiDate, Field
from mockexchange.venues.diff import Change, Facts, diff_rows
from mockexchange.venues.kalshi.dates import ALIASES, FIRST_DAY, SOURCES, api_date
from mockexchange.venues.kalshi.errors import ERRORS, ErrorRow
from mockexchange.venues.kalshi.objects import OBJECTS, count_removed_fields
from mockexchange.venues.kalshi.params import PARAMETERS, Parameter

SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
ALWAYS_SO = "always"
READS = "reads"
"""Which value of the core a field has: a difference where it changes, no fact of the wire by itself."""
KINDS = {
    "text": "text",
    "texts": "comma-separated list",
    "integer": "integer",
    "choice": "one of a list",
    "choices": "comma-separated list",
}


class Section(NamedTuple):
    title: str
    changes: list[Change]


@click.group(invoke_without_command=True)
@click.pass_context
def api(context: click.Context) -> None:
    """The days of the wire, and what changed between them."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@api.command()
def dates() -> None:
    """List what --api-date takes."""
    newest = max(ALIASES)
    lines = [Line((COMPAT, "-", f"the newest of all that ever was: keeps {count_removed_fields()} removed fields"))]
    days = list(ALIASES.items())
    for (_, before), (alias, day) in zip([("", FIRST_DAY), *days], days, strict=False):
        lines.append(Line((alias, day, _remark(api_date(before), api_date(day)))))
    lines.append(Line((LATEST, ALIASES[newest], f"the same as {newest}")))
    lines.append(Line(("a day", f"{FIRST_DAY}..", "the wire as it was, or is announced to be, on that day")))
    show_table(("api date", "day", "what it is"), lines)


def _remark(before: ApiDate, after: ApiDate) -> str:
    count = sum(len(section.changes) for section in compare(before, after))
    return f"{count} changes since {before.day}" if before.day != after.day else "the first day whose wire is known"


@api.command()
@click.argument("before", metavar="A", callback=checked(api_date))
@click.argument("after", metavar="B", callback=checked(api_date))
def diff(before: ApiDate, after: ApiDate) -> None:
    """Print what changed on the wire from A to B.

    Fields, parameters and errors, with the day and the source of each. What came and went in between, or went and
    came back, is no change.
    """
    sections = compare(before, after)
    count = sum(len(section.changes) for section in sections)
    click.secho(f"{before} -> {after}: {count} change{'' if count == 1 else 's'}", bold=True)
    for section in sections:
        _show(section)
    used = sorted({change.source for section in sections for change in section.changes})
    if used:
        click.secho("\nsources", bold=True)
        width = max(map(len, used))
        click.echo("\n".join(f"  {source:<{width}}  {SOURCES[source]}" for source in used))


def compare(before: ApiDate, after: ApiDate) -> list[Section]:
    """Return what changed, a section a table that has changes."""
    sections = [
        *(Section(name, list(diff_rows(rows, before, after, _field))) for name, rows in OBJECTS.items()),
        *(
            Section(f"{name} parameters", list(diff_rows(rows, before, after, _parameter)))
            for name, rows in PARAMETERS.items()
        ),
        Section("errors", list(diff_rows(ERRORS, before, after, _error))),
    ]
    return [section for section in sections if section.changes]


def _field(row: Field) -> Facts:
    """Two rows may be spelt alike and still read another value."""
    return {"": row.spelling.kind, READS: row.read}


def _parameter(row: Parameter) -> Facts:
    given = {
        "from": row.minimum,
        "to": row.maximum,
        "of": ",".join(row.choices) or None,
        "at most": row.items_max and f"{row.items_max} items",
        "default": row.default,
        "required": "yes" if row.required else None,
    }
    return {"": KINDS[row.kind], **{aspect: str(value) for aspect, value in given.items() if value is not None}}


def _error(row: ErrorRow) -> Facts:
    given = {
        "status": str(row.status),
        "shape": row.shape,
        "code": row.code if row.shape == "nested" else None,
        "message": row.message,
        "details": row.details,
        "service": row.service,
    }
    return {aspect: value for aspect, value in given.items() if value is not None}


def _show(section: Section) -> None:
    click.secho(f"\n{section.title}", bold=True)
    width = max(len(change.name) for change in section.changes)
    for change in section.changes:
        sign, colour = SIGNS[change.kind]
        click.echo(f"  {change.day or ALWAYS_SO:<10}  ", nl=False)
        click.secho(f"{sign} {change.name:<{width}}  {_words(change)}", fg=colour, nl=False)
        click.echo(f"  [{change.source}]")


def _words(change: Change) -> str:
    parts = ((aspect, old, new) for aspect, (old, new) in change.facts.items())
    if change.kind == "changed":
        return "; ".join(f"{aspect} {old or 'none'} -> {new or 'none'}".strip() for aspect, old, new in parts)
    return ", ".join(f"{aspect} {old or new}".strip() for aspect, old, new in parts if aspect != READS)
