"""Random trades, marks, settlements, fundings and deliveries: the exchange agrees with fractions counted from lots."""

from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields

from mockexchange.core.commands import (
    Command,
    CreditCurrency,
    DeliverDerivative,
    ListDerivative,
    MarkDerivative,
    OpenHolding,
    PayFunding,
    SetIndex,
    SettleSession,
    TradeDerivative,
)
from mockexchange.core.derivatives.valuation import PositionView, position_of, positions_of, summary_of
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.exchange import Exchange
from mockexchange.core.invariants import violations
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import SubaccountRef
from tests.core.derivatives_world import (
    CALL,
    CONTRACTS,
    DORA,
    DORA_3,
    FUTURE,
    LINEAR,
    LINEAR_CALL,
    LINEAR_FUTURE,
    MIRA,
    PERPETUAL,
    PUT,
    SPREAD,
    STRADDLE,
    DerivativesWorld,
    terms,
)
from tests.core.dump import dump
from tests.core.naive.derivatives import Naive
from tests.helpers.effort import examples

pytestmark = pytest.mark.untraced

SUBACCOUNT_REFS = [DORA, DORA_3, MIRA]
DOLLARS = {FUTURE, PERPETUAL, LINEAR, LINEAR_FUTURE}
TOLERANCE = Fraction(1, 10**30)
"""Of what is compared, or of 1: the quotients of 50 digits leave far less."""
NINE = Fraction(1, 10**9)
"""A printed profit of an inverse future is a difference of two amounts that are rounded to nine decimals each."""

PRICE_USD = st.decimals("1000", "200000", places=2)
PRICE_COIN = st.decimals("0.0001", "0.9", places=4)
SPREAD_PRICE = st.decimals("-500", "500", places=1)


def prices(name: str) -> st.SearchStrategy[Decimal]:
    if name in DOLLARS or name == LINEAR_CALL:
        return PRICE_USD
    return SPREAD_PRICE if name == SPREAD else PRICE_COIN


def amounts(name: str) -> st.SearchStrategy[Decimal]:
    unit = Decimal(10) if name in (FUTURE, PERPETUAL, SPREAD) else Decimal("0.1")
    return st.integers(1, 5).map(lambda count: count * unit)


NAMES = [FUTURE, PERPETUAL, LINEAR, LINEAR_FUTURE, PUT, CALL, LINEAR_CALL]
SIGNS = [Decimal(1), Decimal(-1), Decimal(0)]
BOUGHT = [*NAMES, SPREAD, STRADDLE]


@st.composite
def trades(draw: st.DrawFn) -> Command:
    name = draw(st.sampled_from(BOUGHT))
    subaccount_ref, other = draw(st.permutations(SUBACCOUNT_REFS))[:2]
    return TradeDerivative(
        subaccount_ref=subaccount_ref,
        derivative=name,
        direction=draw(st.sampled_from(Direction)),
        amount=draw(amounts(name)),
        price=draw(prices(name)),
        taker=draw(st.booleans()),
        fee=draw(st.sampled_from([None, Decimal("0.25")])),
        against=draw(st.sampled_from([None, other])),
    )


@st.composite
def holdings(draw: st.DrawFn) -> Command:
    name = draw(st.sampled_from(NAMES))
    return OpenHolding(
        subaccount_ref=draw(st.sampled_from(SUBACCOUNT_REFS)),
        derivative=name,
        size=draw(amounts(name)) * draw(st.sampled_from(SIGNS)),
        average_price=draw(prices(name)),
        reference=draw(st.none() | prices(name)),
        realized=draw(st.sampled_from([Decimal(0), Decimal("-0.5")])),
    )


@st.composite
def others(draw: st.DrawFn) -> Command:
    name = draw(st.sampled_from(NAMES))
    some = draw(st.sampled_from(NAMES))
    return draw(
        st.one_of(
            st.builds(MarkDerivative, derivative=st.just(name), price=prices(name)),
            st.builds(SetIndex, index=st.sampled_from(["btc_usd", "btc_usdc"]), price=PRICE_USD),
            st.builds(SettleSession, prices=st.just(()) | st.tuples(st.tuples(st.just(some), prices(some)))),
            st.builds(
                PayFunding, derivative=st.sampled_from([PERPETUAL, LINEAR]), rate=st.decimals("-0.01", "0.01", places=6)
            ),
            st.builds(
                CreditCurrency,
                subaccount_ref=st.sampled_from(SUBACCOUNT_REFS),
                currency=st.sampled_from(["BTC", "USDC"]),
                amount=st.decimals("0.01", "5", places=8),
            ),
        )
    )


DELIVERIES = st.builds(DeliverDerivative, derivative=st.sampled_from([*NAMES, SPREAD]), price=st.none() | PRICE_USD)
STORIES = st.lists(trades() | trades() | others() | holdings() | DELIVERIES, max_size=25)


def naive() -> Naive:
    """What `DerivativesWorld` begins with."""
    exchange = DerivativesWorld().exchange
    derivatives = exchange.state.derivatives.listed.values()
    return Naive(
        {derivative.name: derivative.terms for derivative in derivatives},
        {derivative.name: Fraction(derivative.mark) for derivative in derivatives},
        {derivative.name: Fraction(derivative.settlement) for derivative in derivatives},
        {name: Fraction(price) for name, price in exchange.state.derivatives.indexes.items()},
    )


def equal(left: Decimal | None, right: Fraction, unit: Fraction | int = 0) -> bool:
    return left is not None and abs(Fraction(left) - right) <= unit + TOLERANCE * max(abs(right), Fraction(1))


def compare(exchange: Exchange, plain: Naive) -> None:
    for subaccount_ref in SUBACCOUNT_REFS:
        for name in NAMES:
            if name not in plain.gone:
                compare_position(position_of(exchange.state, subaccount_ref, name), plain, (subaccount_ref, name))
        held = {view.derivative.name for view in positions_of(exchange.state, subaccount_ref)}
        assert held == {
            name for subaccount, name in plain.lots if subaccount == subaccount_ref and plain.lots[subaccount, name]
        }
        with_flat = {view.derivative.name for view in positions_of(exchange.state, subaccount_ref, with_flat=True)}
        assert with_flat == {name for subaccount, name in plain.lots if subaccount == subaccount_ref}
        for currency in ("BTC", "USDC"):
            assert equal(
                summary_of(exchange.state, subaccount_ref, currency).balance, plain.cash[subaccount_ref, currency]
            )


def compare_position(view: PositionView, plain: Naive, key: tuple[SubaccountRef, str]) -> None:
    is_option, size = plain.is_option(key[1]), plain.size(key)
    shown = size * plain.marks[key[1]] if key[1] in (LINEAR, LINEAR_FUTURE) else size
    assert equal(view.size, shown), key
    assert equal(view.total, plain.total(key)), key
    assert equal(view.floating, plain.floating(key)), key
    unit = 0 if is_option or key[1] in (LINEAR, LINEAR_FUTURE) else NINE
    assert equal(view.printed_total, plain.total(key), unit), key
    assert equal(view.printed_floating, plain.floating(key), unit), key
    assert equal(view.realized, plain.realized[key]), key
    assert equal(view.average_price, plain.average(key)), key
    if is_option:
        assert equal(view.floating_usd, plain.floating_usd(key)), key
    if view.realized_funding is not None:
        assert equal(view.realized_funding, plain.funded[key]), key
    if not size:
        zeros = (view.size, view.total, view.floating, view.average_price, view.initial_margin)
        printed = (view.printed_total, view.printed_floating)
        assert not any(number or number.is_signed() for number in (*zeros, *printed)), key


@given(STORIES)
@settings(max_examples=examples(100), deadline=None)
def test_every_number_is_that_of_a_naive_recomputation(story: list[Command]) -> None:
    world, plain = DerivativesWorld(), naive()
    for command in story:
        before = dump(world.exchange.state)
        outcome = world.exchange.execute(command, world.at)
        if isinstance(outcome, Refusal):
            assert dump(world.exchange.state) == before
        else:
            plain.do(command)
            compare(world.exchange, plain)
        assert violations(world.exchange.state) == []


def wealth(exchange: Exchange, subaccount_ref: SubaccountRef, currency: str) -> Fraction:
    return Fraction(summary_of(exchange.state, subaccount_ref, currency).equity)


@given(st.lists(trades() | others() | DELIVERIES, max_size=25))
@settings(deadline=None)
def test_what_one_book_wins_another_loses(story: list[Command]) -> None:
    """Trades among the books here, settlements and deliveries make and destroy nothing but fees."""
    world, paid = DerivativesWorld(), {"BTC": Fraction(0), "USDC": Fraction(0)}
    for command in story:
        if isinstance(command, TradeDerivative) and command.against is None:
            continue
        outcome = world.exchange.execute(command, world.at)
        if isinstance(command, CreditCurrency) and not isinstance(outcome, Refusal):
            paid[command.currency] += Fraction(command.amount)
    for currency, amount in paid.items():
        fees = sum(Fraction(row.fee) for row in world.exchange.state.derivatives.trades if row.currency == currency)
        held = sum(wealth(world.exchange, subaccount_ref, currency) for subaccount_ref in SUBACCOUNT_REFS)
        assert abs(held + fees - amount) <= TOLERANCE * 10**9


@given(STORIES)
@settings(max_examples=examples(30), deadline=None)
def test_the_decimal_context_of_the_thread_does_not_matter(story: list[Command]) -> None:
    def run() -> tuple[Exchange, list[object]]:
        world = DerivativesWorld()
        outcomes: list[object] = [world.exchange.execute(command, world.at) for command in story]
        state = world.exchange.state
        views = [
            summary_of(state, subaccount_ref, currency)
            for subaccount_ref in SUBACCOUNT_REFS
            for currency in ("BTC", "USDC")
        ]
        return world.exchange, [
            *outcomes,
            *views,
            *(positions_of(state, subaccount_ref) for subaccount_ref in SUBACCOUNT_REFS),
        ]

    plain = run()
    with localcontext(Context(prec=3, rounding="ROUND_UP", Emax=9, Emin=-9, capitals=0)):
        other = run()
    assert dump(plain[0].state) == dump(other[0].state)
    assert list(map(repr, plain[1])) == list(map(repr, other[1]))


EXTREMES = [
    Decimal(text) for text in ("1e-18", "0.1", "10", "3.000000000000000001", "999999999999999999.999999999999999999")
]


@st.composite
def extremes(draw: st.DrawFn) -> Command:
    """What the numbers of commands can be at most and at least."""
    number = st.sampled_from(EXTREMES)
    kinds: list[st.SearchStrategy[Command]] = [
        st.builds(
            TradeDerivative,
            subaccount_ref=st.just(DORA),
            derivative=st.sampled_from(["TINY", *BOUGHT]),
            direction=st.sampled_from(Direction),
            amount=number,
            price=number,
            taker=st.booleans(),
            against=st.sampled_from([None, MIRA]),
        ),
        st.builds(
            OpenHolding,
            subaccount_ref=st.just(MIRA),
            derivative=st.sampled_from(["TINY", *NAMES]),
            size=number,
            average_price=number,
            reference=number,
        ),
        st.builds(MarkDerivative, derivative=st.sampled_from(["TINY", *BOUGHT]), price=number, iv=st.none() | number),
        st.builds(SetIndex, index=st.just("btc_usd"), price=number),
        st.builds(SettleSession, prices=st.just(())),
        st.builds(PayFunding, derivative=st.just(PERPETUAL), rate=number),
        st.builds(DeliverDerivative, derivative=st.sampled_from(NAMES), price=number),
    ]
    return draw(st.one_of(kinds))


@given(st.lists(extremes(), max_size=12))
@settings(deadline=None)
def test_no_number_is_too_great_or_too_small_for_the_arithmetic(story: list[Command]) -> None:
    world = DerivativesWorld()
    tiny = terms("TINY", contract_size=EXTREMES[0], amount_min=EXTREMES[0])
    world.do(ListDerivative(terms=tiny, mark=EXTREMES[0], iv=EXTREMES[0]))
    for command in story:
        world.exchange.execute(command, world.at)
    views = [
        view
        for subaccount_ref in SUBACCOUNT_REFS
        for view in positions_of(world.exchange.state, subaccount_ref, with_flat=True)
    ]
    summaries: list[Any] = [
        summary_of(world.exchange.state, subaccount_ref, "BTC") for subaccount_ref in SUBACCOUNT_REFS
    ]
    shown = [getattr(it, field.name) for it in [*views, *summaries] for field in fields(it)]
    assert all(number.is_finite() for number in shown if isinstance(number, Decimal))


def test_the_model_knows_every_contract() -> None:
    assert {command.terms.name for command in CONTRACTS} == set(BOUGHT)
