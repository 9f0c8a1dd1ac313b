"""Selects the rules that a run checks, by patterns of rule ids."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NamedTuple


class Selection(NamedTuple):
    """A selection of rules by patterns of ids, such as "pages.*". An empty `only` selects all; `skip` excludes some."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def takes(self, rule: str) -> bool:
        if any(fnmatchcase(rule, pattern) for pattern in self.skip):
            return False
        return not self.only or any(fnmatchcase(rule, pattern) for pattern in self.only)

    def require_known(self, rules: Iterable[str]) -> None:
        """Raise ValueError for a pattern that matches no rule, and if no rule is selected."""
        known = sorted(set(rules))
        for option, patterns in (("--only", self.only), ("--skip", self.skip)):
            for pattern in patterns:
                if not any(fnmatchcase(rule, pattern) for rule in known):
                    raise ValueError(f"{option} {pattern}: no such rule: {_suggestion(pattern, known)}")
        if not any(self.takes(rule) for rule in known):
            named = "every rule that --only does" if self.only else "every one"
            raise ValueError(f"no rule is left to judge: --skip names {named}")


def _suggestion(pattern: str, known: Sequence[str]) -> str:
    """Return a suggestion for an unknown pattern: a similar group, a similar rule, or all groups."""
    groups = {rule.partition(".")[0] for rule in known}
    near = get_close_matches(pattern.partition(".")[0], groups, 1)
    if near and "." not in pattern:
        return f"did you mean '{near[0]}.*'?"
    nearest = get_close_matches(pattern, known, 1)
    return (
        f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(f'{group}.*' for group in sorted(groups))}"
    )


EVERYTHING = Selection()
