"""A log as text: every command comes back as it went, and what is broken is named with its line."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.vocabulary import (
    SubaccountRef,
)
from mockexchange.scenario.loader import load_scenario
from mockexchange.store.codec import COMMANDS, NAMES, encode_record, read_log, write_log
from mockexchange.store.log import Cause, Header, Log, LogError, Record
from mockexchange.store.memory_log import MemoryLog
from tests.commands.examples import EXAMPLES as PLAYED
from tests.core.dump import dump
from tests.helpers.rows import each_row

ALICE = SubaccountRef("alice")
EXAMPLES = [one.command for one in PLAYED]
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
    orders=OrderRules(share_parts=4_000),
    settings={"auth_mode": "on", "window_past_us": 15_000_000, "strict_cursors": False},
)


async def log_of(*done: Command) -> MemoryLog:
    log = MemoryLog(HEADER)
    for sequence, command in enumerate(done, start=1):
        log.append_now(Record(sequence, 1_000 * sequence, command))
    return log


def run(coroutine: Any) -> Any:
    """Carry out a coroutine that never waits: a log in memory completes at once."""
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)
    return done.value.value


def test_every_command_has_one_name() -> None:
    assert set(COMMANDS.values()) == set(get_args(Command))
    assert {NAMES[kind]: kind for kind in NAMES} == COMMANDS


def test_every_command_comes_back_as_it_went() -> None:
    log = run(log_of(*EXAMPLES))
    header, records = read_log(write_log(log))
    assert header == HEADER
    assert list(records) == list(log)


def test_a_log_in_memory_is_a_log() -> None:
    log: Log = run(log_of(*EXAMPLES))
    assert (log.header, len(log)) == (HEADER, len(EXAMPLES))
    assert [record.command for record in log] == EXAMPLES


def test_amounts_are_whole_numbers_on_the_line() -> None:
    [_, line] = write_log(run(log_of(commands.Deposit(subaccount_ref=ALICE, amount_micros=12_345_678))))
    assert line == (
        b'{"seq":1,"at":1000,"do":{"deposit":{"purse":["alice","0"],"amount_micros":12345678,"fee_micros":0,'
        b'"method":"ach","status":"applied","payment":null,"shard":0}}}\n'
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


@each_row("amount", ["NaN", "sNaN", "Infinity", "1e999999", "1e-999999", "0", "x"])
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


@each_row(
    ("header", "words"),
    [
        (b"", "expected a log header, got an empty file"),
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


@each_row(
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
