"""The links of the documents, evaluated by schemathesis from an example to the next request."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs
import requests
import schemathesis
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation.stateful.state_machine import StepOutput
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.stateful.links import OpenApiLink

from mockexchange.kit.validation.schemas import resolved
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document
from tests.contracts.documents import DOCUMENTS, FROM_2026, document, operations
from tests.helpers.effort import chosen
from tests.helpers.rows import each_row
from tools.contract_facts import read_facts

AnyOperation = APIOperation[Any, Any, Any, Any]
SUBJECTS = ("control", *(f"kalshi/{alias}" for alias in DOCUMENTS))
METHODS = ("get", "put", "post", "delete")
LISTS_WITHOUT_ITEMS = {"GetApiKeys", "GetDeposits", "GetWithdrawals", "GetOrderGroups"}
"""Lists whose rows lead to no other read."""


class Following(NamedTuple):
    """A link of an answer, and the values that it takes from the example."""

    source: str
    status: str
    link: OpenApiLink
    values: dict[str, Any]


@cache
def schema_of(subject: str) -> BaseSchema:
    return schemathesis.openapi.from_dict(api_documents.read(subject))


def followings(subject: str) -> Iterator[Following]:
    """Yield every link of a document, evaluated. Raises InvalidTransition for a link without a target."""
    node = api_documents.read(subject)
    for path, item in node["paths"].items():
        for method in METHODS:
            for status, answer in item.get(method, {}).get("responses", {}).items():
                yield from _of_answer(subject, schema_of(subject)[path][method.upper()], status, resolved(node, answer))


def _of_answer(subject: str, operation: AnyOperation, status: str, answer: Document) -> Iterator[Following]:
    for name, definition in answer.get("links", {}).items():
        link = OpenApiLink(name, status, definition, operation)
        found = link.extract(output_of(operation, int(status), answer)).parameters
        values = {
            parameter: one.value.ok() if isinstance(one.value, Ok) else one.value
            for container in found.values()
            for parameter, one in container.items()
        }
        yield Following(operation.definition.raw["operationId"], status, link, values)


def output_of(operation: AnyOperation, status: int, answer: Document) -> StepOutput:
    """Return the example of an answer to a request with the examples of all its parameters."""
    [content] = answer["content"].values()
    sent: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
    for one in operation.iter_parameters():
        sent[one.location][one.name] = one.definition.get("example")
    case = operation.Case(path_parameters=sent["path"], query=sent["query"])
    request = requests.Request("GET", "http://127.0.0.1/").prepare()
    body = json.dumps(content["example"]).encode()
    headers = {"content-type": ["application/json"]}
    return StepOutput(Response(status, headers, body, request, 0.0, verify=False), case)


@each_row("subject", chosen(SUBJECTS, "control", "kalshi/compat"))
def test_links_take_values_that_their_targets_allow(subject: str) -> None:
    found = list(followings(subject))
    assert len(found) >= 10
    for one in found:
        where = f"{one.source} -> {one.link.target.label}"
        every = one.link.target.iter_parameters()
        wanted = {parameter.name: parameter for parameter in every if parameter.location in {"path", "query"}}
        needed = {name for name, parameter in wanted.items() if parameter.is_required}
        assert needed <= set(one.values) <= set(wanted), where
        for name, value in one.values.items():
            schema = resolved(api_documents.read(subject), wanted[name].definition["schema"])
            assert jsonschema_rs.is_valid(schema, value), f"{where}: {name} = {value!r}"


@each_row("alias", DOCUMENTS)
def test_every_list_leads_to_its_items_and_to_its_next_page(alias: str) -> None:
    node = document(alias)
    for name, operation in operations(alias).items():
        links = resolved(node, operation["responses"]["200"]).get("links", {})
        asked = {resolved(node, one)["name"] for one in operation["parameters"]}
        if "cursor" in asked:
            again = dict(links["NextPage"]["parameters"])
            assert again.pop("cursor") in ("$response.body#/cursor", "$response.body#/next_cursor")
            assert again.pop("limit", "") in ("", "$request.query.limit")
            assert again == {one: f"$request.query.{one}" for one in asked - {"cursor", "limit", "page_size"}}
        if name.endswith("s") and is_list(node, operation) and name not in LISTS_WITHOUT_ITEMS:
            assert set(links) - {"NextPage"}, name


def is_list(node: Document, operation: Mapping[str, Any]) -> bool:
    content = resolved(node, operation["responses"]["200"])["content"]["application/json"]["example"]
    return any(isinstance(part, list) and part and "ticker" in json.dumps(part[0]) for part in content.values())


# A read, another that its answer leads to, and the dates on which it does.
WANTED = [
    ("GetOrders", "GetOrder", set(DOCUMENTS)),
    ("GetOrders", "GetOrderQueuePosition", set(DOCUMENTS)),
    ("GetMarkets", "GetMarketOrderbook", set(DOCUMENTS)),
    ("GetEvents", "GetSeries", set(DOCUMENTS)),
    ("GetFills", "GetOrder", set(DOCUMENTS)),
    ("GetPositions", "GetEvent", set(DOCUMENTS)),
    ("GetSettlements", "GetEvent", set(DOCUMENTS) - {"2025-11", "2025-12"}),
    ("GetSubaccountBalances", "GetPositions", {*FROM_2026, "compat"}),
    ("ListFCMSubtraders", "GetFCMPositions", {"2026-10", "compat"}),
    ("GetIntraExchangeInstanceTransfers", "GetIntraExchangeInstanceTransfer", {"2026-10", "compat"}),
]


@each_row(("source", "target", "wanted"), WANTED)
def test_links_live_as_long_as_what_they_lead_to(source: str, target: str, wanted: set[str]) -> None:
    found = {
        alias
        for alias in DOCUMENTS
        if target in document(alias)["components"]["responses"].get(source, {}).get("links", {})
    }
    assert found == wanted


def test_every_link_of_the_facts_is_in_some_document() -> None:
    listed = {(source, target) for source, targets in read_facts()["links"].items() for target in targets}
    compat = document("compat")["components"]["responses"]
    assert listed == {(name, link) for name in compat for link in compat[name].get("links", {}) if link != "NextPage"}
