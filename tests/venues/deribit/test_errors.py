"""The table of codes, the error object, and the error bodies of faults."""

import json

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deribit.enumerations import ERRORS
from mockexchange.venues.deribit.errors import Rejected, error_object
from mockexchange.venues.deribit.fault_bodies import CODES, outage_body
from tests.helpers.rows import each_row

DAY = ApiDate("2026-10", "2026-10-01")
OBJECTS = [
    (Rejected(-32601, ""), '{"code":-32601,"message":"Method not found"}'),
    (Rejected(10030, ""), '{"code":10030,"message":"must_be_websocket_request"}'),
    (Rejected(13009, "", "invalid_token"), '{"code":13009,"data":{"reason":"invalid_token"},"message":"unauthorized"}'),
    (
        Rejected(-32602, "", "invalid currency", "currency"),
        '{"code":-32602,"data":{"reason":"invalid currency","param":"currency"},"message":"Invalid params"}',
    ),
    (Rejected(-32600, "", message='say "no"'), '{"code":-32600,"message":"say \\"no\\""}'),
]


@each_row(("rejected", "written"), OBJECTS)
def test_error_objects(rejected: Rejected, written: str) -> None:
    assert error_object(rejected) == written


def test_the_table_has_every_code_that_is_known() -> None:
    assert len(ERRORS) == 149
    assert list(ERRORS) == sorted(ERRORS)
    assert [code for code, message in ERRORS.items() if not message] == [0]
    known = {13004: "invalid_credentials", 13021: "forbidden", 10028: "too_many_requests", 13403: "scope_exceeded"}
    assert {code: ERRORS[code] for code in known} == known


@each_row("status", [*CODES, 418, 599])
def test_an_outage_has_a_code_of_the_venue(status: int) -> None:
    document = json.loads(outage_body(status, None, DAY))
    assert set(document) == {"jsonrpc", "error", "usIn", "usOut", "usDiff", "testnet"}
    code = document["error"]["code"]
    assert document["error"]["message"] == ERRORS[code]
    assert code == CODES.get(status, 10001)
    assert code == {429: 10028, 500: 11094, 503: 11051}.get(status, code)
