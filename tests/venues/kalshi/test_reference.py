"""Nothing undocumented, nothing missing: the server's own tables against the list of wire facts."""

from collections.abc import Iterable
from typing import Any

from mockexchange.venues.dated_fields import ApiDate, Field, Nested, pick
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.parameter_decoding import parameters
from mockexchange.venues.kalshi.resources import OBJECTS, OPERATIONS
from mockexchange.venues.kalshi.resources.call import Operation as Emulated
from mockexchange.venues.kalshi.resources.call import PublicOperation
from mockexchange.venues.kalshi.resources.parameters import Parameter
from tests.contracts.collection import GENERATIONS
from tests.contracts.reference import FieldFact, Operation, Param, differences, load_reference, reason_for
from tests.helpers.rows import each_row

# What a spelling is in the words of the list, by how its own words begin.
KINDS = (
    ("integer", "integer"),
    ("number", "number"),
    ("boolean", "boolean"),
    ("dollar string", "dollars"),
    ("count string", "count"),
    ("RFC 3339", "instant"),
    ("list of strings", "[string]"),
    ("list of integers", "[integer]"),
    ("list of [integer cents, integer", "[OrderbookLevel]"),
    ("list of [dollar string, integer", "[PriceLevelDollars]"),
    ("list of [dollar string, count", "[PriceLevelDollarsCountFp]"),
    ("JSON", "object"),
)
WIDE = 2**31 - 1
"""Bounds of the machine, not of the venue."""

# (generation, difference), `*` for any: what the server says otherwise on purpose, beside what the documents do.
DELIBERATE: dict[tuple[str, str], str] = {
    ("*", "*: status *"): "a table of operations has no statuses: errors are a table of their own",
}


def kind_of(field: Field) -> str:
    spelling = field.spelling
    if isinstance(spelling, Nested):
        return f"[{spelling.table}]" if spelling.is_list else spelling.table
    return next((kind for words, kind in KINDS if spelling.kind.startswith(words)), "string")


def field_fact(field: Field) -> FieldFact:
    choices = frozenset() if isinstance(field.spelling, Nested) else frozenset(field.spelling.choices)
    return FieldFact(
        name=field.name,
        kind=kind_of(field),
        is_required=field.empty != "absent",
        is_nullable=field.empty == "null",
        choices=choices or None,
    )


def param_fact(row: Parameter) -> Param:
    is_number = row.kind in ("integer", "boolean")
    return Param(
        name=row.name,
        kind=row.kind if is_number else "array" if row.kind == "repeated" else "string",
        is_required=row.required,
        is_list=row.kind in ("texts", "choices"),
        list_max=None if row.kind == "repeated" else row.items_max,
        minimum=row.minimum,
        maximum=None if row.maximum == WIDE else row.maximum,
        default=row.default,
        choices=frozenset[Any](row.choices) or frozenset[Any](row.numbers) or None,
    )


def operation_fact(operation: Emulated, day: ApiDate) -> Operation:
    return Operation(
        path=operation.path,
        is_signed=not isinstance(operation, PublicOperation) or operation.needs_key(day),
        answer=operation.answer_table,
        statuses=frozenset(),
        params={name: param_fact(row) for name, row in parameters(operation.name, day).items()},
    )


def reads(day: ApiDate) -> dict[str, Operation]:
    alive = (one for one in OPERATIONS if not one.is_write and day.holds(*one.life))
    return {one.path: operation_fact(one, day) for one in alive}


def schemas(day: ApiDate, answers: Iterable[str]) -> dict[str, dict[str, FieldFact]]:
    """The answers' objects and what is nested in them."""
    found: dict[str, dict[str, FieldFact]] = {}
    waiting = list(answers)
    while waiting:
        table = waiting.pop()
        rows = pick(OBJECTS[table], day)
        found[table] = {name: field_fact(row) for name, row in rows.items()}
        nested = (row.spelling.table for row in rows.values() if isinstance(row.spelling, Nested))
        waiting += [name for name in nested if name not in found]
    return found


def found_on(generation: str) -> list[str]:
    day = api_date(generation)
    ours = reads(day)
    return list(differences(load_reference()[generation], ours, schemas(day, {one.answer for one in ours.values()})))


def reason(generation: str, difference: str) -> str | None:
    return reason_for(generation, difference) or reason_for(generation, difference, DELIBERATE)


@each_row("generation", GENERATIONS)
def test_the_tables_say_what_the_list_says(generation: str) -> None:
    unexplained = [one for one in found_on(generation) if reason(generation, one) is None]
    assert not unexplained, "\n".join(unexplained)


def test_every_deliberate_difference_is_one() -> None:
    found = [(generation, one) for generation in GENERATIONS for one in found_on(generation)]
    idle = [
        key
        for key, words in DELIBERATE.items()
        if not any(reason_for(generation, one, {key: words}) for generation, one in found)
    ]
    assert idle == []
