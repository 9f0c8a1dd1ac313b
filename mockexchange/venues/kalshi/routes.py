"""Finds the operation for a method and a path: fixed paths in a dictionary, other paths by templates."""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from mockexchange.venues.dated_fields import DATES_KEPT_MAX, ApiDate
from mockexchange.venues.kalshi.catalogue import CATALOGUE, PREFIX, Life
from mockexchange.venues.kalshi.resources import OPERATIONS
from mockexchange.venues.kalshi.resources.call import Operation

PATH_CHARS_MAX = 2_048
"""Longest path that is routed, far longer than any operation's."""
READ_METHODS = {"HEAD": "GET"}


class Template(NamedTuple):
    pattern: re.Pattern[str]
    operation: Operation


class Match(NamedTuple):
    operation: Operation
    path_params: dict[str, str]


def _segments(parameter: re.Match[str]) -> str:
    """Return the pattern of a path's parameter: one segment, or for a path that is passed on all that are left."""
    return f"(?P<{parameter[1]}>{'.+' if parameter[1] == 'endpoint' else '[^/]+'})"


ROUTES: dict[tuple[str, str], Operation] = {
    (operation.method, operation.full_path): operation for operation in OPERATIONS if "{" not in operation.path
}
NOT_EMULATED = {
    (method, PREFIX + known.path): Life(known.since, known.until)
    for known in CATALOGUE
    for method in known.methods.split()
    if (method, PREFIX + known.path) not in ROUTES
}
"""Operations that are not emulated, looked up before the templates, so that /markets/orderbooks is not a market."""
TEMPLATES = [
    Template(re.compile(PREFIX + re.sub(r"\{(\w+)\}", _segments, operation.path)), operation)
    for operation in OPERATIONS
    if "{" in operation.path
]
METHODS = sorted({operation.method for operation in OPERATIONS})
NO_PARAMS: dict[str, str] = {}


def match(method: str, path: str, api_date: ApiDate) -> Match | None:
    """Return the operation and decoded path parameters of a method and raw path at an API date; None without one."""
    if len(path) > PATH_CHARS_MAX:
        return None
    method = READ_METHODS.get(method, method)
    found = _fixed_routes(api_date).get((method, path if "%" not in path else unquote(path)))
    if found:
        return found
    other = NOT_EMULATED.get((method, unquote(path)))
    if other and api_date.holds(*other):
        return None
    for pattern, operation in TEMPLATES:
        values = pattern.fullmatch(path) if operation.method == method else None
        if values:
            if not api_date.holds(*operation.life):
                return None
            return Match(operation, {name: unquote(value) for name, value in values.groupdict().items()})
    return None


@lru_cache(maxsize=DATES_KEPT_MAX)
def _fixed_routes(api_date: ApiDate) -> dict[tuple[str, str], Match]:
    """Return the operations with fixed paths at an API date, by method and path."""
    return {place: Match(found, NO_PARAMS) for place, found in ROUTES.items() if api_date.holds(*found.life)}


def methods_of(path: str, api_date: ApiDate) -> list[str]:
    """Return the methods that a path has at an API date, sorted.

    A fixed path that also fits a template has only its own methods.
    """
    whole = unquote(path[:PATH_CHARS_MAX])
    fixed = [method for method in METHODS if (method, whole) in _fixed_routes(api_date)]
    return fixed or [method for method in METHODS if match(method, path, api_date)]
