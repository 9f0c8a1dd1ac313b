"""Deribit as one value of the registry."""

import json

from mockexchange.venues.deribit.catalogue import METHODS
from mockexchange.venues.deribit.resources.objects import OBJECTS
from mockexchange.venues.deribit.routes import OPERATIONS
from mockexchange.venues.deribit.venue import DERIBIT
from mockexchange.venues.registry import venue_at, venue_of
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.venues.deribit.exchange import DeribitExchange
from tests.venues.deribit.keyring import request, rpc

COUNTER = DeribitExchange()
"""An exchange that no test changes."""


def test_the_registry_knows_it_by_name_and_by_path() -> None:
    assert venue_of("deribit") is DERIBIT
    for path in ("/api/v2", "/api/v2/public/test", "/ws/api/v2"):
        assert venue_at(path) is DERIBIT
    assert venue_at("/api/v22/public/test") is not DERIBIT


def test_every_operation_is_one_of_the_venues_methods() -> None:
    assert (*(operation.name for operation in OPERATIONS), "OpenStream") == DERIBIT.rest.operations
    assert set(DERIBIT.rest.operations) - METHODS == {"OpenStream"}
    assert DERIBIT.rest.paged_operations == ()


ASKED = [
    (request("GET", "/api/v2/public/test?a=1", None), "public/test"),
    (request("POST", "/api/v2", None, rpc("private/get_positions")), "private/get_positions"),
    (request("POST", "/api/v2/public/test", None, b"{"), None),
    (request("GET", "/api/v2/public/nothing", None), None),
    (request("PUT", "/api/v2/public/test", None), None),
    (request("GET", "/ws/api/v2", None), "OpenStream"),
]


@each_row(("asked", "operation"), ASKED)
def test_the_operation_of_a_request(asked: Request, operation: str | None) -> None:
    assert DERIBIT.rest.operation_of(COUNTER.bench.context, asked) == operation


def test_bytes_that_are_no_http_get_an_error_of_the_venue() -> None:
    document = json.loads(DERIBIT.rest.malformed_body("why", COUNTER.bench.context.api_date))
    assert document["error"] == {"code": 11050, "message": "bad_request"}


def test_nothing_of_it_is_legacy() -> None:
    assert DERIBIT.faults.edit_legacy({}, "public/test", None) is False


def test_every_key_of_an_object_has_a_source() -> None:
    for name, rows in OBJECTS.items():
        assert rows, name
        assert all(row.source for row in rows), name
        assert len({row.name for row in rows}) == len(rows), name


def test_switches_name_settings() -> None:
    for switch in DERIBIT.scenario.switches.values():
        assert hasattr(DERIBIT.scenario.settings(), switch.setting)


@each_row(("text", "day"), [("2026-10", "2026-10-31"), ("latest", "2026-10-31"), ("compat", None)])
def test_dates(text: str, day: str | None) -> None:
    assert DERIBIT.api_date(text).day == day
