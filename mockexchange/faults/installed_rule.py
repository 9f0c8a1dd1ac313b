"""A fault rule that is installed in a sandbox, with the numbers of its matches and firings."""

from collections.abc import Callable, Iterable, Iterator

from mockexchange.faults.matching import FaultSubject, compile_match
from mockexchange.faults.sampling import fires
from mockexchange.faults.token_bucket import FaultBuckets
from mockexchange.scenario.faults.fault_effects import EFFECTS, RateLimit
from mockexchange.scenario.faults.fault_rules import Rule


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
        return self._is_chosen() and not self.is_spent and self._is_beyond_limit(subject)

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

    def _is_beyond_limit(self, subject: FaultSubject) -> bool:
        return self._buckets is None or not self._buckets.take(subject)


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
