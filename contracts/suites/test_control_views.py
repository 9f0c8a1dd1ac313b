"""Order books, scenarios, worth over time and reports of the control API, each held against its contract document."""

from collections.abc import Iterator

import pytest
from schemathesis.schemas import BaseSchema

from contracts.suites.control_requests import ask, refusal
from contracts.suites.control_world import control_schema, controlled
from mockexchange.runtime import api_documents

pytestmark = pytest.mark.contract

ONE = "/sandboxes/{name}"


@pytest.fixture(scope="module")
def schema() -> Iterator[BaseSchema]:
    with controlled() as server:
        yield control_schema(api_documents.read("control"), server)


def test_derivatives_with_their_order_books_are_documented(schema: BaseSchema) -> None:
    venue = "deribit"
    ask(schema, "POST", "/sandboxes", body={"scenario": venue, "name": venue})
    listed = ask(schema, "GET", f"{ONE}/instruments", venue).json()[0]
    shown = ask(schema, "GET", f"{ONE}/instruments/{{instrument}}", venue, instrument=listed["instrument"]).json()
    assert {name: shown[name] for name in listed} == listed


def test_an_order_book_is_documented(schema: BaseSchema) -> None:
    ask(schema, "POST", "/sandboxes", body={"scenario": "demo", "name": "booked"})
    listed = ask(schema, "GET", f"{ONE}/markets", "booked").json()
    shown = ask(schema, "GET", f"{ONE}/markets/{{market}}", "booked", market=listed[0]["market"]).json()
    assert [order["account"] for level in shown["no"] for order in level["orders"]] == ["alice", "desk"]
    unknown = ask(schema, "GET", f"{ONE}/instruments/{{instrument}}", "booked", instrument="NONE")
    assert refusal(unknown) == (404, "unknown_instrument")


def test_scenarios_are_documented(schema: BaseSchema) -> None:
    listed = ask(schema, "GET", "/scenarios").json()
    assert ask(schema, "GET", "/scenarios/{scenario}", scenario=listed[0]["name"]).json()["text"]
    assert refusal(ask(schema, "GET", "/scenarios/{scenario}", scenario="none")) == (404, "unknown_scenario")
    for scenario, is_good in (("scenario: x\n", True), ("scenario: x\nprize: 1\n", False)):
        assert ask(schema, "POST", "/scenarios/check", body={"scenario": scenario}).json()["ok"] is is_good
    assert ask(schema, "PUT", f"{ONE}/scenario", "c", body={"scenario": "demo"}).json()["scenario"] == "demo"
    assert ask(schema, "GET", f"{ONE}/scenario", "c").json()["kind"] == "text"
    refused = ask(schema, "PUT", f"{ONE}/scenario", "c", body={"scenario": "scenario: x\nprize: 1\n"})
    assert refusal(refused) == (400, "bad_scenario")


def test_what_happened_is_documented(schema: BaseSchema) -> None:
    ask(schema, "POST", "/sandboxes", body={"scenario": "demo", "name": "happened"})
    rule = {"match": {"operation": "GetBalance"}, "then": {"status": 503}}
    ask(schema, "POST", f"{ONE}/faults", "happened", body=rule)
    call = {"account": "alice", "method": "GET", "target": "/trade-api/v2/portfolio/balance"}
    ask(schema, "POST", f"{ONE}/call", "happened", body=call)
    assert ask(schema, "GET", f"{ONE}/firings", "happened").json()["count"] == 1
    equity = ask(schema, "GET", f"{ONE}/accounts/{{account}}/equity", "happened", query={"points": 8}).json()
    assert len(equity["series"][0]["points"]) <= 8
    assert ask(schema, "GET", f"{ONE}/log", "happened", query={"last": 3}).content.count(b"\n") == 4
    ask(schema, "POST", "/sandboxes", body={"scenario": "deribit", "name": "coins"})
    of_a_coin = ask(schema, "GET", f"{ONE}/accounts/{{account}}/equity", "coins", account="dora").json()
    assert of_a_coin["series"]


def test_reports_are_documented(schema: BaseSchema) -> None:
    report = api_documents.read("control")["components"]["requestBodies"]["Report"]["content"]["application/json"]
    kept = ask(schema, "PUT", "/reports/{report}", report="one", body=report["example"]).json()
    assert ask(schema, "GET", "/reports").json() == [kept]
    assert ask(schema, "GET", "/reports/{report}", report="one").json() == report["example"]
    assert refusal(ask(schema, "GET", "/reports/{report}", report="two")) == (404, "unknown_report")
    assert refusal(ask(schema, "PUT", "/reports/{report}", report="one", body={"title": "x"})) == (400, "bad_report")
