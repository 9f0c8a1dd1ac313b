"""Finds the documented path that a request's path matches."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from mockexchange.runtime.api_documents import Document

VARIABLE = re.compile(r"\{([^}]+)\}")


class Match(NamedTuple):
    """A documented path that matches a request, and the values of the path's variables in that request."""

    path: str
    names: Mapping[str, str]


class Routes:
    """The paths of an API document. In requests, `prefix` precedes them."""

    def __init__(self, document: Document, prefix: str) -> None:
        self._prefix = prefix
        self._plain = {path for path in document["paths"] if "{" not in path}
        self._templates = [(_pattern(path), path) for path in document["paths"] if "{" in path]

    def find(self, raw_path: str) -> Match | None:
        """Return the documented path that a raw path without query matches; None if there is none."""
        if not raw_path.startswith(self._prefix):
            return None
        path = raw_path.removeprefix(self._prefix)
        if unquote(path) in self._plain:
            return Match(unquote(path), {})
        found = ((pattern.fullmatch(path), template) for pattern, template in self._templates)
        return next((Match(template, _named(template, match)) for match, template in found if match), None)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("([^/]+)".join(map(re.escape, VARIABLE.split(path)[::2])))


def _named(template: str, match: re.Match[str]) -> dict[str, str]:
    return dict(zip(VARIABLE.findall(template), map(unquote, match.groups()), strict=True))
