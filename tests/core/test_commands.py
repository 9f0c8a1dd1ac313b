"""Commands are valid once they exist: what is out of range never becomes one."""

from collections.abc import Callable
from typing import Any, get_args

import pytest

from mockexchange.core.commands import (
    AddKey,
    AllocateBalance,
    AmendOrder,
    Announce,
    CapSubtrader,
    Command,
    Deposit,
    DetermineMarket,
    Fill,
    FinalizePayment,
    LimitGroup,
    ListMarket,
    ListSeries,
    Note,
    OpenAccount,
    OpenGroup,
    OpenPosition,
    OpenSubaccount,
    PriceMarket,
    QuoteMarket,
    ReduceOrder,
    RestOrder,
    SettleMarket,
    Transfer,
    TransferShard,
    Withdraw,
)
from mockexchange.core.derivatives.handlers import HANDLERS as OF_DERIVATIVES
from mockexchange.core.events import Event
from mockexchange.core.exchange import HANDLERS
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import Action, Instance, PaymentStatus, Result, Side, SubaccountRef
from tests.helpers.rows import each_row

Values = dict[str, Any]

ALICE, ALICE_3, BOB = SubaccountRef("alice"), SubaccountRef("alice", "3"), SubaccountRef("bob")
MARKET: Values = {"market": "M", "event": "E", "series": "S"}
TRADE: Values = {"subaccount_ref": ALICE, "market": "M", "side": Side.YES, "action": Action.BUY}
TRADE |= {"count_centis": 100, "price_centicents": 5_000}
HELD: Values = {"subaccount_ref": ALICE, "market": "M", "quantity_centis": 100, "cost_micros": 500_000}
DECIDED: Values = {"market": "M", "result": Result.YES}
SCALAR: Values = {"market": "M", "result": Result.SCALAR}
MOVED: Values = {"source": ALICE, "target": ALICE_3, "amount_micros": 1}

KEY: Values = {"account": "alice", "key": "main", "key_id": "id", "public_key": "PEM"}
PAID: Values = {"subaccount_ref": ALICE, "amount_micros": 5}
SENT: Values = {"account": "alice", "amount_micros": 1, "target": Instance.MARGINED}
SHARE: Values = {"account": "alice"}
QUOTED: Values = {"market": "M"}

PRICE = "price: expected more than 0 and less than 1 dollar"
COUNT = "count: expected more than 0"
AMOUNT = "amount: expected more than 0"
NO_VALUE = "value: only a scalar result has one, yes has not"
BEGINS = "status: a payment begins applied or pending, not "
ELSEWHERE = "target: expected another instance or shard than the source"
TWICE = "book: expected each price of a side once"
CROSSED = "book: bids for yes and no that add up to a dollar would trade"
VALUE = "value: a scalar result needs a value from 0 to 1 dollar"

REFUSED: list[tuple[type, Values, Values, str]] = [
    # the command, values that are fine, the one that is not, and what is said about it
    (AddKey, KEY, {"public_key": ""}, "public_key and secret: expected one of them"),
    (AddKey, KEY, {"secret": "s3cr3t"}, "public_key and secret: expected one of them"),
    (OpenAccount, {}, {"account": ""}, "account: expected a name without a slash"),
    (OpenAccount, {}, {"account": "alice/3"}, "account: expected a name without a slash"),
    (OpenSubaccount, {"account": "alice"}, {"subaccount": ""}, "book: expected a name without a slash"),
    (OpenSubaccount, {"account": "alice"}, {"subaccount": "a/b"}, "book: expected a name without a slash"),
    (ListSeries, {"series": "S"}, {"fee_multiplier": -1}, "fee_multiplier: expected 0 or more"),
    (ListMarket, MARKET, {"market": ""}, "market, event and series: expected names"),
    (ListMarket, MARKET, {"event": ""}, "market, event and series: expected names"),
    (ListMarket, MARKET, {"series": ""}, "market, event and series: expected names"),
    (ListMarket, MARKET, {"exchange_index": -1}, "exchange_index: expected 0 to 63"),
    (ListMarket, MARKET, {"exchange_index": 64}, "exchange_index: expected 0 to 63"),
    (ListMarket, MARKET, {"price_centicents": 0}, PRICE),
    (ListMarket, MARKET, {"price_centicents": 10_000}, PRICE),
    (PriceMarket, {"market": "M"}, {"price_centicents": 0}, PRICE),
    (PriceMarket, {"market": "M"}, {"price_centicents": 10_000}, PRICE),
    (DetermineMarket, SCALAR, {"value_centicents": None}, VALUE),
    (DetermineMarket, SCALAR, {"value_centicents": -1}, VALUE),
    (DetermineMarket, SCALAR, {"value_centicents": 10_001}, VALUE),
    (DetermineMarket, DECIDED, {"value_centicents": 5_000}, NO_VALUE),
    (SettleMarket, SCALAR, {"value_centicents": None}, VALUE),
    (SettleMarket, SCALAR, {"value_centicents": -1}, VALUE),
    (SettleMarket, SCALAR, {"value_centicents": 10_001}, VALUE),
    (SettleMarket, DECIDED, {"value_centicents": 5_000}, NO_VALUE),
    (Fill, TRADE, {"count_centis": 0}, COUNT),
    (Fill, TRADE, {"price_centicents": 0}, PRICE),
    (Fill, TRADE, {"price_centicents": 10_000}, PRICE),
    (Fill, TRADE, {"fee_micros": -1}, "fee: expected 0 or more"),
    (Fill, TRADE, {"against": ALICE}, "against: expected another book than the account's own"),
    (Fill, TRADE | {"against": ALICE_3}, {"against_fee_micros": -1}, "against_fee: expected 0 or more"),
    (Fill, TRADE, {"against_order": "o"}, "against_order and against_fee: expected the key `against` beside them"),
    (Fill, TRADE, {"against_fee_micros": 0}, "against_order and against_fee: expected the key `against` beside them"),
    (
        Fill,
        TRADE | {"against": ALICE_3},
        {"order": "o", "against_order": "o"},
        "against_order: expected another order than the account's own",
    ),
    (OpenPosition, HELD, {"cost_micros": -1}, "exposure: expected 0 or more"),
    (OpenPosition, HELD, {"quantity_centis": 0}, "exposure: no position, so expected 0"),
    (OpenPosition, HELD, {"fees_micros": -1}, "fees and traded: expected 0 or more"),
    (OpenPosition, HELD, {"traded_micros": -1}, "fees and traded: expected 0 or more"),
    (OpenPosition, HELD, {"shares_centis": -1}, "shares: expected 0 or more"),
    (RestOrder, TRADE, {"count_centis": 0}, COUNT),
    (RestOrder, TRADE, {"price_centicents": 10_000}, PRICE),
    (ReduceOrder, {"order": "o"}, {"count_centis": 0}, COUNT),
    (AmendOrder, {"order": "o"}, {"price_centicents": 0}, PRICE),
    (AmendOrder, {"order": "o"}, {"price_centicents": 10_000}, PRICE),
    (AmendOrder, {"order": "o"}, {"count_centis": -1}, "count: expected 0 or more"),
    (
        AmendOrder,
        {"order": "o"},
        {"price_centicents": None},
        "price, count, expires or client_order_id: expected at least one of them",
    ),
    (Deposit, {"subaccount_ref": ALICE}, {"amount_micros": 0}, AMOUNT),
    (Deposit, PAID, {"fee_micros": 6}, "fee: expected 0 to the amount"),
    (Deposit, PAID, {"fee_micros": -1}, "fee: expected 0 to the amount"),
    (Deposit, PAID, {"status": PaymentStatus.FAILED}, f"{BEGINS}failed"),
    (Deposit, PAID, {"status": PaymentStatus.RETURNED}, f"{BEGINS}returned"),
    (Withdraw, {"subaccount_ref": ALICE}, {"amount_micros": 0}, AMOUNT),
    (Withdraw, PAID, {"fee_micros": -1}, "fee: expected 0 or more"),
    (Withdraw, PAID, {"status": PaymentStatus.RETURNED}, f"{BEGINS}returned"),
    (
        FinalizePayment,
        {"payment": "p"},
        {"status": PaymentStatus.PENDING},
        "status: expected applied, failed or returned",
    ),
    (TransferShard, SENT, {"amount_micros": 0}, AMOUNT),
    (TransferShard, SENT, {"source_shard": -1}, "shard: expected 0 to 63"),
    (TransferShard, SENT, {"target_shard": 64}, "shard: expected 0 to 63"),
    (TransferShard, SENT, {"target": Instance.EVENT_CONTRACT}, ELSEWHERE),
    (AllocateBalance, SHARE, {"allocations": ((0, 0),)}, "allocations: expected 100 percent in all, got 0"),
    (AllocateBalance, SHARE, {"allocations": ((0, 60), (1, 41))}, "allocations: expected 100 percent in all, got 101"),
    (AllocateBalance, SHARE, {"allocations": ((0, -1), (1, 101))}, "allocations: expected 0 to 100 percent each"),
    (AllocateBalance, SHARE, {"allocations": ((1, 50), (1, 50))}, "allocations: expected each exchange index once"),
    (AllocateBalance, SHARE, {"allocations": ((64, 100),)}, "allocations: expected indexes 0 to 63"),
    (AllocateBalance, SHARE, {"allocations": ((-1, 100),)}, "allocations: expected indexes 0 to 63"),
    (CapSubtrader, {"subaccount_ref": ALICE_3}, {"limit_micros": -1}, "limit: expected 0 or more"),
    (OpenGroup, {"subaccount_ref": ALICE}, {"limit_centis": 0}, "limit: expected more than 0"),
    (LimitGroup, {"group": "g"}, {"limit_centis": 0}, "limit: expected more than 0"),
    (QuoteMarket, QUOTED, {"yes": ((0, 1),)}, PRICE),
    (QuoteMarket, QUOTED, {"no": ((10_000, 1),)}, PRICE),
    (QuoteMarket, QUOTED, {"no": ((5_000, 0),)}, COUNT),
    (QuoteMarket, QUOTED, {"yes": ((5_000, 1), (5_000, 2))}, TWICE),
    (QuoteMarket, QUOTED, {"no": ((5_000, 1), (5_000, 2))}, TWICE),
    (QuoteMarket, QUOTED, {"yes": ((5_000, 1), (6_000, 2)), "no": ((4_000, 1), (1, 1))}, CROSSED),
    (Announce, {}, {"message": ""}, "message: expected text"),
    (Note, {"text": "t"}, {"subject": ""}, "subject: expected text"),
    (Transfer, MOVED, {"amount_micros": 0}, AMOUNT),
    (Transfer, MOVED, {"target": BOB}, "target: expected a book of the same account"),
    (Transfer, MOVED, {"target": ALICE}, "target: expected another book than the source"),
]

# The edges that just hold.
ACCEPTED: list[tuple[type, Values]] = [
    (ListSeries, {"series": "S", "fee_multiplier": 0}),
    (ListMarket, MARKET | {"exchange_index": 63, "price_centicents": 9_999}),
    (PriceMarket, {"market": "M", "price_centicents": 1}),
    (SettleMarket, SCALAR | {"value_centicents": 0}),
    (SettleMarket, SCALAR | {"value_centicents": 10_000}),
    (Fill, TRADE | {"count_centis": 1, "price_centicents": 1, "fee_micros": 0, "against": ALICE_3}),
    (OpenPosition, HELD | {"quantity_centis": 0, "cost_micros": 0}),
    (OpenPosition, HELD | {"quantity_centis": -1, "realized_micros": -1, "shares_centis": 0}),
    (AmendOrder, {"order": "o", "count_centis": 1}),
    (AmendOrder, {"order": "o", "price_centicents": 9_999}),
    (LimitGroup, {"group": "g", "limit_centis": 1}),
    (Note, {"subject": "s", "text": ""}),
    (Transfer, MOVED),
    (Deposit, PAID | {"fee_micros": 5, "status": PaymentStatus.PENDING}),
    (Withdraw, PAID | {"fee_micros": 6, "status": PaymentStatus.PENDING}),
    (TransferShard, SENT | {"source_shard": 63, "target_shard": 63}),
    (TransferShard, SENT | {"source": Instance.MARGINED, "target_shard": 1}),
    (AllocateBalance, SHARE | {"allocations": ((63, 100), (0, 0))}),
    (AllocateBalance, SHARE | {"allocations": ()}),
    (CapSubtrader, {"subaccount_ref": ALICE_3, "limit_micros": 0}),
    (CapSubtrader, {"subaccount_ref": ALICE_3, "limit_micros": None}),
    (QuoteMarket, QUOTED | {"yes": (), "no": ()}),
    (QuoteMarket, QUOTED | {"yes": ((5_000, 1), (5_999, 2)), "no": ((4_000, 1), (1, 1))}),
    (QuoteMarket, QUOTED | {"yes": ((9_999, 1),)}),
]


@each_row(("command", "fine", "wrong", "message"), REFUSED, ids=[f"{row[0].__name__} {row[2]}" for row in REFUSED])
def test_what_is_out_of_range_is_refused(
    command: Callable[..., object], fine: Values, wrong: Values, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        command(**fine | wrong)


@each_row(("command", "values"), ACCEPTED, ids=[str(row[1]) for row in ACCEPTED])
def test_what_is_just_in_range_is_not(command: Callable[..., object], values: Values) -> None:
    made = command(**values)
    assert {name: getattr(made, name) for name in values} == values


@each_row("kind", [*get_args(Command), *get_args(Event), Refusal], ids=lambda kind: kind.__name__)
def test_commands_events_and_refusals_are_frozen(kind: Any) -> None:
    assert kind.__struct_config__.frozen
    assert "__slots__" in vars(kind)


def test_every_command_has_a_handler() -> None:
    assert {*HANDLERS, *OF_DERIVATIVES} == set(get_args(Command))
