"""Defines the data of an instrument's public channels: order book changes, grouped levels and best prices."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.venues.dated_fields import Field, Spelling
from mockexchange.venues.deribit.formatting import INTEGER, MILLISECONDS, one_of
from mockexchange.venues.deribit.formatting import number as number_text
from mockexchange.venues.deribit.resources.fields import field, integer, number, text, writer
from mockexchange.venues.deribit.resources.tickers import LEVELS, Levels

Changes = Sequence[tuple[str, Decimal, Decimal]]
"""Changed levels of an order book, each (action, price, amount)."""


DOCUMENT = "asyncapi-2026"


class BookChange(Struct, frozen=True):
    """The data of a message of a book channel.

    The first message of a subscription has all levels, later ones only the levels that changed.
    """

    derivative: Derivative
    at: int
    bids: Changes
    asks: Changes
    previous: int | None = None
    """The change id of the subscription's previous message; None in its first message."""

    @property
    def kind(self) -> str:
        return "snapshot" if self.previous is None else "change"


class GroupedBook(Struct, frozen=True):
    """The best levels of each side of an order book, with prices rounded to multiples of a step.

    The channel's name selects the step (group).
    """

    derivative: Derivative
    at: int
    bids: Levels
    asks: Levels


def _changes(changes: Changes) -> str:
    rows = (f'["{action}",{number_text(price)},{number_text(amount)}]' for action, price, amount in changes)
    return f"[{','.join(rows)}]"


CHANGES = Spelling("list of [action, price, amount], the best first", _changes)


_HEAD = (
    text("instrument_name", "derivative.terms.name", source=DOCUMENT),
    field("timestamp", MILLISECONDS, "at", source=DOCUMENT),
)


BOOK_CHANGE: tuple[Field, ...] = (
    field("asks", CHANGES, "asks", source=DOCUMENT),
    field("bids", CHANGES, "bids", source=DOCUMENT),
    integer("change_id", "derivative.revision", source=DOCUMENT),
    field("prev_change_id", INTEGER, "previous", empty="absent", source=DOCUMENT),
    field("type", one_of("snapshot", "change"), "kind", source=DOCUMENT),
    *_HEAD,
)


GROUPED_BOOK: tuple[Field, ...] = (
    field("asks", LEVELS, "asks", source=DOCUMENT),
    field("bids", LEVELS, "bids", source=DOCUMENT),
    integer("change_id", "derivative.revision", source=DOCUMENT),
    *_HEAD,
)


QUOTE: tuple[Field, ...] = (
    number("best_ask_amount", source=DOCUMENT),
    number("best_ask_price", "best_ask", empty="null", source=DOCUMENT),
    number("best_bid_amount", source=DOCUMENT),
    number("best_bid_price", "best_bid", empty="null", source=DOCUMENT),
    *_HEAD,
)


book_change_text = writer(BOOK_CHANGE)


grouped_book_text = writer(GROUPED_BOOK)


quote_text = writer(QUOTE)
