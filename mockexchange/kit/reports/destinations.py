"""Parses `--report` values, which name where a report is written, and writes it there."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from mockexchange.kit.findings import Report, Table
from mockexchange.kit.reports.github import github_of
from mockexchange.kit.reports.html import html_of
from mockexchange.kit.reports.junit import junit_of
from mockexchange.kit.reports.mock import MOCK, report_name, send_report

WRITERS: dict[str, Callable[[Report, Sequence[Table]], bytes]] = {
    "junit": junit_of,
    "html": html_of,
    "github": github_of,
}
STANDARD_OUTPUT = Path("-")


class Destination(NamedTuple):
    kind: str
    path: Path
    """The path of the file; for a report that a server keeps, its name."""


def parse_report(text: str) -> Destination:
    """Parse a destination: KIND:FILE, where the file `-` is the standard output, or mock:NAME for a running server.

    Raises ValueError for an unknown kind, for a file that cannot be written, and if no server runs for mock.
    """
    kind, colon, name = text.partition(":")
    if kind == MOCK and colon:
        return Destination(kind, Path(report_name(name)))
    if kind not in WRITERS or not colon or not name:
        raise ValueError(f"expected {' or '.join(f'{kind}:FILE' for kind in WRITERS)} or {MOCK}:NAME, got {text!r}")
    if Path(name) != STANDARD_OUTPUT:
        require_writable(Path(name))
    return Destination(kind, Path(name))


def require_writable(path: Path) -> None:
    """Raise ValueError unless the file can be written; the check writes nothing."""
    if path.is_dir():
        raise ValueError(f"{path} is a directory: expected a file to write")
    if not path.parent.is_dir():
        raise ValueError(f"there is no directory {path.parent}: make it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"{path} cannot be written: permission denied")


def write_report(report: Report, destination: Destination, tables: Sequence[Table] = ()) -> None:
    """Write a report to its destination. Raises OSError."""
    if destination.kind == MOCK:
        send_report(report, destination.path.name, tables)
        return
    content = WRITERS[destination.kind](report, tables)
    if destination.path == STANDARD_OUTPUT:
        sys.stdout.write(content.decode())
    else:
        destination.path.write_bytes(content)
