"""Checks that an object is the same in every read: alone, in a list, nested, in order books and in the archive."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.applicability import applies_to, dated_only
from mockexchange.kit.list_facts import instant_of
from mockexchange.kit.rules.finding_format import finding
from mockexchange.kit.target import NotJudged, Target

ITEM, NESTED, BOOK, DEPTH, ARCHIVE = (
    f"kalshi.{name}" for name in ("items", "nested_markets", "book_and_market", "book_depth", "archive")
)
ITEMS_MAX = 6
Row = Mapping[str, Any]


class Item(NamedTuple):
    """For a read of a single object, the list that contains the same object.

    It has the list's operation id, and the field that identifies the object's row.
    """

    listed: str
    name: str


ITEMS = {
    "GetOrder": Item("GetOrders", "order_id"),
    "GetMarket": Item("GetMarkets", "ticker"),
    "GetEvent": Item("GetEvents", "event_ticker"),
    "GetIntraExchangeInstanceTransfer": Item("GetIntraExchangeInstanceTransfers", "transfer_id"),
}


def judge_item(target: Target, operation_id: str) -> Iterator[Finding]:
    item = ITEMS[operation_id]
    rows = target.rows(item.listed)
    if not rows:
        raise NotJudged("the list is empty")
    for row in rows[:ITEMS_MAX]:
        alone = target.row(operation_id, row[item.name])
        if alone != row:
            where = f"GET {target.operations[operation_id].path}: {row[item.name]}"
            names = sorted(name for name in {*alone, *row} if alone.get(name) != row.get(name))
            seen = {name: alone.get(name) for name in names}
            expected = f"as in {item.listed}: { {name: row.get(name) for name in names} }"
            yield finding(target, ITEM, where, seen, expected, operation_id)


def judge_nested(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that an event's markets, listed beside the event or nested in it, equal the rows of GetMarkets.

    Archived markets may be present or absent in both.
    """
    for event in target.known("event_ticker"):
        archived = _archived_markets(target, event)
        rows = [row for row in target.rows("GetMarkets", {"event_ticker": event}) if row["ticker"] not in archived]
        listed = sorted(rows, key=lambda row: row["ticker"])
        for query in (None, {"with_nested_markets": "true"}):
            body = target.body(operation_id, query, {"event_ticker": event})
            where = f"GET {target.operations[operation_id].path}: {event}"
            lists = [body["markets"], *([body["event"].get("markets")] if query else [])]
            if not query and "markets" in body["event"]:
                yield finding(target, NESTED, where, "markets in the event", "none unless requested", operation_id)
            for found in lists:
                markets = [row for row in found or [] if row["ticker"] not in archived]
                if sorted(markets, key=lambda row: row["ticker"]) != listed:
                    seen = [row["ticker"] for row in markets]
                    expected = f"the rows of GetMarkets: {[row['ticker'] for row in listed]}"
                    yield finding(target, NESTED, where, seen, expected, operation_id)


def _archived_markets(target: Target, event: str) -> set[str]:
    if "GetHistoricalMarkets" not in target.operations:
        return set()
    return {str(row["ticker"]) for row in target.rows("GetHistoricalMarkets", {"event_ticker": event})}


def judge_book(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the last level on each side of an order book is the best, and equals the bid that its market shows."""
    judged = False
    for ticker in target.known("ticker"):
        market = target.row("GetMarket", ticker)
        body = target.body(operation_id, None, {"ticker": ticker})
        for name, book in body.items():
            for side in ("yes", "no"):
                levels, where = (
                    book[f"{side}_dollars"] or [],
                    f"GET {target.operations[operation_id].path}: {ticker} {name}",
                )
                prices = [Decimal(level[0]) for level in levels]
                judged |= bool(prices)
                if prices != sorted(set(prices)):
                    yield finding(
                        target, BOOK, where, f"{side} {prices}", "each price once, the best last", operation_id
                    )
                best, bid = max(prices, default=Decimal(0)), Decimal(market[f"{side}_bid_dollars"])
                if best != bid:
                    expected = f"{bid}, the bid of its market"
                    yield finding(target, BOOK, where, f"best {side} bid {best}", expected, operation_id)
    if not judged:
        raise NotJudged("every book is empty")


def judge_depth(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that `depth` limits each side to that many of its best prices, and that 0 does not limit it."""
    judged = False
    for ticker in target.known("ticker"):
        whole = target.body(operation_id, None, {"ticker": ticker})
        for depth in (0, 1, 2):
            body = target.body(operation_id, {"depth": str(depth)}, {"ticker": ticker})
            for name, book in body.items():
                for side, levels in book.items():
                    expected = whole[name][side] if not depth else (whole[name][side] or [])[-depth:]
                    judged |= bool(levels)
                    if (levels or []) != (expected or []):
                        where = f"GET {target.operations[operation_id].path}?depth={depth}: {ticker} {name}.{side}"
                        yield finding(target, DEPTH, where, levels, expected, operation_id)
    if not judged:
        raise NotJudged("every book is empty")


class Archived(NamedTuple):
    """A list with an archive: both operation ids, the rows' timestamp field, and the cutoff's field.

    Rows before the cutoff are in the archive.
    """

    listed: str
    archive: str
    field: str
    cutoff: str


ARCHIVES = (
    Archived("GetFills", "GetFillsHistorical", "created_time", "trades_created_ts"),
    Archived("GetOrders", "GetHistoricalOrders", "last_update_time", "orders_updated_ts"),
    Archived("GetPositions", "GetHistoricalPositions", "last_updated_ts", "market_positions_last_updated_ts"),
)


def judge_archive(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that rows before the cutoff are only in the archive, and the others only in the list."""
    archived = next(one for one in ARCHIVES if one.archive == operation_id)
    cutoff = instant_of(target.body("GetHistoricalCutoff").get(archived.cutoff))
    if cutoff is None:
        raise NotJudged(f"there is no cutoff {archived.cutoff}")
    judged = False
    for listed, is_archive in ((archived.archive, True), (archived.listed, False)):
        whole = target.whole(listed)
        for row in _movable(whole.rows):
            at = instant_of(row[archived.field])
            judged |= is_archive
            if at is not None and (at < cutoff) is not is_archive:
                seen = f"{archived.field} {row[archived.field]}"
                expected = f"{'before' if is_archive else 'not before'} {cutoff.isoformat()}"
                yield finding(target, ARCHIVE, whole.where, seen, expected, listed)
    if not judged:
        raise NotJudged("the archive is empty")


def _movable(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that can move to the archive: all except resting orders and open positions."""
    return [row for row in rows if row.get("status") != "resting" and "position_fp" not in row]


PLACE = "contracts/kalshi/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(ITEM, "A single object equals its row in the list.", PLACE, applies_to(*ITEMS), judge_item),
    Check(NESTED, "The markets of an event equal the list.", PLACE, applies_to("GetEvent"), judge_nested),
    Check(
        BOOK, "The best levels of a book are its market's bids.", PLACE, applies_to("GetMarketOrderbook"), judge_book
    ),
    Check(DEPTH, "A depth keeps the best prices.", PLACE, applies_to("GetMarketOrderbook"), judge_depth),
    Check(
        ARCHIVE,
        "The archive begins where the lists end.",
        PLACE,
        dated_only(applies_to("GetFillsHistorical", "GetHistoricalOrders")),
        judge_archive,
    ),
)
