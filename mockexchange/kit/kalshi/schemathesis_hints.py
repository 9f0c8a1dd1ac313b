"""What a generator of requests has to be told of Kalshi."""

import copy
from collections.abc import Collection, Mapping
from typing import Any

from mockexchange.kit.kalshi.roles import role_of
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
)
from mockexchange.kit.target import BOUND, FCM
from mockexchange.runtime.api_documents import Document

SUBTRADER = "subtrader_id"
NO_SUBTRADER = f"nothing is there to ask for by {SUBTRADER!r}"
CHECKS: Mapping[str, SchemathesisSettings] = {
    # What goes together here is told by `judge` alone.
    "GetMarkets": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400"]}},
    # Only an order that rests has one, and a link does not tell those from others.
    "GetOrderQueuePosition": MAY_BE_MISSING,
    # The path is also one of orders by their ids, which a DELETE may name.
    "GetOrderQueuePositions": {
        "allow_header_conformance": {"enabled": False},
        "unsupported_method": {"enabled": False},
    },
}


def make_hints(
    document: Document, names: Names, roles: Collection[str], *, must_answer: bool = False
) -> SchemathesisHints:
    """Tell of the names that exist, by parameter, where there are keys of `roles`.

    `must_answer`: the names are right for every operation they are for, and each has something to answer.
    """
    document = copy.deepcopy(document)
    values = query_values(document, names)
    restrict_names(document, names, frozenset({SUBTRADER}))  # another one is a 404
    if BOUND not in roles:
        _require_subtrader(document)
    lenient = {} if must_answer else {**lenient_checks(document), "GetFCMEventContractDailyCap": MAY_BE_MISSING}
    return SchemathesisHints(
        document=document,
        role_of=_role_of,
        values={name: found for name, found in values.items() if name != f"query.{SUBTRADER}"},
        checks={**lenient, **CHECKS},
        left_out={} if names.get(SUBTRADER) else {one.id: NO_SUBTRADER for one in _about_subtraders(document)},
        must_answer=must_answer,
        may_forbid_more=BOUND not in roles,  # some do without a subtrader beside other parameters
    )


def _require_subtrader(document: Document) -> None:
    for asked in _about_subtraders(document):
        for parameter in parameters_of(document, asked):
            if parameter["name"] == SUBTRADER:
                parameter["required"] = True


def _about_subtraders(document: Document) -> list[ApiOperation]:
    return [
        asked
        for asked in operations_of(document)
        if any(one["name"] == SUBTRADER for one in parameters_of(document, asked))
    ]


def _role_of(operation: Mapping[str, Any], path: str, query: Mapping[str, Any]) -> str | None:
    """A key bound to a subtrader is the one that may leave `subtrader_id` out."""
    role = role_of(operation, path)
    parameters = operation.get("parameters", [])
    is_left_out = SUBTRADER not in query and any(_is_subtrader(one) for one in parameters)
    return BOUND if role == FCM and is_left_out else role


def _is_subtrader(parameter: Mapping[str, Any]) -> bool:
    return parameter.get("name") == SUBTRADER or SUBTRADER in parameter.get("$ref", "")
