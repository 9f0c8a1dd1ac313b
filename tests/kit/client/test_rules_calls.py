"""Rules about signatures and calls: each finds its violations, and nothing in correct traffic."""

import pytest

from mockexchange.kit.client.rules import NotSeen
from mockexchange.kit.kalshi.signing import CLIENT_SIGNING
from tests.helpers.rows import each_row
from tests.kit.client.wiring import call, found, handshake, seen, traffic

BAD = {"error": {"code": "authentication_error", "message": "authentication_error"}}
MISSING = {"error": {"code": "signature_is_missing_from_headers", "message": "missing"}}
STALE = {"error": {"code": "header_timestamp_expired", "message": "expired"}}
SIGNING = ("signing.present", "signing.key", "signing.query", "signing.text", "signing.timestamp")
MISTAKES = {
    "signing.present": (MISSING, "missing: KALSHI-ACCESS-SIGNATURE"),
    "signing.key": (BAD, 'no key has the id "x"'),
    "signing.query": (BAD, 'you signed "/p?a=1"; sign the path without "?a=1"'),
    "signing.text": (BAD, 'you signed "/p"; put the prefix in front'),
    "signing.timestamp": (STALE, "your clock is 60.0 s behind"),
}


@each_row("mistake", MISTAKES)
def test_each_mistake_of_signing_is_found_by_its_own_rule_alone(mistake: str) -> None:
    body, diagnosis = MISTAKES[mistake]
    refused = call("/portfolio/positions?limit=1", 401, answer=body, diagnosis=diagnosis)
    crossed = traffic([refused, refused])
    assert {rule: seen(rule, crossed) for rule in SIGNING if found(rule, crossed)} == {
        mistake: [f"{diagnosis} (2 times)"]
    }


def test_a_flat_error_is_understood_too() -> None:
    refused = call(status=401, answer=STALE["error"], diagnosis="late")
    assert seen("signing.timestamp", traffic([refused])) == ["late"]
    assert seen("signing.text", traffic([call(status=401, answer={"error": "no"}, diagnosis="odd")])) == ["odd"]


def test_a_401_of_a_fault_is_nobodys_mistake() -> None:
    refused = call(status=401, answer=BAD, diagnosis="the fault f answered 401: no", fault="f")
    assert not found("signing.text", traffic([refused]))
    page_size = call(status=401, answer=BAD, diagnosis="you signed it", fault="f")
    assert seen("signing.text", traffic([page_size])) == ["you signed it"]


def test_handshakes_are_judged_too() -> None:
    refused = handshake(0.0, None, 401, "your clock is slow")
    assert seen("signing.text", traffic([refused])) == ["your clock is slow"]


def test_what_is_not_signed_cannot_be_judged() -> None:
    for rule in ("signing.text", "signing.timestamp", "signing.key"):
        with pytest.raises(NotSeen, match="no signed request crossed"):
            found(rule, traffic([call(headers={})]))
    with pytest.raises(NotSeen, match="with a query"):
        found("signing.query", traffic([call()]))
    with pytest.raises(NotSeen, match="no request crossed"):
        found("signing.present", traffic())


@each_row("status", [200, 401, 503])
def test_a_private_request_without_all_headers_is_found_and_a_public_one_is_not(status: int) -> None:
    assert seen("signing.present", traffic([call(status=status, headers={})])) == [
        f"missing: {', '.join(CLIENT_SIGNING.headers)}"
    ]
    key_alone = call(status=status, headers={"kalshi-access-key": "k", "kalshi-access-signature": ""})
    assert seen("signing.present", traffic([key_alone])) == [f"missing: {', '.join(CLIENT_SIGNING.headers[1:])}"]
    assert seen("signing.present", traffic([handshake(0.0)._replace(headers={})]))
    assert not found("signing.present", traffic([call("/exchange/status", headers={}), call("/wishes", headers={})]))


def test_a_request_without_its_timestamp_is_not_late() -> None:
    late = call(status=401, answer=STALE, diagnosis="missing: KALSHI-ACCESS-TIMESTAMP; sent: the others")
    assert not found("signing.timestamp", traffic([late]))
    assert seen("signing.present", traffic([late])) == [late.diagnosis]


def test_an_undocumented_call_is_found_once() -> None:
    crossed = traffic([call("/portfolio/wishes", 404), call("/portfolio/wishes", 404), call()])
    (finding,) = found("calls.documented", crossed)
    assert finding.where == "GET /trade-api/v2/portfolio/wishes"
    assert "it answered 404" in finding.seen
    assert not found("calls.current", crossed)
    assert seen("calls.documented", traffic([call(method="PUT")])) == [
        "no document has PUT /trade-api/v2/portfolio/positions; it answered 200"
    ]


def test_calls_of_another_date_are_found() -> None:
    deposits = traffic([call("/portfolio/deposits", 404)])
    (early,) = seen("calls.current", deposits, "2025-11")
    assert "does not exist yet" in early
    assert not found("calls.documented", deposits, "2025-11")
    assert not found("calls.current", deposits)
    with pytest.raises(NotSeen, match="no request"):
        found("calls.current", traffic())


def test_calls_that_go_are_noted_and_later_found() -> None:
    gone = traffic([call("/exchange/announcements", 404)])
    assert seen("calls.lasting", gone, "2026-06") == ["it is no longer in the document of 2026-10"]
    assert not found("calls.current", gone, "2026-06")
    assert seen("calls.current", gone) == ["it is in the document of 2026-06 and was retired: it answered 404"]
    assert not found("calls.lasting", gone)
    assert not found("calls.lasting", traffic([call()]), "2025-11")


@each_row(
    ("target", "words"),
    [
        ("/portfolio/positions?limit=1001", "limit=1001 is out of bounds"),
        ("/portfolio/positions?limit=ten", "limit='ten' is no integer"),
        ("/portfolio/positions?limit=1&limit=2", "limit is repeated"),
    ],
    ids=["beyond", "word", "twice"],
)
def test_a_parameter_out_of_bounds_is_found(target: str, words: str) -> None:
    assert seen("calls.parameters", traffic([call(target, 400), call(target, 400)])) == [words]


def test_parameters_in_bounds_are_right() -> None:
    assert not found("calls.parameters", traffic([call("/portfolio/positions?limit=1000")]))
    with pytest.raises(NotSeen, match="no documented operation"):
        found("calls.parameters", traffic([call("/nothing", 404)]))


def test_an_unknown_parameter_is_found_once_for_each_operation() -> None:
    wrong = call("/portfolio/positions?colour=red")
    assert seen("calls.known", traffic([wrong, wrong])) == ["the parameter colour is not documented"]
    dated = call("/portfolio/positions?subaccount=0")
    (words,) = seen("calls.known", traffic([dated]), "2025-11")
    assert words.startswith("the parameter subaccount is not documented as of 2025-11, but in ")
    assert not found("calls.known", traffic([call("/portfolio/positions?limit=5")]))
    with pytest.raises(NotSeen):
        found("calls.known", traffic([call("/nothing", 404)]))


def test_a_connection_for_each_request_is_noted() -> None:
    five = [call()] * 5
    assert seen("calls.reused", traffic(five, connections=5)) == ["5 connections, one for each request"]
    assert not found("calls.reused", traffic(five, connections=1))
    assert not found("calls.reused", traffic([*five, handshake(0.0)], connections=5))
    with pytest.raises(NotSeen, match="requests: too few"):
        found("calls.reused", traffic(five[:4], connections=4))
