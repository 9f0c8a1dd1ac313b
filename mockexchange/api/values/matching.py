"""Compares requests and frames with filters. If too few match, the differences show which ones nearly matched."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, NamedTuple, TypedDict, TypeVar

from mockexchange.api.errors import WrongArgument
from mockexchange.api.values.arguments import require, wrong_argument
from mockexchange.api.values.records import Frame, Request
from mockexchange.scenario.errors import did_you_mean
from mockexchange.scenario.fault_rules import CHANNEL_NAMES, OPERATION_NAMES

NEAR_MISSES_SHOWN_MAX = 3
MATCHES_SHOWN_MAX = 10
CHARS_SHOWN_MAX = 200
NEARNESS_MIN = 0.4
WEIGHTS = {"operation": 4, "path": 4, "method": 2, "channel": 2}
"""The weights of differing fields: a different operation makes a request less near than a different body does."""
DIRECTIONS = ("in", "out", "lost")
Record = TypeVar("Record", Request, Frame)


class RequestFilters(TypedDict, total=False):
    """The filters with which requests can be selected, besides the operation."""

    account: str | None
    method: str
    path: str
    status: int
    key_id: str
    query: Mapping[str, object]
    """Parameters that the request must have, or must not have if the value is None. Values are compared as text."""
    json: object
    """The values that the body must contain: its objects may have more keys, its lists must be equally long."""
    fault: str | None
    stub: str | None


class MessageFilters(TypedDict, total=False):
    """The filters with which frames can be selected, besides the account."""

    channel: str
    kind: str
    connection: int
    contains: object
    """The values that the frame's JSON must contain: objects may have more keys, lists must be equally long."""
    fault: str | None
    stub: str | None


class FrameFilters(MessageFilters, total=False):
    """The filters with which frames can be selected."""

    account: str | None


class Difference(NamedTuple):
    """A field of a request or frame whose value differs from the filter's."""

    name: str
    got: Any
    wanted: Any

    def __str__(self) -> str:
        return f"{self.name} is {_shown(self.got)}, wanted {_shown(self.wanted)}"


class Nouns(NamedTuple):
    """The singular and the plural of the noun for what is counted, such as frame and frames."""

    one: str
    many: str


REQUESTS = Nouns("request", "requests")
RECEIVED = Nouns("frame from clients", "frames from clients")
SENT = Nouns("frame to clients", "frames to clients")


class ExpectedCount(NamedTuple):
    """The number of requests or frames that a test expects, and how long it waits for them.

    `times` is the exact number, or with `is_least` the smallest one; None stands for at least one.
    """

    times: int | None
    within: object = None
    is_least: bool = False

    @property
    def needed(self) -> int:
        """Return the number of records after which a wait can end early: `times`, or 1 if no record is expected."""
        return self.times or 1

    def is_met(self, count: int) -> bool:
        return count >= self.needed if self.times is None or self.is_least else count == self.times

    def is_exceeded(self, count: int) -> bool:
        """Return whether `count` is more than the exact number that was expected."""
        return self.times is not None and not self.is_least and count > self.times

    def describe(self, nouns: Nouns) -> str:
        least = "at least " if self.times is None or self.is_least else ""
        count = 1 if self.times is None else self.times
        return f"{least}{count} {nouns.one if count == 1 else nouns.many}"


class NotPresent:
    """The type of `NOT_PRESENT`, which stands for the value of a field that a request or frame does not have."""

    def __repr__(self) -> str:
        return "not there"


NOT_PRESENT = NotPresent()
REQUEST_FILTERS = tuple(RequestFilters.__annotations__)
FRAME_FILTERS = tuple(FrameFilters.__annotations__)


def check_filters(wanted: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    """Return the filters unchanged if all names and values are known.

    Raises WrongArgument, with the nearest known name.
    """
    for name in wanted:
        if name not in known:
            raise WrongArgument(f"unknown filter{did_you_mean(name, known)} (known: {', '.join(known)})", name)
    _require_known("operation", wanted.get("operation"), OPERATION_NAMES)
    _require_known("channel", wanted.get("channel"), CHANNEL_NAMES)
    require(account=wanted.get("account"), query=wanted.get("query"))
    return dict(wanted)


def _require_known(what: str, word: object, known: Collection[str]) -> None:
    if word is not None and not (isinstance(word, str) and word in known):
        nearest = get_close_matches(str(word), known, n=3, cutoff=NEARNESS_MIN)
        raise WrongArgument(f"no {what} is called {word!r}; the nearest are {', '.join(nearest) or 'none'}", what)


def require_direction(word: str) -> str:
    """Return the direction of a frame unchanged. Raises WrongArgument unless it is in, out or lost."""
    if word not in DIRECTIONS:
        raise wrong_argument("direction", f"one of {', '.join(DIRECTIONS)}", word)
    return word


def differences(record: Request | Frame, wanted: Mapping[str, Any]) -> list[Difference]:
    """Return the fields in which a request or frame differs from the filters; an empty list if it matches."""
    found: list[Difference] = []
    for name, value in wanted.items():
        if name == "query" and isinstance(record, Request):
            got = record.query
            texts = {word: NOT_PRESENT if one is None else text_of(one) for word, one in value.items()}
            rows = (Difference(f"query.{word}", got.get(word, NOT_PRESENT), text) for word, text in texts.items())
            found += [row for row in rows if row.got != row.wanted]
        elif name in ("json", "contains"):
            try:
                found += _missing_contents(record.json, value, name)
            except ValueError as error:
                found.append(Difference(name, str(error), value))
        elif (one := getattr(record, name)) != value:
            found.append(Difference(name, one, value))
    return found


def _missing_contents(got: Any, wanted: Any, path: str) -> Iterable[Difference]:
    """Yield a difference for each value of a filter that a body does not have."""
    if isinstance(wanted, Mapping):
        if not isinstance(got, Mapping):
            yield Difference(path, got, "an object")
            return
        for key, value in wanted.items():
            yield from _missing_contents(got.get(key, NOT_PRESENT), value, f"{path}.{key}")
    elif isinstance(wanted, list | tuple):
        if not isinstance(got, list) or len(got) != len(wanted):
            yield Difference(path, got, f"a list of {len(wanted)}")
            return
        for place, value in enumerate(wanted):
            yield from _missing_contents(got[place], value, f"{path}[{place}]")
    elif not _is_same(got, wanted):
        yield Difference(path, got, wanted)


def _is_same(got: Any, wanted: Any) -> bool:
    """Return whether two scalars are the same: numbers by value, all others by their text."""
    if _is_number(got) and _is_number(wanted):
        return Decimal(str(got)) == Decimal(str(wanted))
    return got is not NOT_PRESENT and text_of(got) == text_of(wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def text_of(value: object) -> str | None:
    """Return a scalar as text, so that 100, "100" and Decimal("100") are equal; None stays None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def matching(records: Iterable[Record], wanted: Mapping[str, Any]) -> list[Record]:
    return [record for record in records if not differences(record, wanted)]


def near_misses(records: Iterable[Record], wanted: Mapping[str, Any]) -> list[tuple[Record, list[Difference]]]:
    """Return up to 3 records that do not match the filters, each with its differences.

    Records with the fewest differences come first, and of those the newest.
    """
    rated = [(record, differences(record, wanted)) for record in records]
    missed = [(record, rows) for record, rows in rated if rows]
    missed.sort(key=lambda pair: (sum(WEIGHTS.get(row.name, 1) for row in pair[1]), -pair[0].number))
    return missed[:NEAR_MISSES_SHOWN_MAX]


def describe_filters(wanted: Mapping[str, Any]) -> str:
    """Return a text that lists the filters, such as " with status 401"; empty if there are none."""
    describe = [f"{name} {_shown(value)}" for name, value in wanted.items()]
    return f" with {', '.join(describe)}" if describe else ""


def describe_mismatch(nouns: Nouns, records: Sequence[Record], wanted: Mapping[str, Any], amount: ExpectedCount) -> str:
    """Return the error message if the number of matching records is not the expected one.

    It has both numbers, and lists the matches if there are too many, else records that nearly match.
    """
    found = matching(records, wanted)
    within = "" if amount.within is None else f" within {amount.within}"
    head = f"expected {amount.describe(nouns)}{describe_filters(wanted)}{within}; got {len(found)}"
    if amount.is_exceeded(len(found)):
        lines = [f"\n  matches: {_title(record)}" for record in found[:MATCHES_SHOWN_MAX]]
        more = len(found) - len(lines)
        return head + "".join(lines) + (f"\n  and {more} more" if more else "")
    if not records:
        return f"{head}\n  there is no {nouns.one} at all"
    for record, rows in near_misses(records, wanted):
        head += f"\n  near miss: {_title(record)}: {'; '.join(map(str, rows))}"
        why = _why(record)
        head += f"\n    diagnosis: {why}" if why else ""
    return head


def _why(record: Request | Frame) -> str | None:
    return record.diagnosis if isinstance(record, Request) else record.note


def _title(record: Request | Frame) -> str:
    title = record.title
    return title if len(title) <= CHARS_SHOWN_MAX else f"{title[:CHARS_SHOWN_MAX]}..."


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= CHARS_SHOWN_MAX else f"{text[:CHARS_SHOWN_MAX]}..."
