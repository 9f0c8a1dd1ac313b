"""Defines the fields of messages of the channel orderbook_delta: a whole order book, then its changes.

Levels ascend in price.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from mockexchange.core.events import LevelChanged
from mockexchange.core.model.markets import Market
from mockexchange.core.queries.order_books import Level
from mockexchange.core.vocabulary import Side
from mockexchange.venues.dated_fields import Field, Spelling
from mockexchange.venues.kalshi.formatting import (
    CENT_LEVELS,
    EXACT_LEVELS,
    INSTANT,
    INTEGER,
    SIDE,
    TEXT,
    UNIX_MILLISECONDS,
    list_of_levels,
    whole_contracts,
    yes_price,
)
from mockexchange.venues.kalshi.frames.rows import (
    COUNTS_ADDED,
    REVISED,
    SUBACCOUNTS_SHOWN,
    WHOLE_NUMBERS_REMOVED,
    count,
    dollars,
    market_id,
    market_ticker,
    milliseconds,
    price_3,
    price_cents,
    row,
)
from mockexchange.venues.kalshi.named_days import AUTUMN_2026

DOLLAR_LEVELS_3 = Spelling(
    "list of [dollar string, integer contracts], 3 decimals, or 4 where they are needed",
    list_of_levels(price_3, whole_contracts),
)

DELTA_TS = Spelling(INSTANT.kind, str)
"""An instant that the view has written, since a switch decides its form."""


def _side(side: str) -> tuple[Field, ...]:
    """Return the rows of a side; a side without bids has no key (recorded), unless the scenario sets an empty list."""
    return (
        row(side, CENT_LEVELS, side, until=WHOLE_NUMBERS_REMOVED, empty="absent"),
        row(f"{side}_dollars", DOLLAR_LEVELS_3, side, until=WHOLE_NUMBERS_REMOVED, empty="absent"),
        row(f"{side}_dollars_fp", EXACT_LEVELS, side, COUNTS_ADDED, source="stream-2026-06", empty="absent"),
    )


ORDERBOOK_SNAPSHOT: tuple[Field, ...] = (
    market_ticker("market.ticker"),
    market_id("market_id"),
    row("clock", INTEGER, "market.book_changed", AUTUMN_2026, source="asyncapi-2026-10"),
    *_side("yes"),
    *_side("no"),
)

ORDERBOOK_DELTA: tuple[Field, ...] = (
    market_ticker("level.market"),
    market_id("market_id"),
    row("clock", INTEGER, "clock", AUTUMN_2026, source="asyncapi-2026-10"),
    price_cents("price", "price_centicents"),
    *dollars("price_dollars", "price_centicents"),
    *count("delta", "level.change_centis"),
    row("side", SIDE, "level.side"),
    # Both only for the owner of the order.
    row("client_order_id", TEXT, "client_order_id", empty="absent"),
    row("subaccount", INTEGER, "subaccount", SUBACCOUNTS_SHOWN, source="asyncapi", empty="absent"),
    row("ts", DELTA_TS, "ts", REVISED, source="stream-2026-06"),
    milliseconds("ts_ms", "at"),
)

# --- what they show


class DeltaView(NamedTuple):
    """A change of the count at one price of an order book, as its message shows it.

    `price_centicents` is a price of the level's side. `client_order_id` and `subaccount` are set only for the order's
    owner.
    """

    level: LevelChanged
    market_id: str
    price_centicents: int
    at: int
    clock: int
    """Number in the log of the command that changed the level."""
    client_order_id: str | None = None
    subaccount: int | None = None
    ts_form: Literal["text", "milliseconds"] = "text"

    @property
    def ts(self) -> str:
        """The instant as JSON. Text is documented and recorded; a client reports milliseconds until April 2026."""
        return (INSTANT if self.ts_form == "text" else UNIX_MILLISECONDS).write(self.at)

    def in_yes_price(self) -> "DeltaView":
        return self._replace(price_centicents=yes_price(self.level.side, self.price_centicents))


class SnapshotView(NamedTuple):
    """An order book as its message shows it: the bids of each side, ascending in price; None leaves a side out."""

    market: Market
    market_id: str
    yes: Sequence[Level] | None
    no: Sequence[Level] | None

    def in_yes_price(self) -> "SnapshotView":
        """Return the view with the levels of NO in prices of YES (0.48 becomes 0.52), ascending in these prices."""
        if not self.no:
            return self
        return self._replace(no=[Level(yes_price(Side.NO, price), count) for price, count in reversed(self.no)])
