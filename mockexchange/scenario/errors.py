"""The error that is raised for a scenario, with file, line and path, and suggestions for misspelt words."""

from collections.abc import Iterable
from difflib import get_close_matches

NEARNESS_MIN = 0.65
"""The least similarity of a suggested word, out of 1: "clos" and "close" have 0.89, "faults" and "auth" 0.6."""


class ScenarioError(ValueError):
    """Raised if a scenario is invalid. The message has the form `file:line: path: what was expected`."""

    def __init__(self, message: str, file: str = "", line: int = 0, path: str = "") -> None:
        self.message, self.file, self.line, self.path = message, file, line, path
        place = ":".join(str(part) for part in (file, line) if part)
        super().__init__(": ".join(part for part in (place, path, message) if part))


class TooLarge(ScenarioError):
    """Raised for a document that is beyond a bound, before all of it was read. The message names the bound."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ": did you mean 'x'?" with the known word nearest to a misspelt one; "" if no known word is similar."""
    by_lower = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), by_lower, n=1, cutoff=NEARNESS_MIN)
    return f": did you mean {by_lower[near[0]]!r}?" if near else ""
