"""Writes of order groups, byte for byte, and their refusals in the order in which the venue checks."""

import json
from typing import Any

import pytest

from mockexchange.core.commands import OpenGroup, RestOrder
from mockexchange.core.vocabulary import Action, Side, SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.kalshi.resources import order_groups
from mockexchange.venues.request import Answer
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, carry_out, do, make, send, signed
from tests.venues.kalshi.rest_answers import why

ALICE = SubaccountRef("alice")
GROUPS = "/portfolio/order_groups"
CREATE = f"{GROUPS}/create"
UNKNOWN = "97ec18b7-10d3-4557-9de0-8598aad625f0"
NO_BODY = {"code": "invalid_content_type", "message": "invalid_content_type"}
NOT_FOUND = {"error": {"code": "not_found", "message": "not found"}}


def refused(answer: Answer) -> tuple[int, Any]:
    return answer.status, json.loads(answer.body)


def flat(details: str) -> dict[str, str]:
    return {"code": "bad_request", "message": "bad request", "details": details}


def nested(code: str, message: str, details: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "details": details}}


def create(sandbox: Sandbox, **body: Any) -> str:
    answer = send(sandbox, "POST", CREATE, body or {"contracts_limit": 10})
    assert answer.status == 201, answer
    group: str = json.loads(answer.body)["order_group_id"]
    return group


def rest(sandbox: Sandbox, group: str) -> str:
    [event, *_] = do(
        sandbox,
        RestOrder(
            subaccount_ref=ALICE,
            market="RAIN-1",
            side=Side.YES,
            action=Action.BUY,
            count_centis=100,
            price_centicents=1_000,
            group=group,
        ),
    )
    return str(getattr(event, "order_id"))  # noqa: B009  # one of several events


@each_row(
    ("date", "more"),
    [
        ("2025-11", {}),
        ("2026-06", {"contracts_limit_fp": "10.00"}),
        ("2026-10", {"contracts_limit_fp": "10.00", "exchange_index": 0}),
    ],
)
def test_a_group_is_read_with_its_resting_orders(date: str, more: dict[str, Any]) -> None:
    sandbox = make(date=date)
    group = create(sandbox)
    answer = send(sandbox, "GET", f"{GROUPS}/{group}")
    assert json.loads(answer.body) == {**more, "is_auto_cancel_enabled": False, "orders": []}
    order = rest(sandbox, group)
    assert json.loads(send(sandbox, "GET", f"{GROUPS}/{group}").body)["orders"] == [order]
    assert send(sandbox, "DELETE", f"{GROUPS}/{group}").status == 200
    assert send(sandbox, "GET", f"{GROUPS}/{group}").status == 404


def test_a_group_as_recorded_in_january_2026() -> None:
    sandbox = make(date="2026-01-14")
    assert send(sandbox, "GET", f"{GROUPS}/{create(sandbox)}").body == b'{"is_auto_cancel_enabled":false,"orders":[]}'


def test_a_group_is_read_by_its_owner_alone() -> None:
    sandbox = make()
    path = f"{GROUPS}/{create(sandbox)}"
    assert send(sandbox, "GET", path, who="bob/main").status == 404
    assert send(sandbox, "GET", path, who="alice/only_3").status == 404
    assert send(sandbox, "GET", f"{GROUPS}/7").status == 404


@each_row(
    ("date", "body"),
    [
        ("2025-11", '{"order_group_id":"%s"}'),
        ("2026-04", '{"order_group_id":"%s"}'),
        ("2026-06", '{"order_group_id":"%s","subaccount":0}'),
        ("2026-10", '{"exchange_index":0,"order_group_id":"%s","subaccount":0}'),
        ("compat", '{"exchange_index":0,"order_group_id":"%s","subaccount":0}'),
    ],
)
def test_a_group_is_created_with_the_answer_of_its_day(date: str, body: str) -> None:
    sandbox = make(date=date)
    answer = send(sandbox, "POST", CREATE, {"contracts_limit": 10})
    [group] = sandbox.exchange.state.groups.values()
    assert (answer.status, answer.body.decode()) == (201, body % group.group_id)
    assert (group.limit_centis, group.subaccount_ref) == (1_000, ALICE)


def test_a_limit_may_be_a_text_with_decimals() -> None:
    sandbox = make()
    create(sandbox, contracts_limit_fp="2.5", subaccount=3)
    [group] = sandbox.exchange.state.groups.values()
    assert (group.limit_centis, group.subaccount_ref) == (250, SubaccountRef("alice", "3"))


def test_a_group_is_triggered_reset_limited_and_deleted() -> None:
    sandbox = make()
    group = create(sandbox)
    order = rest(sandbox, group)
    assert send(sandbox, "PUT", f"{GROUPS}/{group}/trigger", {}).body == b"{}"
    assert sandbox.exchange.state.orders[order].status == "canceled"
    assert sandbox.exchange.state.groups[group].is_triggered
    assert send(sandbox, "PUT", f"{GROUPS}/{group}/reset").status == 200
    assert not sandbox.exchange.state.groups[group].is_triggered
    assert send(sandbox, "PUT", f"{GROUPS}/{group}/limit", {"contracts_limit": 7}).body == b"{}"
    assert sandbox.exchange.state.groups[group].limit_centis == 700
    assert send(sandbox, "DELETE", f"{GROUPS}/{group}").body == b"{}"
    assert refused(send(sandbox, "DELETE", f"{GROUPS}/{group}")) == (404, NOT_FOUND)


@each_row(
    ("raw", "body"),
    [
        (b"", NO_BODY),
        (b"[]", flat("json: cannot unmarshal array into Go value of type CreateOrderGroupRequest")),
        (b"{", flat("unexpected end of JSON input")),
        (b"{]", flat("invalid character in JSON input")),
        (
            b'{"contracts_limit":"5"}',
            flat(
                "json: cannot unmarshal string into Go struct field"
                " CreateOrderGroupRequest.contracts_limit of type int64"
            ),
        ),
        (
            b'{"contracts_limit":1.5}',
            flat(
                "json: cannot unmarshal number 1.5 into Go struct field"
                " CreateOrderGroupRequest.contracts_limit of type int64"
            ),
        ),
        (
            b'{"contracts_limit_fp":5}',
            flat(
                "json: cannot unmarshal number into Go struct field"
                " CreateOrderGroupRequest.contracts_limit_fp of type string"
            ),
        ),
        (b"{}", nested("missing_parameters", "missing parameters", "Field validation for ContractsLimit")),
        (
            b'{"contracts_limit":-1}',
            nested("invalid_parameters", "invalid parameters", "Field validation for ContractsLimit"),
        ),
        (
            b'{"contracts_limit":1,"contracts_limit_fp":"2.00"}',
            nested("invalid_parameters", "invalid parameters", "Field validation for ContractsLimit"),
        ),
        (
            b'{"contracts_limit_fp":"1.125"}',
            nested("invalid_order", "invalid order", "invalid count: invalid count precision: -3"),
        ),
    ],
)
def test_a_body_is_decoded_strictly_with_the_venues_words(raw: bytes, body: dict[str, Any]) -> None:
    sandbox = make()
    answer = send(sandbox, "POST", CREATE, raw)
    assert refused(answer) == (400, body)
    assert not sandbox.exchange.state.groups


@each_row("verb", ["reset", "trigger"])
def test_a_change_needs_no_body_but_a_given_one_is_json(verb: str) -> None:
    sandbox = make()
    path = f"{GROUPS}/{create(sandbox)}/{verb}"
    text = send(sandbox, "PUT", path, b"now", headers={b"content-type": b"text/plain"})
    assert refused(text) == (400, NO_BODY)
    for body, details in (
        (b"yes!", "invalid character in JSON input"),
        (b"{", "unexpected end of JSON input"),
        (b"[]", "json: cannot unmarshal array into Go value of type EmptyResponse"),
    ):
        assert refused(send(sandbox, "PUT", path, body)) == (400, flat(details))
    assert not next(iter(sandbox.exchange.state.groups.values())).is_triggered
    assert send(sandbox, "PUT", path).status == send(sandbox, "PUT", path, {}).status == 200


def test_a_body_needs_its_content_type() -> None:
    sandbox = make()
    answer = send(sandbox, "POST", CREATE, b'{"contracts_limit":1}', headers={b"content-type": b"text/plain"})
    assert refused(answer) == (400, NO_BODY)
    assert "got content-type text/plain" in why(answer)


def test_an_unknown_key_of_a_body_is_ignored_with_a_finding() -> None:
    answer = send(make(), "POST", CREATE, {"contracts_limit": 1, "contract_limit": 2})
    assert answer.status == 201
    assert answer.findings == ["parameter 'contract_limit' is unknown to CreateOrderGroupRequest: ignored"]


def test_the_limit_was_required_until_it_could_be_a_text() -> None:
    missing = nested("missing_parameters", "missing parameters", "Field validation for ContractsLimit")
    assert refused(send(make(date="2025-12"), "POST", CREATE, {"contracts_limit_fp": "1.00"})) == (400, missing)


@each_row(("who", "status"), [("alice/only_3", 201), ("alice/writer", 201), ("bob/main", 201)])
def test_a_group_belongs_to_the_subaccount_of_its_key(who: str, status: int) -> None:
    sandbox = make()
    assert send(sandbox, "POST", CREATE, {"contracts_limit": 1}, who).status == status
    [group] = sandbox.exchange.state.groups.values()
    account, _, key = who.partition("/")
    assert group.subaccount_ref == SubaccountRef(account, "3" if key == "only_3" else "0")


def test_a_restricted_key_writes_its_own_subaccount_alone() -> None:
    sandbox = make()
    answer = send(sandbox, "POST", CREATE, {"contracts_limit": 1, "subaccount": 0}, "alice/only_3")
    assert answer.status == 403
    group = create(sandbox)
    assert send(sandbox, "PUT", f"{GROUPS}/{group}/reset", who="alice/only_3").status == 404
    earlier = send(make(date="2026-07-29"), "POST", CREATE, {"contracts_limit": 1}, "alice/only_3")
    assert earlier.status == 403
    assert b"restricted to a single sub-account" in earlier.body


def test_a_group_of_another_account_is_not_found() -> None:
    sandbox = make()
    group = create(sandbox)
    assert refused(send(sandbox, "DELETE", f"{GROUPS}/{group}", who="bob/main")) == (404, NOT_FOUND)
    assert refused(send(sandbox, "PUT", f"{GROUPS}/{UNKNOWN}/reset")) == (404, NOT_FOUND)
    assert refused(send(sandbox, "PUT", f"{GROUPS}/mine/reset"))[0] == 400


def test_an_error_of_the_exchange_named_its_service_until_august_2026() -> None:
    answer = send(make(date="2026-06"), "DELETE", f"{GROUPS}/{UNKNOWN}")
    assert answer.body == b'{"error":{"code":"not_found","message":"not found","service":"exchange"}}'


def test_the_journal_has_the_whole_write() -> None:
    sandbox = make()
    before = len(sandbox.log)
    answer, entry = carry_out(sandbox, signed(sandbox, PREFIX + CREATE, method="POST", body={"contracts_limit": 10}))
    assert (entry.status, entry.answer, entry.body) == (201, answer.body, b'{"contracts_limit": 10}')
    assert (entry.operation, entry.account, entry.position) == ("CreateOrderGroup", "alice", before)
    assert entry.commands == (before + 1,)
    assert [record.command for record in sandbox.log][-1] == OpenGroup(subaccount_ref=ALICE, limit_centis=1_000)
    _, refused_entry = carry_out(sandbox, signed(sandbox, f"{PREFIX}{GROUPS}/{UNKNOWN}", method="DELETE"))
    assert (refused_entry.status, refused_entry.refusal) == (404, "not_found_in_write")
    assert refused_entry.diagnosis == f"alice has no order group {UNKNOWN}"


def test_a_write_is_pending_until_its_commands_are_executed() -> None:
    sandbox = make()
    answer, entry = sandbox.answer(signed(sandbox, PREFIX + CREATE, method="POST", body={"contracts_limit": 10}))
    assert answer.pending is not None
    assert (answer.status, entry.status, sandbox.exchange.state.groups) == (0, 0, {})


@each_row(
    ("day", "status"),
    [("2026-07-22", 201), ("2026-07-23", 400), ("2026-08-12", 400), ("2026-08-13", 201), ("compat", 201)],
)
def test_an_account_has_no_more_groups_than_the_changelog_allows(day: str, status: int) -> None:
    few = ((2, "2026-07-23", "2026-08-13"), (3, "2026-08-13", "9999-12-31"))
    sandbox = make(date=day)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_groups, "GROUPS_MAX", few)
        for _ in range(2):
            create(sandbox)
        answer = send(sandbox, "POST", CREATE, {"contracts_limit": 10})
    assert answer.status == status
    if status == 400:
        assert refused(answer)[1]["error"]["code"] == "too_many_order_groups"
        assert "delete some" in why(answer)
        assert send(sandbox, "POST", CREATE, {"contracts_limit": 10}, "bob/main").status == 201
