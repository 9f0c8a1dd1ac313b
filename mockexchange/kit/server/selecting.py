"""Which rules a run judges: all, or those that a person picked."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple


class Selection(NamedTuple):
    """Patterns of rule ids, such as "pages.*"; without `only` every rule is taken that `skip` does not name."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def takes(self, rule: str) -> bool:
        if any(fnmatchcase(rule, pattern) for pattern in self.skip):
            return False
        return not self.only or any(fnmatchcase(rule, pattern) for pattern in self.only)

    def require_known(self, rules: Iterable[str]) -> None:
        """Raise ValueError for a pattern that matches no rule: most likely it is misspelt."""
        known = sorted(set(rules))
        for option, patterns in (("--only", self.only), ("--skip", self.skip)):
            for pattern in patterns:
                if not any(fnmatchcase(rule, pattern) for rule in known):
                    raise ValueError(f"{option} {pattern}: no such rule: there are {', '.join(known)}")


EVERYTHING = Selection()
