"""Groups the deviations of a recording from the emulated API by field, with counts, days and hosts."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

HOSTS_MAX = 5
GROUPS_MAX = 1_000
"""The most groups that are kept; a recording with more is of another venue or no API at all."""


class Level(StrEnum):
    """What a recording was compared with: the API documents, the mock's answers, or values that the mock computes."""

    DOCUMENT = "document"
    TWIN = "twin"
    VALUES = "values"


class Kind(StrEnum):
    """The way in which a recorded answer or frame differs from the expected one."""

    UNKNOWN = "unknown field"
    MISSING = "missing field"
    RENAMED = "renamed field"
    MOVED = "moved field"
    TYPE = "another type"
    SPELLING = "another spelling"
    WORD = "unknown word"
    KEY_ORDER = "another order of keys"
    STATUS = "another status"
    HEADER = "another header"
    ANSWER = "another answer"
    FRAME = "another frame"
    ORDER = "another order of frames"
    ERROR = "another error text"
    ROW_ORDER = "another order of rows"
    VALUE = "another value"


STRUCTURE = frozenset({Kind.UNKNOWN, Kind.MISSING, Kind.RENAMED, Kind.MOVED, Kind.TYPE})
"""Kinds of deviation after which rows cannot be read, so that no values can be compared."""


class Deviation(NamedTuple):
    """One difference in one recorded body.

    `operation` is an HTTP method and path, or the type of a stream's message.
    """

    level: Level
    kind: Kind
    operation: str
    path: str
    """The path of the field, with "[]" for rows, such as "market_positions[].position"."""
    seen: str
    expected: str

    @property
    def group(self) -> tuple[Kind, str, str]:
        return self.kind, self.operation, self.path


@dataclass(slots=True)
class Evidence:
    """A group of equal deviations, which were found in `count` of the `of` compared bodies.

    It has their days, their hosts, and the first line of the recording with such a deviation.
    """

    deviation: Deviation
    line: int
    first_at: int
    last_at: int
    count: int = 0
    of: int = 0
    hosts: set[str] = field(default_factory=set)
    last_without_at: int | None = None
    """The time of the last body without the deviation before the first body with it; None if there is none."""

    @property
    def is_everywhere(self) -> bool:
        return self.count == self.of


@dataclass(slots=True)
class Findings:
    """The deviations found in one comparison, grouped by kind, operation and field."""

    groups: dict[tuple[Kind, str, str], Evidence] = field(default_factory=dict)
    bodies: Counter[str] = field(default_factory=Counter)
    """The number of compared bodies, by operation."""
    _last_at: dict[str, int] = field(default_factory=dict)

    def add(self, operation: str, found: Iterable[Deviation], *, line: int, at: int, host: str) -> None:
        """Add the deviations found in one body. Equal ones in the same body count once."""
        for deviation in once_each(found):
            evidence = self.groups.get(deviation.group)
            if evidence is None:
                if len(self.groups) >= GROUPS_MAX:
                    continue
                evidence = self.groups[deviation.group] = Evidence(deviation, line, at, at)
                evidence.last_without_at = self._last_at.get(operation)
            evidence.count += 1
            evidence.last_at = max(evidence.last_at, at)
            evidence.first_at = min(evidence.first_at, at)
            if len(evidence.hosts) < HOSTS_MAX:
                evidence.hosts.add(host)
        self.bodies[operation] += 1
        self._last_at[operation] = at

    def evidence(self) -> Iterator[Evidence]:
        """Yield each group of equal deviations, with the number of compared bodies of its operation."""
        for one in self.groups.values():
            one.of = self.bodies[one.deviation.operation]
            yield one


def once_each(found: Iterable[Deviation]) -> list[Deviation]:
    """Return the deviations of one body, of equal ones the last."""
    return list({one.group: one for one in found}.values())


def place_of(path: Iterable[str | int]) -> str:
    """Return the path of a value as text, with "[]" in place of the index of a row."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def joined(found: list[Evidence]) -> list[Evidence]:
    """Return the evidence, in which a missing and an unknown field are one if the field seems renamed or moved."""
    missing = [one for one in found if one.deviation.kind is Kind.MISSING]
    unknown = [one for one in found if one.deviation.kind is Kind.UNKNOWN]
    pairs = {id(lost): (_moved(lost, missing, unknown) or _renamed(lost, missing, unknown)) for lost in missing}
    taken = {id(new) for new in pairs.values() if new}
    return [_as_one(one, pairs.get(id(one))) for one in found if id(one) not in taken]


def _as_one(lost: Evidence, new: Evidence | None) -> Evidence:
    if new is not None:
        kind = Kind.MOVED if _name(new) == _name(lost) else Kind.RENAMED
        seen = f"{new.deviation.path}: {new.deviation.seen}"
        lost.deviation = lost.deviation._replace(kind=kind, seen=seen, expected=lost.deviation.path)
    return lost


def _moved(lost: Evidence, missing: list[Evidence], unknown: list[Evidence]) -> Evidence | None:
    found = [one for one in unknown if _is_beside(one, lost) and _name(one) == _name(lost)]
    same = [one for one in missing if _is_beside(one, lost) and _name(one) == _name(lost)]
    return found[0] if len(found) == len(same) == 1 else None


def _renamed(lost: Evidence, missing: list[Evidence], unknown: list[Evidence]) -> Evidence | None:
    """Return the one unknown field of an object that lacks one field, if their names have a word in common."""
    found = [one for one in unknown if _is_beside(one, lost) and _parent(one) == _parent(lost)]
    same = [one for one in missing if _is_beside(one, lost) and _parent(one) == _parent(lost)]
    is_alike = len(found) == len(same) == 1 and set(_name(found[0]).split("_")) & set(_name(lost).split("_"))
    return found[0] if is_alike else None


def _is_beside(one: Evidence, other: Evidence) -> bool:
    return one.deviation.operation == other.deviation.operation and one.count == other.count


def _name(one: Evidence) -> str:
    return one.deviation.path.rpartition(".")[2]


def _parent(one: Evidence) -> str:
    return one.deviation.path.rpartition(".")[0]
