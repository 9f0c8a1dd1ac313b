"""Each step becomes its command, or is refused with a clear error."""

import json

import pytest

from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.steps import STEP, STEPS, Step
from mockexchange.venues.keys.development_keys import development_keys
from tests.helpers.rows import each_row


def read(source: str) -> Step:
    return STEP.read(read_yaml(source, "f"), "")


def test_a_step_may_have_a_time() -> None:
    at = read("{at: 2025-11-04T23:00:00.1Z, cancel: {order: o}}")
    after = read("{cancel: {order: o}, after: 250ms}")
    assert (at.at, at.after_us) == (1_762_297_200_100_000, None)
    assert (after.at, after.after_us) == (None, 250_000)
    assert read("\n\ncancel: {order: o}").node.line == 3


KEY = f"account: a, key: k, key_id: id, public_key: {json.dumps(development_keys()[0].public_pem)}"
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
    ("close", "f:1: expected a mapping such as `close: {...}`, got 'close'"),
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
        "f:1: key.scopes[0]: expected a scope such as read or trade:read, got 'raed'",
    ),
    (f"rest: {{{FILL}, expires: soon}}", "f:1: rest.expires: expected an instant such as 2025-11-04T23:00:00Z"),
    (
        f"rest: {{{FILL}, self_trade_prevention: makr}}",
        "f:1: rest.self_trade_prevention: expected taker_at_cross or maker, got 'makr': did you mean 'maker'?",
    ),
    (
        "group: {account: a, limit: 0}",
        "f:1: group.limit: expected contracts such as 10 or 1.37, of at most 2 decimals, a",
    ),
    ("limit_group: {group: g}", "f:1: limit_group: expected the key 'limit', which is missing"),
    ("amend: {order: o}", "f:1: amend: price, count, expires or client_order_id: expected at least one of them"),
    ("amend: {order: o, count: -1}", "f:1: amend.count: expected contracts such as 10 or 1.37"),
    ("trigger_group: {}", "f:1: trigger_group: expected the key 'group', which is missing"),
    ("deposit: {account: a, amount: 1, fee: 2}", "f:1: deposit: fee: expected 0 to the amount"),
    (
        "deposit: {account: a, amount: 1, status: failed}",
        "f:1: deposit.status: expected applied or pending, got 'failed'",
    ),
    (
        "withdraw: {account: a, amount: 1, method: cash}",
        "f:1: withdraw.method: expected ach, wire, crypto, debit or apm, got 'cash'",
    ),
    (
        "finalize_payment: {payment: p, status: pending}",
        "f:1: finalize_payment.status: expected applied, failed or returned, got 'pending'",
    ),
    (
        "shard_transfer: {account: a, amount: 1}",
        "f:1: shard_transfer: target: expected another instance or shard than the source",
    ),
    (
        "shard_transfer: {account: a, amount: 1, target: margin}",
        "f:1: shard_transfer.target: expected event_contract or margined, got 'margin': did you mean 'margined'?",
    ),
    ("shard_transfer: {account: a, amount: 1, target_shard: 64}", "f:1: shard_transfer.target_shard: expected a whole"),
    ("allocate: {account: a, allocations: {0: 60}}", "f:1: allocate: allocations: expected 100 percent in all, got 60"),
    (
        "allocate: {account: a, allocations: {0: 101}}",
        "f:1: allocate.allocations.0: expected a whole number from 0 to 1",
    ),
    (
        "allocate: {account: a, allocations: {00: 50, 0: 50}}",
        "f:1: allocate.allocations: '0' is there twice, spelt otherwise",
    ),
    ("netting: {account: a}", "f:1: netting: expected the key 'enabled', which is missing"),
    (
        "restrict: {account: a, categories: Sports}",
        "f:1: restrict.categories: expected a list of categories, got 'Sports'",
    ),
    ("cap: {account: a/b}", "f:1: cap: expected the key 'limit', which is missing"),
    (
        "cap: {account: a/b, limit: much}",
        "f:1: cap.limit: expected dollars such as 12.34, of at most 6 decimals, got 'much'",
    ),
    (
        "account: {account: a, tier: bacis}",
        "f:1: account.tier: expected basic, advanced, expert, premier, paragon, prime or",
    ),
    ("allocate:\n  account: a\n  allocations:\n", "f:2: allocate: expected the key 'allocations', which is missing"),
    (
        "allocate: {account: a, allocations: [60, 40]}",
        "f:1: allocate.allocations: expected a mapping of exchange indexes to percents such as {0: 60, 1: 40}, got a l",
    ),
    ("orderbook:\n  market: M\n  yes: [[0.55]]", "f:3: orderbook.yes[0]: expected a level [price, count], got a list"),
    (
        "orderbook:\n  market: M\n  yes: [[0.55, 1],\n    [0, 1]]",
        "f:4: orderbook.yes[1][0]: expected a price such as 0.56",
    ),
    ("orderbook: {market: M, yes: 0.55}", "f:1: orderbook.yes: expected a list of levels [price, count], got '0.55'"),
    (
        "orderbook: {market: M, yes: [[0.5, 1], [0.50, 2]]}",
        "f:1: orderbook: book: expected each price of a side once",
    ),
    (
        "orderbook: {market: M, yes: [[0.5, 1]], no: [[0.5, 2]]}",
        "f:1: orderbook: book: bids for yes and no that add up to a dollar would trade",
    ),
    (
        "market: {market: M, event: E, series: S, settlement_timer: 1500ms}",
        "f:1: market.settlement_timer: expected a duration of whole seconds such as 5s or 1h30m, got '1500ms'",
    ),
    (
        "market: {market: M, event: E, series: S, floor_strike: 1e3}",
        "f:1: market.floor_strike: expected a number such as 60.5 or -3, got '1e3'",
    ),
    ("event: {event: E, mutually_exclusive: yes}", "f:1: event.mutually_exclusive: expected true or false, got 'yes'"),
    ("announce: {message: ''}", "f:1: announce: message: expected text"),
    (
        "announce: {message: m, type: eror}",
        "f:1: announce.type: expected info, warning or error, got 'eror': did you mean",
    ),
    (
        "place: {account: a, market: M, side: bid, action: buy, count: 1, price: 0.5}",
        "f:1: place: expected side bid without `action`: a bid buys YES, an ask sells YES",
    ),
    (
        "place: {account: a, market: M, side: no, count: 1, price: 0.5}",
        "f:1: place: expected the key 'action' beside side no: buy or sell",
    ),
    (
        "fill: {account: a, market: M, side: yes, action: buy, count: 1, price: 0.5, order: {now: o}}",
        "f:1: fill.order: unknown key 'now': did you mean 'new'?",
    ),
    ("exchange: {trading: off}", "f:1: exchange.trading: expected true or false, got 'off'"),
    (
        f"key: {{{KEY}, api_date: 2019}}",
        "f:1: key.api_date: expected an API date, got '2019': unkn",
    ),
]


@each_row(("source", "error"), REFUSED, ids=[error[5:60] for _, error in REFUSED])
def test_the_error_of_a_wrong_step_has_its_place_and_the_expectation(source: str, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(source)
    assert str(caught.value).startswith(error)
