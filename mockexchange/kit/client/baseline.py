"""Baselines: the test cards that a client is known to break, in a text file that its maintainers keep.

Each line begins with the number of a card, such as `R07 Rows are read`; the rest of the line and what follows a `#` are
for people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mockexchange.kit.client.cards import Card, CardError
from mockexchange.kit.findings import Outcome, Report, Table, Verdict
from mockexchange.named_files import read_file

HEADING = """\
# Cards that this client is known to break: `mockexchange verify client --baseline FILE` fails for others alone.
"""


class Baseline(NamedTuple):
    """The numbers of the cards that a client is known to break, and the file that has them."""

    path: Path
    numbers: frozenset[str]

    def applied(self, verdict: Verdict) -> Verdict:
        """Return a verdict that breaks nothing if its card is known to be broken: its findings are notes."""
        if verdict.rule not in self.numbers or verdict.outcome is not Outcome.BROKEN:
            return verdict
        notes = (*verdict.notes, *verdict.findings)
        return replace(verdict, findings=(), notes=notes, why=f"known to be broken: {self.path}")

    def mended(self, report: Report) -> list[Table]:
        """Return a table of the cards that are kept although the file has them; empty if there are none."""
        kept = [one for one in report.verdicts if one.rule in self.numbers and one.outcome is Outcome.KEPT]
        rows = [(one.rule, one.subject) for one in kept]
        return [Table(f"Mended, remove these lines from {self.path}", ("card", "title"), rows)] if rows else []


def read_baseline(path: Path, every: Iterable[Card]) -> Baseline:
    """Read a baseline. Raises WrongFile, OSError, and CardError for a line that begins with no card's number."""
    known, numbers = {card.number for card in every}, set[str]()
    for place, line in enumerate(read_file(path).decode(errors="replace").splitlines(), start=1):
        words = line.partition("#")[0].split()
        if words and words[0] not in known:
            raise CardError(f"{path}:{place}: no such card: {words[0]}: `--list-cards` prints those that there are")
        numbers.update(words[:1])
    return Baseline(path, frozenset(numbers))


def baseline_text(verdicts: Sequence[Verdict]) -> str:
    """Return the text of a baseline with the cards that these verdicts found broken."""
    broken = (one for one in verdicts if one.outcome is Outcome.BROKEN)
    return HEADING + "".join(f"{one.rule} {one.subject}\n" for one in broken)
