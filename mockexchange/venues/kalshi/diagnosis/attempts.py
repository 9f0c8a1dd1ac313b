"""The texts to try, in the order in which they are worth trying."""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from mockexchange.venues.diagnosis.search import pairs
from mockexchange.venues.kalshi.diagnosis.mistakes import ALONE, COMBINED
from mockexchange.venues.kalshi.diagnosis.texts import Edit, Fields, Sent, path_text, plain_text, render
from mockexchange.venues.quoting import quote

PATH_FIELDS = frozenset({"host", "prefix", "resource", "slash", "query"})


class Attempt(NamedTuple):
    fields: Fields
    edits: tuple[Edit, ...]

    @property
    def text(self) -> bytes:
        return render(self.fields)

    @property
    def words(self) -> str:
        is_path_alone = all(PATH_FIELDS.issuperset(edit.changes) for edit in self.edits)
        signed = path_text(self.fields) if is_path_alone else plain_text(self.fields)
        return f"you signed {quote(signed)}; {', and '.join(edit.advice for edit in self.edits)}"


def attempts(sent: Sent) -> Iterator[Attempt]:
    """Give the right text, then each mistake, then pairs of mistakes, then what can only be scanned for."""
    right = sent.fields
    yield Attempt(right, ())
    edits = [edit for make in COMBINED for edit in make(sent) if edit.changes.items() - right.items()]
    alone = (edit for make in ALONE for edit in make(sent))
    for chosen in chain(((edit,) for edit in edits), pairs(edits), ((edit,) for edit in alone)):
        fields = right.copy()
        for edit in chosen:
            fields.update(edit.changes)
        yield Attempt(fields, chosen)
