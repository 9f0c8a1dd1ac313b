"""Short events, and the events of the server, each held against the document of the control API."""

from collections.abc import Iterator

import jsonschema_rs
import pytest
from schemathesis.schemas import BaseSchema

from contracts.suites.control_requests import ask
from contracts.suites.control_world import BEARER, Controlled, control_schema, controlled
from contracts.suites.test_control_situations import COMMANDS, EVENTS, ONE, hints
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document
from mockexchange.sandbox.journal import FrameEntry

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def reached() -> Iterator[Controlled]:
    with controlled() as server:
        yield server


@pytest.fixture(scope="module")
def document() -> Document:
    return api_documents.read("control")


@pytest.fixture(scope="module")
def schema(reached: Controlled, document: Document) -> BaseSchema:
    return control_schema(document, reached)


def test_short_events_have_no_bodies(reached: Controlled, schema: BaseSchema, document: Document) -> None:
    sandbox = reached.world.sandbox
    short = {"follow": "false", "short": "true"}
    [begin] = hints(ask(schema, "GET", EVENTS, name="default", query=short))
    ask(schema, "POST", COMMANDS, name="default", body=[{"announce": {"message": "Hello."}}])
    sandbox.journal.add_frame(FrameEntry(*sandbox.moment(), 1, None, "out", b"client_secret=abcdef", "fill", "fill"))
    last = {**BEARER, "Last-Event-ID": begin.event_id or ""}
    answer = ask(schema, "GET", EVENTS, name="default", query=short, headers=last)
    told = {one.kind: one.data for one in hints(answer)}
    assert (told["frame"]["size"], told["command"]["events"], told["command"]["left_out"]) == (20, [], 1)
    assert b"abcdef" not in answer.content


def test_changes_of_sandboxes_are_events_of_the_server(schema: BaseSchema, document: Document) -> None:
    [begin] = hints(ask(schema, "GET", "/events", query={"follow": "false"}))
    for method in ("PUT", "DELETE"):
        ask(schema, method, ONE, name="passing", **({"body": {"scenario": "empty"}} if method == "PUT" else {}))
    last = {**BEARER, "Last-Event-ID": begin.event_id or ""}
    happened = hints(ask(schema, "GET", "/events", query={"follow": "false"}, headers=last))
    assert [one.data.get("change") for one in happened] == [None, "made", "deleted"]
    schemas = document["components"]["schemas"]
    for one in happened[1:]:
        jsonschema_rs.validate({**schemas["SandboxChanged"], "components": document["components"]}, one.data)
    unknown = {**BEARER, "Last-Event-ID": "1-0-0-99"}
    lost = hints(ask(schema, "GET", "/events", query={"follow": "false"}, headers=unknown))
    assert [one.kind for one in lost] == ["begin", "lost"]
