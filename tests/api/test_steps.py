"""What happens at an exchange, asked for in each of the four ways."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from mockexchange import Outcome, Refused, TimedOut, UnknownAccount, WrongArgument, WrongRequest
from tests.api.connections import get

MARKET = "KXRAINNYC-25NOV05-T1"
OTHER = "KXHIGHCHI-25NOV05-B60"
FILL = {"account": "bob", "market": MARKET, "side": "yes", "action": "buy", "count": 1, "price": "0.56"}


def held(exchange: Any, account: str, market: str, book: str = "0") -> Any:
    (position,) = (row for row in exchange.positions(account) if (row.instrument, row.book) == (market, book))
    return position


@pytest.mark.parametrize("count", [2, "2", "2.00", Decimal(2), 2.0], ids=repr)
@pytest.mark.parametrize("price", ["0.5600", Decimal("0.56"), 0.56], ids=repr)
def test_a_fill_is_held_and_told_of(exchange: Any, count: Any, price: Any) -> None:
    before = held(exchange, "alice", MARKET)

    outcome = exchange.fill("alice", MARKET, "yes", "buy", count, price, taker=True, fee="0.01", id="of-this-test")

    after = held(exchange, "alice", MARKET)
    assert after.quantity == before.quantity + 2
    assert after.cost == before.cost + Decimal("1.12")
    assert after.fees == before.fees + Decimal("0.01")
    assert after.event == "KXRAINNYC-25NOV05"
    assert outcome["fill_id"] == "of-this-test"
    assert outcome["count"] == 2
    assert outcome.at.tzinfo is UTC


def test_a_fill_against_somebody_here_is_held_by_both(exchange: Any) -> None:
    exchange.fill("alice/1", OTHER, "no", "buy", "1.5", "0.66", against="bob", client_order_id="mine")

    assert held(exchange, "alice", OTHER, "1").quantity == Decimal("-1.50")
    assert held(exchange, "bob", OTHER).quantity == Decimal("1.50")
    assert exchange.ledger("alice")["fills"][-1]["client_order_id"] == "mine"


def test_cash_is_paid_out_and_moved(exchange: Any) -> None:
    before = exchange.ledger("alice")["cash"]
    exchange.withdraw("alice", "2.50", payment="out")
    exchange.transfer("alice", "alice/1", 4, id="moved")
    after = exchange.ledger("alice")
    assert after["cash"]["0"] == before["0"] - Decimal("6.50")
    assert after["cash"]["1"] == before["1"] + 4
    assert after["withdrawals"][-1]["amount"] == Decimal("2.50")
    with pytest.raises(Refused, match="insufficient_cash"):
        exchange.withdraw("bob", 1_000_000)


def test_steps_of_the_script_are_added_listed_and_removed(exchange: Any) -> None:
    cash = exchange.ledger("bob")["cash"]["0"]
    added = exchange.script(
        {"name": "pay", "after": "1h", "deposit": {"account": "bob", "amount": 5}},
        "{name: later, after: 2h, cancel: {order: none}}",
    )
    assert [(step.name, step.action, step.state, step.fired) for step in added] == [
        ("pay", "deposit", "scheduled", 0),
        ("later", "cancel", "scheduled", 0),
    ]
    assert added[0].next is not None
    exchange.advance("3h")
    assert exchange.ledger("bob")["cash"]["0"] == cash + 5
    paid, later = exchange.script()
    assert (paid.state, paid.fired, paid.next, paid.reason) == ("done", 1, None, None)
    assert (later.refused, "unknown_order" in str(later.reason)) == (1, True)
    exchange.clear_script()
    assert exchange.script() == []
    with pytest.raises(WrongRequest, match="nope"):
        exchange.script("{after: 1s, nope: {}}")


def test_a_predicate_of_a_client_settles(exchange: Any) -> None:
    looks: list[int] = []
    looks_by_name: dict[str, int] = {}

    def client() -> int:
        looks.append(1)
        if len(looks) == 1:
            raise KeyError("not there yet")
        assert len(looks) > 2, "not yet"
        return len(looks) - 3

    assert exchange.settled(client) == 1
    assert len(looks) == 4
    with pytest.raises(TimedOut, match=r"not settled within 10ms: list was \[\]$"):
        exchange.settled(list, within="10ms")
    with pytest.raises(TimedOut, match=r"raised KeyError\('x'\)"):
        exchange.settled(lambda: looks_by_name["x"], within="10ms")
    with pytest.raises(ZeroDivisionError):
        exchange.settled(lambda: 1 / 0)


def test_an_order_rests_until_it_is_cancelled(exchange: Any) -> None:
    expires = datetime(2030, 1, 1, tzinfo=UTC)
    outcome = exchange.rest_order("bob", MARKET, "yes", "buy", 3, "0.5", order="mine", expires=expires)

    (order,) = (row for row in exchange.ledger("bob")["orders"] if row["id"] == "mine")
    assert outcome["order_id"] == "mine"
    assert (order["status"], order["remaining"], order["price"]) == ("resting", 3, Decimal("0.5"))
    assert order["expires_at"] == expires
    exchange.cancel_order("mine")
    (order,) = (row for row in exchange.ledger("bob")["orders"] if row["id"] == "mine")
    assert order["status"] == "canceled"


def test_an_order_that_is_placed_is_matched(exchange: Any) -> None:
    exchange.do({"orderbook": {"market": OTHER}})
    exchange.place("bob", OTHER, "no", "buy", 3, "0.5", order="of bob", self_trade_prevention="maker")
    outcome = exchange.place("alice", OTHER, "yes", "buy", 5, "0.52", order="of alice", client_order_id="mine")
    exchange.print_trade(OTHER, "no", 1, "0.48")

    (order,) = (row for row in exchange.orders("alice") if row["id"] == "of alice")
    assert outcome["order_id"] == "of alice"
    assert (order["status"], order["filled"], order["remaining"]) == ("resting", 4, 1)
    assert (order["taker_cost"], order["maker_cost"]) == (Decimal("1.50"), Decimal("0.52"))
    with pytest.raises(Refused, match="client_order_id 'mine'"):
        exchange.place("alice", OTHER, "yes", "buy", 5, "0.52", client_order_id="mine")


@pytest.mark.parametrize(
    ("result", "value", "paid"), [("yes", None, 1), ("no", None, 0), ("void", None, None), ("scalar", "0.25", "0.25")]
)
def test_a_market_is_settled(exchange: Any, result: str, value: str | None, paid: Any) -> None:
    exchange.settle(MARKET, result, value)

    row = exchange.ledger("alice")["settlements"][-1]
    assert (row["instrument"], row["result"]) == (MARKET, result)
    assert row["value"] == (None if paid is None else Decimal(paid))
    assert held(exchange, "alice", MARKET).settled is True


def test_a_price_moves(exchange: Any) -> None:
    outcome = exchange.price(MARKET, Decimal("0.6100"))
    assert outcome["price"] == Decimal("0.61")


def test_a_deposit_is_cash(exchange: Any) -> None:
    before = exchange.ledger("bob")["cash"]["0"]
    exchange.deposit("bob", "12.345678", method="wire", fee="1", payment="mine")
    exchange.deposit("bob", 5, status="pending")

    ledger = exchange.ledger("bob")
    assert ledger["cash"]["0"] == before + Decimal("11.345678")
    assert [row["status"] for row in ledger["deposits"][-2:]] == ["applied", "pending"]
    assert ledger["deposits"][-2]["id"] == "mine"


def test_contracts_are_marked_and_traded(server: Any) -> None:
    with server.sandbox("deribit") as exchange:
        account = next(iter(exchange.accounts))
        before = held(exchange, account, "BTC-PERPETUAL")
        exchange.mark("BTC-PERPETUAL", 111_000)
        outcome = exchange.trade(account, "BTC-PERPETUAL", "buy", 10, "110000.5", taker=True, label="mine")
        after = held(exchange, account, "BTC-PERPETUAL")

        assert after.quantity == before.quantity + 10
        assert (after.kind, after.currency, after.event, after.cost) == ("future", "BTC", None, None)
        assert after.details["mark_price"] == 111_000
        assert outcome["direction"] == "buy"
        trade = exchange.ledger(account)["trades"][-1]
        assert (trade["label"], trade["price"], trade["taker"]) == ("mine", Decimal("110000.5"), True)


# --- any step


def test_steps_are_done_as_mappings_and_as_text(exchange: Any) -> None:
    done = exchange.do(
        {"withdraw": {"account": "bob", "amount": Decimal("1.50")}},
        f"settle: {{market: {MARKET}, result: yes}}",
        "{price: {market: KXRAINNYC-25NOV05-T2, price: 0.5}}",
    )
    assert [type(outcome) for outcome in done] == [Outcome] * 3
    assert [outcome.sequence for outcome in done] == [done[0].sequence + place for place in range(3)]
    assert exchange.do() == []


def test_a_refused_step_is_raised_and_the_others_are_done(exchange: Any) -> None:
    rich = {"withdraw": {"account": "bob", "amount": 1_000_000}}
    with pytest.raises(Refused, match=r"^insufficient_cash: ") as caught:
        exchange.do({"deposit": {"account": "bob", "amount": 1}}, rich, {"price": {"market": MARKET, "price": 0.5}})

    assert caught.value.code == "insufficient_cash"
    assert caught.value.step == rich
    assert str(caught.value).endswith('({"withdraw": {"account": "bob", "amount": 1000000}})')
    assert exchange.ledger("bob")["deposits"][-1]["amount"] == 1


A_PRICE = "a price such as 0.56, above 0 and below 1 dollar, of at most 4 decimals"
WRONG_STEPS = [
    ({"setle": {}}, "bad_step", "[0]: unknown step 'setle': did you mean 'settle'?"),
    ("setle: {}", "bad_step", "[0]: unknown step 'setle': did you mean 'settle'?"),
    ("settle", "bad_step", "expected a step such as 'settle: {market: M, result: yes}', got 'settle'"),
    (
        "settle: {market: M, result: [}",
        "bad_step",
        "step:1: not valid YAML: did not find expected node content",
    ),
    (
        {"fill": {**FILL, "price": 56}},
        "bad_step",
        f"[0].fill.price: expected {A_PRICE}, got '56': did you mean '0.56'?",
    ),
    (
        {"fill": {**FILL, "price": 0.1 + 0.2}},
        "bad_step",
        f"[0].fill.price: expected {A_PRICE}, got '0.30000000000000004'",
    ),
    ({"fill": FILL, "after": "5s"}, "bad_step", "[0]: a step here happens now: expected neither `at` nor `after`"),
]


@pytest.mark.parametrize(("step", "code", "text"), WRONG_STEPS)
def test_a_step_that_cannot_be_read_changes_nothing(exchange: Any, step: Any, code: str, text: str) -> None:
    before = exchange.ask("GET", "")["commands"]
    with pytest.raises(WrongRequest) as caught:
        exchange.do(step)
    assert (caught.value.code, str(caught.value)) == (code, text)
    assert exchange.ask("GET", "")["commands"] == before


def test_a_value_that_no_scenario_can_say_is_told() -> None:
    from mockexchange.api.values.arguments import to_json

    with pytest.raises(WrongArgument, match=r"^value\.a\[0\]: expected text, a number, a mapping or a list, got b'x'$"):
        to_json({"a": [b"x"]})


def test_an_event_that_there_is_not_is_told(exchange: Any) -> None:
    outcome = exchange.price(MARKET, "0.5")
    with pytest.raises(KeyError, match=r"no event has 'order_id'; known: market, price, type"):
        outcome["order_id"]


# --- keys


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_a_key_that_is_added_signs(exchange: Any, algorithm: str) -> None:
    alice = exchange.accounts["alice"]
    key = exchange.add_key("alice", "second", algorithm=algorithm, scopes=["read"], book="1")

    assert key is alice.keys["second"]
    assert (key.account, key.name, key.secret) == ("alice", "second", None)
    assert get(exchange, "/portfolio/balance", key="second").status == 200
    assert get(exchange, "/portfolio/balance").status == 200, "the first goes on"
    assert alice.key_id != key.key_id


def test_keys_are_the_same_in_every_run_and_no_two_alike(server: Any) -> None:
    def made() -> list[tuple[str, str | None]]:
        with server.sandbox("demo", name="same") as exchange:
            names = [("alice", "b"), ("alice", "c"), ("bob", "b")]
            keys = [exchange.add_key(account, name) for account, name in names]
            first = [account.key for account in exchange.accounts.values()]
            return [(key.key_id, key.private_key_pem) for key in [*first, *keys]]

    once = made()
    assert made() == once
    assert len({pem for _, pem in once}) == len({key_id for key_id, _ in once}) == 6


def test_a_key_of_a_venue_of_secrets_has_one(server: Any) -> None:
    with server.sandbox("deribit") as exchange:
        account = next(iter(exchange.accounts))
        key = exchange.add_key(account, "second", scopes=["account:read"])
        assert key.private_key_pem is None
        assert key.secret
        assert key.secret != exchange.accounts[account].secret


def test_a_key_is_of_an_account_and_named_once(exchange: Any) -> None:
    with pytest.raises(
        UnknownAccount, match=r"^no account 'alise': did you mean 'alice'\? \(known: alice, bob, desk\)$"
    ):
        exchange.add_key("alise", "second")
    with pytest.raises(WrongRequest, match=r"^algorithm: expected rsa or ed25519, got 'dsa'$"):
        exchange.add_key("alice", "second", algorithm="dsa")
    with pytest.raises(Refused, match=r"^already_exists: "):
        exchange.add_key("alice", "main")
    assert get(exchange, "/portfolio/balance").status == 200


def test_an_account_that_a_step_opens_is_known_with_its_key(exchange: Any) -> None:
    exchange.do("account: {account: carol}", "deposit: {account: carol, amount: 7}")
    carol = exchange.accounts["carol"]
    assert (carol.name, carol.kind, carol.venue, dict(carol.keys)) == ("carol", "member", "kalshi", {})

    exchange.add_key("carol", "main")
    assert b'"balance":700' in get(exchange, "/portfolio/balance", "carol").body
