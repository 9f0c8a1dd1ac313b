"""Write the operations of docs/limits.md that Kalshi has and the server has not, from the catalogue."""

from collections.abc import Iterator

from mockexchange.venues.dated_fields import ALWAYS, FOREVER
from mockexchange.venues.kalshi.catalogue import CATALOGUE, CatalogueEntry
from mockexchange.venues.kalshi.resources import OPERATIONS
from tools.pages import DOCS, with_parts

TARGET = DOCS / "limits.md"
PART = "operations of Kalshi that are not emulated"
HEAD = ("| operation | at the venue since | until |", "|---|---|---|")


def render(page: str) -> str:
    """Return the page with the table of operations."""
    return with_parts(page, {PART: [*HEAD, *map(_row, not_emulated())]})


def not_emulated() -> Iterator[CatalogueEntry]:
    """Yield the entries of the catalogue with the methods that are not emulated."""
    emulated = {(operation.method, operation.path) for operation in OPERATIONS}
    for known in CATALOGUE:
        methods = " ".join(method for method in known.methods.split() if (method, known.path) not in emulated)
        if methods:
            yield known._replace(methods=methods)


def _row(known: CatalogueEntry) -> str:
    since = "" if known.since == ALWAYS else known.since
    until = "" if known.until == FOREVER else known.until
    return f"| `{known.methods} {known.path}` | {since} | {until} |"


def main() -> None:
    TARGET.write_text(render(TARGET.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
