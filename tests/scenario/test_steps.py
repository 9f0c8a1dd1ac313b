"""Each step becomes its command, or says what is wrong with it."""

import json
from dataclasses import fields
from typing import Any, get_args

import pytest

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.vocabulary import AccountKind, Action, BookRef, FeeType, Result, Side
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import development_keys
from mockexchange.scenario.source import read_yaml
from mockexchange.scenario.steps import STEP, STEPS, Step

PEM = development_keys()[0].public_pem
QUOTED_PEM = json.dumps(PEM)
OPTIONS = "taker: true, fee: 0.0175, against: bob, order: o"
IMPORTED = "position: -137, exposure: 57.54, realized: -1, fees: 0.02, traded: 80.1, shares: 140"
KEY = f"account: a, key: k, key_id: id, public_key: {QUOTED_PEM}"


def read(source: str) -> Step:
    return STEP.read(read_yaml(source, "f"), "")


# step, command
COMMANDS: list[tuple[str, Command]] = [
    (
        "fill: {account: alice/3, market: M, side: yes, action: sell, count: 1.37, price: 0.575}",
        commands.Fill(
            purse=BookRef("alice", "3"),
            market="M",
            side=Side.YES,
            action=Action.SELL,
            count_centis=137,
            price_centicents=5_750,
        ),
    ),
    (
        f"fill: {{account: alice, market: M, side: no, action: buy, count: 1, price: 0.5, {OPTIONS}}}",
        commands.Fill(
            purse=BookRef("alice"),
            market="M",
            side=Side.NO,
            action=Action.BUY,
            count_centis=100,
            price_centicents=5_000,
            taker=True,
            fee_micros=17_500,
            against=BookRef("bob"),
            order="o",
        ),
    ),
    (
        f"open: {{account: a, market: M, {IMPORTED}}}",
        commands.OpenPosition(
            purse=BookRef("a"),
            market="M",
            quantity_centis=-13_700,
            cost_micros=57_540_000,
            realized_micros=-1_000_000,
            fees_micros=20_000,
            traded_micros=80_100_000,
            shares_centis=14_000,
        ),
    ),
    (
        "open: {account: a, market: M, position: 0, exposure: 0}",
        commands.OpenPosition(purse=BookRef("a"), market="M", quantity_centis=0, cost_micros=0),
    ),
    (
        "rest: {account: a, market: M, side: no, action: sell, count: 2, price: 0.1, order: o}",
        commands.RestOrder(
            purse=BookRef("a"),
            market="M",
            side=Side.NO,
            action=Action.SELL,
            count_centis=200,
            price_centicents=1_000,
            order="o",
        ),
    ),
    ("reduce: {order: o, count: 0.5}", commands.ReduceOrder(order="o", count_centis=50)),
    ("cancel: {order: o}", commands.CancelOrder(order="o")),
    ("deposit: {account: a, amount: 1}", commands.Deposit(purse=BookRef("a"), amount_micros=1_000_000)),
    ("withdraw: {account: a/2, amount: 0.01}", commands.Withdraw(purse=BookRef("a", "2"), amount_micros=10_000)),
    (
        "transfer: {source: a, target: a/2, amount: 5}",
        commands.Transfer(source=BookRef("a"), target=BookRef("a", "2"), amount_micros=5_000_000),
    ),
    ("account: {account: a}", commands.OpenAccount(account="a")),
    (
        "account: {account: a, kind: fcm, account_id: fcm7}",
        commands.OpenAccount(account="a", kind=AccountKind.FCM, account_id="fcm7"),
    ),
    ("book: {account: a, book: 3}", commands.OpenBook(account="a", book="3")),
    (
        f"key: {{{KEY}, scopes: [read], book: 3, api_date: 2026-06}}",
        commands.AddKey(
            account="a", key="k", key_id="id", public_key=PEM, scopes=("read",), book="3", api_date="2026-06"
        ),
    ),
    (
        "series: {series: S, fee_type: flat, fee_multiplier: 0.5}",
        commands.ListSeries(series="S", fee_type=FeeType.FLAT, fee_multiplier=5_000),
    ),
    (
        "market: {market: M, event: E, series: S, title: on, price: 0.99, exchange_index: 2}",
        commands.ListMarket(market="M", event="E", series="S", title="on", price_centicents=9_900, exchange_index=2),
    ),
    ("price: {market: M, price: 0.01}", commands.PriceMarket(market="M", price_centicents=100)),
    ("close: {market: M}", commands.CloseMarket(market="M")),
    ("determine: {market: M, result: no}", commands.DetermineMarket(market="M", result=Result.NO)),
    ("dispute: {market: M}", commands.DisputeMarket(market="M")),
    ("finalize: {market: M}", commands.FinalizeMarket(market="M")),
    (
        "settle: {market: M, result: scalar, value: 0}",
        commands.SettleMarket(market="M", result=Result.SCALAR, value_centicents=0),
    ),
]


@pytest.mark.parametrize(("source", "command"), COMMANDS)
def test_a_step_is_its_command(source: str, command: Command) -> None:
    assert read(source).command == command


def test_every_command_has_a_step_and_a_case_here() -> None:
    assert {kind.command for kind in STEPS.values()} == set(get_args(Command))
    assert {type(command) for _, command in COMMANDS} == set(get_args(Command))


def test_a_step_reaches_every_field_of_its_command_but_one() -> None:
    """A subtrader's id on the wire is given where the account is: there its prefix is known."""
    unreachable = {
        f"{name}.{field.name}"
        for name, kind in STEPS.items()
        for field in fields(get_class(kind.command))
        if field.name not in kind.names.values()
    }
    assert unreachable == {"book.book_id"}


def get_class(command: Any) -> Any:
    return command


def test_a_step_may_say_when() -> None:
    at = read("{at: 2025-11-04T23:00:00.1Z, cancel: {order: o}}")
    after = read("{cancel: {order: o}, after: 250ms}")
    assert (at.at, at.after_us) == (1_762_297_200_100_000, None)
    assert (after.at, after.after_us) == (None, 250_000)
    assert read("\n\ncancel: {order: o}").node.line == 3


KNOWN = ", ".join(STEPS)
FILL = "account: a, market: M, side: yes, action: buy, count: 1, price: 0.5"

# step, error
REFUSED = [
    ("fil: {}", "f:1: unknown step 'fil': did you mean 'fill'?"),
    ("aftr: 5s\ncancel: {order: o}", "f:1: unknown step 'aftr': did you mean 'after'?"),
    ("zzz: {}", f"f:1: unknown step 'zzz': known are {KNOWN}"),
    ("after: 5s", f"f:1: expected one of {KNOWN}; got none"),
    ("close: {market: M}\ndispute: {market: M}", f"f:1: expected one of {KNOWN}; got close, dispute"),
    ("{at: 2025-11-04, after: 5s, close: {market: M}}", "f:1: expected `at` or `after`, got both"),
    ("[close]", f"f:1: expected a step with one of {KNOWN}, got a list"),
    ("close:", "f:1: close: expected the key 'market', which is missing"),
    ("close: M", "f:1: close: expected a mapping with market, got 'M'"),
    (
        "at: 12:30:00\nclose: {market: M}",
        "f:1: at: expected an instant such as 2025-11-04T23:00:00Z, from 1970 to 2200,",
    ),
    ("after: soon\nclose: {market: M}", "f:1: after: expected a duration such as 250ms, 5s or 1h30m, got 'soon'"),
    (f"fill:\n  {{{FILL},\n   taker: yes}}", "f:3: fill.taker: expected true or false, got 'yes'"),
    (f"fill:\n  {{{FILL},\n   acount: a}}", "f:3: fill: unknown key 'acount': did you mean 'account'?"),
    (f"fill: {{{FILL.replace('yes', 'Yes')}}}", "f:1: fill.side: expected yes or no, got 'Yes': did you mean 'yes'?"),
    (
        f"fill: {{{FILL.replace('buy', 'bye')}}}",
        "f:1: fill.action: expected buy or sell, got 'bye': did you mean 'buy'?",
    ),
    (f"fill: {{{FILL.replace('0.5', '56')}}}", "f:1: fill.price: expected a price such as 0.56, above 0 and below 1"),
    (f"fill: {{{FILL.replace('count: 1', 'count: 0')}}}", "f:1: fill.count: expected contracts such as 10 or 1.37, of"),
    (f"fill: {{{FILL}, against: a}}", "f:1: fill: against: expected another book than the account's own"),
    ("open: {account: a, market: M, position: 0, exposure: 1}", "f:1: open: exposure: no position, so expected 0"),
    (
        "deposit: {account: a, amount: 0}",
        "f:1: deposit.amount: expected dollars such as 12.34, of at most 6 decimals, a",
    ),
    ("transfer: {source: a, target: b, amount: 1}", "f:1: transfer: target: expected a book of the same account"),
    ("settle: {market: M, result: scalar}", "f:1: settle: value: a scalar result needs a value from 0 to 1 dollar"),
    ("settle: {market: M, result: yes, value: 1}", "f:1: settle: value: only a scalar result has one, yes has not"),
    (
        "settle: {market: M, result: Void}",
        "f:1: settle.result: expected yes, no, scalar or void, got 'Void': did you me",
    ),
    (
        "account: {account: a/b}",
        "f:1: account.account: expected a name without a slash, of 1 to 200 characters, got 'a/b'",
    ),
    (
        "book: {account: a, book: a/b}",
        "f:1: book.book: expected a name without a slash, of 1 to 200 characters, got 'a/",
    ),
    (
        "key: {account: a, key: k, key_id: i, public_key: x}",
        "f:1: key.public_key: expected a public key, got 'x': expec",
    ),
    (
        f"key: {{{KEY}, scopes: [raed]}}",
        "f:1: key.scopes[0]: expected read, write, read::block_tr",
    ),
    (
        f"key: {{{KEY}, api_date: 2019}}",
        "f:1: key.api_date: expected an API date, got '2019': unkn",
    ),
]


@pytest.mark.parametrize(("source", "error"), REFUSED, ids=[error[5:60] for _, error in REFUSED])
def test_a_wrong_step_says_what_and_where(source: str, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(source)
    assert str(caught.value).startswith(error)
