"""Every refusal of derivatives: its code, words that help, and a state that stays as it was."""

from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.core.commands import (
    AllocateBalance,
    Command,
    CreditCurrency,
    DeliverDerivative,
    Deposit,
    Fill,
    ListDerivative,
    ListMarket,
    MarkDerivative,
    OpenCash,
    OpenGroup,
    OpenHolding,
    OpenPosition,
    PayFunding,
    QuoteDerivative,
    RestOrder,
    SetNetting,
    SettleSession,
    Transfer,
    TransferShard,
    Withdraw,
)
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.vocabulary import DerivativeKind, TriggerSource
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import Action, Instance, Side, SubaccountRef
from tests.core.derivatives.orders_world import levels, order
from tests.core.derivatives_world import (
    DORA,
    DORA_3,
    FUTURE,
    LINEAR,
    PERPETUAL,
    PUT,
    SPREAD,
    START,
    DerivativesWorld,
    terms,
    trade,
)
from tests.core.dump import dump
from tests.helpers.rows import each_row

ALICE = SubaccountRef("alice")
NOBODY = SubaccountRef("nobody")
ONE = Decimal(1)


class Case(NamedTuple):
    code: RefusalCode
    command: Command
    says: str


def world() -> DerivativesWorld:
    """What a refusal of derivatives can be about: something held, a trade with an id, and contracts of every kind."""
    it = DerivativesWorld()
    it.trade("buy 10 @ 113000", trade="t-1")
    it.credit("1", subaccount_ref=SubaccountRef("dora", "3"))
    it.do(ListDerivative(terms=terms("BIG", amount_min=Decimal(20)), mark=ONE))
    it.do(ListDerivative(terms=terms("DONE"), mark=ONE))
    it.do(ListDerivative(terms=spread(("DONE", 1), name="OLD"), mark=ONE))
    it.do(ListDerivative(terms=spread((FUTURE, 1), ("BIG", 1), name="COARSE"), mark=ONE))
    it.deliver("DONE", "5")
    it.do(ListDerivative(terms=terms("TINY"), mark=ONE))
    it.do(QuoteDerivative(derivative="TINY", asks=levels("10 @ 0.5")))
    it.do(order("buy 10 @ 113000", DORA_3, order="resting"))
    it.do(ListMarket(market="M", event="E", series="S"))
    return it


def spread(*legs: tuple[str, int], name: str = "NEW") -> Terms:
    return terms(name, kind=DerivativeKind.FUTURE_COMBO, legs=legs)


def opened_holding(derivative: str, subaccount_ref: SubaccountRef = DORA) -> OpenHolding:
    return OpenHolding(subaccount_ref=subaccount_ref, derivative=derivative, size=ONE, average_price=ONE)


R = RefusalCode
EVENT: dict[str, Any] = {"market": "M", "side": Side.YES, "action": Action.BUY, "count_centis": 1}
OF_DOLLARS: list[Command] = [
    RestOrder(subaccount_ref=DORA, price_centicents=1, **EVENT),
    Deposit(subaccount_ref=DORA, amount_micros=1),
    Withdraw(subaccount_ref=DORA, amount_micros=1),
    Transfer(source=DORA, target=SubaccountRef("dora", "3"), amount_micros=1),
    TransferShard(account="dora", source=Instance.MARGINED, amount_micros=1),
    AllocateBalance(account="dora", allocations=((0, 100),)),
    SetNetting(subaccount_ref=DORA, enabled=True),
    OpenCash(subaccount_ref=DORA, amount_micros=1),
    OpenGroup(subaccount_ref=DORA, group="g", limit_centis=1),
    Fill(subaccount_ref=DORA, price_centicents=1, **EVENT),
    OpenPosition(subaccount_ref=DORA, market="M", quantity_centis=1, cost_micros=1),
]
NOT_THERE = "account alice has dollars and event contracts, and neither currencies nor instruments"
CASES = [
    Case(R.SELF_TRADE, order("sell 10 @ 113000", DORA_3), "the order would trade with resting of the same account"),
    Case(
        R.NOTHING_TO_REDUCE,
        order("buy 10 @ 113000", DORA_3, reduce_only=True),
        "a reduce_only order to buy BTC-PERPETUAL: there is no position",
    ),
    Case(
        R.NO_PASSIVE_PRICE,
        order("buy 10 @ 0.5", DORA_3, derivative="TINY", post_only=True),
        "post_only at 0.5 would trade at 0.5: no price is left below it",
    ),
    Case(
        R.TRIGGER_REACHED,
        order("buy 10", DORA_3, trigger=TriggerSource.MARK, trigger_price=ONE),
        "a stop to buy at 1: mark_price is 113900 already",
    ),
    Case(R.UNKNOWN_DERIVATIVE, trade("buy 10 @ 1", "BTC-17OCT"), "no instrument 'BTC-17OCT'; nearest: BTC-17OCT25, "),
    Case(R.UNKNOWN_DERIVATIVE, MarkDerivative(derivative="!", price=ONE), "no instrument '!'; known: BTC-17OCT25, "),
    Case(R.UNKNOWN_DERIVATIVE, SettleSession(prices=(("!", ONE),)), "no instrument '!'"),
    Case(R.UNKNOWN_DERIVATIVE, ListDerivative(terms=spread(("!", 1)), mark=ONE), "no instrument '!'"),
    Case(R.UNKNOWN_DERIVATIVE, PayFunding(derivative="!", rate=ONE), "no instrument '!'"),
    Case(R.UNKNOWN_DERIVATIVE, DeliverDerivative(derivative="!"), "no instrument '!'"),
    Case(R.UNKNOWN_DERIVATIVE, opened_holding("!"), "no instrument '!'"),
    Case(
        R.UNKNOWN_INDEX,
        ListDerivative(terms=terms("NEW", index="btc_us"), mark=ONE),
        "index 'btc_us' has no price; nearest: btc_usd, btc_usdc: set it first",
    ),
    Case(
        R.ILLEGAL_TRANSITION,
        ListDerivative(terms=terms("NEW", expires_at=START), mark=ONE),
        "NEW expires at 2025-10-16T09:00:00Z, which is past: expected an instant after now (2025-10-16T09:00:00",
    ),
    Case(R.ALREADY_EXISTS, ListDerivative(terms=terms(FUTURE), mark=ONE), "contract BTC-17OCT25 exists already"),
    Case(R.ALREADY_EXISTS, trade("buy 10 @ 1", trade="t-1"), "trade t-1 exists already"),
    Case(
        R.WRONG_KIND,
        ListDerivative(terms=spread((SPREAD, 1)), mark=ONE),
        "NEW cannot have the leg BTC-FS-17OCT25_PERP, a future_combo in BTC: expected futures and options in BTC",
    ),
    Case(
        R.WRONG_KIND, ListDerivative(terms=spread((LINEAR, 1)), mark=ONE), f"NEW cannot have the leg {LINEAR}, a future"
    ),
    Case(R.WRONG_KIND, trade("buy 10 @ 1", subaccount_ref=ALICE), NOT_THERE),
    Case(R.WRONG_KIND, trade("buy 10 @ 1", against=ALICE), NOT_THERE),
    Case(R.WRONG_KIND, opened_holding(FUTURE, ALICE), NOT_THERE),
    Case(R.WRONG_KIND, CreditCurrency(subaccount_ref=ALICE, currency="BTC", amount=ONE), NOT_THERE),
    *(
        Case(R.WRONG_KIND, command, "account dora is of there, which has currencies and instruments")
        for command in OF_DOLLARS
    ),
    Case(R.WRONG_KIND, opened_holding(SPREAD), f"{SPREAD} is a future_combo, which is never held: expected one of its"),
    Case(R.WRONG_KIND, PayFunding(derivative=FUTURE, rate=ONE), "BTC-17OCT25 expires: only perpetuals have funding"),
    Case(
        R.WRONG_KIND,
        DeliverDerivative(derivative=PERPETUAL),
        "BTC-PERPETUAL is perpetual: expected a contract that exp",
    ),
    Case(
        R.UNKNOWN_ACCOUNT, trade("buy 10 @ 1", subaccount_ref=NOBODY), "no account 'nobody'; known: alice, dora, mira"
    ),
    Case(R.UNKNOWN_SUBACCOUNT, trade("buy 10 @ 1", against=SubaccountRef("dora", "9")), "account dora has no book '9'"),
    Case(
        R.DERIVATIVE_DELIVERED,
        trade("buy 10 @ 1", "DONE"),
        "contract DONE was delivered at 5: nothing happens to it any more",
    ),
    Case(R.DERIVATIVE_DELIVERED, trade("buy 10 @ 1", "OLD"), "contract DONE was delivered at 5"),
    Case(R.DERIVATIVE_DELIVERED, MarkDerivative(derivative="DONE", price=ONE), "contract DONE was delivered at 5"),
    Case(R.DERIVATIVE_DELIVERED, SettleSession(prices=(("DONE", ONE),)), "contract DONE was delivered at 5"),
    Case(R.DERIVATIVE_DELIVERED, DeliverDerivative(derivative="DONE"), "contract DONE was delivered at 5"),
    Case(R.DERIVATIVE_DELIVERED, opened_holding("DONE"), "contract DONE was delivered at 5"),
    Case(
        R.AMOUNT_OUT_OF_RANGE,
        trade("buy 15 @ 1"),
        "15 of BTC-17OCT25: expected a multiple of 10, 10 or more",
    ),
    Case(R.AMOUNT_OUT_OF_RANGE, trade("buy 0.05 @ 1", PUT), "0.05 of BTC-17OCT25-110000-P: expected a multiple of 0.1"),
    Case(
        R.AMOUNT_OUT_OF_RANGE,
        trade("buy 10 @ 1", "BIG"),
        "10 of BIG: expected a multiple of 10, 20 or more",
    ),
    Case(R.AMOUNT_OUT_OF_RANGE, trade("buy 10 @ 2", "COARSE"), "10 of BIG: expected a multiple of 10, 20 or more"),
    Case(R.PRICE_OUT_OF_RANGE, trade("buy 10 @ 0"), "BTC-17OCT25 at 0: expected a price above 0"),
    Case(
        R.PRICE_OUT_OF_RANGE, MarkDerivative(derivative=PUT, price=-ONE), "BTC-17OCT25-110000-P at -1: expected a price"
    ),
    Case(R.PRICE_OUT_OF_RANGE, SettleSession(prices=((PUT, -ONE),)), "BTC-17OCT25-110000-P at -1: expected a price"),
    Case(
        R.PRICE_OUT_OF_RANGE,
        trade("buy 10 @ -113900", SPREAD),
        f"{SPREAD} at -113900 needs {FUTURE} at 0: expected a price above 0",
    ),
    Case(R.POSITION_EXISTS, opened_holding(FUTURE), "dora holds BTC-17OCT25 already: trade it instead"),
    Case(
        R.INSUFFICIENT_CASH,
        CreditCurrency(subaccount_ref=SubaccountRef("dora", "3"), currency="BTC", amount=Decimal("-1.01")),
        "dora/3 has 1 BTC, 1.01 cannot leave it",
    ),
]


@each_row("case", CASES, ids=lambda case: f"{case.code}: {case.command}"[:90])
def test_a_refusal_of_derivatives_says_why_and_changes_nothing(case: Case) -> None:
    refused = world()
    before = dump(refused.exchange.state)
    refusal = refused.refuse(case.command)
    assert (refusal.code, refusal.message[: len(case.says)]) == (case.code, case.says)
    assert dump(refused.exchange.state) == before
