"""Cached positions and summaries equal freshly made ones, after any commands."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mockexchange.core.commands import Command, SetIndex
from mockexchange.core.derivatives import valuation
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.holdings import Holding
from mockexchange.core.derivatives.orders import OpenOrders
from mockexchange.core.derivatives.valuation import PositionView, view_of
from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.resources import positions as deribit_positions
from mockexchange.venues.deribit.resources import summaries
from mockexchange.venues.deribit.resources.call import Call as DeribitCall
from mockexchange.venues.deribit.resources.call import Caller
from mockexchange.venues.deribit.resources.positions import position_text
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.signalplus.context import SignalPlusContext
from mockexchange.venues.signalplus.resources.call import Call as SignalPlusCall
from mockexchange.venues.signalplus.resources.fields import encode_list
from mockexchange.venues.signalplus.resources.positions import GET_POSITIONS
from mockexchange.venues.signalplus.settings import SignalPlusSettings
from tests.core.derivatives.test_model import STORIES
from tests.core.derivatives_world import CALL, DORA, DORA_3, FUTURE, LINEAR, MIRA, PERPETUAL, PUT, DerivativesWorld
from tests.helpers.rows import each_row

pytestmark = pytest.mark.untraced

DATES = [ApiDate("2026-10-31", "2026-10-31"), ApiDate("compat", None)]
SUBACCOUNT_REFS = [DORA, DORA_3, MIRA]
FILTERS = [("any", None), ("BTC", None), ("USDC", None), ("any", "option"), ("BTC", "future")]


class Asked(NamedTuple):
    subaccount_ref: SubaccountRef
    currency: str
    kind: str | None
    api_date: ApiDate


EVERYTHING = [
    Asked(subaccount_ref, currency, kind, date)
    for subaccount_ref in SUBACCOUNT_REFS
    for currency, kind in FILTERS
    for date in DATES
]


class Venue(NamedTuple):
    """How a venue's desk is made, asked, and what it says of views."""

    context: Callable[[Any, Any], Any]
    ask: Callable[[Any, Asked], bytes]
    write: Callable[[list[PositionView], ApiDate], bytes]


def key_of(subaccount_ref: SubaccountRef) -> Key:
    return Key(subaccount_ref.account, "main", "id", "", (), subaccount_ref.subaccount, None, "secret")


def deribit(state: Any, flat_rows: Any) -> DeribitContext:
    return DeribitContext(state, DATES[0], DeribitSettings(flat_rows=flat_rows))


def ask_deribit(context: DeribitContext, asked: Asked) -> bytes:
    params = {"currency": asked.currency, "kind": asked.kind, "subaccount_id": None}
    caller = Caller(key_of(asked.subaccount_ref), (), asked.subaccount_ref)
    seen = replace(context, api_date=asked.api_date)
    call = DeribitCall(deribit_positions.OPERATIONS[0], seen, params, 0, 0, caller, [])
    return deribit_positions.get_positions(call)


def write_deribit(views: list[PositionView], api_date: ApiDate) -> bytes:
    return f"[{','.join(position_text(view, api_date) for view in views)}]".encode()


def signalplus(state: Any, flat_rows: Any) -> SignalPlusContext:
    return SignalPlusContext(state, DATES[0], SignalPlusSettings(flat_rows=flat_rows))


def ask_signalplus(context: SignalPlusContext, asked: Asked) -> bytes:
    params = {"currency": asked.currency, "kind": asked.kind, "subaccountId": None}
    assert GET_POSITIONS.answer is not None
    return GET_POSITIONS.answer(
        SignalPlusCall(GET_POSITIONS, context, key_of(asked.subaccount_ref), asked.api_date, params, [])
    )


def write_signalplus(views: list[PositionView], api_date: ApiDate) -> bytes:
    return encode_list("Position", api_date, views)


VENUES = {
    "deribit": Venue(deribit, ask_deribit, write_deribit),
    "signalplus": Venue(signalplus, ask_signalplus, write_signalplus),
}


def anew(world: DerivativesWorld, venue: Venue, asked: Asked, with_flat: bool) -> bytes:
    views = valuation.positions_of(world.exchange.state, asked.subaccount_ref, with_flat)
    terms = [(view, view.derivative.terms) for view in views]
    shown = [
        view
        for view, its in terms
        if asked.currency in ("any", its.settlement_currency) and asked.kind in (None, its.kind)
    ]
    return venue.write(shown, asked.api_date)


@pytest.mark.parametrize("name", VENUES)
@settings(deadline=None)
@given(st.sampled_from(["show", "omit"]), STORIES)
def test_what_is_kept_is_what_would_be_made(name: str, flat_rows: str, story: list[Command]) -> None:
    """Two desks: one is asked after every command, the other half of the time. What is refused changes nothing."""
    world, venue = DerivativesWorld(), VENUES[name]
    steady, now_and_then = (venue.context(world.exchange.state, flat_rows) for _ in range(2))
    for number, command in enumerate([None, *story]):
        if command is not None:
            world.exchange.execute(command, world.at + number)
        for asked in EVERYTHING:
            wanted = anew(world, venue, asked, flat_rows == "show")
            assert venue.ask(steady, asked) == wanted, (asked, command)
            if number % 2:
                assert venue.ask(now_and_then, asked) == wanted, (asked, command)


def ask_summaries(context: DeribitContext, subaccount_ref: SubaccountRef, extended: bool) -> list[str | bytes]:
    """All of a book, and that in BTC."""
    params = {"currency": "BTC", "extended": extended, "subaccount_id": None}
    caller = Caller(key_of(subaccount_ref), (), subaccount_ref)
    calls = [DeribitCall(operation, context, params, 0, 0, caller, []) for operation in summaries.OPERATIONS]
    return [call.operation.answer(call) for call in calls if call.operation.answer]


@settings(deadline=None)
@given(STORIES)
def test_summaries_that_are_kept_are_those_that_would_be_made(story: list[Command]) -> None:
    world = DerivativesWorld()
    context = deribit(world.exchange.state, "show")
    for number, command in enumerate([None, *story]):
        if command is not None:
            world.exchange.execute(command, world.at + number)
        for subaccount_ref in SUBACCOUNT_REFS:
            for extended in (True, False):
                wanted = ask_summaries(deribit(world.exchange.state, "show"), subaccount_ref, extended)
                assert ask_summaries(context, subaccount_ref, extended) == wanted, command


def held_everywhere() -> DerivativesWorld:
    world = DerivativesWorld()
    for subaccount_ref in SUBACCOUNT_REFS:
        world.hold("100", "113000", FUTURE, subaccount_ref)
        world.hold("-200", "113500", PERPETUAL, subaccount_ref)
        world.hold("0.5", "113500", LINEAR, subaccount_ref)
        world.hold("2", "0.02", CALL, subaccount_ref)
    return world


@each_row("name", VENUES)
def test_only_what_changed_is_valued_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark is one row of each book, an index every row that follows it, and what nobody holds is none."""
    world, venue = held_everywhere(), VENUES[name]
    context = venue.context(world.exchange.state, "show")
    valued: list[str] = []

    def view_and_note(
        subaccount_ref: SubaccountRef, derivative: Derivative, holding: Holding, index: Decimal, opened: OpenOrders
    ) -> PositionView:
        valued.append(derivative.name)
        return view_of(subaccount_ref, derivative, holding, index, opened)

    monkeypatch.setattr(valuation, "view_of", view_and_note)

    def valued_now() -> list[str]:
        valued.clear()
        for asked in (Asked(DORA, "any", None, DATES[0]), Asked(DORA_3, "BTC", None, DATES[0])):
            venue.ask(context, asked)
        return sorted(valued)

    assert valued_now() == sorted([FUTURE, PERPETUAL, LINEAR, CALL, FUTURE, PERPETUAL, CALL])
    assert valued_now() == []
    world.mark("113950", PERPETUAL)
    assert valued_now() == [PERPETUAL, PERPETUAL]
    world.trade("buy 10 @ 113000", FUTURE, DORA)
    assert valued_now() == [FUTURE, FUTURE]
    world.do(SetIndex(index="btc_usdc", price=Decimal(114_000)))
    assert valued_now() == [LINEAR]
    world.mark("0.01", PUT)
    world.credit("1")
    assert valued_now() == []
