"""Every refusal: its code, words that say what was wrong and what was expected, and a state that stays as it was."""

from mockexchange.core.commands import (
    AcceptBlockTrade,
    AcceptRfqQuote,
    AddKey,
    AllocateBalance,
    AmendOrder,
    Announce,
    CancelOrder,
    CapSubtrader,
    CloseMarket,
    Command,
    CompleteTransfer,
    ConfirmRfqQuote,
    CreateRfq,
    DeleteGroup,
    DeleteRfq,
    Deposit,
    DescribeEvent,
    ExpireOrder,
    FinalizePayment,
    LimitGroup,
    OpenAccount,
    OpenGroup,
    OpenSubaccount,
    PriceMarket,
    ProposeBlockTrade,
    QuoteMarket,
    ResetGroup,
    RestrictSubtrader,
    SetNetting,
    SettleMarket,
    SwitchExchange,
    Transfer,
    TransferShard,
    TriggerGroup,
    Withdraw,
)
from mockexchange.core.model.markets import EventDetails
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import FeeType, Instance, PaymentStatus, Result, Side, SubaccountRef, TransferStatus
from tests.core.derivatives.test_refusals import CASES as OF_DERIVATIVES
from tests.core.dump import dump
from tests.core.handlers.test_placing_refused import CODES as OF_ORDERS
from tests.core.refusal_cases import ALICE, CASES, SUBTRADER, Case, finalized, moved, quoted, sharded
from tests.core.world import World, fill
from tests.helpers.rows import each_row

PAYMENTS = (
    Deposit(subaccount_ref=ALICE, amount_micros=5, payment="pending", status=PaymentStatus.PENDING),
    Deposit(subaccount_ref=ALICE, amount_micros=5, payment="returned"),
    FinalizePayment(payment="returned", status=PaymentStatus.RETURNED),
    Withdraw(subaccount_ref=ALICE, amount_micros=5, payment="failed", status=PaymentStatus.PENDING),
    FinalizePayment(payment="failed", status=PaymentStatus.FAILED),
)
TRANSFERS = (
    Transfer(source=SubaccountRef("bob"), target=SubaccountRef("bob", "1"), amount_micros=5, transfer="between books"),
    TransferShard(account="desk", source=Instance.MARGINED, amount_micros=5, target_shard=1, transfer="arrived"),
    TransferShard(
        account="desk",
        source=Instance.MARGINED,
        amount_micros=5,
        transfer="on its way",
        status=TransferStatus.PENDING,
    ),
)


RFQS = (
    CreateRfq(subaccount_ref=ALICE, market="RAIN-1", count_centis=100, rfq="ask"),
    quoted("bob", rfq="ask", quote="bid"),
    CreateRfq(subaccount_ref=ALICE, market="SUN-1", count_centis=100, rfq="shut"),
    DeleteRfq(rfq="shut"),
    CreateRfq(subaccount_ref=ALICE, market="SUN-2", count_centis=100, rfq="own"),
    quoted("bob", 4_000, rfq="own", quote="held"),
    AcceptRfqQuote(quote="held", side=Side.YES),
    ConfirmRfqQuote(quote="held"),
    ProposeBlockTrade(
        proposer="alice",
        buyer=ALICE,
        seller=SubaccountRef("bob"),
        market="SUN-3",
        price_centicents=5_000,
        count_centis=1,
        maker_side=Side.YES,
        expires_at=4_000_000_000_000_000,
        proposal="over",
    ),
    AcceptBlockTrade(proposal="over", subaccount_ref=SubaccountRef("bob")),
    Deposit(subaccount_ref=ALICE, amount_micros=5_000),  # which is what the trade took
)
FOUND_BY_REQUESTS = {RefusalCode.TOO_MANY_RFQS}
"""Codes whose case takes a hundred markets: tests/venues/kalshi/test_rfqs.py."""


def world() -> World:
    """Everything a refusal can be about: markets at every stage, a row, orders, groups, payments and transfers."""
    it = World()
    it.deposit("10")
    it.deposit("1", "bob")
    it.do(OpenSubaccount(account="bob", subaccount="1"))
    it.list_market("FLAT-1", fee_type=FeeType.FLAT)
    for market in ["CLOSED-1", "DONE-1", "SUN-1", "SUN-2", "SUN-3"]:
        it.list_market(market)
    it.do(AddKey(account="alice", key="main", key_id="id-1", public_key="PEM of alice"))
    it.rest("buy yes 2 @ 0.50", order="resting")
    it.rest("buy yes 2 @ 0.50", order="canceled")
    it.do(CancelOrder(order="canceled"), CloseMarket(market="CLOSED-1"))
    it.do(SettleMarket(market="DONE-1", result=Result.YES))
    it.do(
        OpenGroup(subaccount_ref=ALICE, group="open"),
        OpenGroup(subaccount_ref=ALICE, group="over"),
        TriggerGroup(group="over"),
    )
    it.fill("buy yes 1 @ 0.50", "bob", market="SUN-1", fee_micros=0, new="filled", fill_id="fill-1")
    it.do(*PAYMENTS, *TRANSFERS, *RFQS)
    return it


@each_row("case", CASES, ids=lambda case: f"{case.code}: {case.command}"[:90])
def test_a_refusal_has_its_reason_and_changes_nothing(case: Case) -> None:
    refused = world()
    before = dump(refused.exchange.state)
    refusal = refused.refuse(case.command)
    assert refusal.code is case.code
    assert refusal.message.startswith(case.says)
    assert dump(refused.exchange.state) == before


def test_every_code_is_used() -> None:
    of_markets = {case.code for case in CASES} | OF_ORDERS | FOUND_BY_REQUESTS
    assert of_markets | {case.code for case in OF_DERIVATIVES} == set(RefusalCode)


def test_a_refused_command_counts_and_time_goes_on() -> None:
    refused = world()
    sequence = refused.exchange.state.sequence
    refused.exchange.execute(CancelOrder(order="lost"), refused.at + 5)
    assert (refused.exchange.state.sequence, refused.exchange.last_at) == (sequence + 1, refused.at + 5)


@each_row(
    "change",
    [
        Deposit(subaccount_ref=ALICE, amount_micros=1),
        PriceMarket(market="RAIN-1", price_centicents=1),
        OpenAccount(account="carol"),
        CloseMarket(market="SUN-1"),
        CancelOrder(order="resting"),
        fill("buy yes 0.01 @ 0.01"),
        Deposit(subaccount_ref=ALICE, amount_micros=1, status=PaymentStatus.PENDING),
        finalized("pending", PaymentStatus.FAILED),
        moved(1, "bob", "bob/1"),
        sharded(1, 0, 1, account="alice"),
        CompleteTransfer(transfer="on its way"),
        AllocateBalance(account="alice", allocations=((1, 100),)),
        SetNetting(subaccount_ref=ALICE, enabled=True),
        RestrictSubtrader(subaccount_ref=SUBTRADER, categories=("Sports",)),
        CapSubtrader(subaccount_ref=SUBTRADER, limit_micros=1),
        DescribeEvent(event="SUN", details=EventDetails(title="Sun")),
        DescribeEvent(event="SNOW", details=EventDetails(title="Snow")),
        QuoteMarket(market="SUN-1", yes=((5_000, 100),)),
        SwitchExchange(trading=False),
        Announce(message="Back soon"),
        OpenGroup(subaccount_ref=ALICE),
        ResetGroup(group="over"),
        LimitGroup(group="open", limit_centis=1),
        DeleteGroup(group="over"),
        AmendOrder(order="resting", price_centicents=4_000),
        ExpireOrder(order="resting"),
        DeleteRfq(rfq="ask"),
        AcceptRfqQuote(quote="bid", side=Side.YES),
    ],
    ids=lambda change: type(change).__name__,
)
def test_the_dump_would_have_seen_a_change(change: Command) -> None:
    changed = world()
    before = dump(changed.exchange.state)
    changed.do(change)
    assert dump(changed.exchange.state) != before
