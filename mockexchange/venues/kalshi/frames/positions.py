"""Defines the fields of messages of the channel market_positions for each API date.

They had seven forms within ten weeks of 2026. A frame shows the same amounts as a REST position of its day, so it has
the same precision: whole cents before 2026-03-07, exact since, with six decimals where the documents' example has four.
"""

from typing import NamedTuple

from mockexchange.core.events import PositionChanged
from mockexchange.venues.dated_fields import ALWAYS, Field
from mockexchange.venues.kalshi.formatting import DOLLARS_6, INTEGER, TEXT
from mockexchange.venues.kalshi.frames.rows import (
    CENTICENTS,
    CENTICENTS_BACK,
    CENTICENTS_OF_CENTS,
    CENTICENTS_REMOVED,
    POSITION_DOLLARS_ADDED,
    REVISED,
    SUBACCOUNTS_SHOWN,
    WHOLE_NUMBERS_REMOVED,
    count,
    market_ticker,
    row,
)
from mockexchange.venues.kalshi.named_days import SIX_DECIMALS


def _money(name: str, read: str, since: str = ALWAYS, source: str = "docs-2025-11") -> tuple[Field, ...]:
    """Return the rows of an amount: centi-cents, removed twice and back for three weeks in between, then dollars."""
    return (
        row(name, CENTICENTS_OF_CENTS, read, since, SIX_DECIMALS, source=source),
        row(name, CENTICENTS, read, SIX_DECIMALS, WHOLE_NUMBERS_REMOVED, source="asyncapi"),
        row(name, CENTICENTS, read, CENTICENTS_BACK, CENTICENTS_REMOVED, source="changelog"),
        row(f"{name}_dollars", DOLLARS_6, read, POSITION_DOLLARS_ADDED, source="choice"),
    )


MARKET_POSITION: tuple[Field, ...] = (
    row("user_id", TEXT, "user_id"),
    market_ticker("change.market"),
    *count("position", "change.quantity_centis"),
    *_money("position_cost", "change.cost_micros"),
    *_money("realized_pnl", "change.realized_micros"),
    *_money("fees_paid", "change.fees_micros"),
    *_money("position_fee_cost", "fee_cost_micros", REVISED, "asyncapi"),
    *count("volume", "change.shares_centis"),
    # Documented for positions of a subaccount: here the primary subaccount has no number.
    row("subaccount", INTEGER, "subaccount", SUBACCOUNTS_SHOWN, source="asyncapi", empty="absent"),
)

# --- what they show


class PositionView(NamedTuple):
    user_id: str
    change: PositionChanged
    subaccount: int | None
    fee_cost_micros: int
