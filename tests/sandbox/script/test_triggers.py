"""Triggers: which actions of clients trigger which steps, when, and for which account."""

import json
from decimal import Decimal

import pytest

from mockexchange.core.commands import Fill, PlaceDerivativeOrder, PlaceOrder, QuoteDerivative
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.events import DerivativeOrderChanged, OrderPlaced
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import Action, Side, SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.venues.request import Request
from tests.helpers.derivatives import WORLD, Socket, credential_of, deribit_stream, signalplus_stream
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, run, signed
from tests.helpers.scripts import BUY, BUY_FOR_ANYONE, MS, SAY, SECOND, advance, details_of, fired, scripted
from tests.helpers.stream_reader import Reader


def subscriptions(sandbox: Sandbox) -> None:
    alice, again, bob = Reader(sandbox), Reader(sandbox), Reader(sandbox, "bob/main")
    alice.subscribe("fill", "market_positions")
    bob.subscribe("fill")
    again.subscribe("fill")


SUBSCRIBED: list[tuple[str, int]] = [
    ("{account: alice, channel: fill}", 1),
    ("{account: alice, channel: fill, nth: 1}", 1),
    ("{account: alice, channel: fill, nth: 2}", 1),
    ("{account: alice, channel: fill, nth: 3}", 0),
    ("{account: alice, channel: fill, nth: each}", 2),
    ("{account: alice}", 1),
    ("{account: alice, nth: each}", 3),
    ('{account: "*", channel: fill}', 2),
    ("{channel: fill, nth: each}", 3),
    ('{account: "*", channel: "*", nth: each}', 4),
    ("{account: bob, channel: market_positions}", 0),
    ("{}", 2),
]


@each_row(("trigger", "wanted"), SUBSCRIBED)
def test_a_subscription_sets_off(trigger: str, wanted: int) -> None:
    sandbox = scripted(f"name: s, when: {{subscribed: {trigger}}}, {SAY}")
    subscriptions(sandbox)
    assert len(fired(sandbox)) == len(details_of(sandbox, "trigger")) == wanted


def test_what_a_subscription_sets_off_comes_after_its_acknowledgement() -> None:
    sandbox = scripted(f"when: {{subscribed: {{channel: fill}}}}, {BUY}")
    assert [frame["type"] for frame in Reader(sandbox).subscribe("fill")] == ["subscribed", "fill"]


def test_the_account_asterisk_is_the_triggering_account() -> None:
    sandbox = scripted(f"when: {{subscribed: {{channel: fill}}}}, {BUY_FOR_ANYONE}")
    bob = Reader(sandbox, "bob/main")
    assert [frame["type"] for frame in bob.subscribe("fill")] == ["subscribed", "fill"]
    fills = [record.command for record in sandbox.log if record.cause]
    assert [fill.subaccount_ref.account for fill in fills if isinstance(fill, Fill)] == ["bob"]


def test_the_account_asterisk_may_have_a_subaccount() -> None:
    sandbox = scripted(f"when: {{subscribed: {{channel: fill}}}}, {BUY_FOR_ANYONE.replace('*', '*/3')}")
    [_, frame] = Reader(sandbox).subscribe("fill")
    assert frame["msg"]["subaccount"] == 3


REQUESTS: list[tuple[str, int]] = [
    ("{account: alice, operation: GetPositions, nth: 2}", 1),
    ("{account: alice, operation: GetPositions, nth: 4}", 0),
    ("{operation: GetPositions}", 2),
    ("{operation: GetPositions, nth: each}", 4),
    ("{account: bob, nth: each}", 1),
    ("{operation: GetBalance, nth: each}", 1),
]


@each_row(("trigger", "wanted"), REQUESTS)
def test_a_request_sets_off(trigger: str, wanted: int) -> None:
    sandbox = scripted(f"when: {{request: {trigger}}}, {SAY}")
    for target, who in [
        (POSITIONS, "alice/main"),
        (POSITIONS, "bob/main"),
        (POSITIONS, "alice/main"),
        ("/trade-api/v2/portfolio/balance", "alice/main"),
        (f"{POSITIONS}?limit=x", "alice/main"),
    ]:
        sandbox.answer(signed(sandbox, target, who))
        run(sandbox.run_due())
    assert len(fired(sandbox)) == wanted


def test_a_request_of_an_unknown_client_triggers_nothing() -> None:
    sandbox = scripted(f"when: {{request: {{nth: each}}}}, {SAY}")
    forged = signed(sandbox, headers={b"kalshi-access-signature": b"AAAA"})
    assert sandbox.answer(forged)[0].status == 401
    assert sandbox.answer(signed(sandbox, "/trade-api/v2/nothing"))[0].status == 404
    assert details_of(sandbox, "trigger") == []


def pages_of(sandbox: Sandbox, who: str = "alice/main", limit: int = 1) -> int:
    """Read all pages of the positions."""
    cursor, pages = "", 0
    while True:
        answer, _ = sandbox.answer(signed(sandbox, f"{POSITIONS}?limit={limit}&cursor={cursor}", who))
        run(sandbox.run_due())
        pages += 1
        cursor = json.loads(answer.body)["cursor"]
        if not cursor:
            return pages


@each_row(("number", "nth", "wanted"), [(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 0), (2, 2, 1), (2, "each", 2)])
def test_a_page_sets_off(number: int, nth: int | str, wanted: int) -> None:
    trigger = f"{{account: alice, operation: GetPositions, number: {number}, nth: {nth}}}"
    sandbox = scripted(f"when: {{page: {trigger}}}, {SAY}")
    assert [pages_of(sandbox), pages_of(sandbox), pages_of(sandbox, "bob/main")] == [3, 3, 1]
    assert len(fired(sandbox)) == wanted


def test_a_row_that_moves_while_a_client_pages_is_scripted_by_page() -> None:
    """The next page shows what the script did after this one."""
    trigger = "when: {page: {account: alice, operation: GetPositions, number: 1}}"
    sandbox = scripted(
        f"{trigger}, fill: {{account: alice, market: RAIN-1, side: yes, action: buy, count: 5, price: 0.5}}"
    )
    first, _ = sandbox.answer(signed(sandbox, f"{POSITIONS}?limit=2"))
    run(sandbox.run_due())
    again, _ = sandbox.answer(signed(sandbox, f"{POSITIONS}?limit=2"))
    assert (b'"15.00"' in first.body, b'"15.00"' in again.body) == (False, True)


def test_repetitions_are_counted_from_what_set_the_step_off() -> None:
    sandbox = scripted(f"name: s, when: {{request: {{account: alice}}}}, after: 1s, every: 100ms, times: 3, {SAY}")
    advance(sandbox, 500 * MS)
    sandbox.answer(signed(sandbox))
    advance(sandbox, 5 * SECOND)
    assert [at for _, _, at in fired(sandbox)] == [1500, 1600, 1700]


def test_what_is_refused_is_no_page() -> None:
    sandbox = scripted(f"when: {{page: {{number: 1}}}}, {SAY}")
    assert sandbox.answer(signed(sandbox, f"{POSITIONS}?limit=x"))[0].status == 400
    assert not sandbox.script.has_due
    sandbox.answer(signed(sandbox))
    run(sandbox.writer.wait_until_applied())
    assert sandbox.script.has_due


def test_what_was_set_off_first_happens_first_each_time() -> None:
    sandbox = scripted(f"when: {{request: {{nth: each}}}}, after: 1s, every: 1s, times: 3, {BUY_FOR_ANYONE}")
    whose = ["alice", "bob", "bob", "alice", "bob", "alice", "alice"]
    for name in whose:
        sandbox.answer(signed(sandbox, who=f"{name}/main"))
    advance(sandbox, 5 * SECOND)
    fills = [record.command for record in sandbox.log if record.cause]
    assert [fill.subaccount_ref.account for fill in fills if isinstance(fill, Fill)] == whose * 3


ASKED: list[tuple[str, list[str]]] = [
    ("{account: dora, operation: private/get_positions}", ["dora asked for private/get_positions"]),
    ("{account: dora, operation: private/get_positions, nth: 2}", ["dora asked for private/get_positions"]),
    ("{account: gina, operation: private/get_positions}", ["gina asked for private/get_positions"]),
    ("{account: dora, operation: public/auth, nth: each}", ["dora asked for public/auth"]),
    ("{account: alice}", []),
]


@each_row(("trigger", "wanted"), ASKED)
def test_a_call_on_a_stream_is_a_request_too(trigger: str, wanted: list[str]) -> None:
    sandbox = scripted(f"name: s, when: {{request: {trigger}}}, {SAY}", text=WORLD)
    dora, gina = deribit_stream(sandbox), signalplus_stream(sandbox)
    dora.say("private/get_positions", currency="any")
    dora.say("private/get_positions", currency="no such one")
    gina.say("private/get_positions")
    gina.say("no such method")
    Reader(sandbox, "alice/main").subscribe("fill")
    assert [detail["text"] for _, detail in details_of(sandbox, "trigger")] == wanted


def test_a_stream_call_that_fails_authentication_triggers_nothing() -> None:
    sandbox = scripted(f"name: s, when: {{request: {{nth: each}}}}, {SAY}", text=WORLD)
    socket, key = Socket(sandbox, Request("GET", "/ws/api/v2")), credential_of(sandbox, "dora")
    socket.say("private/get_positions")
    socket.say("public/auth", grant_type="client_credentials", client_id=key.key_id, client_secret="wrong")
    assert details_of(sandbox, "trigger") == []
    socket.say("public/test")
    run(sandbox.writer.wait_until_applied())
    assert [detail["text"] for _, detail in details_of(sandbox, "trigger")] == [
        "an unknown client asked for public/test"
    ]


def test_what_a_call_on_a_stream_sets_off_comes_after_its_answer() -> None:
    step = "trade: {account: dora, instrument: BTC-PERPETUAL, direction: buy, amount: 10, price: 113000}"
    sandbox = scripted(f"when: {{request: {{operation: private/get_positions}}}}, {step}", text=WORLD)
    socket = deribit_stream(sandbox, "user.changes.any.any.raw")
    answer = socket.say("private/get_positions")
    run(sandbox.run_due())
    assert [list(answer[0])[1], socket.told[-1]["method"]] == ["id", "subscription"]


# --- orders

MARKET = "RAIN-1"
COUNTER = (
    "place: {account: bob, market: $order.market, side: $order.side, action: $order.opposite,"
    " count: $order.remaining, price: $order.price}"
)


def placed(sandbox: Sandbox, account: str, price_centicents: int) -> str:
    """Place an order for 2 YES; return its id."""
    command = PlaceOrder(
        subaccount_ref=SubaccountRef(account),
        market=MARKET,
        side=Side.YES,
        action=Action.BUY,
        count_centis=200,
        price_centicents=price_centicents,
    )
    outcome = run(sandbox.submit(command))
    assert not isinstance(outcome, Refusal), outcome
    assert isinstance(outcome[0], OrderPlaced)
    return outcome[0].order_id


def test_an_order_sets_off_its_counterparty_at_its_price() -> None:
    sandbox = scripted(f"when: {{order: {{account: alice, market: {MARKET}, nth: each}}}}, after: 5ms, {COUNTER}")
    for price_centicents in (100, 200):
        order = sandbox.exchange.state.orders[placed(sandbox, "alice", price_centicents)]
        assert order.remaining_centis == 200
        advance(sandbox, 5 * MS)
        assert (order.remaining_centis, order.fills[0].price_centicents) == (0, price_centicents)


def test_an_order_of_another_account_or_of_the_script_sets_nothing_off() -> None:
    sandbox = scripted(f"name: s, when: {{order: {{account: bob, nth: each}}}}, {COUNTER}")
    placed(sandbox, "alice", 100)
    assert fired(sandbox) == []


def test_a_word_that_is_not_of_an_order_is_refused() -> None:
    with pytest.raises(ScenarioError, match="price"):
        scripted(f"when: {{order: {{}}}}, {COUNTER.replace('order.price', 'order.cost')}")


PERPETUAL = "BTC-PERPETUAL"
GINA_ANSWERS = (
    "order: {account: gina, instrument: $order.instrument, direction: $order.opposite,"
    " amount: $order.remaining, price: $order.price, label: $order.label}"
)


def test_an_order_of_a_derivative_sets_off_its_counterparty_at_its_price() -> None:
    trigger = f"{{order: {{account: dora, instrument: {PERPETUAL}, nth: each}}}}"
    sandbox = scripted(f"when: {trigger}, after: 5ms, {GINA_ANSWERS}", text=WORLD)
    for price in (113_800, 113_810):
        order = sandbox.exchange.state.derivatives.orders[ordered(sandbox, Decimal(price))]
        assert order.remaining == 20
        advance(sandbox, 5 * MS)
        answer = list(sandbox.exchange.state.derivatives.orders.values())[-1]
        assert (order.remaining, order.average_price) == (Decimal(0), Decimal(price))
        assert (answer.subaccount_ref.account, answer.label, answer.direction) == ("gina", "mine", Direction.SELL)


def test_the_words_of_a_market_order_have_its_average_price() -> None:
    sandbox = scripted(
        f"when: {{order: {{instrument: {PERPETUAL}}}}}, mark: {{instrument: $order.instrument, price: $order.price}}",
        text=WORLD,
    )
    quote = QuoteDerivative(derivative=PERPETUAL, asks=((Decimal(114_100), Decimal(50)),))
    run(sandbox.submit(quote))
    ordered(sandbox, None)
    run(sandbox.run_due())
    assert sandbox.exchange.state.derivatives.listed[PERPETUAL].mark == 114_100


def ordered(sandbox: Sandbox, price: Decimal | None) -> str:
    """Place an order for 20 USD of the perpetual; return its id."""
    command = PlaceDerivativeOrder(
        subaccount_ref=SubaccountRef("dora"),
        derivative=PERPETUAL,
        direction=Direction.BUY,
        amount=Decimal(20),
        price=price,
        label="mine",
    )
    outcome = run(sandbox.submit(command))
    assert not isinstance(outcome, Refusal), outcome
    assert isinstance(outcome[0], DerivativeOrderChanged)
    return outcome[0].order_id


def test_an_order_of_another_instrument_sets_nothing_off() -> None:
    sandbox = scripted(f"name: s, when: {{order: {{instrument: BTC-17OCT25, nth: each}}}}, {GINA_ANSWERS}", text=WORLD)
    ordered(sandbox, Decimal(113_800))
    assert fired(sandbox) == []


def test_a_trigger_of_a_market_and_an_instrument_is_refused() -> None:
    with pytest.raises(ScenarioError, match="expected one of market, instrument"):
        scripted(f"when: {{order: {{market: {MARKET}, instrument: {PERPETUAL}}}}}, {COUNTER}")
