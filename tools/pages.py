"""Pages that are written by hand but for some parts: those stand between two comments and are made by a script."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def with_parts(page: str, parts: Mapping[str, Iterable[str]]) -> str:
    """Return the page with these lines between the comments of these names. Raises KeyError where there are none."""
    for name, lines in parts.items():
        pattern = re.compile(f"<!-- {name} -->.*<!-- end of {name} -->", re.DOTALL)
        if not pattern.search(page):
            raise KeyError(f"the page has no part {name!r}")
        made = "\n".join([f"<!-- {name} -->", *lines, f"<!-- end of {name} -->"])
        page = pattern.sub(made.replace("\\", r"\\"), page)
    return page


def cell(text: str) -> str:
    """Return the text as it is written in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
