"""A control API to test: a server, its exchanges, and the hints for generated requests."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from schemathesis import openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema
from starlette.types import ASGIApp

from contracts.suites.world import HOST, IN_PROCESS_HOST, World, open_world
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.local_exchange import AppTransport
from mockexchange.kit.schemathesis.hints import MAY_BE_MISSING, SchemathesisHints, operation_ids
from mockexchange.kit.target import Target
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document
from mockexchange.sandbox.journal import FrameEntry
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandboxes import Slot
from mockexchange.scenario.loader import load_scenario
from mockexchange.scenario.located_text import located_json
from mockexchange.scenario.steps import STEP
from mockexchange.server.control.access import Tokens
from mockexchange.server.control.app import control_app
from mockexchange.server.server_state import ServerState
from mockexchange.venues.keys.development_keys import derive_ed25519
from mockexchange.venues.request import Request

PREFIX = "/_mock"
OPERATOR = "operator"
"""The role of requests with the token."""
TOKEN = "a-token-of-the-suites"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SPARE = "spare"
FAULT = "third"
STUB = "none"
CLOSED = 1_000_000
"""The number of a stream of which only frames are left: no stream of a test gets it."""
SHORT_LIVED = ("a", "b", "c")
INSTRUMENT = "BTC-PERPETUAL"
LISTING = (
    {"index": {"index": "btc_usd", "price": 113900}},
    {"instrument": {"instrument": INSTRUMENT, "kind": "future", "base": "BTC", "mark": 113900}},
)
"""The steps that list a derivative, which the scenario of the other suites lacks."""
SENT: tuple[tuple[str, bytes], ...] = (("GET", b""), ("POST", b"text"), ("GET", b"\xff"), ("GET", b"dropped"))
DESCRIPTION: dict[str, Any] = {
    "api_date": "compat",
    "venues": {"kalshi": {"base_url": "http://127.0.0.1:1/trade-api/v2", "ws_url": "ws://127.0.0.1:1/trade-api/ws/v2"}},
    "accounts": [],
}


class Controlled(NamedTuple):
    """A server, its control API as an application, the event loop of both, and the exchange that is not deleted."""

    server_state: ServerState
    portal: BlockingPortal
    app: ASGIApp
    world: World


class Deaf:
    """The transport of a stream whose client reads nothing."""

    def flush(self) -> None:
        """It waits."""

    def close(self, code: int, reason: str = "") -> None:
        """Nobody is told."""

    def abort(self) -> None:
        """Nothing is cut."""

    def drop(self) -> None:
        """Nothing is ended."""

    def stall(self) -> None:
        """It stalls already."""

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> NoReturn:
        raise AssertionError("nothing is delayed here")


@contextmanager
def controlled() -> Iterator[Controlled]:
    """Serve on a free port, in an event loop with its own thread."""
    server_state, world = ServerState(HOST), open_world("compat")
    app = control_app(server_state, Tokens(TOKEN), [IN_PROCESS_HOST], lambda: DESCRIPTION)
    server_state.sandboxes.add(Slot(world.sandbox))
    _fill_journal(world)
    server_state.bind(0)
    with start_blocking_portal() as portal:
        for step in LISTING:
            portal.call(world.sandbox.submit, STEP.read(located_json(json.dumps(step), "", 0), "").command)
        for name in (SPARE, *SHORT_LIVED):
            portal.call(server_state.open, load_scenario("empty"), SandboxOptions(name=name))
        portal.call(server_state.listen, app)
        try:
            yield Controlled(server_state, portal, app, world)
        finally:
            portal.call(server_state.stop)


def _fill_journal(world: World) -> None:
    """Note two frames and requests of every kind: answered, refused and dropped, with text and binary bodies."""
    path = "/trade-api/v2/portfolio/balance"
    for method, body in SENT:
        headers = world.signers["member", "main"].headers(method, path).items()
        raw = tuple((name.lower().encode(), value.encode()) for name, value in headers)
        _, entry = world.sandbox.answer(Request(method, path, "limit=1", raw, body))
        world.sandbox.journal.close(entry)
    list(world.sandbox.journal)[-1].drop_bodies()
    for text in (b"{}", b"\xff"):
        frame = FrameEntry(*world.sandbox.moment(), CLOSED, "member", "out", text, "fill", "fill")
        world.sandbox.journal.add_frame(frame)


def control_schema(document: Document, reached: Controlled) -> BaseSchema:
    """Return a client for single requests to the control API over its socket."""
    config = SchemathesisConfig.from_dict({"base-url": f"{reached.server_state.origin()}{PREFIX}"})
    return openapi.from_dict(document, config=config)


class Bearer(NamedTuple):
    """Signs requests with the token."""

    key_id: str = TOKEN

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        return BEARER


class ControlTarget(Target):
    """The control API, which has one document for all dates."""

    @property
    def subject(self) -> str:
        return "control"


@contextmanager
def control_target(reached: Controlled, is_in_process: bool) -> Iterator[Target]:
    transport = AppTransport(reached.app, reached.portal) if is_in_process else None
    origin = f"http://{IN_PROCESS_HOST}" if is_in_process else reached.server_state.origin()
    with httpx.Client(transport=transport) as http:
        yield ControlTarget(
            venue=KALSHI._replace(name="control", prefix=PREFIX, role_of=role_of),
            api_date="",
            base_url=f"{origin}{PREFIX}",
            http=http,
            keys={OPERATOR: Bearer()},
            may_write=True,
        )


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    return None if operation.get("security") == [] else OPERATOR


def hints_of(operations: Sequence[str]) -> SchemathesisHints:
    """Return the hints for generated requests to some operations of this server."""
    document = told_document()
    checks = {name: {"negative_data_rejection": REFUSED, **CHECKS.get(name, {})} for name in operation_ids(document)}
    return SchemathesisHints(
        document=document,
        role_of=lambda operation, path, query: role_of(operation, path),
        checks=checks,
        operations=operations,
        must_answer=True,
    )


REFUSED = {"expected-statuses": ["400", "401", "403", "404"]}
"""Statuses for wrong data; a generated wrong Host is a 403, which every operation documents."""
FORGIVEN = {"expected-statuses": ["2xx", "400", "401", "403", "404", "409"]}
"""Statuses for wrong data where scalars of other types are read as text, which only `RequestJudge` recognizes."""
UNKNOWN_ACCOUNT = {"expected-statuses": ["2xx", "400"]}
CHECKS: dict[str, dict[str, Any]] = {
    # The name may be taken already.
    "CreateSandbox": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "409"]},
        "negative_data_rejection": FORGIVEN,
    },
    "PutSandbox": {"negative_data_rejection": FORGIVEN},
    # Numbers are generated that are not plainly written.
    "SubmitCommands": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "400"]},
        "negative_data_rejection": FORGIVEN,
    },
    # What is waited for may never come.
    "Wait": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "408"]},
        "negative_data_rejection": {"expected-statuses": ["2xx", "400", "401", "403", "404", "408"]},
    },
    # Links lead from one sandbox to another, which may not have the account.
    "GetTruth": MAY_BE_MISSING,
    "GetLedger": MAY_BE_MISSING,
    "GetMarket": MAY_BE_MISSING,
    "PlayScenario": {"negative_data_rejection": FORGIVEN},
    "CheckScenario": {"negative_data_rejection": FORGIVEN},
    # A link of a sandbox whose scenario is text leads to no name.
    "GetScenario": MAY_BE_MISSING,
    "GetReport": MAY_BE_MISSING,
    "GetEquity": MAY_BE_MISSING,
    "GetInstrument": MAY_BE_MISSING,
    "GetJournalEntry": MAY_BE_MISSING,
    "GetFrame": MAY_BE_MISSING,
    "CallVenue": {**MAY_BE_MISSING, "negative_data_rejection": FORGIVEN},
    "AddScript": {"negative_data_rejection": FORGIVEN, "positive_data_acceptance": UNKNOWN_ACCOUNT},
    "AddStubs": {"negative_data_rejection": FORGIVEN},
    # The stream that is named may not be open.
    "MoveStreams": {**MAY_BE_MISSING, "negative_data_rejection": FORGIVEN},
    "AddFaults": {"negative_data_rejection": FORGIVEN, "positive_data_acceptance": UNKNOWN_ACCOUNT},
    # A generated code is unknown, and a code of a link is spent once.
    "ExchangeConsoleCode": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "410"]},
        "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "410"]},
    },
    # What is cleared is there, and empty.
    "GetScript": {"use_after_free": {"enabled": False}},
    "GetFaults": {"use_after_free": {"enabled": False}},
    "GetStubs": {"use_after_free": {"enabled": False}},
    "GetJournal": {"use_after_free": {"enabled": False}},
    "RemoveFault": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "404"]},
        "ensure_resource_availability": {"enabled": False},  # a reset in between takes it away
    },
    "RemoveStub": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "404"]},
        "ensure_resource_availability": {"enabled": False},
    },
    # What is deleted is gone for the next request.
    "DeleteSandbox": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404"]}},
}


def told_document() -> Document:
    """Return the document completed with what only this server knows, and limited to keep a run short."""
    document = api_documents.read("control")
    name = document["components"]["parameters"]["name"]
    document["components"]["parameters"]["account"] |= {
        "schema": {"type": "string", "enum": ["member", "desk"]},
        "example": "member",
    }
    _name_only(name, ["default"])
    _name_only(document["components"]["parameters"]["market"], ["KXRAINNYC-25NOV05-T1"])
    _name_only(document["components"]["parameters"]["instrument"], [INSTRUMENT])
    _name_only(document["components"]["parameters"]["scenario"], ["demo", "empty"])
    paths = document["paths"]
    made = api_documents.read("control")["components"]["parameters"]["name"]["schema"]
    paths["/sandboxes/{name}"]["put"]["parameters"] = [{**name, "schema": made}]
    for operation, names in (
        (paths["/sandboxes/{name}"]["delete"], list(SHORT_LIVED)),
        (paths["/sandboxes/{name}/reset"]["post"], [SPARE]),
        (paths["/sandboxes/{name}/scenario"]["put"], [SPARE]),
        (paths["/sandboxes/{name}/journal"]["delete"], [SPARE]),
        (paths["/sandboxes/{name}/script"]["delete"], [SPARE]),
        (paths["/sandboxes/{name}/faults"]["delete"], [SPARE]),
        (paths["/sandboxes/{name}/stubs"]["delete"], [SPARE]),
    ):
        operation["parameters"] = [_name_only(dict(name), names)]
    _tell_schemas(document["components"]["schemas"])
    _tell_stubs(document)
    _tell_call(document)
    _tell_put(document)
    _tell_times(document)
    _tell_faults(document)
    return document


def _name_only(parameter: dict[str, Any], names: list[str]) -> dict[str, Any]:
    parameter |= {"schema": {"type": "string", "enum": names}, "example": names[0]}
    return parameter


def _tell_schemas(schemas: dict[str, Any]) -> None:
    """Limit to existing scenarios, any free port, and valid pairs of subaccounts, which a schema cannot express.

    No fork is made: its source and the members beside it depend on each other; tests/server/control has them.
    """
    made = schemas["Creation"]["properties"]
    given = {"enum": ["empty", "golden", {"scenario": "an-object"}, "scenario: text\nseed: 7\n"]}
    made["scenario"] = schemas["ScenarioGiven"]["properties"]["scenario"] = given
    made["port"] = {"enum": [0, "0"]}
    made["fork"] = {"type": "null"}
    schemas["Book"] = {"type": "string", "enum": ["member", "member/1", "desk/st1", "nobody", "member/9"]}
    schemas["FillStep"]["properties"]["against"] = {"enum": ["debtor"]}
    schemas["TransferStep"]["properties"].update(source={"enum": ["member"]}, target={"enum": ["member/1"]})
    _tell_contradictions(schemas)
    _tell_contracts(schemas)
    schemas["KeyStep"]["properties"]["public_key"] = {"enum": [derive_ed25519("contract suites").public_pem]}


def _tell_contradictions(schemas: dict[str, Any]) -> None:
    """Limit to consistent values: a schema can neither check calendar days nor sums."""
    schemas["Moment"] = {"type": "string", "enum": ["2025-11-06T05:00:00Z", "2025-11-06"]}
    schemas["PaymentStep"]["properties"]["fee"] = {"enum": [0, "0.000001"]}
    shards = schemas["ShardTransferStep"]
    shards["properties"].update(source_shard={"enum": [0]}, target_shard={"enum": [1, "63"]})
    shards["required"] = [*shards["required"], "target_shard"]
    schemas["AllocateStep"]["properties"]["allocations"] = {"enum": [{"0": 100}, {"0": 60, "1": "40"}]}
    market = schemas["MarketStep"]["properties"]
    market.update({"open": {"enum": ["2025-11-05"]}, "expiration": {"enum": ["2025-11-06", "2025-11-06T05:00:00Z"]}})
    market["close"] = {"enum": ["2025-11-06", "2025-11-05T12:00:00Z"]}
    levels = {"enum": [[], [["0.4", 1], [0.3, "2.5"]]]}
    schemas["OrderbookStep"]["properties"].update({"yes": levels, "no": levels})


def _tell_contracts(schemas: dict[str, Any]) -> None:
    """Limit to coins that accounts hold, since the settlement currency follows from the kind of derivative."""
    for name in ("PerpetualTerms", "FutureTerms", "OptionTerms", "ComboTerms"):
        schemas[name]["properties"].update(base={"enum": ["BTC", "ETH"]}, quote={"enum": ["USDC", "USDT"]})
    schemas["ComboTerms"]["properties"]["legs"] = {"enum": [[["BTC-PERPETUAL", 1]], [["A", 1], ["B", -2]]]}


def _tell_times(document: Document) -> None:
    """Limit to short waits, some of them successful, and to steps in the far future."""
    schemas = document["components"]["schemas"]
    wait = schemas["Wait"]["properties"]
    wait["timeout"] = {"enum": ["0s", "1us", "2ms"]}
    # The same in a form of which values are generated: of an object with at most one of several optional members
    # none is, and then a parameter is tried beside a wrong body that counts as right.
    conditions = wait["for"]["properties"].items()
    one_of = [{"required": [name], "properties": {name: one}} for name, one in conditions]
    wait["for"] = {"oneOf": [{"type": "object", "additionalProperties": False, **one} for one in one_of]}
    schemas["Times"], schemas["Number"] = {"enum": [1, "2"]}, {"enum": [0, 1, "200"]}
    later = [{"after": "1000d", "deposit": {"account": "member", "amount": 1}}, []]
    bodies = document["components"]["requestBodies"]
    bodies["ScriptEntries"]["content"]["application/json"]["schema"] = {"enum": [*later, [later[0], later[0]]]}


def _tell_faults(document: Document) -> None:
    """Limit to rules of every kind, one of which can be removed."""
    document["components"]["parameters"]["fault"]["schema"] = {"type": "string", "enum": [FAULT]}
    rules = [
        {"name": FAULT, "match": {"operation": "GetPositions", "nth": 3}, "then": {"status": 503}},
        {"match": {"account": "member", "probability": 0.5, "until": "1h"}, "times": "2", "then": {"cursor": None}},
        {"match": {"channel": "fill", "every": "2"}, "then": {"close": 4000}},
        {"then": {"rate_limit": {"requests": 5}, "headers": {"Retry-After": "1"}}},
    ]
    bodies = document["components"]["requestBodies"]
    hints = {"enum": [*rules, rules, [], {"preset": "flaky"}]}
    bodies["FaultRules"]["content"]["application/json"]["schema"] = hints


def _tell_stubs(document: Document) -> None:
    """Limit to stubs with a body of each kind, one of which can be removed, and to accounts whose streams are moved."""
    document["components"]["parameters"]["stub"]["schema"] = {"type": "string", "enum": [STUB]}
    stubs = [
        {"name": STUB, "request": "GET /trade-api/v2/milestones", "json": {"milestones": [], "n": 1.5}, "times": "2"},
        {"request": "POST /trade-api/v2/portfolio/*", "status": 418, "text": "short", "signed": "false"},
        {"request": "GET /trade-api/v2/nothing", "query": {"limit": 5}, "body_base64": "/w==", "headers": {"X-A": "b"}},
        {"request": "deribit public/get_funding_rate_value", "result": None},
        {"request": "DELETE /trade-api/v2/x", "status": "204", "signed": True},
    ]
    schemas, bodies = document["components"]["schemas"], document["components"]["requestBodies"]
    bodies["StubsGiven"]["content"]["application/json"]["schema"] = {"enum": [*stubs, stubs, []]}
    made = schemas["Creation"]["properties"]
    made["stubs"], made["faults"] = (
        {"enum": [[], stubs]},
        {"enum": [[], ["flaky", {"then": {"delay": "1ms"}}]]},
    )
    moves = schemas["StreamMove"]["properties"]
    moves["account"] = {"enum": ["member", "*"]}
    moves["connection"] = {"enum": [1, "999"]}
    moves["close"]["properties"].update(code={"enum": [1000, "1006", 4000]}, reason={"enum": ["", "gone"]})


def _tell_call(document: Document) -> None:
    """Limit to an account that can sign, with its only key, to paths of its venue, and to entries that are there."""
    called = document["components"]["schemas"]["Call"]["properties"]
    called.update(account={"enum": ["member"]}, key={"enum": ["main"]})
    document["components"]["parameters"]["number"]["schema"] = {"type": "string", "enum": ["1", "2"]}
    called["target"] = {"enum": ["/trade-api/v2/portfolio/balance", "/nothing?a=%20b"]}


def _tell_put(document: Document) -> None:
    """Remove the name from the body of PUT, which takes it from the path and refuses another one."""
    creation = document["components"]["schemas"]["Creation"]
    named = {key: schema for key, schema in creation["properties"].items() if key != "name"}
    schema = {**creation, "properties": named}
    put = document["paths"]["/sandboxes/{name}"]["put"]
    put["requestBody"] = {"content": {"application/json": {"schema": schema}}}
