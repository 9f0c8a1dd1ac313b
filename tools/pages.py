"""Replaces the generated parts of a page, which are between two comments; the rest is written by hand."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def with_parts(page: str, parts: Mapping[str, Iterable[str]]) -> str:
    """Return the page with these lines between the comments of these names. Raises KeyError if there are none."""
    for name, lines in parts.items():
        pattern = re.compile(f"<!-- {name} -->.*<!-- end of {name} -->", re.DOTALL)
        if not pattern.search(page):
            raise KeyError(f"the page has no part {name!r}")
        made = "\n".join([f"<!-- {name} -->", *lines, f"<!-- end of {name} -->"])
        page = pattern.sub(made.replace("\\", r"\\"), page)
    return page


def cell(text: str) -> str:
    """Return the text of a table cell with its bars escaped."""
    return " ".join(text.split()).replace("|", "\\|")
