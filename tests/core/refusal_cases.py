"""One case per refusal: the code, a command that is refused with it, and a part of the message."""

from typing import Any, NamedTuple

from msgspec.structs import replace

from mockexchange.core.commands import (
    AcceptBlockTrade,
    AcceptRfqQuote,
    AddKey,
    AllocateBalance,
    AmendOrder,
    CancelOrder,
    CapSubtrader,
    Command,
    CompleteTransfer,
    ConfirmRfqQuote,
    CreateRfq,
    DeleteGroup,
    DeleteRfq,
    Deposit,
    DetermineMarket,
    DisputeMarket,
    ExecuteRfqQuote,
    ExpireOrder,
    FinalizePayment,
    LimitGroup,
    ListMarket,
    ListSeries,
    OpenAccount,
    OpenGroup,
    OpenPosition,
    OpenSubaccount,
    PriceMarket,
    QuoteMarket,
    QuoteRfq,
    RebalanceCash,
    ReduceOrder,
    RemoveKey,
    ReplenishMarket,
    ResetGroup,
    RestOrder,
    RestrictSubtrader,
    SetNetting,
    SetTier,
    Transfer,
    TransferShard,
    TriggerGroup,
    VoidRfqQuote,
    Withdraw,
)
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import PaymentStatus, Result, Side, SubaccountRef
from tests.core.world import fill, rest

ALICE = SubaccountRef("alice")
NOBODY = SubaccountRef("nobody")
DESK = SubaccountRef("desk")
SUBTRADER = SubaccountRef("desk", "st1")


class Case(NamedTuple):
    code: RefusalCode
    command: Command
    says: str


def key(
    account: str = "alice", name: str = "ro", key_id: str = "id-2", pem: str = "PEM", subaccount: str = "0"
) -> AddKey:
    return AddKey(account=account, key=name, key_id=key_id, public_key=pem, subaccount=subaccount)


def market(name: str, event: str = "SUN", series: str = "SUN", exchange_index: int = 0) -> ListMarket:
    return ListMarket(market=name, event=event, series=series, exchange_index=exchange_index)


def opened(market: str, subaccount_ref: str = "alice") -> OpenPosition:
    return OpenPosition(
        subaccount_ref=SubaccountRef.parse(subaccount_ref), market=market, quantity_centis=100, cost_micros=500_000
    )


def moved(amount_micros: int, source: str = "alice", target: str = "alice/3") -> Transfer:
    return Transfer(source=SubaccountRef.parse(source), target=SubaccountRef.parse(target), amount_micros=amount_micros)


def finalized(payment: str, status: PaymentStatus) -> FinalizePayment:
    return FinalizePayment(payment=payment, status=status)


def sharded(amount_micros: int, source_shard: int, target_shard: int, **extra: str) -> TransferShard:
    account, transfer = extra.get("account", "desk"), extra.get("transfer")
    return TransferShard(
        account=account,
        amount_micros=amount_micros,
        source_shard=source_shard,
        target_shard=target_shard,
        transfer=transfer,
    )


def grouped(group: str, subaccount_ref: str = "alice") -> RestOrder:
    return replace(rest("buy yes 1 @ 0.10", subaccount_ref), group=group)


def quoted(account: str, yes_centicents: int = 5_000, **named: Any) -> QuoteRfq:
    ref = SubaccountRef.parse(account)
    return QuoteRfq(subaccount_ref=ref, yes_centicents=yes_centicents, no_centicents=0, **named)


R = RefusalCode

CASES = [
    # accounts, books, keys
    Case(
        R.UNKNOWN_ACCOUNT,
        OpenSubaccount(account="nobody", subaccount="1"),
        "no account 'nobody'; known: alice, bob, desk",
    ),
    Case(R.UNKNOWN_KEY, RemoveKey(account="alice", key_id="id-9"), "account alice has no key with the id id-9"),
    Case(R.UNKNOWN_KEY, RemoveKey(account="bob", key_id="id-1"), "account bob has no key with the id id-1"),
    Case(R.UNKNOWN_ACCOUNT, SetTier(account="nobody", tier="prime"), "no account 'nobody'; known: alice, bob, desk"),
    Case(R.UNKNOWN_ACCOUNT, key("nobody"), "no account 'nobody'; known: alice, bob, desk"),
    Case(
        R.UNKNOWN_ACCOUNT,
        Deposit(subaccount_ref=NOBODY, amount_micros=1),
        "no account 'nobody'; known: alice, bob, desk",
    ),
    Case(R.ALREADY_EXISTS, OpenAccount(account="alice"), "account alice exists already"),
    Case(R.ALREADY_EXISTS, OpenSubaccount(account="desk", subaccount="st1"), "account desk has a book 'st1' already"),
    Case(R.ALREADY_EXISTS, OpenSubaccount(account="alice", subaccount="0"), "account alice has a book '0' already"),
    Case(
        R.WRONG_KIND,
        OpenSubaccount(account="alice", subaccount="64"),
        "account alice is a member: expected a subaccount 1 to 63, got '64'",
    ),
    Case(
        R.WRONG_KIND,
        OpenSubaccount(account="alice", subaccount="st1"),
        "account alice is a member: expected a subaccount 1 to 63, got 'st1'",
    ),
    Case(R.ALREADY_EXISTS, key(name="main"), "account alice has a key 'main' already"),
    Case(R.UNKNOWN_SUBACCOUNT, key(subaccount="7"), "account alice has no book '7'; known: 0"),
    Case(R.KEY_IN_USE, key(key_id="id-1"), "key id id-1 exists already"),
    Case(
        R.KEY_IN_USE,
        key("bob", pem="PEM of alice"),
        "accounts alice and bob share a key pair: give each its own",
    ),
    # cash
    Case(
        R.INSUFFICIENT_CASH,
        Withdraw(subaccount_ref=ALICE, amount_micros=9_000_001),
        "alice has 9.000000 dollars free, asked for 9.000001: its orders that rest hold back 1.000000",
    ),
    Case(
        R.INSUFFICIENT_CASH,
        moved(1, "desk/st1", "desk"),
        "desk/st1 has 0.000000 dollars free, asked for 0.000001",
    ),
    Case(R.UNKNOWN_SUBACCOUNT, moved(1), "account alice has no book '3'; known: 0"),
    Case(R.UNKNOWN_SUBACCOUNT, moved(1, "alice/3", "alice"), "account alice has no book '3'; known: 0"),
    # payments
    Case(
        R.UNKNOWN_SUBACCOUNT,
        Deposit(subaccount_ref=SubaccountRef("alice", "3"), amount_micros=1),
        "account alice has no book '3'",
    ),
    Case(
        R.UNKNOWN_SUBACCOUNT,
        Withdraw(subaccount_ref=SubaccountRef("alice", "3"), amount_micros=1),
        "account alice has no book '3'",
    ),
    Case(
        R.INSUFFICIENT_CASH,
        Withdraw(subaccount_ref=ALICE, amount_micros=9_000_000, fee_micros=1),
        "alice has 9.000000 dollars free, asked for 9.000001: its orders that rest hold back 1.000000",
    ),
    Case(
        R.ALREADY_EXISTS,
        Deposit(subaccount_ref=ALICE, amount_micros=1, payment="pending"),
        "payment pending exists already",
    ),
    Case(
        R.ALREADY_EXISTS,
        Withdraw(subaccount_ref=ALICE, amount_micros=1, payment="pending"),
        "payment pending exists already",
    ),
    Case(
        R.UNKNOWN_PAYMENT,
        finalized("lost", PaymentStatus.APPLIED),
        "no payment 'lost'; known: ",
    ),
    *(
        Case(
            R.ILLEGAL_TRANSITION,
            finalized(payment, status),
            f"payment {payment} is {payment}: it cannot become {status}; possible now: nothing more",
        )
        for payment in ("returned", "failed")
        for status in PaymentStatus
        if status is not PaymentStatus.PENDING
    ),
    # transfers
    Case(R.INSUFFICIENT_CASH, sharded(6, 1, 0), "desk has 0.000005 dollars free on shard 1, asked for 0.000006"),
    Case(R.INSUFFICIENT_CASH, sharded(1, 0, 1), "desk has 0.000000 dollars free on shard 0, asked for 0.000001"),
    Case(R.INSUFFICIENT_CASH, sharded(1, 2, 1), "desk has 0.000000 dollars free on shard 2, asked for 0.000001"),
    Case(
        R.INSUFFICIENT_CASH,
        moved(1, "desk", "desk/st1"),
        "desk has 0.000000 dollars free on shard 0, asked for 0.000001",
    ),
    Case(
        R.INSUFFICIENT_CASH,
        sharded(9_000_001, 0, 1, account="alice"),
        "alice has 9.000000 dollars free, asked for 9.000001: its orders that rest hold back 1.000000",
    ),
    Case(R.UNKNOWN_ACCOUNT, sharded(1, 0, 1, account="nobody"), "no account 'nobody'"),
    *(
        Case(R.ALREADY_EXISTS, command, f"transfer {transfer} exists already")
        for transfer in ("arrived", "between books")
        for command in (
            sharded(5, 1, 0, transfer=transfer),
            replace(moved(5, "bob/1", "bob"), transfer=transfer),
        )
    ),
    Case(
        R.UNKNOWN_TRANSFER, CompleteTransfer(transfer="lost"), "no transfer 'lost' between shards; known: arrived, on"
    ),
    Case(
        R.ILLEGAL_TRANSITION,
        CompleteTransfer(transfer="arrived"),
        "transfer arrived is complete: expected a pending one",
    ),
    Case(R.UNKNOWN_ACCOUNT, RebalanceCash(account="nobody"), "no account 'nobody'"),
    Case(R.UNKNOWN_ACCOUNT, AllocateBalance(account="nobody", allocations=((0, 100),)), "no account 'nobody'"),
    Case(
        R.UNKNOWN_SUBACCOUNT,
        SetNetting(subaccount_ref=SubaccountRef("alice", "3"), enabled=True),
        "account alice has no book '3'",
    ),
    Case(
        R.WRONG_KIND,
        SetNetting(subaccount_ref=SUBTRADER, enabled=True),
        "account desk is an fcm: netting is set for a member's books",
    ),
    # subtraders
    *(
        Case(
            R.WRONG_KIND,
            command,
            f"{command.subaccount_ref} is no subtrader: expected ACCOUNT/SUBTRADER of an fcm account",
        )
        for subaccount_ref in (ALICE, DESK, SubaccountRef("bob", "1"))
        for command in (
            RestrictSubtrader(subaccount_ref=subaccount_ref, blocked=True),
            CapSubtrader(subaccount_ref=subaccount_ref, limit_micros=1),
        )
    ),
    Case(
        R.UNKNOWN_SUBACCOUNT,
        RestrictSubtrader(subaccount_ref=SubaccountRef("desk", "st2")),
        "account desk has no book 'st2'; known: 0",
    ),
    Case(
        R.UNKNOWN_SUBACCOUNT,
        CapSubtrader(subaccount_ref=SubaccountRef("desk", "st2")),
        "account desk has no book 'st2'; known: 0",
    ),
    # listing
    Case(R.UNKNOWN_MARKET, QuoteMarket(market="SNOW-1"), "no market 'SNOW-1'"),
    Case(R.MARKET_NOT_OPEN, QuoteMarket(market="CLOSED-1"), "market CLOSED-1 is closed: expected an open one"),
    Case(R.ALREADY_EXISTS, ListSeries(series="RAIN"), "series RAIN exists already"),
    Case(R.ALREADY_EXISTS, market("SUN-1"), "market SUN-1 exists already"),
    Case(
        R.WRONG_EVENT,
        market("SUN-9", series="RAIN"),
        "event SUN is of series SUN on exchange index 0, got RAIN on 0 for market SUN-9",
    ),
    Case(
        R.WRONG_EVENT,
        market("SUN-9", exchange_index=2),
        "event SUN is of series SUN on exchange index 0, got SUN on 2 for market SUN-9",
    ),
    Case(
        R.UNKNOWN_MARKET,
        PriceMarket(market="SNOW-1", price_centicents=1),
        "no market 'SNOW-1': did you mean 'SUN-1'? known: RAIN-1, FLAT-1, CLOSED-1, DONE-1, SUN-1 and 2 more",
    ),
    # the life of a market
    Case(
        R.MARKET_NOT_OPEN,
        PriceMarket(market="CLOSED-1", price_centicents=1),
        "market CLOSED-1 is closed: expected an open one",
    ),
    Case(
        R.ILLEGAL_TRANSITION,
        DisputeMarket(market="RAIN-1"),
        "market RAIN-1 is open: it cannot dispute; possible now: close, determine",
    ),
    Case(
        R.ILLEGAL_TRANSITION,
        DetermineMarket(market="DONE-1", result=Result.NO),
        "market DONE-1 is finalized: it cannot determine; possible now: nothing more",
    ),
    # trading
    Case(R.MARKET_NOT_OPEN, fill("buy yes 1 @ 0.50", market="DONE-1"), "market DONE-1 is finalized: expected an open"),
    Case(R.MARKET_NOT_OPEN, rest("buy yes 1 @ 0.50", market="CLOSED-1"), "market CLOSED-1 is closed: expected an open"),
    Case(R.UNKNOWN_MARKET, fill("buy yes 1 @ 0.50", market="SNOW-1"), "no market 'SNOW-1'"),
    Case(R.UNKNOWN_SUBACCOUNT, fill("buy yes 1 @ 0.50", "desk/st2"), "account desk has no book 'st2'; known: 0, st1"),
    Case(R.UNKNOWN_ACCOUNT, fill("buy yes 1 @ 0.50", against=NOBODY), "no account 'nobody'"),
    Case(
        R.FEE_UNKNOWN,
        fill("buy yes 1 @ 0.50", market="FLAT-1"),
        "series FLAT has fee_type flat, which has no formula: state the fill's fee",
    ),
    Case(
        R.MARKET_NOT_OPEN,
        opened("DONE-1"),
        "market DONE-1 is finalized: open the position before it settles",
    ),
    Case(R.POSITION_EXISTS, opened("RAIN-1"), "alice has a row in RAIN-1 already"),
    Case(R.UNKNOWN_SUBACCOUNT, opened("RAIN-1", "bob/9"), "account bob has no book '9'; known: 0"),
    Case(R.ALREADY_EXISTS, fill("buy yes 1 @ 0.50", fill_id="fill-1"), "fill fill-1 exists already"),
    # groups
    Case(R.ALREADY_EXISTS, OpenGroup(subaccount_ref=ALICE, group="open"), "group open exists already"),
    Case(R.UNKNOWN_SUBACCOUNT, OpenGroup(subaccount_ref=SubaccountRef("alice", "3")), "account alice has no book '3'"),
    Case(R.UNKNOWN_GROUP, TriggerGroup(group="lost"), "no group 'lost'; known: open, over"),
    Case(R.UNKNOWN_GROUP, ResetGroup(group="lost"), "no group 'lost'; known: open, over"),
    Case(R.UNKNOWN_GROUP, LimitGroup(group="lost", limit_centis=1), "no group 'lost'; known: open, over"),
    Case(R.UNKNOWN_GROUP, DeleteGroup(group="lost"), "no group 'lost'; known: open, over"),
    Case(R.UNKNOWN_GROUP, grouped("lost"), "no group 'lost'; known: open, over"),
    Case(R.GROUP_MISMATCH, grouped("open", "bob"), "group open is of alice, the order of bob"),
    Case(R.GROUP_TRIGGERED, grouped("over"), "group over is triggered: reset it before it takes orders again"),
    # requests for quotes, and block trades
    Case(R.UNKNOWN_RFQ, DeleteRfq(rfq="lost"), "no RFQ 'lost'; known: ask, shut, own"),
    Case(R.UNKNOWN_RFQ, quoted("alice", market="SUN-1"), "no other account has an open RFQ in SUN-1: the step `rfq`"),
    Case(R.RFQ_CLOSED, quoted("bob", rfq="shut"), "RFQ shut is closed: expected an open one"),
    Case(R.ALREADY_EXISTS, quoted("bob", rfq="ask", quote="bid"), "quote bid exists already"),
    Case(R.PRICE_OFF_GRID, quoted("bob", rfq="ask", yes_centicents=5_010), "price 0.5010 is between the steps of"),
    Case(
        R.ALREADY_EXISTS,
        CreateRfq(subaccount_ref=ALICE, market="RAIN-1", count_centis=100),
        "alice has the open RFQ ask in RAIN-1: delete or replace it",
    ),
    Case(R.UNKNOWN_QUOTE, ExecuteRfqQuote(quote="lost"), "no quote 'lost'; known: bid, held"),
    Case(R.UNKNOWN_QUOTE, ConfirmRfqQuote(account="alice"), "account alice has no accepted quote to confirm"),
    Case(R.UNKNOWN_QUOTE, AcceptRfqQuote(rfq="ask", side=Side.NO), "RFQ ask has no open quote with a bid for no"),
    Case(R.QUOTE_NOT_OPEN, AcceptRfqQuote(quote="bid", side=Side.NO), "quote bid declines the side no"),
    Case(R.QUOTE_NOT_OPEN, VoidRfqQuote(quote="bid"), "quote bid is open: expected an accepted one"),
    Case(R.QUOTE_NOT_OPEN, DeleteRfq(rfq="own"), "quote held for RFQ own is confirmed: neither side can withdraw"),
    Case(
        R.QUOTE_NOT_OPEN,
        CreateRfq(subaccount_ref=ALICE, market="SUN-2", count_centis=100, replaces=True),
        "quote held for RFQ own is confirmed: neither side can withdraw",
    ),
    Case(R.UNKNOWN_PROPOSAL, AcceptBlockTrade(proposal="lost", subaccount_ref=ALICE), "no block trade proposal 'lost'"),
    Case(
        R.PROPOSAL_NOT_OPEN,
        AcceptBlockTrade(proposal="over", subaccount_ref=SubaccountRef("bob")),
        "block trade over is executed: expected a pending one",
    ),
    # orders
    Case(
        R.ORDER_MISMATCH,
        fill("buy yes 1 @ 0.50", "bob", market="SUN-1", order="filled", client_order_id="other"),
        "order filled has client_order_id '', got 'other'",
    ),
    Case(R.ALREADY_EXISTS, rest("buy yes 1 @ 0.50", order="resting"), "order resting exists already"),
    Case(R.UNKNOWN_ORDER, CancelOrder(order="lost"), "no order 'lost'; known: resting, canceled, filled"),
    Case(R.UNKNOWN_ORDER, ExpireOrder(order="lost"), "no order 'lost'; known: resting, canceled, filled"),
    Case(
        R.UNKNOWN_ORDER, AmendOrder(order="lost", count_centis=1), "no order 'lost'; known: resting, canceled, filled"
    ),
    Case(R.ORDER_NOT_RESTING, ExpireOrder(order="filled"), "order filled is executed: only a resting one can change"),
    Case(
        R.ORDER_NOT_RESTING,
        AmendOrder(order="canceled", price_centicents=1),
        "order canceled is canceled: only a resting one can change",
    ),
    Case(
        R.UNKNOWN_ORDER, ReduceOrder(order="lost", count_centis=1), "no order 'lost'; known: resting, canceled, filled"
    ),
    Case(
        R.ORDER_NOT_RESTING, CancelOrder(order="canceled"), "order canceled is canceled: only a resting one can change"
    ),
    Case(R.UNKNOWN_MARKET, ReplenishMarket(market="SNOW-1"), "no market 'SNOW-1'"),
    Case(
        R.UNKNOWN_ORDER,
        fill("buy yes 1 @ 0.50", order="cancelled"),
        "no order 'cancelled': did you mean 'canceled'?; `order: {new: cancelled}` makes an order with this id",
    ),
    Case(
        R.ALREADY_EXISTS,
        fill("buy yes 1 @ 0.50", new="resting"),
        "order resting exists already: `order: resting` fills it",
    ),
    Case(
        R.ORDER_NOT_RESTING,
        fill("buy yes 1 @ 0.50", order="canceled"),
        "order canceled is canceled: only a resting one can change",
    ),
    Case(
        R.ORDER_MISMATCH,
        fill("buy yes 2.01 @ 0.50", order="resting"),
        "order resting has 2.00 contracts left, got 2.01",
    ),
    *(
        Case(R.ORDER_MISMATCH, other, f"order resting is buy yes in RAIN-1 by alice, got {got}")
        for other, got in [
            (fill("sell yes 1 @ 0.50", order="resting"), "sell yes in RAIN-1 by alice"),
            (fill("buy no 1 @ 0.50", order="resting"), "buy no in RAIN-1 by alice"),
            (fill("buy yes 1 @ 0.50", "bob", order="resting"), "buy yes in RAIN-1 by bob"),
            (fill("buy yes 1 @ 0.50", market="SUN-1", order="resting"), "buy yes in SUN-1 by alice"),
        ]
    ),
]
