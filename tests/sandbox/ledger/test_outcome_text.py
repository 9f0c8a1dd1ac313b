"""Outcomes as text: byte for byte the JSON of their plain form."""

import json
from types import NoneType
from typing import get_args

from msgspec.structs import fields, replace

from mockexchange.core import events
from mockexchange.core.events import Event
from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.ledger.outcome_text import write_outcome
from mockexchange.sandbox.ledger.state import outcome_of
from tests.commands.examples import BEGINS_AT as NOON
from tests.commands.examples import EVENTS
from tests.helpers.rows import each_row

HARD_TEXT = 'a "quoted" \\ name, a tab\t, a control \x01, a euro € and half a pair \ud83d'


def plainly(outcome: Outcome) -> str:
    """Return the text of an outcome by way of its plain form."""
    return json.dumps(outcome_of(7, NOON, outcome), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@each_row("event", EVENTS)
def test_every_event_is_written_as_its_plain_form(event: Event) -> None:
    assert write_outcome(7, NOON, (event,)) == plainly((event,))


@each_row("event", EVENTS)
def test_a_field_without_a_value_is_null(event: Event) -> None:
    nothing = replace(event, **{field.name: None for field in fields(event) if NoneType in get_args(field.type)})
    assert write_outcome(7, NOON, (nothing,)) == plainly((nothing,))


@each_row("micros", [0, 1, 999_999, 1_000_000, -1, -999_999, -1_000_000, 10**18])
def test_an_amount_has_all_its_digits(micros: int) -> None:
    moved = events.CashMoved(subaccount_ref=SubaccountRef("alice"), amount_micros=micros, cash_micros=-micros)
    assert write_outcome(7, NOON, (moved,)) == plainly((moved,))


def test_any_text_is_written_as_json_has_it() -> None:
    moved = events.CashMoved(subaccount_ref=SubaccountRef(HARD_TEXT), amount_micros=-1, cash_micros=-2_000_000)
    noted = events.Noted(subject=HARD_TEXT, text="%s {key}")
    assert write_outcome(7, NOON, (moved, noted)) == plainly((moved, noted))


def test_an_outcome_may_have_no_events_or_be_a_refusal() -> None:
    refusal = Refusal(RefusalCode.UNKNOWN_MARKET, HARD_TEXT)
    assert [write_outcome(7, NOON, each) for each in ((), refusal)] == [plainly(()), plainly(refusal)]


def test_events_that_are_not_wanted_are_left_out_and_refusals_are_not() -> None:
    event, refusal = EVENTS[0], Refusal(RefusalCode.UNKNOWN_MARKET, "no market 'x'")
    assert write_outcome(7, NOON, (event,), has_events=False) == plainly(())
    assert write_outcome(7, NOON, refusal, has_events=False) == plainly(refusal)
