"""RFQs: asked, quoted, accepted, confirmed and executed by two accounts, with the frames that each of them gets.

The order of things, who sees what, the windows and the errors: the venue's guide to RFQs (August 2026), its page on FIX
(whose side is bought), its changelog (restricted keys, retention) and its AsyncAPI documents (frames).
"""

import json
from typing import Any

import pytest

from mockexchange.core.commands import CloseMarket, ListMarket, PriceMarket, QuoteMarket, Withdraw
from mockexchange.core.instants import parse_instant
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import do, make, run, send
from tests.helpers.stream_reader import Reader

SCENARIO = """
scenario: rfqs
start: 2026-09-04T12:00:00Z
accounts:
  alice: {cash: 100, subaccounts: {3: {cash: 10}}, keys: {main: {}, only_3: {subaccount: 3}, reader: {scopes: [read]}}}
  bob: {cash: 100}
  carol: {cash: 100}
  desk: {kind: fcm, account_id: fcm7, subtraders: {st1: {cash: 20}}}
markets: {RAIN-1: {event: RAIN, series: RAIN, price: 0.5}, RAIN-2: {event: RAIN, series: RAIN, price: 0.5}}
"""
ALICE, BOB, CAROL = "alice/main", "bob/main", "carol/main"
RFQS, QUOTES, BLOCKS = (f"/communications/{name}" for name in ("rfqs", "quotes", "block-trade-proposals"))
MINUTE_US = 60_000_000


@pytest.fixture
def sandbox() -> Sandbox:
    return make(SCENARIO)


def ask(sandbox: Sandbox, who: str, method: str, path: str, body: Any = None) -> Any:
    """Return the body of an answer, or its status if it has none."""
    answer = send(sandbox, method, path, body, who)
    return json.loads(answer.body) if answer.body else answer.status


def refused(sandbox: Sandbox, who: str, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = send(sandbox, method, path, body, who)
    return answer.status, json.loads(answer.body)["error"]["code"]


def rfq(sandbox: Sandbox, who: str = ALICE, **changes: Any) -> str:
    body = {"market_ticker": "RAIN-1", "contracts_fp": "10.00", "rest_remainder": False, **changes}
    return str(ask(sandbox, who, "POST", RFQS, body)["id"])


def quote(sandbox: Sandbox, rfq_id: str, yes: str = "0.40", no: str = "0.55", who: str = BOB, **more: Any) -> str:
    body = {"rfq_id": rfq_id, "yes_bid": yes, "no_bid": no, "rest_remainder": False, **more}
    return str(ask(sandbox, who, "POST", QUOTES, body)["id"])


def accept(sandbox: Sandbox, quote_id: str, side: str, who: str = ALICE) -> Any:
    return ask(sandbox, who, "PUT", f"{QUOTES}/{quote_id}/accept", {"accepted_side": side})


def one(sandbox: Sandbox, quote_id: str, who: str = BOB) -> dict[str, Any]:
    return dict(ask(sandbox, who, "GET", f"{QUOTES}/{quote_id}")["quote"])


def wait(sandbox: Sandbox, seconds: float) -> None:
    run(sandbox.advance(int(seconds * 1_000_000)))


def fills(sandbox: Sandbox, who: str) -> list[tuple[str, str, str, bool, str]]:
    found = ask(sandbox, who, "GET", "/portfolio/fills")["fills"]
    return [
        (row["outcome_side"], row["count_fp"], row["yes_price_dollars"], row["is_taker"], row["order_id"])
        for row in found
    ]


@each_row(
    ("side", "asker_gets", "maker_gets", "yes_price"),
    [("yes", "no", "yes", "0.4000"), ("no", "yes", "no", "0.4500")],
)
def test_an_accepted_and_confirmed_quote_is_executed(
    side: str, asker_gets: str, maker_gets: str, yes_price: str
) -> None:
    sandbox = make(SCENARIO)
    quote_id = quote(sandbox, rfq(sandbox))
    assert accept(sandbox, quote_id, side) == 204
    assert ask(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm", {}) == 204
    wait(sandbox, 14.9)
    assert one(sandbox, quote_id)["status"] == "confirmed"
    assert fills(sandbox, ALICE) == []
    wait(sandbox, 0.1)
    own, others = one(sandbox, quote_id), one(sandbox, quote_id, ALICE)
    assert (own["status"], own["accepted_side"], own["contracts_fp"]) == ("executed", side, "10.00")
    assert fills(sandbox, BOB) == [(maker_gets, "10.00", yes_price, False, own["creator_order_id"])]
    assert fills(sandbox, ALICE) == [(asker_gets, "10.00", yes_price, True, others["rfq_creator_order_id"])]
    assert "rfq_creator_order_id" not in own
    assert "creator_order_id" not in others
    assert [row["status"] for row in ask(sandbox, ALICE, "GET", RFQS)["rfqs"]] == ["closed"]


def test_a_quote_that_nobody_confirms_is_void_after_30_seconds_and_its_rfq_stays_open(sandbox: Sandbox) -> None:
    rfq_id = rfq(sandbox)
    quote_id = quote(sandbox, rfq_id)
    accept(sandbox, quote_id, "yes")
    assert refused(sandbox, ALICE, "PUT", f"{QUOTES}/{quote(sandbox, rfq_id, who=CAROL)}/accept", YES)[0] == 404
    wait(sandbox, 29.9)
    assert one(sandbox, quote_id)["status"] == "accepted"
    wait(sandbox, 0.1)
    ended = one(sandbox, quote_id)
    assert (ended["status"], ended["cancellation_reason"]) == ("cancelled", "not_confirmed")
    assert refused(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm", {}) == (404, "not_found")
    assert accept(sandbox, quote(sandbox, rfq_id), "yes") == 204


YES = {"accepted_side": "yes"}


def test_a_combination_has_3_seconds_to_confirm_and_one_to_execute() -> None:
    legs = '[{event: RAIN, market: RAIN-1, side: "yes"}, {event: RAIN, market: RAIN-2, side: "no"}]'
    step = f"{{combination: {{market: BOTH, event: B, series: B, collection: C, legs: {legs}}}}}"
    sandbox = make(f"{SCENARIO}history: [{step}]\n")
    rfq_id = rfq(sandbox, market_ticker="BOTH")
    shown = ask(sandbox, BOB, "GET", f"{RFQS}/{rfq_id}")["rfq"]
    assert (shown["mve_collection_ticker"], len(shown["mve_selected_legs"])) == ("C", 2)
    late = quote(sandbox, rfq_id)
    accept(sandbox, late, "yes")
    wait(sandbox, 3)
    assert one(sandbox, late)["status"] == "cancelled"
    quote_id = quote(sandbox, rfq_id)
    accept(sandbox, quote_id, "yes")
    ask(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm")
    wait(sandbox, 1)
    assert one(sandbox, quote_id)["status"] == "executed"


def test_the_windows_are_rules_of_the_scenario() -> None:
    sandbox = make(f"{SCENARIO}orders: {{confirmation: 2s, execution: 0s}}\n")
    quote_id = quote(sandbox, rfq(sandbox))
    accept(sandbox, quote_id, "yes")
    ask(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm")
    wait(sandbox, 0)
    assert one(sandbox, quote_id)["status"] == "executed"


def test_a_cost_is_turned_into_contracts_of_the_accepted_side(sandbox: Sandbox) -> None:
    rfq_id = rfq(sandbox, contracts_fp=None, target_cost_dollars="4.50")
    quote_id = quote(sandbox, rfq_id)
    shown = one(sandbox, quote_id)
    assert (shown["contracts_fp"], shown["yes_contracts_fp"], shown["no_contracts_fp"]) == ("0.00", "7.50", "10.00")
    accept(sandbox, quote_id, "no")
    ask(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm")
    wait(sandbox, 15)
    assert fills(sandbox, ALICE)[0][:3] == ("yes", "10.00", "0.4500")


def test_better_prices_in_the_order_book_come_first(sandbox: Sandbox) -> None:
    quote_id = quote(sandbox, rfq(sandbox), rest_remainder=True)
    accept(sandbox, quote_id, "yes")
    ask(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm")
    do(sandbox, QuoteMarket(market="RAIN-1", yes=((4200, 300),), no=()))
    wait(sandbox, 15)
    assert [row[:4] for row in fills(sandbox, ALICE)] == [
        ("no", "7.00", "0.4000", True),
        ("no", "3.00", "0.4200", True),
    ]
    [order] = ask(sandbox, BOB, "GET", "/portfolio/orders")["orders"]
    assert (order["status"], order["remaining_count_fp"]) == ("resting", "3.00")


def test_what_the_exchange_refuses_at_the_end_leaves_nothing_half_done(sandbox: Sandbox) -> None:
    quote_id = quote(sandbox, rfq(sandbox))
    accept(sandbox, quote_id, "yes")
    ask(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm")
    do(sandbox, Withdraw(subaccount_ref=SubaccountRef("alice", "0"), amount_micros=99_000_000))
    wait(sandbox, 15)
    ended = one(sandbox, quote_id)
    assert (ended["status"], ended["cancellation_reason"]) == ("cancelled", "not_placed")
    assert fills(sandbox, BOB) == []
    assert [row["status"] for row in ask(sandbox, BOB, "GET", "/portfolio/orders")["orders"]] == ["canceled"]
    assert ask(sandbox, BOB, "GET", "/portfolio/balance")["balance_dollars"] == "100.0000"


def test_a_new_quote_replaces_the_makers_former_one_and_the_rest_ends_with_the_rfq(sandbox: Sandbox) -> None:
    rfq_id = rfq(sandbox)
    first, second, other = quote(sandbox, rfq_id), quote(sandbox, rfq_id), quote(sandbox, rfq_id, who=CAROL)
    assert one(sandbox, first)["cancellation_reason"] == "replaced"
    assert ask(sandbox, ALICE, "DELETE", f"{RFQS}/{rfq_id}") == 204
    assert [one(sandbox, first)["status"], one(sandbox, second)["cancellation_reason"]] == ["cancelled", "rfq_deleted"]
    assert one(sandbox, other, CAROL)["status"] == "cancelled"
    assert refused(sandbox, ALICE, "DELETE", f"{RFQS}/{rfq_id}") == (404, "not_found")


def test_a_confirmed_quote_binds_both_sides(sandbox: Sandbox) -> None:
    rfq_id = rfq(sandbox)
    quote_id = quote(sandbox, rfq_id)
    accept(sandbox, quote_id, "yes")
    ask(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm")
    assert refused(sandbox, BOB, "DELETE", f"{QUOTES}/{quote_id}")[0] == 404
    assert refused(sandbox, ALICE, "DELETE", f"{RFQS}/{rfq_id}")[0] == 404
    replaced = {"market_ticker": "RAIN-1", "contracts": 1, "rest_remainder": False, "replace_existing": True}
    assert refused(sandbox, ALICE, "POST", RFQS, replaced)[0] == 404


def test_everybody_sees_rfqs_and_only_its_two_accounts_a_quote(sandbox: Sandbox) -> None:
    rfq_id = rfq(sandbox)
    quote_id = quote(sandbox, rfq_id)
    assert [row["id"] for row in ask(sandbox, CAROL, "GET", RFQS)["rfqs"]] == [rfq_id]
    assert "creator_user_id" not in ask(sandbox, CAROL, "GET", f"{RFQS}/{rfq_id}")["rfq"]
    assert ask(sandbox, CAROL, "GET", QUOTES)["quotes"] == []
    assert refused(sandbox, CAROL, "GET", f"{QUOTES}/{quote_id}") == (404, "not_found")
    assert [row["id"] for row in ask(sandbox, ALICE, "GET", f"{QUOTES}?rfq_user_filter=self")["quotes"]] == [quote_id]
    assert ask(sandbox, ALICE, "GET", f"{QUOTES}?user_filter=self")["quotes"] == []
    assert refused(sandbox, CAROL, "PUT", f"{QUOTES}/{quote_id}/accept", YES) == (404, "not_found")
    assert refused(sandbox, ALICE, "DELETE", f"{QUOTES}/{quote_id}") == (404, "not_found")
    assert ask(sandbox, BOB, "DELETE", f"{RFQS}/{rfq_id}/quotes/{quote_id}") == 204


@each_row(
    ("changes", "wanted"),
    [
        ({"market_ticker": "NONE"}, (404, "market_not_found")),
        ({"contracts_fp": None}, (400, "invalid_parameters")),
        ({"contracts": 9}, (400, "invalid_parameters")),
        ({"target_cost_dollars": "1.00"}, (400, "invalid_parameters")),
        ({"contracts_fp": "-1.00"}, (400, "invalid_parameters")),
        ({}, (409, "already_exists")),
    ],
)
def test_an_rfq_that_is_refused(sandbox: Sandbox, changes: dict[str, Any], wanted: tuple[int, str]) -> None:
    if not changes:
        rfq(sandbox)
    body = {"market_ticker": "RAIN-1", "contracts_fp": "10.00", "rest_remainder": False, **changes}
    assert refused(sandbox, ALICE, "POST", RFQS, body) == wanted


@each_row(("yes", "no"), [("0", "0.00"), ("0.60", "0.50"), ("0.4050", "0"), ("1.00", "0"), ("-0.10", "0.50")])
def test_bids_that_are_refused(yes: str, no: str) -> None:
    sandbox = make(SCENARIO)
    body = {"rfq_id": rfq(sandbox), "yes_bid": yes, "no_bid": no, "rest_remainder": False}
    assert refused(sandbox, BOB, "POST", QUOTES, body) == (400, "invalid_parameters")


def test_ids_that_are_refused(sandbox: Sandbox) -> None:
    unknown = "5f0e2a51-6a3c-4d5b-9a70-2f1d4c8e0e09"
    for path in (f"{QUOTES}/nobody/confirm", f"{QUOTES}/q/accept"):
        assert refused(sandbox, BOB, "PUT", path, YES) == (400, "invalid_parameters")
    assert refused(sandbox, BOB, "PUT", f"{QUOTES}/{unknown}/confirm") == (404, "not_found")
    quote_id = quote(sandbox, rfq(sandbox))
    assert refused(sandbox, BOB, "DELETE", f"{RFQS}/{unknown}/quotes/{quote_id}") == (404, "not_found")


def test_what_an_account_cannot_pay_is_refused_when_it_commits(sandbox: Sandbox) -> None:
    quote_id = quote(sandbox, rfq(sandbox, contracts_fp="150.00"), "0.40", "0.30")
    assert accept(sandbox, quote_id, "no")["error"]["code"] == "insufficient_balance"  # 150 at 0.70
    assert accept(sandbox, quote_id, "yes") == 204  # 150 at 0.60, with fees
    do(sandbox, Withdraw(subaccount_ref=SubaccountRef("bob", "0"), amount_micros=50_000_000))
    assert refused(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm", {}) == (400, "insufficient_balance")


def test_a_closed_rfq_can_neither_be_quoted_nor_accepted(sandbox: Sandbox) -> None:
    rfq_id = rfq(sandbox)
    quote_id = quote(sandbox, rfq_id)
    ask(sandbox, ALICE, "DELETE", f"{RFQS}/{rfq_id}")
    body = {"rfq_id": rfq_id, "yes_bid": "0.40", "no_bid": "0.50", "rest_remainder": False}
    assert refused(sandbox, BOB, "POST", QUOTES, body) == (400, "invalid_parameters")
    assert refused(sandbox, ALICE, "PUT", f"{QUOTES}/{quote_id}/accept", YES) == (400, "RFQ_CLOSED")
    do(sandbox, CloseMarket(market="RAIN-1"))
    body = {"market_ticker": "RAIN-1", "contracts": 1, "rest_remainder": False}
    assert refused(sandbox, ALICE, "POST", RFQS, body) == (400, "market_inactive")


def test_an_account_has_a_hundred_open_rfqs_at_most(sandbox: Sandbox) -> None:
    for number in range(101):
        do(sandbox, ListMarket(market=f"M-{number}", event="M", series="M"))
    made = [send(sandbox, "POST", RFQS, _asked(f"M-{number}"), ALICE).status for number in range(101)]
    assert made == [201] * 100 + [400]


def _asked(market: str) -> dict[str, Any]:
    return {"market_ticker": market, "contracts": 1, "rest_remainder": False}


def test_closed_rfqs_and_canceled_quotes_are_listed_for_a_week(sandbox: Sandbox) -> None:
    rfq_id = rfq(sandbox)
    quote_id = quote(sandbox, rfq_id)
    ask(sandbox, ALICE, "DELETE", f"{RFQS}/{rfq_id}")
    wait(sandbox, 7 * 86_400 - 1)
    assert one(sandbox, quote_id)["status"] == "cancelled"
    wait(sandbox, 1)
    assert refused(sandbox, BOB, "GET", f"{QUOTES}/{quote_id}")[0] == 404
    assert ask(sandbox, ALICE, "GET", RFQS)["rfqs"] == []
    before = make(SCENARIO, date="2026-06-18")
    rfq_id = rfq(before)
    ask(before, ALICE, "DELETE", f"{RFQS}/{rfq_id}")
    wait(before, 13 * 86_400)
    assert [row["id"] for row in ask(before, ALICE, "GET", RFQS)["rfqs"]] == [rfq_id]


def test_a_key_of_a_subaccount_acts_for_it_alone_since_august(sandbox: Sandbox) -> None:
    before = make(SCENARIO, date="2026-08-19")
    assert send(before, "POST", RFQS, _asked("RAIN-1"), "alice/only_3").status == 403
    assert send(sandbox, "POST", RFQS, _asked("RAIN-1"), "alice/reader").status == 403
    main, own = rfq(sandbox), rfq(sandbox, "alice/only_3", market_ticker="RAIN-2", contracts_fp="1.00")
    listed = ask(sandbox, "alice/only_3", "GET", RFQS)["rfqs"]
    assert [(row["id"], row["creator_subaccount"]) for row in listed] == [(own, 3)]
    assert refused(sandbox, "alice/only_3", "DELETE", f"{RFQS}/{main}")[0] == 404
    quote_id = quote(sandbox, own)
    assert accept(sandbox, quote_id, "yes", "alice/only_3") == 204
    assert one(sandbox, quote_id, ALICE)["rfq_creator_subaccount"] == 3
    assert [row["id"] for row in ask(sandbox, ALICE, "GET", f"{RFQS}?subaccount=3")["rfqs"]] == [own]


def test_an_fcm_asks_for_a_subtrader(sandbox: Sandbox) -> None:
    rfq_id = rfq(sandbox, "desk/main", subtrader_id="fcm7_st1")
    quote_id = quote(sandbox, rfq_id)
    assert accept(sandbox, quote_id, "yes", "desk/main") == 204
    ask(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm")
    wait(sandbox, 15)
    [row] = ask(sandbox, "desk/main", "GET", "/fcm/orders?subtrader_id=fcm7_st1")["orders"]
    assert row["fill_count_fp"] == "10.00"


def test_a_script_takes_either_side() -> None:
    maker = """
script:
  - when: {request: {operation: CreateRFQ, nth: each}}
    rfq_quote: {account: bob, market: RAIN-1, yes_bid: 0.40, no_bid: 0.55}
  - when: {request: {operation: AcceptQuote, nth: each}}
    confirm_rfq_quote: {account: bob}
"""
    sandbox = make(SCENARIO + maker)
    rfq(sandbox)
    wait(sandbox, 0)
    [found] = ask(sandbox, ALICE, "GET", QUOTES)["quotes"]
    accept(sandbox, found["id"], "yes")
    wait(sandbox, 15)
    assert one(sandbox, found["id"], ALICE)["status"] == "executed"
    asker = """
script:
  - {at: 2026-09-04T12:00:00Z, rfq: {account: bob, market: RAIN-1, count: 4, rfq: ask}}
  - {when: {request: {operation: CreateQuote}}, accept_rfq_quote: {rfq: ask, side: "yes"}}
"""
    sandbox = make(SCENARIO + asker)
    wait(sandbox, 0)
    quote_id = quote(sandbox, "ask", who=ALICE)
    wait(sandbox, 0)
    assert ask(sandbox, ALICE, "PUT", f"{QUOTES}/{quote_id}/confirm") == 204
    wait(sandbox, 15)
    assert [row[:3] for row in fills(sandbox, ALICE)] == [("yes", "4.00", "0.4000")]


# Frames


def listen(sandbox: Sandbox, who: str, **params: Any) -> Reader:
    reader = Reader(sandbox, who)
    reader.subscribe("communications", **params)
    return reader


def heard(reader: Reader) -> list[tuple[str, dict[str, Any]]]:
    reader.sandbox.streams.flush()
    return [(body["type"], body["msg"]) for body in reader.told if body["type"] != "subscribed"]


def test_frames_go_to_everybody_or_to_the_two_accounts(sandbox: Sandbox) -> None:
    streams = {who: listen(sandbox, who) for who in (ALICE, BOB, CAROL, "alice/only_3")}
    rfq_id = rfq(sandbox)
    quote_id = quote(sandbox, rfq_id)
    accept(sandbox, quote_id, "yes")
    ask(sandbox, BOB, "PUT", f"{QUOTES}/{quote_id}/confirm")
    wait(sandbox, 15)
    got = {who: heard(stream) for who, stream in streams.items()}
    story = ["rfq_created", "quote_created", "quote_accepted", "quote_executed"]
    assert {who: [kind for kind, _ in frames] for who, frames in got.items()} == {
        ALICE: story,
        BOB: story,
        CAROL: story[:1],
        "alice/only_3": story[:1],
    }
    created, quoted, accepted, executed = (body for _, body in got[BOB])
    names = {who: ask(sandbox, who, "GET", "/communications/id")["communications_id"] for who in (ALICE, BOB)}
    assert created == {
        "id": rfq_id,
        "creator_id": "",
        "market_ticker": "RAIN-1",
        "event_ticker": "RAIN",
        "contracts_fp": "10.00",
        "created_ts": "2026-09-04T12:00:00Z",
    }
    assert (quoted["quote_creator_id"], quoted["rfq_creator_id"]) == (names[BOB], names[ALICE])
    assert (quoted["yes_bid_dollars"], quoted["no_contracts_offered_fp"]) == ("0.4000", "10.00")
    assert (accepted["accepted_side"], accepted["contracts_accepted_fp"]) == ("yes", "10.00")
    for who, body in ((BOB, executed), (ALICE, got[ALICE][-1][1])):
        [row] = ask(sandbox, who, "GET", "/portfolio/fills")["fills"]
        assert body["order_id"] == row["order_id"]
        order = ask(sandbox, who, "GET", f"/portfolio/orders/{row['order_id']}")["order"]
        assert body["client_order_id"] == order["client_order_id"] != ""
    assert executed["executed_ts"] == "2026-09-04T12:00:15Z"


def test_a_deleted_rfq_and_the_readers_own_subaccount(sandbox: Sandbox) -> None:
    alice, bob = (listen(sandbox, who) for who in (ALICE, BOB))
    quote(sandbox, rfq(sandbox, subaccount=3, contracts_fp="1.00"))
    assert [body.get("subaccount") for kind, body in heard(alice) if kind == "quote_created"] == [3]
    assert [body.get("subaccount") for kind, body in heard(bob) if kind == "quote_created"] == [None]
    ask(sandbox, ALICE, "POST", RFQS, {**_asked("RAIN-1"), "replace_existing": True})
    (deleted, body), *_ = heard(bob)[2:]
    assert (deleted, body["creator_id"] != "", body["deleted_ts"]) == ("rfq_deleted", True, "2026-09-04T12:00:00Z")


def test_shards_share_the_markets_out(sandbox: Sandbox) -> None:
    streams = [listen(sandbox, BOB, shard_factor=2, shard_key=key) for key in (0, 1)]
    for number in range(8):
        do(sandbox, ListMarket(market=f"M-{number}", event="M", series="M"))
        rfq(sandbox, market_ticker=f"M-{number}")
    shares = [{body["market_ticker"] for _, body in heard(stream)} for stream in streams]
    assert shares[0] & shares[1] == set()
    assert min(len(share) for share in shares) > 0
    assert len(shares[0] | shares[1]) == 8


# Block trades


def proposed(sandbox: Sandbox, who: str = ALICE, **changes: Any) -> Any:
    users = {name: sandbox.context.state.accounts[name].user_id for name in ("alice", "bob", "desk")}
    body = {
        "buyer_user_id": users["alice"],
        "seller_user_id": users["bob"],
        "market_ticker": "RAIN-1",
        "price_centi_cents": 3_750,
        "centicount": 2_050,
        "maker_side": "yes",
        "expiration_ts": "2026-09-04T13:00:00Z",
        **{key: users.get(value, value) for key, value in changes.items()},
    }
    return ask(sandbox, who, "POST", BLOCKS, body)


def test_a_block_trade_is_carried_out_when_both_have_accepted(sandbox: Sandbox) -> None:
    proposal = proposed(sandbox)["block_trade_proposal_id"]
    [row] = ask(sandbox, BOB, "GET", BLOCKS)["block_trade_proposals"]
    assert (row["status"], row["buyer_accepted"], row["seller_accepted"]) == ("pending", True, False)
    stream = Reader(sandbox, CAROL)
    stream.subscribe("trade")
    assert ask(sandbox, BOB, "POST", f"{BLOCKS}/{proposal}/accept") == 204
    assert [body["is_block_trade"] for kind, body in heard(stream) if kind == "trade"] == [True]
    [row] = ask(sandbox, ALICE, "GET", BLOCKS)["block_trade_proposals"]
    assert (row["status"], row["seller_accepted"]) == ("executed", True)
    assert fills(sandbox, ALICE) == [("yes", "20.50", "0.3750", False, row["buyer_order_id"])]
    assert [one[:4] for one in fills(sandbox, BOB)] == [("no", "20.50", "0.3750", True)]
    do(sandbox, PriceMarket(market="RAIN-1", price_centicents=5_000))
    [trade] = ask(sandbox, CAROL, "GET", "/markets/trades?is_block_trade=true")["trades"]
    assert trade["is_block_trade"] is True
    assert ask(sandbox, CAROL, "GET", "/markets/trades?is_block_trade=false")["trades"] == []
    assert ask(sandbox, CAROL, "GET", BLOCKS)["block_trade_proposals"] == []


def test_block_trades_that_are_refused(sandbox: Sandbox) -> None:
    assert proposed(sandbox, buyer_user_id="nobody")["error"]["code"] == "invalid_parameters"
    assert proposed(sandbox, expiration_ts="soon")["error"]["code"] == "invalid_parameters"
    assert proposed(sandbox, expiration_ts="2026-09-04T11:00:00Z")["error"]["code"] == "invalid_order"
    assert proposed(sandbox, seller_user_id="alice")["error"]["code"] == "invalid_parameters"
    assert send(sandbox, "POST", BLOCKS, {}, "alice/only_3").status == 403
    proposal = proposed(sandbox, CAROL)["block_trade_proposal_id"]
    assert refused(sandbox, CAROL, "POST", f"{BLOCKS}/{proposal}/accept", {})[0] == 404
    do(sandbox, Withdraw(subaccount_ref=SubaccountRef("alice", "0"), amount_micros=95_000_000))
    assert ask(sandbox, BOB, "POST", f"{BLOCKS}/{proposal}/accept", {}) == 204
    assert refused(sandbox, ALICE, "POST", f"{BLOCKS}/{proposal}/accept", {}) == (400, "insufficient_balance")
    wait(sandbox, 3_600)
    [row] = ask(sandbox, CAROL, "GET", BLOCKS)["block_trade_proposals"]
    assert row["status"] == "expired"
    assert refused(sandbox, BOB, "POST", f"{BLOCKS}/{proposal}/accept", {})[0] == 400
    assert parse_instant("2026-09-04T13:00:00Z") == sandbox.clock.now()


def test_a_narrow_key_accepts_block_trades_for_a_subtrader() -> None:
    keys = 'keys: {main: {}, accepts: {scopes: ["read::block_trade_accept", "write::block_trade_accept"]}}'
    sandbox = make(SCENARIO.replace("account_id: fcm7,", f"account_id: fcm7, {keys},"))
    proposal = proposed(sandbox, seller_user_id="desk", seller_subtrader_id="fcm7_st1")["block_trade_proposal_id"]
    accepts = "desk/accepts"
    assert ask(sandbox, accepts, "POST", f"{BLOCKS}/{proposal}/accept", {"subtrader_id": "fcm7_st1"}) == 204
    [row] = ask(sandbox, accepts, "GET", BLOCKS)["block_trade_proposals"]
    assert (row["status"], row["seller_subtrader_id"]) == ("executed", "fcm7_st1")
    assert send(sandbox, "POST", RFQS, _asked("RAIN-1"), accepts).status == 403
