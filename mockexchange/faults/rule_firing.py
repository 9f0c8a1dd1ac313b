"""A fault rule that is installed in a sandbox: what it matches, its firings, its probability and its token buckets."""

import hashlib
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from mockexchange.scenario.fault_effects import EFFECTS, PROBABILITY_UNIT, RateLimit
from mockexchange.scenario.fault_rules import Match, Rule, Span
from mockexchange.venues.token_buckets import BucketSize, TokenBuckets

Test = Callable[["FaultSubject"], bool]
DIGEST_BYTES = 8


# The conditions of a rule; one that is not set costs nothing


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
        beginning = match.operation.removesuffix("*")
        if beginning == match.operation:  # else it ends with `*` and is the beginning of names
            tests.append(_equals("operation", match.operation))
        else:
            tests.append(lambda subject: (subject.operation or "").startswith(beginning))
    if match.path is not None:
        has_path = path_test(match.path)
        tests.append(lambda subject: has_path(subject.path))
    tests += _within(match.span, at, lambda subject: subject.at)
    tests += _within(match.host_span, host_at, lambda subject: subject.host_at)
    return tuple(tests)


def _equals(name: str, value: object) -> Test:
    return lambda subject: bool(getattr(subject, name) == value)


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


# Token buckets


class FaultBuckets:
    """The token buckets of one rule `rate_limit`, one for each account.

    Requests without a known key share one bucket.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._is_on_host_time = limit.clock == "host"
        self._size = BucketSize(limit.requests, limit.per_us, limit.burst)
        self._buckets = TokenBuckets()

    def take(self, subject: FaultSubject) -> bool:
        """Remove a token from the bucket of a request's account; return False if none is left."""
        at = subject.host_at if self._is_on_host_time else subject.at
        return self._buckets.take(subject.account, self._size, 1, at)


# Probability


def fires(seed: int, rule: str, ordinal: int, probability_ppm: int) -> bool:
    """Return whether the rule's match number `ordinal` (from 1 on) is one of `probability_ppm` in a million.

    The result depends only on the seed, the rule and the number, so every run samples the same matches.
    """
    digest = hashlib.blake2b(f"{seed}\n{rule}\n{ordinal}".encode(), digest_size=DIGEST_BYTES).digest()
    return int.from_bytes(digest, "big") * PROBABILITY_UNIT >> (8 * DIGEST_BYTES) < probability_ppm


# Rules


class InstalledRule:
    """An installed fault rule with its counts.

    It `matched` requests or frames that met its conditions, and `fired` on some of them: its effect was applied.
    """

    __slots__ = ("_buckets", "_seed", "_tests", "fired", "matched", "name", "rule", "stage")

    def __init__(self, rule: Rule, name: str, seed: int, at: int, host_at: int) -> None:
        self.rule, self.name = rule, name
        self.matched = self.fired = 0
        self.stage = EFFECTS[rule.kind].stage
        self._seed = seed
        self._tests = compile_match(rule.match, at, host_at)
        self._buckets = FaultBuckets(rule.effect) if isinstance(rule.effect, RateLimit) else None

    @property
    def is_spent(self) -> bool:
        return self.rule.times is not None and self.fired >= self.rule.times

    def finds(self, subject: FaultSubject) -> bool:
        """Test whether a request, handshake or frame meets the rule's conditions, and count it if so.

        Return whether the rule fires on it. `fire` counts the firing.
        """
        for test in self._tests:
            if not test(subject):
                return False
        self.matched += 1
        if not self._is_chosen() or self.is_spent:
            return False
        return self._buckets is None or not self._buckets.take(subject)

    def fire(self) -> None:
        self.fired += 1

    def draws(self, share_ppm: int) -> bool:
        """Return whether the last firing is one of the `share_ppm` in a million firings that the seed selects."""
        return fires(self._seed, f"{self.name}/outcome", self.fired, share_ppm)

    def _is_chosen(self) -> bool:
        match = self.rule.match
        if match.nth is not None and self.matched != match.nth:
            return False
        if match.every is not None and self.matched % match.every:
            return False
        return match.probability_ppm is None or fires(self._seed, self.name, self.matched, match.probability_ppm)


def firing(
    rules: Iterable[InstalledRule], subject: FaultSubject, is_due: Callable[[InstalledRule], bool] = lambda one: True
) -> Iterator[InstalledRule]:
    """Yield the rules that fire on a request, handshake or frame, at most one for each stage in which effects apply.

    Each rule whose conditions are met counts a match.
    """
    taken: set[str] = set()
    for one in rules:
        if one.finds(subject) and is_due(one) and one.stage not in taken:
            taken.add(one.stage)
            one.fire()
            yield one
