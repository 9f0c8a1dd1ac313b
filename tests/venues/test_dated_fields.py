"""Dated tables: which rows hold on a day, and the rules that every table of every venue obeys."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import pytest

from mockexchange.venues.dated_fields import (
    ALWAYS,
    COMPAT_ONLY,
    FOREVER,
    ApiDate,
    DatedRow,
    Field,
    Nested,
    Spelling,
    compile_message,
    compile_object,
    pick,
)
from mockexchange.venues.kalshi import named_days
from mockexchange.venues.kalshi.catalogue import CATALOGUE
from mockexchange.venues.kalshi.errors import ERRORS
from mockexchange.venues.kalshi.frames import FRAMES, NESTED
from mockexchange.venues.kalshi.resources import OBJECTS, PARAMETERS
from mockexchange.venues.kalshi.stream.channels import CHANNELS
from mockexchange.venues.kalshi.stream.commands import ACTIONS
from mockexchange.venues.kalshi.stream.commands import PARAMETERS as STREAM_PARAMETERS
from mockexchange.venues.kalshi.stream.errors import STREAM_ERRORS
from mockexchange.venues.kalshi.stream.subscriber import REPLY_KEYS
from tests.helpers.rows import each_row

COMPAT = ApiDate("compat", None)


def day(text: str) -> ApiDate:
    return ApiDate(text, text)


# --- rules of all tables

NO_DAYS = (ALWAYS, FOREVER, COMPAT_ONLY)
ISO_DAY = re.compile(r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
TABLES: dict[str, Iterable[DatedRow]] = {
    **OBJECTS,
    **PARAMETERS,
    "errors": ERRORS,
    **{f"{kind} message": rows for kind, rows in {**FRAMES, **NESTED}.items()},
    **{f"{name} params": rows for name, rows in STREAM_PARAMETERS.items()},
    "channels": CHANNELS,
    "actions": ACTIONS,
    "answers": REPLY_KEYS,
    "stream errors": STREAM_ERRORS,
}


def overlaps(rows: Iterable[DatedRow]) -> list[str]:
    """Names with two rows that hold on one day."""
    pairs = combinations(rows, 2)
    return [one.name for one, two in pairs if one.name == two.name and one.since < two.until and two.since < one.until]


def empty_spans(rows: Iterable[DatedRow]) -> list[str]:
    return [row.name for row in rows if row.since >= row.until]


def loose_ends(rows: Iterable[DatedRow]) -> list[str]:
    """Days that are none, and sources that nobody has described."""
    days = [edge for row in rows for edge in (row.since, row.until) if edge not in NO_DAYS]
    wrong = [edge for edge in days if edge < named_days.FIRST_DAY or not ISO_DAY.fullmatch(edge)]
    return wrong + [f"{row.name}: source {row.source!r}" for row in rows if row.source not in named_days.SOURCES]


@each_row("table", TABLES)
@each_row("rule", [overlaps, empty_spans, loose_ends])
def test_every_table_obeys(rule: Callable[[Iterable[DatedRow]], list[str]], table: str) -> None:
    assert rule(TABLES[table]) == []


def test_the_rules_can_be_broken() -> None:
    twice = [DatedRow(name="a", until="2026-01-02"), DatedRow(name="a", since="2026-01-01"), DatedRow(name="b")]
    assert overlaps(twice) == ["a"]
    assert overlaps([DatedRow(name="a", until="2026-01-01"), DatedRow(name="a", since="2026-01-01")]) == []
    assert empty_spans([DatedRow(name="a", since="2026-01-01", until="2026-01-01")]) == ["a"]
    assert loose_ends([DatedRow(name="a", since="2026-1-1", source="docs-2025-11")]) == ["2026-1-1"]
    assert loose_ends([DatedRow(name="a", since="2020-01-01", source="heard it")]) == [
        "2020-01-01",
        "a: source 'heard it'",
    ]


def test_every_operation_of_the_catalogue_lives_some_time() -> None:
    assert [known.path for known in CATALOGUE if known.since >= known.until] == []
    claimed = [(method, known.path) for known in CATALOGUE for method in known.methods.split()]
    assert len(set(claimed)) == len(claimed)


# --- picking

ROWS = [
    DatedRow(name="zebra"),
    DatedRow(name="gone", until="2026-03-12"),
    DatedRow(name="came", since="2026-01-29"),
    DatedRow(name="twice", until="2025-12-11", source="first"),
    DatedRow(name="twice", since="2026-10-01", source="second"),
    DatedRow(name="changed", until="2026-03-07", source="old"),
    DatedRow(name="changed", since="2026-03-07", source="new"),
    DatedRow(name="narrowed", until="2025-11-13", source="wide", lenient=True),
    DatedRow(name="narrowed", since="2025-11-13", source="narrow"),
]


@each_row(
    ("api_date", "wanted"),
    [
        (day("2025-11-03"), "changed:old gone narrowed:wide twice:first zebra"),
        (day("2025-11-12"), "changed:old gone narrowed:wide twice:first zebra"),
        (day("2025-11-13"), "changed:old gone narrowed:narrow twice:first zebra"),
        (day("2025-12-10"), "changed:old gone narrowed:narrow twice:first zebra"),
        (day("2025-12-11"), "changed:old gone narrowed:narrow zebra"),
        (day("2026-01-29"), "came changed:old gone narrowed:narrow zebra"),
        (day("2026-03-06"), "came changed:old gone narrowed:narrow zebra"),
        (day("2026-03-07"), "came changed:new gone narrowed:narrow zebra"),
        (day("2026-03-12"), "came changed:new narrowed:narrow zebra"),
        (day("2026-10-01"), "came changed:new narrowed:narrow twice:second zebra"),
        (day("2099-01-01"), "came changed:new narrowed:narrow twice:second zebra"),
        (COMPAT, "came changed:new gone narrowed:wide twice:second zebra"),
    ],
)
@each_row("rows", [ROWS, ROWS[::-1]], ids=["in order", "backwards"])
def test_the_rows_of_a_day(rows: list[DatedRow], api_date: ApiDate, wanted: str) -> None:
    picked = pick(rows, api_date)
    assert " ".join(f"{name}:{row.source}".rstrip(":") for name, row in picked.items()) == wanted
    assert all(row.name == name for name, row in picked.items())


# --- API dates


@each_row(
    ("api_date", "since", "until", "holds"),
    [
        (day("2026-01-01"), "2026-01-01", FOREVER, True),
        (day("2025-12-31"), "2026-01-01", FOREVER, False),
        (day("2026-01-01"), ALWAYS, "2026-01-01", False),
        (day("2025-12-31"), ALWAYS, "2026-01-01", True),
        (COMPAT, "2026-01-01", "2026-01-02", True),
    ],
)
def test_a_span_begins_with_its_first_day_and_ends_before_its_last(
    api_date: ApiDate, since: str, until: str, holds: bool
) -> None:
    assert api_date.holds(since, until) is holds


def test_how_dates_are_written() -> None:
    assert [str(one) for one in (COMPAT, day("2026-01-01"), ApiDate("2026-06", "2026-06-11"))] == [
        "compat",
        "2026-01-01",
        "2026-06 (2026-06-11)",
    ]
    assert (COMPAT.is_compat, day("2026-01-01").is_compat) == (True, False)


@each_row(
    ("text", "name", "wanted"),
    [
        ("compat", "compat", None),
        ("latest", "2026-10", "2026-10-31"),
        ("2025-11", "2025-11", "2025-11-03"),
        ("2025-12", "2025-12", "2025-12-01"),
        ("2026-02", "2026-02", "2026-02-20"),
        ("2026-04", "2026-04", "2026-04-21"),
        ("2026-06", "2026-06", "2026-06-11"),
        ("2026-10", "2026-10", "2026-10-31"),
        ("2025-11-03", "2025-11-03", "2025-11-03"),
        ("2026-02-28", "2026-02-28", "2026-02-28"),
        ("20260228", "2026-02-28", "2026-02-28"),
        ("2026-03", "2026-03", "2026-03-31"),
        ("2028-02", "2028-02", "2028-02-29"),
    ],
)
def test_what_is_a_date(text: str, name: str, wanted: str | None) -> None:
    assert named_days.api_date(text) == ApiDate(name, wanted)


DATES = "compat, latest, 2025-11, 2025-12, 2026-02, 2026-04, 2026-06, 2026-10"
KNOWN = f"expected {DATES}, a month, or a day such as 2025-11-03"


@each_row(
    ("text", "near"),
    [
        ("", ""),
        ("now", ""),
        ("Latest", "latest"),
        ("2026-13", "2026-12"),
        ("2026-02-30", "2026-02"),
        ("2026-1-1", "2026-01"),
        ("0000-01", "2025-11"),
        ("2024", "2025-11"),
        ("2026-3", "2026-03"),
        ("2026/6/11", "2026-06"),
        ("x" * 9, ""),
        (" ", ""),
    ],
)
def test_what_is_no_date_is_told_what_there_is(text: str, near: str) -> None:
    with pytest.raises(ValueError, match=r"^unknown API date") as raised:
        named_days.api_date(text)
    hint = f"; did you mean {near}?" if near else ""
    assert str(raised.value) == f"unknown API date {text!r}: {KNOWN}{hint}"


@each_row("text", ["2025-11-02", "0001-01-01", "2025-10"])
def test_nothing_is_known_before_the_first_day(text: str) -> None:
    with pytest.raises(ValueError, match=f"API date {text} is before 2025-11-03, the first day whose wire is known"):
        named_days.api_date(text)


# --- compiled objects


class Inner(NamedTuple):
    amount: int


@dataclass
class Outer:
    name: str
    inner: Inner


@dataclass
class Listed:
    inners: list[Inner]


PLAIN = Spelling("as it is", str)
QUOTED = Spelling("in quotes", lambda value: f'"{value}%"')
FIELDS = [
    Field(name="b_amount", spelling=PLAIN, read="inner.amount", until="2026-01-01"),
    Field(name="b_amount", spelling=QUOTED, read="inner.amount", since="2026-01-01"),
    Field(name="a_name", spelling=QUOTED, read="name"),
    Field(name="c_new", spelling=PLAIN, read="inner.amount", since="2026-01-01"),
]


@each_row(
    ("api_date", "wanted"),
    [
        (day("2025-12-31"), b'{"a_name":"n%","b_amount":7}'),
        (day("2026-01-01"), b'{"a_name":"n%","b_amount":"7%","c_new":7}'),
        (COMPAT, b'{"a_name":"n%","b_amount":"7%","c_new":7}'),
    ],
)
def test_an_object_is_written_as_of_its_day(api_date: ApiDate, wanted: bytes) -> None:
    encode = compile_object(FIELDS, api_date)
    assert encode(Outer("n", Inner(7))) == wanted
    assert encode(Outer("n", Inner(8))) == wanted.replace(b"7", b"8")


def test_an_object_without_fields_is_empty() -> None:
    assert compile_object([], COMPAT)(None) == b"{}"


def test_text_is_utf8_and_never_a_template() -> None:
    encode = compile_object([FIELDS[2]], COMPAT)
    assert encode(Outer("%s ü {}", Inner(1))) == '{"a_name":"%s ü {}%"}'.encode()


@each_row(
    ("api_date", "wanted"),
    [
        (day("2025-12-31"), b'{"b_amount":7,"a_name":"n%"}'),
        (day("2026-01-01"), b'{"b_amount":"7%","a_name":"n%","c_new":7}'),
    ],
)
def test_the_keys_of_a_message_are_in_the_order_of_the_table(api_date: ApiDate, wanted: bytes) -> None:
    """A name with several rows has the place of the first."""
    assert compile_message([*FIELDS[:1], *FIELDS[2:], FIELDS[1]], api_date)(Outer("n", Inner(7))) == wanted


@each_row(("is_ordered", "wanted"), [(True, b'{"b":1,"a":1}'), (False, b'{"a":1,"b":1}')])
@each_row("compiled", [compile_message, compile_object])
def test_an_object_in_another_has_an_order_of_its_own(
    compiled: Callable[..., Callable[[object], bytes]], is_ordered: bool, wanted: bytes
) -> None:
    fields = tuple(Field(name=name, spelling=PLAIN, read="amount") for name in ("b", "a"))
    outer = Field(name="one", spelling=Nested("Inner", fields, is_ordered=is_ordered), read="inner")
    listed = Field(name="many", spelling=Nested("Inner", fields, is_list=True, is_ordered=is_ordered), read="inners")
    assert compiled([outer], COMPAT)(Outer("n", Inner(1))) == b'{"one":%s}' % wanted
    assert compiled([listed], COMPAT)(Listed([Inner(1)] * 2)) == b'{"many":[%s,%s]}' % (wanted, wanted)
