"""Defines the option `--report`, with which a verification also writes its report to files."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mockexchange.cli.click_base import UsageFailure, checked, option
from mockexchange.kit.findings import Report, Table
from mockexchange.kit.reports.destinations import Destination, parse_report, write_report

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def report_option(command: Decorated) -> Decorated:
    """Add `--report` to a command. The command gets `report`, a tuple of destinations that were checked."""
    words = "Also write junit:FILE, html:FILE or github:-, or show it in the console by mock:NAME; may be repeated."

    def parse(texts: Sequence[str]) -> tuple[Destination, ...]:
        return tuple(map(parse_report, texts))

    return option("--report", multiple=True, metavar="KIND:FILE", callback=checked(parse), help=words)(command)


def write_reports(report: Report, destinations: Sequence[Destination], tables: Sequence[Table] = ()) -> None:
    """Write a report to each destination. Raises UsageFailure if a destination cannot be written."""
    for destination in destinations:
        try:
            write_report(report, destination, tables)
        except OSError as error:
            raise UsageFailure(f"{destination.path} cannot be written: {error.strerror or error}") from None
