"""The built-in scenarios of other venues: every kind of position, every trap, and a naive recount."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest

from mockexchange.core.commands import CreditCurrency, ListDerivative, SetIndex
from mockexchange.core.derivatives.valuation import PositionView, position_of, positions_of, summary_of
from mockexchange.core.derivatives.vocabulary import COMBOS, DerivativeKind, Form
from mockexchange.core.instants import parse_instant
from mockexchange.core.invariants import violations
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_scenario
from mockexchange.scenario.plan import Plan
from tests.core.naive.derivatives import Naive
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

PAGE = str(ROOT / "fixtures" / "scenarios" / "source-doc-004.yaml")
NAMES = ["deribit", "signalplus", PAGE]
FUTURE, PERPETUAL, PUT, CALL = "BTC-29JUN35", "BTC-PERPETUAL", "BTC-29JUN35-110000-P", "BTC-29JUN35-120000-C"
KINDS = {
    (DerivativeKind.FUTURE, Form.INVERSE, False),
    (DerivativeKind.FUTURE, Form.INVERSE, True),
    (DerivativeKind.FUTURE, Form.LINEAR, False),
    (DerivativeKind.FUTURE, Form.LINEAR, True),
    (DerivativeKind.OPTION, Form.INVERSE, False),
    (DerivativeKind.OPTION, Form.LINEAR, False),
}
"""(kind, form, whether it is perpetual)"""
NINE = Decimal("1e-9")
TOLERANCE = Fraction(1, 10**30)
LONG = {"deribit": "dora", "signalplus": "gina"}


def opened(name: str) -> Sandbox:
    return asyncio.run(open_sandbox(load_scenario(name), SandboxOptions()))


@pytest.fixture(scope="module", params=sorted(LONG))
def scenario(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def state(scenario: str) -> State:
    return opened(scenario).exchange.state


def held(state: State, account: str, subaccount: str = "0") -> dict[str, PositionView]:
    """Return the positions of an account by instrument, flat ones included."""
    return {
        view.derivative.name: view for view in positions_of(state, SubaccountRef(account, subaccount), with_flat=True)
    }


def kind(view: PositionView) -> tuple[DerivativeKind, Form, bool]:
    terms = view.derivative.terms
    return terms.kind, terms.form, terms.is_perpetual


def counted(plan: Plan) -> Naive:
    """Recount the scenario naively."""
    commands = [timed.command for timed in [*plan.setup, *plan.steps]]
    listed = [command for command in commands if isinstance(command, ListDerivative)]
    naive = Naive(
        {one.terms.name: one.terms for one in listed},
        {one.terms.name: Fraction(one.mark) for one in listed},
        {one.terms.name: Fraction(one.settlement) for one in listed},
        {one.index: Fraction(one.price) for one in commands if isinstance(one, SetIndex)},
    )
    for command in commands:
        naive.do(command)
    return naive


def close(number: Decimal | None, wanted: Fraction, unit: Decimal = Decimal(0)) -> bool:
    most = Fraction(unit) + TOLERANCE * max(abs(wanted), Fraction(1))
    return number is not None and abs(Fraction(number) - wanted) <= most


@each_row("name", NAMES)
def test_every_number_is_that_of_a_naive_count(name: str) -> None:
    plan, state = load_scenario(name), opened(name).exchange.state
    naive = counted(plan)
    assert violations(state) == []
    assert set(naive.lots) == {
        (subaccount_ref, derivative)
        for subaccount_ref, derivatives in state.derivatives.holdings.items()
        for derivative in derivatives
    }
    for subaccount_ref, derivative in naive.lots:
        view = position_of(state, subaccount_ref, derivative)
        key = (subaccount_ref, derivative)
        assert close(view.total, naive.total(key)), key
        assert close(view.floating, naive.floating(key)), key
        assert close(view.printed_total, naive.total(key), NINE), key
        assert close(view.printed_floating, naive.floating(key), NINE), key
        assert close(view.realized, naive.realized[key]), key
        assert close(view.average_price, naive.average(key)), key
    for (subaccount_ref, currency), amount in naive.cash.items():
        assert close(summary_of(state, subaccount_ref, currency).balance, amount), subaccount_ref


def test_there_is_every_kind_of_position_long_short_and_flat(scenario: str, state: State) -> None:
    assert {kind(view) for view in held(state, LONG[scenario]).values() if view.size > 0} == KINDS
    assert {kind(view) for view in held(state, "shorts").values() if view.size < 0} == KINDS
    flats = [view for view in held(state, "flats").values() if not view.size]
    assert {view.derivative.terms.kind for view in flats} == {DerivativeKind.FUTURE, DerivativeKind.OPTION}
    assert {view.derivative.terms.form for view in flats} == set(Form)
    assert {view.derivative.terms.kind for view in held(state, "legs").values()}.isdisjoint(COMBOS)


def test_contracts_trade_for_years(state: State) -> None:
    ends = [
        derivative.terms.expires_at for derivative in state.derivatives.listed.values() if derivative.terms.expires_at
    ]
    assert min(ends) >= parse_instant("2035-01-01")


def test_an_account_and_its_keys_are_of_the_venue(scenario: str, state: State) -> None:
    assert {account.venue for account in state.accounts.values()} == {scenario}
    assert state.keys == {}
    assert {state.accounts[key.account].venue for key in state.secret_keys.values()} == {scenario}
    assert {name for name, account in state.accounts.items() if "main" in account.keys} == set(state.accounts)


TRAPS: list[tuple[str, str, Callable[[PositionView], bool]]] = [
    # account, contract, and what it shows there
    ("shorts", FUTURE, lambda view: max(view.size, view.size_currency or 1, view.delta) < 0),
    ("shorts", PUT, lambda view: view.size < 0 < view.delta),
    ("flats", PERPETUAL, lambda view: view.size == 0 < view.realized and not view.average_price),
    ("flats", FUTURE, lambda view: view.size == 0 > view.realized),
    ("flats", "BTC_USDC-PERPETUAL", lambda view: view.size == view.realized == 0),
    ("fresh", FUTURE, lambda view: view.floating == view.total != 0),
    ("fresh", CALL, lambda view: view.floating == view.total > 0 > view.size),
    ("mixed", FUTURE, lambda view: view.floating != view.total and view.realized < 0),
    ("mixed", FUTURE, lambda view: view.average_price != view.average_price.quantize(NINE)),
    ("notional", "BTC_USDC-PERPETUAL", lambda view: view.size == (view.size_currency or 0) * 113_910),
    ("since_open", PUT, lambda view: view.floating.quantize(NINE) == Decimal("0.000035976")),
    ("since_open", PUT, lambda view: (view.floating_usd or 0) > 1_500),
    ("legs", FUTURE, lambda view: view.average_price == Decimal("113879.5") and view.size == 1_000),
    ("legs", PERPETUAL, lambda view: view.average_price == 113_900 and view.size == -1_000),
    ("legs", PUT, lambda view: view.size == Decimal("-0.2")),
    ("funded", PERPETUAL, lambda view: view.realized_funding is not None and view.realized_funding < 0 < view.realized),
    ("funded", PERPETUAL, lambda view: view.interest_value == Decimal("1.7362511643080387")),
]


@each_row(("account", "derivative", "shows"), TRAPS, ids=[f"{row[0]} {row[1]}" for row in TRAPS])
def test_an_account_is_the_trap_it_says(
    state: State, account: str, derivative: str, shows: Callable[[PositionView], bool]
) -> None:
    assert shows(held(state, account)[derivative])


@each_row(("name", "account"), [("signalplus", "page"), ("deribit", "carried"), (PAGE, "gina")])
def test_the_position_of_the_page_floats_below_zero_and_is_above_it(name: str, account: str) -> None:
    views = held(opened(name).exchange.state, account)
    view = views[FUTURE] if FUTURE in views else views["BTC-17OCT25"]
    assert (view.size, view.average_price.quantize(NINE)) == (Decimal(110_970), Decimal("110957.5"))
    assert (view.printed_total, view.printed_floating) == (Decimal("0.025691112"), Decimal("-0.014474194"))


def test_what_dora_wins_the_shorts_lose() -> None:
    """Sums over the trades between the accounts, without fees."""
    state = opened("deribit").exchange.state
    for derivative, view in held(state, "dora").items():
        assert view.total == held(state, "shorts")[derivative].total.copy_negate()


def test_an_account_can_owe_more_than_it_has_and_another_has_nothing() -> None:
    state = opened("deribit").exchange.state
    assert summary_of(state, SubaccountRef("owing"), "BTC").available_funds < 0
    assert not held(state, "untouched")
    assert SubaccountRef("untouched") not in state.derivatives.cash


def test_trades_are_more_than_a_page() -> None:
    state = opened("deribit").exchange.state
    dust = SubaccountRef("dust")
    assert len(state.derivatives.trades.find(100, [("currency", dust, "BTC")]).rows) == 25
    assert 0 < abs(held(state, "dust")[PERPETUAL].floating) < Decimal("0.000001")


def test_an_account_begins_with_cash_in_its_currencies(scenario: str) -> None:
    plan = load_scenario(scenario)
    credited = [timed.command for timed in plan.setup if isinstance(timed.command, CreditCurrency)]
    assert {credit.currency for credit in credited} == {"BTC", "ETH", "USDC"}
    assert SubaccountRef(LONG[scenario], "3") in {credit.subaccount_ref for credit in credited}
