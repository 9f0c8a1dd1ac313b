"""Describes the whole API of Kalshi as sections: dated rows of one type, and a function that describes a row.

`api diff` compares the sections between two dates, docs/wire.md prints them.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from mockexchange.venues.dated_fields import ALWAYS, FOREVER, DatedRow, Field, Nested, Row
from mockexchange.venues.kalshi.catalogue import CATALOGUE, Life
from mockexchange.venues.kalshi.errors import ERRORS, ErrorRow
from mockexchange.venues.kalshi.frames import FRAMES, NESTED
from mockexchange.venues.kalshi.resources import BODIES, OBJECTS, OPERATIONS, PARAMETERS
from mockexchange.venues.kalshi.resources.bodies import Body, BodyField
from mockexchange.venues.kalshi.resources.call import AccountOperation, Operation, PublicOperation
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.stream.channels import CHANNELS, ChannelRow
from mockexchange.venues.kalshi.stream.commands import ACTIONS, ActionRow, StreamParameter
from mockexchange.venues.kalshi.stream.commands import PARAMETERS as STREAM_PARAMETERS
from mockexchange.venues.kalshi.stream.errors import STREAM_ERRORS, StreamErrorRow
from mockexchange.venues.kalshi.stream.subscriber import REPLY_KEYS
from mockexchange.venues.wire_diff import READS, Facts, Section

FIRST_PAGES = "docs-2025-11"
KINDS = {
    "text": "text",
    "texts": "comma-separated list",
    "integer": "integer",
    "boolean": "boolean",
    "choice": "one of a list",
    "choices": "comma-separated list",
    "instant": "RFC 3339",
    "repeated": "repeated, one value each",
}
STREAM_KINDS = {
    "text": "string",
    "texts": "list of strings",
    "integer": "integer",
    "integers": "list of integers",
    "boolean": "boolean",
}
BODY_KINDS = {
    **KINDS,
    "texts": "list of strings",
    "client_id": "text of at most 64 characters without a full stop",
    "count": "count string, at most 2 decimals",
    "price": "dollar string, at most 4 decimals",
}
EMPTY = {"null": "null", "absent": "left out"}


class OperationRow(DatedRow, frozen=True, kw_only=True, eq=True):
    """The access to an operation between two days: which keys may call it, or the status of its refusal."""

    access: str
    operation: Operation


def sections() -> list[Section]:
    """Return the sections of operations, objects, parameters and errors, then those of the stream.

    Rows of objects and parameters begin and end with the operations that have them.
    """
    lives, asked = lives_of_objects(), {operation.name: operation.life for operation in OPERATIONS}
    users = _operations_of_objects()
    return [
        Section("operations", list(operation_rows()), _describe_operation, operation_of=lambda row: row.operation.name),
        *(
            Section(name, _within(lives[name], rows), describe_field, frozenset(users[name]))
            for name, rows in OBJECTS.items()
        ),
        *(
            Section(f"{name} parameters", _within(asked[name], rows), describe_parameter, frozenset({name}))
            for name, rows in PARAMETERS.items()
        ),
        *(
            Section(f"{body.struct} body", body.fields, _describe_body_field, _operations_of_body(body))
            for body in bodies_by_struct().values()
        ),
        Section("errors", ERRORS, _describe_error),
        *stream_sections(),
    ]


def stream_sections() -> list[Section]:
    """Return the sections of the stream's channels, commands, their answers, and messages by type."""
    return [
        Section("channels", CHANNELS, _describe_channel),
        *(Section(f"{name} params", rows, _describe_stream_parameter) for name, rows in STREAM_PARAMETERS.items()),
        Section("update_subscription actions", ACTIONS, _describe_action),
        Section("stream answers", REPLY_KEYS, _describe_key),
        Section("stream errors", STREAM_ERRORS, _describe_stream_error),
        *(Section(f"{kind} message", rows, describe_field) for kind, rows in FRAMES.items()),
        *(
            Section(f"{name} of messages" if name in OBJECTS else name, rows, describe_field)
            for name, rows in NESTED.items()
        ),
    ]


def lives_of_objects() -> dict[str, Life]:
    """Return the span of days in which any operation sends an object, by the name of the object.

    An object also counts if it is inside another one.
    """
    lives: dict[str, Life] = {}
    for operation in OPERATIONS:
        for table, (since, until) in _lives_in(operation.answer_table, operation.life):
            known = lives.get(table, Life(since, until))
            lives[table] = Life(min(known.since, since), max(known.until, until))
    return lives


def _operations_of_objects() -> dict[str, set[str]]:
    """Return the names of the operations that send an object, by itself or nested."""
    users: dict[str, set[str]] = {name: set() for name in OBJECTS}
    for operation in OPERATIONS:
        for table, _ in _lives_in(operation.answer_table, operation.life):
            users[table].add(operation.name)
    return users


def _operations_of_body(body: Body) -> frozenset[str]:
    """Return the names of the operations that take a body, by itself or as an item of a batch."""
    return frozenset(
        name
        for name, whole in BODIES.items()
        if whole.struct == body.struct or any(row.body and row.body.struct == body.struct for row in whole.fields)
    )


def _lives_in(table: str, life: Life) -> Iterator[tuple[str, Life]]:
    """Yield an object with its life, and its nested objects with theirs; nothing for an operation without an object."""
    if not table:
        return
    yield table, life
    for row in _within(life, OBJECTS[table]):
        if isinstance(row.spelling, Nested):
            yield from _lives_in(row.spelling.table, Life(row.since, row.until))


def _within(life: Life, rows: Sequence[Row]) -> list[Row]:
    """Return the rows that hold during `life`, cut to it; rows that begin after its end stay: `compat` sends them."""
    born = [replace(row, since=max(row.since, life.since)) for row in rows if row.until > life.since]
    cut = [replace(row, until=min(row.until, life.until)) if row.since < life.until else row for row in born]
    return [_sourced(row) for row in cut]


def _sourced(row: Row) -> Row:
    """Return a shared row with the changelog as its source, if its operation is not in the first day's pages."""
    return row if row.since == ALWAYS or row.source != FIRST_PAGES else replace(row, source="changelog")


def operation_rows() -> Iterator[OperationRow]:
    """Yield a row for each span of days in which an operation has the same access rules."""
    sources = {(method, known.path): known.source for known in CATALOGUE for method in known.methods.split()}
    for operation in OPERATIONS:
        source = sources[operation.method, operation.path]
        for since, until, access in _spans(operation):
            is_always = since == ALWAYS and until == FOREVER
            yield OperationRow(
                name=f"{operation.method} {operation.path}",
                since=since,
                until=until,
                source=FIRST_PAGES if is_always else source,
                access=access,
                operation=operation,
            )


def _spans(operation: Operation) -> Iterator[tuple[str, str, str]]:
    since, until = operation.life
    if isinstance(operation, PublicOperation):
        turn, before, after = operation.public_since or ALWAYS, "any key", "no key"
    else:
        turn, before, after = operation.retired_since, _access(operation), "410"
    if since < turn:
        yield since, min(until, turn), before
    if turn < until:
        yield max(since, turn), until, after


def _access(operation: Operation) -> str:
    is_fcm_only = isinstance(operation, AccountOperation) and operation.is_fcm_only
    return f"scope {' or '.join(operation.scopes)}{', FCM members' if is_fcm_only else ''}"


def _describe_operation(row: OperationRow) -> Facts:
    return {"": row.access}


def describe_field(row: Field) -> Facts:
    """Return a description of a JSON field for comparisons of two dates.

    It has the field's JSON form, the value that it reads, and its form without a value.
    """
    facts = {"": row.spelling.kind, READS: row.read}
    return facts if row.empty == "never" else {**facts, "when empty": EMPTY[row.empty]}


def describe_parameter(row: Parameter) -> Facts:
    given = {
        "from": row.minimum,
        "to": row.maximum,
        "of": ",".join(row.choices) or None,
        "at most": row.items_max and f"{row.items_max} items",
        "default": row.default,
        "required": "yes" if row.required else None,
    }
    return {"": KINDS[row.kind], **{aspect: str(value) for aspect, value in given.items() if value is not None}}


def bodies_by_struct() -> dict[str, Body]:
    """Return every request body that has fields, including those of items in batches, by its name."""
    nested = (row.body for body in BODIES.values() for row in body.fields if row.body is not None)
    return {body.struct: body for body in (*BODIES.values(), *nested) if body.fields}


def _describe_body_field(row: BodyField) -> Facts:
    given = {
        "from": row.minimum,
        "to": row.maximum,
        "of": ",".join(row.choices) or None,
        "required": "yes" if row.required else None,
    }
    kind = f"list of {row.body.struct}" if row.body else BODY_KINDS[row.kind]
    return {"": kind, **{aspect: str(value) for aspect, value in given.items() if value is not None}}


def _describe_error(row: ErrorRow) -> Facts:
    given = {
        "status": str(row.status),
        "shape": row.shape,
        "code": None if row.shape == "msg" else row.code,
        "message": row.message,
        "details": row.details,
        "service": row.service,
    }
    return {aspect: value for aspect, value in given.items() if value is not None}


def _describe_channel(row: ChannelRow) -> Facts:
    given = {
        "": "private" if row.is_private else "public",
        "filter": f"{row.filter}{', ids too' if row.has_ids else ''}",
        "numbered": "yes" if row.is_sequenced else "no",
        "emulated": "" if row.is_emulated else "no",
    }
    return {aspect: value for aspect, value in given.items() if value}


def _describe_stream_parameter(row: StreamParameter) -> Facts:
    return {"": STREAM_KINDS[row.kind]}


def _describe_action(row: ActionRow) -> Facts:
    given = {"of": " and ".join(row.channels) or "any filtered channel", "needs": row.needs}
    return {aspect: value for aspect, value in given.items() if value}


def _describe_key(_row: DatedRow) -> Facts:
    return {"": "key"}


def _describe_stream_error(row: StreamErrorRow) -> Facts:
    return {"": row.message, "ends": "the subscription"} if row.is_terminal else {"": row.message}
