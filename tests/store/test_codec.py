"""A log as text: every command comes back as it went, and what is broken is named with its line."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Greeks, MarginTerms, Terms
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Direction, Form, OptionType, Period
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.descriptions import EventDetails, MarketDetails, SeriesDetails
from mockexchange.core.vocabulary import (
    AccountKind,
    Action,
    FeeType,
    Instance,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    Result,
    SelfTradePrevention,
    Severity,
    Side,
    SubaccountRef,
    TransferStatus,
)
from mockexchange.scenario.loader import load_scenario
from mockexchange.store.codec import COMMANDS, NAMES, LogError, encode_record, read_log, write_log
from mockexchange.store.log import Cause, Header, Log, MemoryLog, Record
from tests.core.dump import dump

HUGE = 10**17
HEADER = Header(
    version="1.2.3",
    sandbox="default",
    scenario="small",
    scenario_hash="ab" * 32,
    seed=2**53,
    api_date="2026-10",
    clock="10x",
    rounding="2026",
    archived_before=HUGE,
    settings={"auth_mode": "on", "window_past_us": 15_000_000, "strict_cursors": False},
)
ALICE, DESK = SubaccountRef("alice"), SubaccountRef("desk", "st1")
NO_BUY: dict[str, Any] = {
    "market": "M",
    "side": Side.NO,
    "action": Action.BUY,
    "count_centis": 137,
    "price_centicents": 1,
}
EITHER = ("public_key", "secret")
"""A key has one of them."""
SCOPED: dict[str, Any] = {"scopes": ("read", "write::trade"), "subaccount": "3", "api_date": "2026-06"}
TERMS = Terms(
    name="BTC-25JUN21-28000-P",
    kind=DerivativeKind.OPTION,
    form=Form.INVERSE,
    base="BTC",
    quote="USD",
    index="btc_usd",
    period=Period.MONTH,
    contract_size=Decimal("0.1"),
    tick=Decimal("0.0001"),
    amount_min=Decimal("0.1"),
    maker_fee=Decimal("-0.0001"),
    taker_fee=Decimal("0.0003"),
    expires_at=HUGE,
    strike=Decimal(28_000),
    option_type=OptionType.PUT,
    margin=MarginTerms(initial=Decimal("0.02"), maintenance=Decimal("0.01"), slope=Decimal(0)),
)
GREEKS = Greeks(delta=Decimal("-0.1"), gamma=Decimal("1e-18"), vega=Decimal("12.30"), theta=Decimal(-1))

# One of each, no field at its default.
EXAMPLES: list[Command] = [
    commands.OpenAccount(
        account='Ünï "codé"\n', kind=AccountKind.FCM, account_id="fcm7", user_id="u-7", tier="prime", venue="there"
    ),
    commands.OpenSubaccount(account="desk", subaccount="st1", subaccount_id="fcm7_one"),
    commands.AddKey(
        account="alice",
        key="ro",
        key_id="id",
        public_key="-----BEGIN PUBLIC KEY-----\n",
        **SCOPED,
    ),
    commands.AddKey(account="dora", key="main", key_id="dora-1", public_key="", secret="s3cr3t", **SCOPED),
    commands.RestrictSubtrader(subaccount_ref=DESK, categories=("Politics", "Sports"), blocked=True),
    commands.CapSubtrader(subaccount_ref=DESK, limit_micros=HUGE),
    commands.ListSeries(
        series="S",
        fee_type=FeeType.FLAT,
        fee_multiplier=5_000,
        details=SeriesDetails(title="T", category="C", frequency="daily", tags=("a", "b")),
    ),
    commands.DescribeEvent(
        event="E",
        details=EventDetails(
            title="T", sub_title="S", category="C", mutually_exclusive=True, strike_at=5, strike_period="month"
        ),
    ),
    commands.ListMarket(
        market="M",
        event="E",
        series="S",
        title="T",
        price_centicents=5_600,
        exchange_index=2,
        details=MarketDetails(
            subtitle="s",
            yes_title="y",
            no_title="n",
            open_at=1,
            close_at=2,
            expected_expiration_at=3,
            expiration_at=4,
            settlement_timer_s=5,
            can_close_early=False,
            rules_primary="p",
            rules_secondary="q",
            strike_type="between",
            floor_strike="60.5",
            cap_strike="-3",
        ),
    ),
    commands.QuoteMarket(market="M", yes=((5_500, 10_000), (1, 1)), no=((4_300, 8_000),)),
    commands.PriceMarket(market="M", price_centicents=9_999),
    commands.CloseMarket(market="M"),
    commands.DetermineMarket(market="M", result=Result.SCALAR, value_centicents=3_333),
    commands.DisputeMarket(market="M"),
    commands.FinalizeMarket(market="M"),
    commands.SettleMarket(market="M", result=Result.SCALAR, value_centicents=0),
    commands.SwitchExchange(active=False, trading=False, resume_at=HUGE),
    commands.Announce(message="Back soon", severity=Severity.WARNING, active=False, delivered_at=7),
    commands.Note(subject="fault", text='{"then": {"status": 503}}'),
    commands.Fill(
        subaccount_ref=DESK,
        taker=True,
        fee_micros=0,
        against=ALICE,
        order="o",
        client_order_id="mine",
        fill_id="f",
        **NO_BUY,
    ),
    commands.OpenPosition(
        subaccount_ref=ALICE,
        market="M",
        quantity_centis=-HUGE,
        cost_micros=HUGE,
        realized_micros=-1,
        fees_micros=2,
        traded_micros=3,
        shares_centis=4,
    ),
    commands.RestOrder(
        subaccount_ref=ALICE,
        order="o",
        client_order_id="mine",
        group="g",
        expires_at=HUGE,
        self_trade_prevention=SelfTradePrevention.MAKER,
        cancel_on_pause=True,
        **NO_BUY,
    ),
    commands.ReduceOrder(order="o", count_centis=1),
    commands.AmendOrder(order="o", price_centicents=9_999, count_centis=HUGE),
    commands.CancelOrder(order="o"),
    commands.ExpireOrder(order="o"),
    commands.OpenGroup(subaccount_ref=ALICE, group="g", limit_centis=HUGE),
    commands.TriggerGroup(group="g"),
    commands.ResetGroup(group="g"),
    commands.LimitGroup(group="g", limit_centis=HUGE),
    commands.DeleteGroup(group="g"),
    commands.Deposit(
        subaccount_ref=ALICE,
        amount_micros=HUGE,
        fee_micros=1,
        method=PaymentMethod.WIRE,
        status=PaymentStatus.PENDING,
        payment="p",
    ),
    commands.Withdraw(
        subaccount_ref=DESK,
        amount_micros=1,
        fee_micros=2,
        method=PaymentMethod.CRYPTO,
        status=PaymentStatus.PENDING,
        payment="q",
    ),
    commands.FinalizePayment(payment="p", status=PaymentStatus.RETURNED),
    commands.Transfer(source=ALICE, target=SubaccountRef("alice", "3"), amount_micros=1, transfer="t"),
    commands.TransferShard(
        account="alice",
        amount_micros=1,
        source=Instance.MARGINED,
        target=Instance.MARGINED,
        source_shard=1,
        target_shard=63,
        status=TransferStatus.PENDING,
        transfer="s",
    ),
    commands.CompleteTransfer(transfer="s"),
    commands.AllocateBalance(account="alice", allocations=((0, 60), (1, 40)), reservation=Reservation.SUM),
    commands.SetNetting(subaccount_ref=ALICE, enabled=True),
    commands.ListDerivative(
        terms=TERMS, mark=Decimal("0.1401105"), settlement=Decimal("0.13975074"), greeks=GREEKS, iv=Decimal("65.2")
    ),
    commands.ListDerivative(
        terms=replace(
            TERMS, kind=DerivativeKind.OPTION_COMBO, legs=(("A", 1), ("B", -2)), strike=None, option_type=None
        ),
        mark=Decimal("-0.00"),
        settlement=Decimal(-1),
        greeks=GREEKS,
        iv=Decimal(1),
    ),
    commands.SetIndex(index="btc_usd", price=Decimal("113853.63")),
    commands.MarkDerivative(derivative="F", price=Decimal("1E+5"), iv=Decimal("65.20"), greeks=GREEKS),
    commands.TradeDerivative(
        subaccount_ref=ALICE,
        derivative="F",
        direction=Direction.SELL,
        amount=Decimal("999999999999999999.999999999999999999"),
        price=Decimal("0.000000000000000001"),
        taker=True,
        fee=Decimal("-0.1"),
        against=DESK,
        order="o",
        trade="t",
        label="mine",
    ),
    commands.OpenHolding(
        subaccount_ref=ALICE,
        derivative="F",
        size=Decimal(-110970),
        average_price=Decimal("110957.5"),
        reference=Decimal("115600.0899"),
        average_price_usd=Decimal("947.22"),
        realized=Decimal("-0.5"),
        realized_funding=Decimal("0.25"),
    ),
    commands.SettleSession(prices=(("F", Decimal("115600.09")), ("G", Decimal("-0.5")))),
    commands.PayFunding(derivative="P", rate=Decimal("-0.000125"), interest_value=Decimal("1.70")),
    commands.DeliverDerivative(derivative="F", price=Decimal(1)),
    commands.CreditCurrency(subaccount_ref=ALICE, currency="BTC", amount=Decimal("-0.00000001")),
]


async def log_of(*done: Command) -> MemoryLog:
    log = MemoryLog(HEADER)
    for sequence, command in enumerate(done, start=1):
        await log.append(Record(sequence, 1_000 * sequence, command))
    return log


def run(coroutine: Any) -> Any:
    """Carry out a coroutine that never waits: a log in memory completes at once."""
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)
    return done.value.value


def test_every_command_has_one_name() -> None:
    assert set(COMMANDS.values()) == set(get_args(Command))
    assert {NAMES[kind]: kind for kind in NAMES} == COMMANDS
    assert {type(example) for example in EXAMPLES} == set(get_args(Command))


@pytest.mark.parametrize("command", EXAMPLES, ids=[NAMES[type(example)] for example in EXAMPLES])
def test_every_command_comes_back_as_it_went(command: Command) -> None:
    log = run(log_of(command, command))
    header, records = read_log(write_log(log))
    assert header == HEADER
    assert list(records) == list(log) == [Record(1, 1_000, command), Record(2, 2_000, command)]
    assert all(getattr(command, field.name) != field.default for field in fields(command) if field.name not in EITHER)


def test_a_log_in_memory_is_a_log() -> None:
    log: Log = run(log_of(*EXAMPLES))
    assert (log.header, len(log)) == (HEADER, len(EXAMPLES))
    assert [record.command for record in log] == EXAMPLES


def test_amounts_are_whole_numbers_on_the_line() -> None:
    [_, line] = write_log(run(log_of(commands.Deposit(subaccount_ref=ALICE, amount_micros=12_345_678))))
    assert line == (
        b'{"seq":1,"at":1000,"do":{"deposit":{"purse":["alice","0"],"amount_micros":12345678,"fee_micros":0,'
        b'"method":"ach","status":"applied","payment":null}}}\n'
    )


@given(st.integers(1, 2**62), st.integers(0, 2**62), st.text(min_size=1).filter(lambda text: "/" not in text))
def test_any_name_and_number_comes_back(amount_micros: int, at: int, name: str) -> None:
    record = Record(1, at, commands.Deposit(subaccount_ref=SubaccountRef(name), amount_micros=amount_micros))
    [again] = read_log([msgspec.json.encode(HEADER), encode_record(record)])[1]
    assert again == record


def test_a_cause_is_written_where_there_is_one() -> None:
    record = Record(7, 5, commands.CloseMarket(market="M"), Cause("script[3]", 2))
    line = encode_record(record)
    assert line == (
        b'{"seq":7,"at":5,"do":{"close_market":{"market":"M"}},"cause":{"step":"script[3]","repetition":2}}'
    )
    plain = encode_record(Record(8, 6, commands.CloseMarket(market="M")))
    assert plain == b'{"seq":8,"at":6,"do":{"close_market":{"market":"M"}}}'
    _, records = read_log([msgspec.json.encode(HEADER), line, plain])
    assert [again.cause for again in records] == [record.cause, None]


def test_blank_lines_are_skipped_and_lines_are_read_when_they_are_asked_for() -> None:
    def lines() -> Iterator[bytes]:
        yield msgspec.json.encode(HEADER)
        yield b"\n"
        yield encode_record(Record(1, 5, EXAMPLES[0]))
        raise AssertionError("read ahead")

    _, records = read_log(lines())
    assert next(records).sequence == 1


def test_decimals_are_text_on_the_line_and_keep_their_digits() -> None:
    line = encode_record(
        Record(1, 5, commands.CreditCurrency(subaccount_ref=ALICE, currency="BTC", amount=Decimal("1.50")))
    )
    assert line == b'{"seq":1,"at":5,"do":{"credit_currency":{"purse":["alice","0"],"currency":"BTC","amount":"1.50"}}}'


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "1e999999", "1e-999999", "0", "x"])
def test_a_line_with_another_amount_than_a_number_is_named(amount: str) -> None:
    credit = {"credit_currency": {"purse": ["alice", "0"], "currency": "BTC", "amount": amount}}
    with pytest.raises(LogError, match=r"^line 2: expected a record"):
        list(read_log([msgspec.json.encode(HEADER), line_of(do=credit)])[1])


def test_a_log_of_derivatives_read_again_gives_the_same_state() -> None:
    plan = load_scenario("deribit")
    log = run(log_of(*(timed.command for timed in [*plan.setup, *plan.steps])))
    one, two = Exchange(), Exchange()
    for record, again in zip(log, read_log(write_log(log))[1], strict=True):
        assert repr(one.execute(record.command, record.at)) == repr(two.execute(again.command, again.at))
    assert dump(one.state) == dump(two.state)


def line_of(**changes: Any) -> bytes:
    """A record of a deposit, with fields changed or taken out (None)."""
    plain = {"seq": 1, "at": 5, "do": {"deposit": {"purse": ["alice", "0"], "amount_micros": 1}}, **changes}
    return msgspec.json.encode({name: value for name, value in plain.items() if value is not None})


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"", "expected a log header: "),
        (b"{", "expected a log header: "),
        (b"[]", "expected a log header: "),
        (b"\xff", "expected a log header: "),
        (b"[" * 100_000, "expected a log header: "),
        (b"{}", "missing required field `version`"),
        (msgspec.json.encode(HEADER).replace(b'"seed":9007199254740992', b'"seed":"x"'), "`$.seed`"),
        (msgspec.json.encode(HEADER).replace(b'"format":1', b'"format":2'), "expected log format 1, got 2"),
    ],
)
def test_a_broken_header_is_named(header: bytes, words: str) -> None:
    with pytest.raises(LogError, match=r"^line 1: ") as raised:
        read_log([header])
    assert words in str(raised.value)


def test_a_log_of_before_there_was_a_history_archives_nothing() -> None:
    plain = msgspec.json.decode(msgspec.json.encode(HEADER))
    del plain["archived_before"]
    header, _ = read_log([msgspec.json.encode(plain)])
    assert header.archived_before == 0


def test_an_empty_file_is_no_log() -> None:
    with pytest.raises(LogError, match=r"^line 1: expected a log header, got an empty file$"):
        read_log([])


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"7",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        line_of(seq=None),
        line_of(seq="first"),
        line_of(at=None),
        line_of(at=[]),
        line_of(do=None),
        line_of(cause=7),
        line_of(cause={}),
        line_of(cause={"step": "s"}),
        line_of(cause={"step": 1, "repetition": 1}),
        line_of(cause={"step": "s", "repetition": "once"}),
        line_of(do=[]),
        line_of(do={}),
        line_of(do={"deposit": {}, "withdraw": {}}),
        line_of(do={"rob": {}}),
        line_of(do={"deposit": None}),
        line_of(do={"deposit": {"purse": ["alice", "0"]}}),
        line_of(do={"deposit": {"purse": ["alice", "0"], "amount_micros": 1.5}}),
        line_of(do={"deposit": {"purse": ["alice", "0"], "amount_micros": 0}}),
        line_of(do={"settle_market": {"market": "M", "result": "maybe"}}),
        line_of(do={"finalize_payment": {"payment": "p", "status": "pending"}}),
        line_of(do={"quote_market": {"market": "M", "yes": [[5_000]]}}),
        line_of(do={"allocate_balance": {"account": "a", "allocations": [[0, 50]]}}),
        line_of(do={"describe_event": {"event": "E", "details": {"strike_at": "soon"}}}),
    ],
)
def test_a_broken_line_is_named(line: bytes) -> None:
    _, records = read_log([msgspec.json.encode(HEADER), b"", line_of(), line])
    assert next(records).sequence == 1
    with pytest.raises(LogError, match=r"^line 4: expected a record \{seq, at, do: \{name: fields\}\}: "):
        next(records)
