"""The error bodies of faults, and the venue's other small parts."""

import json

import pytest

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.request import Request
from mockexchange.venues.signalplus.errors import ERRORS, Situation
from mockexchange.venues.signalplus.named_days import SOURCES, api_date
from mockexchange.venues.signalplus.resources import OBJECTS
from mockexchange.venues.signalplus.resources.parameters import PARAMETERS
from mockexchange.venues.signalplus.settings import SWITCHES, SignalPlusSettings
from mockexchange.venues.signalplus.venue import SIGNALPLUS
from tests.helpers.rows import each_row
from tests.venues.signalplus.world import BASE, GET_POSITIONS, World, post, signed

TODAY = api_date("2026-10")
OUTAGES = [
    (400, 11050, "bad_request"),
    (401, 403, "token invalid"),
    (429, 10028, "too_many_requests"),
    (500, 11094, "internal_server_error"),
    (503, 13028, "temporarily_unavailable"),
    (418, 418, "i'm_a_teapot"),
    (599, 599, "status_599"),
]


@each_row(("status", "code", "message"), OUTAGES)
@each_row("shape", [None, "nested"])
def test_an_outage_speaks_as_the_venue_does(status: int, code: int, message: str, shape: str | None) -> None:
    body = json.loads(SIGNALPLUS.faults.outage_body(status, shape, TODAY))
    assert body == {"rid": None, "error": {"code": code, "message": message}}


def test_garbage() -> None:
    body = json.loads(SIGNALPLUS.rest.malformed_body("no HTTP", TODAY))
    assert body == {"rid": None, "error": {"code": 11050, "message": "bad_request"}}


def test_there_are_no_pages_and_no_old_spellings() -> None:
    request = post("{}")
    assert SIGNALPLUS.faults.with_rows_max(request, 1) is request
    assert not SIGNALPLUS.faults.edit_legacy({}, GET_POSITIONS, None)
    assert SIGNALPLUS.rest.paged_operations == ()


@each_row(
    ("request_", "operation"),
    [
        (post(f'{{"rid":1,"method":"{GET_POSITIONS}"}}'), GET_POSITIONS),
        (post("{", path=f"{BASE}/{GET_POSITIONS}"), GET_POSITIONS),
        (post("{"), None),
        (post('{"rid":1,"method":"private/nothing"}'), None),
        (Request("GET", "/signalplus/ws/api"), "OpenStream"),
    ],
)
def test_which_operation_a_request_is(request_: Request, operation: str | None) -> None:
    assert SIGNALPLUS.rest.operation_of(World().context(), request_) == operation
    assert operation is None or operation in SIGNALPLUS.rest.operations


def test_the_claimed_key_of_a_request() -> None:
    assert SIGNALPLUS.auth.claimed_key(Request("POST", BASE, headers=signed())) == "gina-key"
    assert SIGNALPLUS.auth.claimed_key(Request("POST", BASE)) is None


def test_a_key_sees_its_own_date() -> None:
    world = World()
    context = world.context("compat")
    key = world.exchange.state.secret_keys["gina-key"]
    assert SIGNALPLUS.date_of(context, key) == SIGNALPLUS.date_of(context, None) == ApiDate("compat", None)


def test_dates() -> None:
    assert api_date("latest") == api_date("2026-10") == ApiDate("2026-10", "2026-10-31")
    assert api_date("2025-10-14").day == "2025-10-14"
    with pytest.raises(ValueError, match="before 2025-10-14"):
        api_date("2025-10-13")
    with pytest.raises(ValueError, match="compat, latest, 2026-10"):
        api_date("soon")


def test_every_row_cites_a_source_that_there_is() -> None:
    tables = [*OBJECTS.values(), *PARAMETERS.values(), ERRORS]
    assert {row.source for rows in tables for row in rows} <= set(SOURCES)


def test_every_situation_has_its_row() -> None:
    assert {row.name for row in ERRORS} == set(Situation)


def test_every_switch_is_a_setting() -> None:
    assert {switch.setting for switch in SWITCHES.values()} <= set(SignalPlusSettings.__struct_fields__)
    assert SIGNALPLUS.scenario.switches is SWITCHES
