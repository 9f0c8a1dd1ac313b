"""Tests whether requests, handshakes and frames meet the conditions of a fault rule.

A condition that is not set costs nothing.
"""

from collections.abc import Callable

from msgspec import Struct

from mockexchange.scenario.faults.fault_rules import Match, Span

Test = Callable[["FaultSubject"], bool]


class FaultSubject(Struct):
    """The properties of a request, handshake or frame that the conditions of rules compare.

    Its times are exchange time `at` and host time `host_at`. `account` is the owner of the claimed key, authenticated
    or not; `page` is the page number, 1 without a cursor.
    """

    at: int
    host_at: int
    account: str | None = None
    operation: str | None = None
    method: str = ""
    path: str = ""
    page: int = 1
    channel: str = ""


def compile_match(match: Match, at: int, host_at: int) -> tuple[Test, ...]:
    """Compile a rule's conditions into tests.

    Relative times count from `at` and `host_at`, when the rule was installed.
    """
    named = {
        name: value for name in ("account", "method", "page", "channel") if (value := getattr(match, name)) is not None
    }
    tests: list[Test] = [_equals(name, value) for name, value in named.items()]
    if match.operation is not None:
        tests.append(_operation(match.operation))
    if match.path is not None:
        has_path = path_test(match.path)
        tests.append(lambda subject: has_path(subject.path))
    tests += _within(match.span, at, lambda subject: subject.at)
    tests += _within(match.host_span, host_at, lambda subject: subject.host_at)
    return tuple(tests)


def _equals(name: str, value: object) -> Test:
    return lambda subject: bool(getattr(subject, name) == value)


def _operation(pattern: str) -> Test:
    """Return a test for the name of an operation, or for its prefix if the pattern ends with `*`."""
    beginning = pattern.removesuffix("*")
    if beginning == pattern:
        return _equals("operation", pattern)
    return lambda subject: (subject.operation or "").startswith(beginning)


def path_test(pattern: str) -> Callable[[str], bool]:
    """Return a function that tests paths against a pattern, in which `*` matches any characters.

    Cost: O(length of the path).
    """
    first, *others = pattern.split("*")
    if not others:
        return lambda path: path == pattern
    *middle, last = others
    return lambda path: _has_parts(path, first, middle, last)


def _has_parts(path: str, first: str, middle: list[str], last: str) -> bool:
    if len(path) < len(first) + len(last) or not (path.startswith(first) and path.endswith(last)):
        return False
    place, end = len(first), len(path) - len(last)
    for part in middle:
        found = path.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


def _within(span: Span, installed_at: int, instant_of: Callable[[FaultSubject], int]) -> list[Test]:
    tests: list[Test] = []
    if span.begin is not None:
        begin = span.begin.since(installed_at)
        tests.append(lambda subject: instant_of(subject) >= begin)
    if span.end is not None:
        end = span.end.since(installed_at)
        tests.append(lambda subject: instant_of(subject) < end)
    return tests
