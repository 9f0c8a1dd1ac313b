"""Gives schemathesis what the API document lacks to generate valid requests to Kalshi."""

import copy
from collections.abc import Collection, Mapping
from typing import Any

from mockexchange.kit.kalshi.signing import role_of
from mockexchange.kit.operations import writes
from mockexchange.kit.schemathesis.hints import (
    MAY_BE_MISSING,
    ApiOperation,
    Names,
    SchemathesisHints,
    SchemathesisSettings,
    lenient_checks,
    operations_of,
    parameters_of,
    query_values,
    restrict_names,
    shorten_lists,
)
from mockexchange.kit.target import BOUND, FCM
from mockexchange.runtime.api_documents import Document

# Reads


SUBTRADER = "subtrader_id"
BOOK, BOOKS_REFUSED_SINCE = "GetMarketOrderbook", "2025-12-01"
"""The order book of an unknown market was empty until this day: recorded on 2025-11-03, the day is a choice."""
ANY_MARKET: SchemathesisSettings = {
    **MAY_BE_MISSING,
    "negative_data_rejection": {"expected-statuses": ["2xx", "400", "401", "404"]},
}
ANY_ITEM: SchemathesisSettings = {"negative_data_rejection": {"expected-statuses": ["2xx", "400", "401", "404"]}}
"""Settings for lists whose items may have any form at the server.

`RequestJudge` decides by the published document which of these lists must be refused.
"""
BELOW_EVENTS = "/events/{ticker}"
NO_SUBTRADER = f"no value of {SUBTRADER!r} is known"
CITIES = ("GetWeatherIndex", "GetWeatherIndexCalibrations")
CHECKS: Mapping[str, SchemathesisSettings] = {
    # Which filters go together is decided by `RequestJudge` only.
    "GetMarkets": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400"]}},
    # Paths with two names, whose pairs may not belong together, and markets that are either live or historical.
    **dict.fromkeys(
        (
            *("GetMarket", "GetMarketOrderbook", "GetHistoricalMarket", "GetMarketCandlesticksHistorical"),
            *("GetMarketCandlesticks", "GetMarketCandlesticksByEvent", "GetRFQQuote", "GetLiveData"),
            *("GetEventForecastPercentilesHistory", "GetEventLiveData"),
        ),
        MAY_BE_MISSING,
    ),
    # Unknown cities are a 400, and which windows of time contradict each other is no matter of schemas.
    **{name: {"positive_data_acceptance": {"expected-statuses": ["2xx", "400"]}} for name in CITIES},
    # Only a resting order has one, and a link does not distinguish those.
    "GetOrderQueuePosition": MAY_BE_MISSING,
    # The path also matches that of an order by id, which has a DELETE.
    "GetOrderQueuePositions": {
        "allow_header_conformance": {"enabled": False},
        "unsupported_method": {"enabled": False},
    },
}


def make_hints(
    document: Document, names: Names, roles: Collection[str], *, must_answer: bool = False
) -> SchemathesisHints:
    """Return hints with which schemathesis generates valid reads of a server.

    `names` are existing values by parameter, `roles` are the roles with a key. With `must_answer`, an operation that
    never answers 2xx is a finding; then the names must fit all operations that use them.
    """
    document = copy.deepcopy(document)
    values = query_values(document, names)
    restrict_names(document, names, frozenset({SUBTRADER}))  # an unknown one is a 404
    _name_events(document, names)
    # Without a bound key some operations need no subtrader beside other parameters.
    refusing = _with_empty_subtrader(document) if BOUND in roles else None
    long_lists = shorten_lists(document)
    if BOUND not in roles:
        _require_subtrader(document)
    any_item = dict.fromkeys(long_lists, ANY_ITEM)
    any_book = {BOOK: ANY_MARKET} if document["info"]["version"] < BOOKS_REFUSED_SINCE else {}
    lenient = {} if must_answer else {**lenient_checks(document), "GetFCMEventContractDailyCap": MAY_BE_MISSING}
    return SchemathesisHints(
        document=document,
        refusing=refusing,
        operations=[one.id for one in operations_of(document) if one.method == "get"],
        role_of=_role_of,
        values={name: found for name, found in values.items() if name != f"query.{SUBTRADER}"},
        checks={**lenient, **CHECKS, **any_item, **any_book},
        may_accept=frozenset(any_book),
        left_out={} if names.get(SUBTRADER) else {one.id: NO_SUBTRADER for one in _about_subtraders(document)},
        must_answer=must_answer,
        may_refuse=frozenset(CITIES),
    )


def _name_events(document: Document, names: Names) -> None:
    """Limit the variable `ticker` below `/events/` to known events: elsewhere it is a market, in place."""
    if not names.get("event_ticker"):
        return
    events = {"type": "string", "enum": list(names["event_ticker"])}
    for path, item in document["paths"].items():
        if BELOW_EVENTS not in path:
            continue
        for node in (item, item.get("get", {})):
            node["parameters"] = [
                {**one, "schema": events, "example": events["enum"][0]} if one.get("name") == "ticker" else one
                for one in node.get("parameters", [])
            ]


def _require_subtrader(document: Document) -> None:
    for operation in _about_subtraders(document):
        for parameter in parameters_of(document, operation):
            if parameter["name"] == SUBTRADER:
                parameter["required"] = True


def _with_empty_subtrader(document: Document) -> Document:
    """Return a copy of a document with known subtraders in which one may be empty wherever it may be left out."""
    found = copy.deepcopy(document)
    for operation in _about_subtraders(found):
        for parameter in parameters_of(found, operation):
            known = parameter["schema"].get("enum")
            if parameter["name"] == SUBTRADER and known and not parameter.get("required"):
                parameter["schema"] = {"type": "string", "enum": [*known, ""]}
    return found


def _about_subtraders(document: Document) -> list[ApiOperation]:
    return [
        operation
        for operation in operations_of(document)
        if any(one["name"] == SUBTRADER for one in parameters_of(document, operation))
    ]


def _role_of(operation: Mapping[str, Any], path: str, query: Mapping[str, Any]) -> str | None:
    """Return the role of an operation; a request without `subtrader_id` needs a key bound to a subtrader."""
    role = role_of(operation, path)
    parameters = operation.get("parameters", [])
    is_left_out = SUBTRADER not in query and any(_is_subtrader(one) for one in parameters)
    return BOUND if role == FCM and is_left_out else role


def _is_subtrader(parameter: Mapping[str, Any]) -> bool:
    return parameter.get("name") == SUBTRADER or SUBTRADER in parameter.get("$ref", "")


# Writes, where orders may be placed and filled


REFUSALS = ["2xx", "400", "403", "404", "409"]
WRITE_CHECKS: SchemathesisSettings = {
    # What a market, a purse or the clock allow is in no schema; `requests.as_sent` judges what is accepted.
    "positive_data_acceptance": {"expected-statuses": REFUSALS},
    "negative_data_rejection": {"enabled": False},
    # A canceled order can still be read.
    "use_after_free": {"enabled": False},
    # A placed order may be executed or canceled, so that changing it is a 404; reading it is judged.
    "ensure_resource_availability": {"enabled": False},
    # Paths such as /api_keys/generate also match that of a key; generated reads judge other methods.
    "allow_header_conformance": {"enabled": False},
    "unsupported_method": {"enabled": False},
}
NARROWED: Mapping[str, Mapping[str, Any]] = {
    "CountSent": {"type": "string", "enum": ["1.00", "2", "3.00"]},
    "DollarsSent": {"type": "string", "enum": ["0.01", "0.0500", "0.40", "0.99"]},
    "PositiveNumber": {"type": "integer", "minimum": 1, "maximum": 3},
    "Shard": {"type": "integer", "enum": [0]},
    "SubaccountSent": {"type": "integer", "enum": [0]},
    "ShardToMove": {"type": "integer", "enum": [0, 1]},
}
"""Values of generated orders, by type of the document, most of which a market accepts."""


def make_write_hints(document: Document, names: Names, roles: Collection[str]) -> SchemathesisHints:
    """Return hints with which schemathesis generates valid writes. The arguments are those of `make_hints`."""
    published, document = document, copy.deepcopy(document)
    restrict_names(document, names)
    schemas = document["components"]["schemas"]
    schemas |= {name: dict(schema) for name, schema in NARROWED.items() if name in schemas}
    for schema in schemas.values():
        for field in ("ticker", "market_ticker"):
            if schema.get("additionalProperties") is True and field in schema.get("properties", {}):
                schema["properties"][field] = {"type": "string", "enum": list(names["ticker"])}
    every = list(writes(published))
    return SchemathesisHints(
        document=document,
        operations=every,
        role_of=lambda operation, path, query: role_of(operation, path),
        checks=dict.fromkeys(every, WRITE_CHECKS),
        may_refuse=frozenset(every),
        may_accept=frozenset(one for one in every if one.startswith("Batch")),
    )
