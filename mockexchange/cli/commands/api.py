"""Defines `mockexchange api`, which lists the API dates of a venue, and what changed between two or is to change."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import click

from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import Group, UsageFailure, checked, json_option, option
from mockexchange.cli.terminal import Line, show_json_lines, show_table, terminal_width, wrapped
from mockexchange.runtime import api_documents, document_diff
from mockexchange.scenario.errors import did_you_mean
from mockexchange.venues.dated_fields import COMPAT, LATEST, ApiDate
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.venue import Venue, WireTables
from mockexchange.venues.wire_diff import READS, Change, diff_rows

SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
ALWAYS_SO = "always"


class Difference(NamedTuple):
    """The changes between two API dates in one section of the API, such as its operations."""

    title: str
    changes: list[Change]


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def api(context: click.Context) -> None:
    """List the dates of a venue's API, and print what changed between two, or is new in a later document."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _wire(venue: Venue) -> WireTables:
    assert venue.wire, "every venue has dated tables"
    return venue.wire


venue_option = option(
    "--venue",
    type=click.Choice(list(VENUES)),
    default=DEFAULT.name,
    show_default=True,
    is_eager=True,
    help="Venue of the API.",
)


@api.command()
@venue_option
@json_option("api dates")
def dates(venue: str, as_json: bool) -> None:
    """List the API dates that --api-date accepts."""
    of = VENUES[venue]
    wire = _wire(of)
    kept = wire.count_removed_fields()
    lines = [Line((COMPAT, "-", f"the newest of all that ever was: keeps {kept} removed fields"))]
    days = list(wire.aliases.items())
    for (_, before), (alias, day) in zip([("", wire.first_day), *days], days, strict=False):
        earlier, later = of.api_date(before), of.api_date(day)
        count = sum(len(difference.changes) for difference in compare(earlier, later, venue=of))
        is_first = earlier.day == later.day
        remark = "the first day whose wire is known" if is_first else f"{count} changes since {earlier.day}"
        lines.append(Line((alias, day, remark)))
    newest, day = days[-1]
    lines.append(Line((LATEST, day, f"the same as {newest}")))
    lines.append(Line(("a month", f"{wire.first_day[:7]}..", "the wire of its last day, if it is none of these")))
    lines.append(Line(("a day", f"{wire.first_day}..", "the wire as it was, or is announced to be, on that day")))
    if as_json:
        show_json_lines(dict(zip(("api_date", "day", "remark"), line.cells, strict=True)) for line in lines)
    else:
        show_table(("api date", "day", "what it is"), lines)


def _at_venue(parse: Callable[[Venue, str], Any]) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """Return a callback that parses a value at the chosen venue, an option that is read first."""
    return lambda context, parameter, text: checked(partial(parse, VENUES[context.params["venue"]]))(
        context, parameter, text
    )


def _date(venue: Venue, text: str) -> ApiDate:
    return venue.api_date(text)


def _operation(venue: Venue, text: str) -> str:
    known = venue.rest.operations
    if text not in known:
        advice = did_you_mean(text, known) or f": expected a name such as {next(iter(known))}"
        raise ValueError(f"no operation {text!r}{advice}")
    return text


@api.command()
@click.argument("before", metavar="A", callback=_at_venue(_date))
@click.argument("after", metavar="B", callback=_at_venue(_date))
@option(
    "--operation",
    callback=_at_venue(_operation),
    help="Only what this operation takes and answers, such as GetPositions.",
)
@venue_option
@json_option("api diff")
def diff(before: ApiDate, after: ApiDate, operation: str | None, venue: str, as_json: bool) -> None:
    """Print the operations, fields, parameters and errors that changed from A to B.

    Each change has its day and its source. An item that was added and removed again in between, or removed and added
    again, is not printed.
    """
    of = VENUES[venue]
    differences = compare(before, after, operation, of)
    if as_json:
        show_json_lines(
            {"section": difference.title, **change._asdict()}
            for difference in differences
            for change in difference.changes
        )
        return
    count = sum(len(difference.changes) for difference in differences)
    of_operation = f" of {operation}" if operation else ""
    click.secho(f"{before} -> {after}: {count} change{'' if count == 1 else 's'}{of_operation}", bold=True)
    for difference in differences:
        _show(difference)
    used = sorted({change.source for difference in differences for change in difference.changes})
    if used:
        click.secho("\nsources", bold=True)
        width = max(map(len, used)) + 4
        for source in used:
            click.echo(wrapped(f"  {source}", _wire(of).sources[source], width, terminal_width()))


def compare(before: ApiDate, after: ApiDate, operation: str | None = None, venue: Venue = DEFAULT) -> list[Difference]:
    """Return the changes from one API date to another, by section of the API, for one operation or all."""
    every = _wire(venue).sections()
    sections = [one for section in every if (one := section.within(operation) if operation else section)]
    compared = [
        Difference(section.title, list(diff_rows(section.rows, before, after, section.describe)))
        for section in sections
    ]
    return [difference for difference in compared if difference.changes]


def _show(difference: Difference) -> None:
    click.secho(f"\n{difference.title}", bold=True)
    name_width, width = max(len(change.name) for change in difference.changes), terminal_width()
    for change in difference.changes:
        sign, colour = SIGNS[change.kind]
        head = f"  {change.day or ALWAYS_SO:<10}  "
        words = _describe_change(change.kind, change.facts)
        body, source = f"{sign} {change.name:<{name_width}}  {words}", f"[{change.source}]"
        if width is None or len(f"{head}{body}  {source}") <= width:
            click.echo(f"{head}{click.style(body, fg=colour)}  {source}")
            continue
        click.echo(head + click.style(f"{sign} {change.name}", fg=colour))
        for text, style in ((words, colour), (source, None)):
            click.secho(wrapped("", text, len(head) + 2, width), fg=style)


def _describe_change(kind: str, facts: Mapping[str, tuple[str | None, str | None]]) -> str:
    parts = ((aspect, old, new) for aspect, (old, new) in facts.items())
    if kind == "changed":
        return "; ".join(f"{aspect} {old or 'none'} -> {new or 'none'}".strip() for aspect, old, new in parts)
    return ", ".join(f"{aspect} {old or new}".strip() for aspect, old, new in parts if aspect != READS)


# --- a document that is newer than the newest date


@api.command()
@click.argument("openapi", type=FileToRead(exists=False), metavar="NEW_OPENAPI")
@click.argument("asyncapi", type=FileToRead(exists=False), metavar="[NEW_ASYNCAPI]", required=False)
@venue_option
@option("--patch", is_flag=True, help="Print a patch of the facts in contracts/, to be proposed.")
@option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="First day of what is new, for --patch.  [default: today]",
)
@json_option("api watch")
@click.pass_context
def watch(
    context: click.Context,
    openapi: Path,
    asyncapi: Path | None,
    venue: str,
    patch: bool,
    since: datetime | None,
    as_json: bool,
) -> None:
    """Compare a venue's newer documents with `latest`, and print what is new, gone and changed, by operation.

    NEW_OPENAPI and NEW_ASYNCAPI are YAML or JSON, 3.x, and one file each. Exit code 1 if something differs, 2 if a file
    is no such document.

    \b
    mockexchange api watch openapi.yaml asyncapi.yaml
    mockexchange api watch openapi.yaml --patch > facts.patch
    """
    if patch and as_json:
        raise UsageFailure("--patch and --json exclude each other: leave one out")
    of = VENUES[venue]
    day = of.api_date(LATEST).day
    assert day is not None, "the newest date is a day"
    alias, news, names = api_documents.alias_before(venue, day), [], []
    for kind, path in ((api_documents.OPENAPI, openapi), (api_documents.ASYNCAPI, asyncapi)):
        if path is None:
            continue
        try:
            newer = document_diff.describe(document_diff.read_document(path), str(path), kind, of.prefix)
        except document_diff.WrongDocument as error:
            raise UsageFailure(str(error)) from None
        ours = document_diff.describe_own(venue, alias, kind)
        if not ours.operations.keys() & newer.operations.keys():
            raise UsageFailure(f"{newer.name} describes no {kind} operation of {venue}: give --venue, or its document")
        news.append((newer, document_diff.changes_between(ours, newer, _wire(of).known_operations())))
        names.append(str(newer))
    changes = [change for _, found in news for change in found]
    if patch:
        from mockexchange.drift.fact_patch import patch_of

        day_of_news = f"{since or datetime.now(UTC):%Y-%m-%d}"
        try:
            click.echo(patch_of(news, venue, day_of_news), nl=False)
        except (LookupError, document_diff.WrongDocument) as error:
            raise UsageFailure(f"--patch: {error}") from None
    elif as_json:
        show_json_lines(
            {"operation": one.operation, "part": one.part, "kind": one.kind, "name": one.name, "facts": one.facts}
            for one in changes
        )
    else:
        _show_news(f"{venue} {alias} -> {', '.join(names)}", changes)
    context.exit(int(bool(changes)))


def _show_news(title: str, changes: list[document_diff.Change]) -> None:
    from mockexchange.kit.reports.printable_text import in_a_line  # a document may have any characters

    count = f"{len(changes)} change{'' if len(changes) == 1 else 's'}"
    click.secho(in_a_line(f"{title}: {count}"), bold=True)
    for operation, group in groupby(changes, key=lambda one: one.operation):
        found = list(group)
        name = found[0].operation_name
        click.secho("\n" + in_a_line(operation + (f" ({name})" if name and name not in operation else "")), bold=True)
        for one in found:
            sign, colour = SIGNS[one.kind]
            if one.steps:
                line = f"{sign} {one.part} {one.name}: {_describe_change(one.kind, one.facts)}".rstrip(": ")
            else:
                line = f"{sign} the {one.part} is {'new' if one.kind == 'added' else 'gone'}"
            click.secho(wrapped("  ", in_a_line(line), 2, terminal_width()), fg=colour)
