"""Requests and frames as values: what the control API tells, typed."""

from base64 import b64encode
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mockexchange.api.values.records import read_frame, read_request
from tests.api.fakes import a_frame, a_request, request_row


def test_a_request_is_read_whole() -> None:
    row = request_row(
        7,
        headers=[["Host", "localhost"], ["X-A", "1"], ["x-a", "2"]],
        body='{"price": 0.10, "count": 3}',
        answer="[]",
        findings=["odd"],
        stub="milestones",
        connection=4,
    )
    request = read_request(row)
    assert (request.number, request.path, request.query) == (7, "/trade-api/v2/portfolio/positions", {"limit": "10"})
    assert request.at == datetime(2026, 6, 11, 12, tzinfo=UTC)
    assert request.host_at - request.at == timedelta(microseconds=1)
    assert request.headers == {"host": "localhost", "x-a": "1, 2"}
    assert request.body == b'{"price": 0.10, "count": 3}'
    assert request.json == {"price": Decimal("0.10"), "count": 3}
    assert str(request.json["price"]) == "0.10"
    assert request.answer_json == []
    assert (request.latency, request.findings) == (timedelta(microseconds=250), ("odd",))
    assert (request.stub, request.connection) == ("milestones", 4)


def test_an_older_server_knows_no_stubs() -> None:
    assert read_request(request_row()).stub is None


def test_bytes_that_are_no_text_stay_bytes() -> None:
    row = request_row(answer_base64=b64encode(b"\xff\x00").decode())
    assert read_request(row).answer == b"\xff\x00"


def test_a_body_that_was_dropped_is_none_and_says_why() -> None:
    request = read_request(request_row(answer=None))
    assert request.answer is None
    with pytest.raises(ValueError, match=r"the answer to #1 alice .* is not in the journal any more"):
        _ = request.answer_json


def test_what_is_no_json_says_so() -> None:
    with pytest.raises(ValueError, match=r"the body of #1 .* is not JSON: .*b'limit=3'"):
        _ = a_request(body=b"limit=3").json
    with pytest.raises(ValueError, match="is not JSON"):
        _ = a_frame(raw=b"[" * 100_000).json


def test_records_are_frozen_and_can_be_kept_in_sets() -> None:
    with pytest.raises(FrozenInstanceError):
        a_request().status = 500  # type: ignore[misc]  # what is tested
    assert len({a_request(), a_request(), a_request(2)}) == 2
    assert len({a_frame(), a_frame()}) == 1


def test_secrets_of_requests_are_not_shown() -> None:
    assert "SIGNATURE" not in repr(a_request(headers={"kalshi-access-signature": "SIGNATURE"}))


TITLES = [
    (a_request(), "#1 alice GET /trade-api/v2/portfolio/positions?limit=10 -> 200"),
    (a_request(2, account=None, target="/x", status=401), "#2 GET /x -> 401"),
    (a_request(3, status=0, target="/x"), "#3 alice GET /x -> no answer"),
    (a_request(4, method="", target="", status=400, account=None), "#4 no HTTP -> 400"),
]


def test_a_title_is_a_line() -> None:
    for request, title in TITLES:
        assert request.title == title


def test_a_frame_is_read_whole() -> None:
    row = {
        "number": 3,
        "position": 8,
        "connection": 1,
        "account": None,
        "direction": "lost",
        "kind": "fill",
        "channel": "fill",
        "fault": "gap",
        "note": "",
        "at_us": 1_781_179_200_000_000,
        "host_at_us": 1_781_179_200_000_000,
        "frame": '{"price":0.10}\n',
    }
    frame = read_frame(row)
    assert (frame.number, frame.direction, frame.text) == (3, "lost", '{"price":0.10}\n')
    assert frame.json == {"price": Decimal("0.10")}
    assert frame.title == "frame 3 lost on its way to nobody known fill"
    assert frame.is_message
    assert not a_frame(kind="close", raw=b"1006").is_message
