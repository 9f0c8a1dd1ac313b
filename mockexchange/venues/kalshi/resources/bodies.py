"""The types of request bodies and their fields, and fields that several operations share."""

from typing import Literal

from msgspec import Struct

from mockexchange.venues.dated_fields import ALWAYS
from mockexchange.venues.kalshi.named_days import SUBACCOUNTS_ADDED
from mockexchange.venues.parameter_decoding import ParameterRow

Kind = Literal["text", "texts", "client_id", "choice", "integer", "boolean", "count", "price", "objects"]
INT64_MAX = 2**63 - 1
EXPIRY_S_MAX = 253_402_300_799
"""Latest expiry in Unix seconds: the last second of the year 9999, the last year that Python can format."""
EXCHANGE_INDEX_IN_BODIES = "2026-05-07"


class BodyField(ParameterRow, frozen=True, kw_only=True, eq=False):
    """One key of a request's body between two days, and the kind of its value.

    The kind `count` is a number of contracts as text, `price` an amount in dollars as text, `objects` a list of bodies.
    """

    kind: Kind
    body: "Body | None" = None
    """For a list of objects, the body that each object has."""

    @property
    def go_name(self) -> str:
        """The field's name in the venue's validation messages: `count_fp` is CountFp there."""
        return "".join(word.capitalize() for word in self.name.split("_"))


class Body(Struct, frozen=True, kw_only=True, eq=False):
    """The definition of an operation's request body: its fields, each with the API dates that have it.

    `struct` is the body's name in the venue's error messages. If `may_be_absent` is true, a request may have no body.
    """

    struct: str
    fields: tuple[BodyField, ...] = ()
    may_be_absent: bool = False


def subaccount(since: str = SUBACCOUNTS_ADDED) -> BodyField:
    return BodyField(name="subaccount", kind="integer", minimum=0, maximum=INT64_MAX, since=since, source="changelog")


def exchange_index(since: str = EXCHANGE_INDEX_IN_BODIES, minimum: int = 0) -> BodyField:
    return BodyField(
        name="exchange_index",
        kind="integer",
        minimum=minimum,
        maximum=2**31 - 1,
        since=since,
        source="changelog",
    )


def expiry(name: str, source: str, since: str = ALWAYS, minimum: int | None = None) -> BodyField:
    return BodyField(name=name, kind="integer", minimum=minimum, maximum=EXPIRY_S_MAX, since=since, source=source)


def optional(name: str, kind: Kind, since: str = ALWAYS, source: str = "docs-2025-11") -> BodyField:
    return BodyField(name=name, kind=kind, since=since, source=source)


def required(name: str, kind: Kind, *choices: str, source: str = "openapi-3.13") -> BodyField:
    return BodyField(name=name, kind=kind, choices=choices, required=True, source=source)


def number(
    name: str, maximum: int = INT64_MAX, *, is_required: bool = True, since: str = ALWAYS, source: str = "openapi-3.13"
) -> BodyField:
    return BodyField(
        name=name, kind="integer", minimum=0, maximum=maximum, required=is_required, since=since, source=source
    )
