"""The wire facts of three generations, from a list that the documents were not written from.

For each generation the list has every read with its parameters and their bounds, and every object with its fields.
Documents and tables are brought into the same form and compared; deliberate differences are listed with their reasons.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from tests.contracts.collection import Raw, full_collection, read_kept, trimmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A query parameter; fields that the list leaves open are None."""

    name: str
    kind: str
    """string, integer or boolean."""
    is_required: bool = False
    is_list: bool = False
    """Comma-separated texts."""
    list_max: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    default: str | int | bool | None = None
    choices: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFact:
    """A field of an object."""

    name: str
    kind: str
    """integer, number, boolean, string, instant, dollars, count, object, the name of an object, or [any of them]."""
    is_required: bool
    is_nullable: bool = False
    choices: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A read: its parameters and the object of its answer."""

    path: str
    is_signed: bool
    answer: str
    statuses: frozenset[int]
    params: dict[str, Param]
    recorded: frozenset[int] = frozenset()
    """Statuses that were recorded and are not documented."""


@dataclass(frozen=True, slots=True)
class Generation:
    name: str
    operations: dict[str, Operation]
    """By path."""
    schemas: dict[str, dict[str, FieldFact]]
    """Fields by name, by the name of their object."""


@cache
def load_reference() -> dict[str, Generation]:
    """Read the full collection if it exists, or else the part in this repository."""
    place = full_collection()
    kept = trimmed(json.loads(place.read_text(encoding="utf-8"))) if place else read_kept()
    return {name: _generation(name, node) for name, node in kept.items()}


def _generation(name: str, node: Raw) -> Generation:
    schemas = {
        schema: {field: _field(field, fact) for field, fact in fields.items()}
        for schema, fields in node["schemas"].items()
    }
    return Generation(name, {path: _operation(path, one) for path, one in node["reads"].items()}, schemas)


def _operation(path: str, node: Raw) -> Operation:
    return Operation(
        path=path,
        is_signed=node["signed"],
        answer=node["answer"],
        statuses=frozenset(node["statuses"]),
        params={name: _param(name, fact) for name, fact in node["parameters"].items()},
    )


def _param(name: str, node: Raw) -> Param:
    return Param(
        name=name,
        kind=node["type"],
        is_required=node.get("required", False),
        is_list=node.get("list", False),
        list_max=node.get("list_max"),
        minimum=node.get("minimum"),
        maximum=node.get("maximum"),
        default=node.get("default"),
        choices=frozenset(node["choices"]) if "choices" in node else None,
    )


def _field(name: str, node: Raw) -> FieldFact:
    choices = frozenset(node["choices"]) if "choices" in node else None
    is_nullable = node.get("nullable", False)
    return FieldFact(
        name=name, kind=node["type"], is_required=node["required"], is_nullable=is_nullable, choices=choices
    )


# --- comparing ------------------------------------------------------------------------------------------------------


def differences(
    generation: Generation, reads: Mapping[str, Operation], schemas: Mapping[str, dict[str, FieldFact]]
) -> Iterator[str]:
    """Yield the differences from the list: changed, missing and additional reads and objects."""
    yield from _of_names("read", set(reads), set(generation.operations))
    for path in sorted(set(reads) & set(generation.operations)):
        yield from _of_reads(reads[path], generation.operations[path])
    yield from _of_names("object", set(schemas), set(generation.schemas))
    for name in sorted(set(schemas) & set(generation.schemas)):
        yield from _of_fields(name, schemas[name], generation.schemas[name])


def _of_names(kind: str, ours: set[str], theirs: set[str]) -> Iterator[str]:
    yield from (f"{kind} {name}: missing" for name in sorted(theirs - ours))
    yield from (f"{kind} {name}: undocumented" for name in sorted(ours - theirs))


def _of_reads(ours: Operation, theirs: Operation) -> Iterator[str]:
    for what in ("is_signed", "answer"):
        if getattr(ours, what) != getattr(theirs, what):
            yield f"read {ours.path}: {what} is {getattr(ours, what)}, not {getattr(theirs, what)}"
    yield from (f"read {ours.path}: status {status} missing" for status in sorted(theirs.statuses - ours.statuses))
    more = ours.statuses - theirs.statuses - ours.recorded
    yield from (f"read {ours.path}: status {status} undocumented" for status in sorted(more))
    said = ours.recorded & theirs.statuses
    yield from (f"read {ours.path}: status {status} documented after all" for status in sorted(said))
    yield from _of_names(f"read {ours.path}: parameter", set(ours.params), set(theirs.params))
    for name in sorted(set(ours.params) & set(theirs.params)):
        yield from _of_members(f"read {ours.path}: parameter {name}", ours.params[name], theirs.params[name])


def _of_members(where: str, ours: Param | FieldFact, theirs: Param | FieldFact) -> Iterator[str]:
    for what in type(ours).__slots__:
        mine, other = getattr(ours, what), getattr(theirs, what)
        if mine != other and not (isinstance(ours, FieldFact) and _is_stricter(what, mine, other)):
            yield f"{where}: {what} is {_shown(mine)}, not {_shown(other)}"


def _is_stricter(what: str, ours: object, theirs: object) -> bool:
    """A field that the list calls optional may always be there, one it calls nullable may never be null, and a text of
    which it names no words may have some."""
    return (what, ours) in {("is_required", True), ("is_nullable", False)} or (what == "choices" and theirs is None)


def _shown(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


def _of_fields(name: str, ours: dict[str, FieldFact], theirs: dict[str, FieldFact]) -> Iterator[str]:
    yield from _of_names(f"object {name}: field", set(ours), set(theirs))
    for field in sorted(set(ours) & set(theirs)):
        yield from _of_members(f"object {name}: field {field}", ours[field], theirs[field])


# --- deliberate differences -------------------------------------------------------------------------------------

_NEW_OBJECTS = (
    *("*Milestone*", "*StructuredTarget*", "*Incentive*", "*FeeChange*", "*Multivariate*", "AssociatedEvent"),
    *("LookupPoint", "TickerPair", "*Live*", "*GameStats*", "PlayByPlay*", "*Weather*", "*RFQ*", "*Quote*"),
    *("*BlockTrade*", "*Communications*", "*Metadata*", "*Forecast*", "PercentilePoint", "*Tags*", "*Filters*"),
    *("*Candlestick*", "*Distribution", "GetSeriesListResponse", "GetCFBenchmarksResponse"),
)
DELIBERATE: dict[tuple[str, str], str] = {
    (
        "*",
        "object PriceDistributionHistorical: field *: kind is dollars, not string",
    ): "the list lost the format that the pages have",
    **{
        ("*", pattern): "in the list of the newest reads, or a daily page of the documentation"
        for pattern in (
            *(f"read {path}*: undocumented" for path in ("/milestones", "/structured_targets", "/incentive_programs")),
            *(f"read {path}*: undocumented" for path in ("/multivariate_event", "/live_data/", "/communications/")),
            *(f"read {path}*: undocumented" for path in ("/search/", "/series/fee_changes", "/events/fee_changes")),
            "read /cfbenchmarks/*: undocumented",
            "read /series: undocumented",
            "read /markets/candlesticks: undocumented",
            "read /events/multivariate: undocumented",
            "read /events/{event_ticker}/metadata: undocumented",
            "read /series/{series_ticker}/*: undocumented",
            *(f"object {name}: undocumented" for name in _NEW_OBJECTS),
        )
    },
    (
        "*",
        "read /portfolio/order_groups/{order_group_id}: undocumented",
    ): "recorded in January 2026, in no list of ours",
    ("*", "object GetOrderGroupResponse: undocumented"): "recorded in January 2026, in no list of ours",
    ("*", "read *: status 405 undocumented"): "documented nowhere; the wrong method has to be told somehow",
    ("*", "read *: status 429 undocumented"): "documented once for all requests",
    ("*", "read *: status 403 undocumented"): "documented for keys in prose, for members from 2026-10",
    ("*", "read /markets/{ticker}/orderbook: status 400 undocumented"): "follows from its parameter",
    ("*", "read /portfolio/balance: status 400 undocumented"): "follows from its parameters",
    ("*", "read /portfolio/subaccounts/transfers: status 400 undocumented"): "follows from its parameters",
    ("2026-10", "read /api_keys: status 400 undocumented"): "follows from its parameter",
    ("*", "read /series/{series_ticker}: status 404 undocumented"): "as at events",
    ("2026-10", "read /fcm/subtraders/blocked_categories: status 404 undocumented"): "as at its neighbours",
    ("*", "read /fcm/positions: parameter count_filter: choices *, not None"): "taken from GetPositions",
    ("2025-11", "read /markets: parameter status: choices *, not None"): "an unknown word was recorded as a 400",
    ("*", "read /portfolio/orders: parameter status: choices *"): "an unknown word was recorded as an empty list",
    ("2026-10", "read /portfolio/balance: parameter exchange_index: minimum is 0, not None"): "as at GetPositions",
    **{
        ("*", f"object Series: field {name}: is_nullable is True, *"): "an empty one was recorded as null"
        for name in ("additional_prohibitions", "tags")
    },
    ("*", "read /markets/{ticker}/orderbook: is_signed is False, *"): "recorded without a key in January 2026",
    ("2025-11", "object Market: field response_price_units: *"): "recorded as usd_cent on the day of the pages",
    ("*", "object PriceRange: field *: kind is dollars, not string"): "four decimals, as all prices",
    ("*", "object EventData: field product_metadata: is_required is False, *"): "left out of every recorded event",
    ("2025-11", "object Orderbook: field *: is_nullable is True, *"): "an empty side was recorded as null",
}
"""Reasons by (generation, difference); `*` matches any."""


def reason_for(generation: str, difference: str, deliberate: dict[tuple[str, str], str] = DELIBERATE) -> str | None:
    """Return the reason of a deliberate difference from the list; None if it is not deliberate."""
    for (name, pattern), reason in deliberate.items():
        if fnmatchcase(generation, name) and fnmatchcase(difference, pattern):
            return reason
    return None
