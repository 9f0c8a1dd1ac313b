"""Published OpenAPI validators accept every document, and refuse broken ones."""

import copy
from collections.abc import Callable
from typing import Any

import openapi_pydantic
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import ValidationError

from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document
from tests.helpers.effort import chosen
from tests.helpers.rows import each_row


def specification_errors(node: Document) -> list[str]:
    """Return the errors by the specification's schema, with every reference resolved and every default validated."""
    return [error.message for error in OpenAPIV31SpecValidator(node).iter_errors()]


def model_errors(node: Document) -> list[str]:
    """Return the errors by the typed model that client generators use."""
    try:
        openapi_pydantic.OpenAPI.model_validate(node)
    except ValidationError as error:
        return [str(one["loc"]) for one in error.errors()]
    return []


VALIDATORS: dict[str, Callable[[Document], list[str]]] = {
    "openapi-spec-validator": specification_errors,
    "openapi-pydantic": model_errors,
}
RESPONSE = ("components", "responses", "GetOrders")
# Places and wrong values. Each validator has to find all of them.
BREAKS: list[tuple[tuple[str, ...], Any]] = [
    (("info",), []),
    (("components", "schemas", "Cents", "type"), 7),
    (("components", "parameters", "cursor", "in"), "nowhere"),
    ((*RESPONSE, "links", "GetOrder", "operationId"), 3),
    ((*RESPONSE, "description"), None),
    (("paths", "/portfolio/balance", "get", "responses", "200"), "fine"),
]


@each_row("name", VALIDATORS)
@each_row("subject", chosen(api_documents.subjects(), "control", "kalshi/compat"))
def test_a_document_is_valid(name: str, subject: str) -> None:
    assert VALIDATORS[name](api_documents.read(subject)) == []


@each_row("name", VALIDATORS)
@each_row(("place", "value"), BREAKS, ids=[".".join(place) for place, _ in BREAKS])
def test_a_broken_document_is_not(name: str, place: tuple[str, ...], value: Any) -> None:
    broken = copy.deepcopy(api_documents.read("kalshi/2025-11"))
    node = broken
    for part in place[:-1]:
        node = node[part]
    node[place[-1]] = value
    assert VALIDATORS[name](broken)
