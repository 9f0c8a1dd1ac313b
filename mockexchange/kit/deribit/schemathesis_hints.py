"""Gives schemathesis what the API document lacks to generate valid requests to Deribit."""

import copy
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from mockexchange.kit.deribit.signing import BASIC, role_of
from mockexchange.kit.schemathesis.hints import (
    Names,
    SchemathesisHints,
    SchemathesisSettings,
    mark_posts_as_reads,
    operation_ids,
    operations_of,
)
from mockexchange.runtime.api_documents import Document

NAMED = ("instrument_name", "index_name", "order_id")
"""Parameters whose values must exist at the server."""
ANY_ORDER = "/private/get_user_trades_by_order"
"""A method that accepts any order_id; an unknown one has no trades."""
OMITTED = ("start_id", "end_id", "expected_result")
"""Parameters that are never sent: trade ids, whose currency no document gives, and one that requests an error."""
SUBACCOUNT = "subaccount_id"
OFF: SchemathesisSettings = {"enabled": False}
CHECKS: SchemathesisSettings = {
    # It wants 401, and this venue answers 400: the rule `refusals.worded` sends no credentials.
    "ignored_auth": OFF,
    "missing_required_header": OFF,
}


def make_hints(
    document: Document, names: Names, roles: Collection[str], *, must_answer: bool = False
) -> SchemathesisHints:
    """Return hints with which schemathesis generates valid requests to a server.

    `names` are existing values by parameter, `roles` are the roles with a key. Requests are sent with id and secret
    (the role `BASIC`) if these are given: generated requests cannot be signed beforehand.
    """
    document = copy.deepcopy(document)
    mark_posts_as_reads(document)
    for parameter in NAMED:
        if names.get(parameter):
            _replace_schema(document, parameter, {"type": "string", "enum": list(names[parameter])})
    for parameter in OMITTED:
        _drop_parameter(document, parameter)
    _replace_schema(
        document, SUBACCOUNT, {"type": "integer", "enum": [int(one) for one in names.get(SUBACCOUNT, ["0"])]}
    )
    return SchemathesisHints(
        document=document,
        role_of=lambda node, path, query: _role_of(node, path, roles),
        checks=dict.fromkeys(operation_ids(document), CHECKS),
        left_out=_left_out(document, names),
        must_answer=must_answer,
    )


WRITTEN: Mapping[str, list[Any]] = {
    "amount": [10, 20],
    "price": [113_000, 113_850.5, 114_000],
    "trigger_price": [100_000, 113_900, 130_000],
    "type": ["limit", "market", "stop_limit", "take_market"],
    "time_in_force": ["good_til_cancelled", "immediate_or_cancel"],
}
"""Values of generated orders, most of which a future with a mark price near 113900 accepts."""
UNWRITTEN = ("contracts", "valid_until", "advanced", "linked_order_type", "mmp")
"""Parameters that are left out, since nearly every generated order with them would be refused."""
REFUSABLE: SchemathesisSettings = {
    **CHECKS,
    # What a margin, a position or the order book allow is in no schema; the answer has to be documented all the same.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "400"]},
    # The document is narrowed; what the published one forbids is judged by `requests.as_sent`.
    "negative_data_rejection": OFF,
}


def make_write_hints(document: Document, names: Names, roles: Collection[str]) -> SchemathesisHints:
    """Return hints with which schemathesis generates orders and cancellations.

    The arguments are those of `make_hints`.
    """
    hints = make_hints(document, names, roles)
    document = copy.deepcopy(document)
    for name, values in (*WRITTEN.items(), *((name, names[name]) for name in NAMED if names.get(name))):
        kind = "string" if isinstance(values[0], str) else "number"
        _replace_schema(document, name, {"type": kind, "enum": list(values)})
    for name in UNWRITTEN:
        _drop_parameter(document, name)
    every = [one.id for one in operations_of(document) if one.node.get("x-write")]
    return replace(
        hints,
        document=document,
        operations=every,
        checks=dict.fromkeys(every, REFUSABLE),
        left_out={},
        may_refuse=frozenset(every),
    )


def _left_out(document: Document, names: Names) -> dict[str, str]:
    """Return why operations are not tested, by id: generated orders are refused for reasons that no document has."""
    found = dict.fromkeys(("public/auth", "public/auth.post"), "the rules of tokens test it")
    found |= {one.id: "it changes the account" for one in operations_of(document) if one.node.get("x-write")}
    if not names.get("order_id"):
        found |= dict.fromkeys(("private/get_order_state", "private/get_order_state.post"), "there is no order")
    return found


def _role_of(node: Mapping[str, Any], path: str, roles: Collection[str]) -> str | None:
    role = role_of(node, path)
    return BASIC if role is not None and BASIC in roles else role


def _replace_schema(document: Document, name: str, schema: Mapping[str, Any]) -> None:
    """Replace the schema of a parameter, by name, in queries and bodies."""
    example = schema["enum"][0]
    for node in _operations(document, () if name != "order_id" else (ANY_ORDER,)):
        for parameter in node.get("parameters", []):
            if parameter["name"] == name:
                parameter |= {"schema": schema, "example": example}
        params, sent = _params_of(node)
        if name in params:
            is_optional = "oneOf" in params[name]
            params[name] = {"oneOf": [schema, {"type": "null"}]} if is_optional else schema
            sent[name] = example


def _drop_parameter(document: Document, name: str) -> None:
    for node in _operations(document):
        if "parameters" in node:
            node["parameters"] = [one for one in node["parameters"] if one["name"] != name]
        for fields in _params_of(node):
            fields.pop(name, None)


def _operations(document: Document, without: Collection[str] = ()) -> list[dict[str, Any]]:
    return [node for path, item in document["paths"].items() if path not in without for node in item.values()]


def _params_of(node: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schemas of the fields of `params` in a call's body, and the example of `params`."""
    if "requestBody" not in node:
        return {}, {}
    content = node["requestBody"]["content"]["application/json"]
    return content["schema"]["properties"]["params"].get("properties", {}), content["example"]["params"]
