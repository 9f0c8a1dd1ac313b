"""Checks that the server refuses methods and paths that are not in the API document."""

import re
from collections.abc import Iterator

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import Target

METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REFUSED, ROUTE = "methods.refused", "routes.unknown"
UNHEARD_OF = ("/no_such_route", "/portfolio/no_such_route", "/no/such/route")
UNKNOWN_ROUTE = "UnknownRoute"
"""The component that describes the response to an undocumented path."""


def judge_refused(target: Target, path: str) -> Iterator[Finding]:
    documented, beside = _methods_of(target, path)
    for method in METHODS:
        if method in documented or method in beside:
            continue
        answer = target.ask(path, names=_names_of(target, path), method=method)
        allowed = {word.strip() for word in answer.headers.get("allow", "").split(",")} - {""}
        if answer.status != 405:
            yield finding(target, REFUSED, answer.where, answer_text(answer), "status 405")
        elif method in allowed or not documented <= allowed:
            expected = f"Allow: {', '.join(sorted(documented))}"
            yield finding(target, REFUSED, answer.where, f"Allow: {answer.headers.get('allow')}", expected)


def _names_of(target: Target, path: str) -> dict[str, str]:
    return {name: target.known(name)[0] for name in re.findall(r"\{(\w+)\}", path)}


def _methods_of(target: Target, path: str) -> tuple[set[str], set[str]]:
    """Return the documented methods of a path, and those of the templates beside it that it fits too."""
    items = target.document["paths"]
    beside = [item for other, item in items.items() if _template(other).fullmatch(path)]
    own, others = (
        {name.upper() for item in some for name in item} - {"PARAMETERS"} for some in ([items[path]], beside)
    )
    return own, others


def _template(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/{}]+", re.escape(path)))


def judge_route(target: Target, path: str) -> Iterator[Finding]:
    answer = target.send("GET", path)
    if answer.status != 404:
        yield finding(target, ROUTE, answer.where, answer_text(answer), "status 404")
    else:
        yield from target.answers.component_objections(UNKNOWN_ROUTE, answer)


def _paths(target: Target) -> list[str]:
    return [operation.path for operation in target.operations.values()]


def _routes(target: Target) -> tuple[str, ...]:
    return UNHEARD_OF if UNKNOWN_ROUTE in target.document["components"]["responses"] else ()


PLACE = "the paths and their methods"
CHECKS: tuple[Check[Target], ...] = (
    Check(REFUSED, "A method that a path does not have is 405.", PLACE, _paths, judge_refused, needs_writes=True),
    Check(ROUTE, "An unknown path is 404.", PLACE, _routes, judge_route),
)
