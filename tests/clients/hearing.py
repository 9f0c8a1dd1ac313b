"""Every streaming client listening to every channel at an API date: the channels that it reports correctly."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from mockexchange.venues.kalshi.frames.rows import SUBACCOUNTS_SHOWN
from mockexchange.venues.kalshi.named_days import api_date
from tests.clients.exchange import Sandbox
from tests.clients.listeners import PRIMARY, Listener, Row, amounts, last_positions
from tests.clients.moves import (
    BOOK_MARKET,
    LAST_MOVE,
    MARKETS,
    MOVES,
    OTHER_MOVES,
    POSITION_MESSAGES,
    SUBACCOUNT,
    SUBACCOUNT_MESSAGES,
)
from tests.clients.processes import Peer
from tests.clients.published import COMPAT
from tests.clients.truths import differences

BOOKS = (PRIMARY, SUBACCOUNT)
KINDS = {
    "fill": ("fill",),
    "market_positions": ("market_position",),
    "user_orders": ("user_order",),
    "order_group_updates": ("order_group_updates",),
    "ticker": ("ticker",),
    "trade": ("trade",),
    "orderbook_delta": ("orderbook_snapshot", "orderbook_delta"),
    "market_lifecycle_v2": ("market_lifecycle_v2",),
}
"""The message types of each channel."""


READ = {"ticker": ("ticker", "last_price"), "trade": ("ticker", "count", "yes_price")}
"""What of a message cannot be nothing: some clients hand over what they do not know without it."""


class Heard(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "8"
    """The exchange had no such channel then."""


def hear(peer: Peer, sandbox: Sandbox, books: Sequence[str] = BOOKS) -> tuple[dict[str, Heard], list[str]]:
    """Return the result of each channel, and what the client reported wrongly of these books."""
    listener = Listener(peer, sandbox, "alice")
    assert listener.open() == {}
    known = {channel: listener.try_subscribing(channel, _markets_of(channel)) for channel in KINDS}
    sandbox.do(*MOVES, *OTHER_MOVES, LAST_MOVE)
    # The messages of the last move come after all others, and this is the last one of them that matters.
    of_others = 0 if SUBACCOUNT in books else SUBACCOUNT_MESSAGES
    listener.received("frame:market_position", POSITION_MESSAGES + 1 - of_others)
    mistakes = {channel: list(misheard(listener, sandbox, channel, books)) for channel in KINDS if known[channel]}
    listener.close()
    heard = {channel: _judge(known[channel], mistakes.get(channel, [])) for channel in KINDS}
    return heard, [line for lines in mistakes.values() for line in lines]


def _markets_of(channel: str) -> Iterable[str]:
    """Only the book with bids on both sides: the exchange leaves out a side without, which not every client takes."""
    return [BOOK_MARKET] if channel == "orderbook_delta" else MARKETS


def _judge(is_known: bool, mistakes: list[str]) -> Heard:
    if not is_known:
        return Heard.UNKNOWN
    return Heard.NO if mistakes else Heard.YES


def books_shown(date: str) -> Sequence[str]:
    """Return the books that frames of a date can name: before subaccounts were shown there was one."""
    return BOOKS if date == COMPAT or api_date(date).holds(SUBACCOUNTS_SHOWN) else (PRIMARY,)


def misheard(listener: Listener, sandbox: Sandbox, channel: str, books: Sequence[str]) -> Iterable[str]:
    """Yield a line for each message of a channel that reached the user wrongly or not at all."""
    for kind in KINDS[channel]:
        reported, came = len(listener.received(kind)), len(listener.received(f"frame:{kind}"))
        if reported != came or not came:
            yield f"{channel}: reported {reported} of {came} {kind}"
        unread = [row for row in listener.received(kind) if None in (row[name] for name in READ.get(kind, ()))]
        if unread:
            yield f"{channel}: reported without its contents: {unread[0]}"
    if channel == "fill":
        yield from _misheard_fills(listener, sandbox)
    elif channel == "market_positions":
        yield from _misheard_positions(listener, sandbox, books)
    elif channel == "user_orders":
        yield from _misheard_orders(listener, sandbox)


def _misheard_fills(listener: Listener, sandbox: Sandbox) -> Iterable[str]:
    true = {row["id"]: _fill_of_ledger(row) for row in sandbox.ledger("alice")["fills"]}
    for row in listener.received("fill"):
        reported = {name: row[name] for name in true[row["trade"]]}
        yield from differences(reported, true[row["trade"]], may_omit=False, where="fill")


def _fill_of_ledger(row: Row) -> Row:
    names = {"trade": "id", "order": "order", "ticker": "instrument", "count": "count", "fee": "fee"}
    return {name: row[where] for name, where in names.items()} | {"taker": str(row["taker"]).lower()}


def _misheard_positions(listener: Listener, sandbox: Sandbox, books: Sequence[str]) -> Iterable[str]:
    for book in books:
        reported = last_positions(listener.received("market_position"), book)
        true = positions_of(sandbox.truth("alice", book))
        if reported != true:
            yield f"market_positions of {book}: reported {reported}, true is {true}"


def positions_of(truth: Iterable[Row]) -> dict[str, Row]:
    """Return the state in the control API that the last messages have to match."""
    return {row["instrument"]: amounts({**row, "position": row["quantity"]}) for row in truth}


def _misheard_orders(listener: Listener, sandbox: Sandbox) -> Iterable[str]:
    names = {
        "ticker": "instrument",
        "status": "status",
        "initial": "count",
        "filled": "filled",
        "remaining": "remaining",
    }
    true: Mapping[str, Any] = {row["id"]: row for row in sandbox.ledger("alice")["orders"]}
    for order, row in {row["order"]: row for row in listener.received("user_order")}.items():
        expected = {name: true[order][where] for name, where in names.items()}
        reported = {name: row[name] for name in names}
        yield from differences(reported, expected, may_omit=False, where="order")
