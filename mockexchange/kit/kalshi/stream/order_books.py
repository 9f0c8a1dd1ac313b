"""Checks the frames of order books: a snapshot comes first, then changes that add up to the order book of REST."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import ORDER_BOOKS, FindingWriter, parameters
from mockexchange.kit.kalshi.stream.commands import SNAPSHOT, stream_check
from mockexchange.kit.kalshi.stream.recording import Row, amount, count, recording_of, tickers_of
from mockexchange.kit.streaming.protocol import StreamMessage
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

BOOK = "/markets/{ticker}/orderbook"
FRACTIONAL = "orderbook_fp"
"""The key of the order book with fractional counts, as in frames, where the API date also serves whole counts."""
SIDES = ("yes", "no")
DOLLAR = Decimal(1)
Levels = dict[Decimal, Decimal]
Book = dict[str, Levels]


def levels(node: Row, side: str) -> list[tuple[Decimal, Decimal]]:
    """Return the price in dollars and the count of each level of a side, in the list's order."""
    for name, per_dollar in ((f"{side}_dollars_fp", 1), (f"{side}_dollars", 1), (side, 100)):
        found = node.get(name)
        if isinstance(found, list):
            pairs = [(amount(price), amount(size)) for price, size in found]
            return [(price / per_dollar, size) for price, size in pairs if price is not None and size is not None]
    return []


def book_of(node: Row) -> Book:
    """Return the count at each price in dollars, for both sides of an order book."""
    return {side: dict(levels(node, side)) for side in SIDES}


class OrderBooks:
    """The order books of one subscription, computed from its frames.

    `wrong` lists the frames that contradict earlier ones, each with what was seen and what was expected.
    """

    def __init__(self, frames: list[StreamMessage]) -> None:
        self.books: dict[str, Book] = {}
        self.wrong: list[tuple[str, str]] = []
        for message in frames:
            ticker = str(message.body.get("market_ticker"))
            (self._apply_snapshot if message.name == SNAPSHOT else self._apply_change)(ticker, message.body)

    def _apply_snapshot(self, ticker: str, body: Mapping[str, Any]) -> None:
        self.books[ticker] = book_of(body)
        for side in SIDES:
            prices = [price for price, _ in levels(body, side)]
            if prices != sorted(set(prices)):
                self.wrong.append((f"the snapshot of {ticker}: {side} at {_joined(prices)}", "ascending prices"))

    def _apply_change(self, ticker: str, body: Mapping[str, Any]) -> None:
        if ticker not in self.books:
            self.wrong.append((f"a change of {ticker}", "its snapshot before it"))
            return
        side = self.books[ticker].get(str(body.get("side")), {})
        exact = amount(body.get("price_dollars"))
        price = exact if exact is not None else (amount(body.get("price")) or Decimal(0)) / 100
        left = side.pop(price, Decimal(0)) + (count(body, "delta") or Decimal(0))
        if left < 0:
            self.wrong.append((f"{ticker}: {left} contracts at {price}", "none or more"))
        if left:
            side[price] = left


def _joined(prices: list[Decimal]) -> str:
    return ", ".join(map(str, prices))


def judge_order_books(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the snapshot of a market comes first, and that no change makes a level negative."""
    writer = FindingWriter("stream.books", target)
    for seen, expected in OrderBooks(recording_of(target).messages(ORDER_BOOKS)).wrong:
        yield writer.finding(ORDER_BOOKS, seen, expected, ORDER_BOOKS)


def judge_rest(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that snapshots and changes add up to the order book of REST."""
    recording, writer = recording_of(target), FindingWriter("stream.book-equals-rest", target)
    yield from recording.settled_differences(
        ORDER_BOOKS, lambda: _differences(target, writer, OrderBooks(recording.messages(ORDER_BOOKS)))
    )


def _differences(target: StreamTarget, writer: FindingWriter, order_books: OrderBooks) -> Iterator[Finding]:
    for ticker, book in order_books.books.items():
        answer = target.rest.ask(BOOK, names={"ticker": ticker})
        target.rest.objections.clear()  # answers are judged by other rules
        if answer.status != 200:  # of HTTP
            raise NotJudged(f"{answer.where} was answered with status {answer.status}")
        body = answer.json()
        shown = book_of(body.get(FRACTIONAL) or next(iter(body.values())))
        for side in SIDES:
            where = f"{ticker}, {side}: the frames add up to"
            yield from writer.difference(where, _sorted(book[side]), _sorted(shown[side]), ORDER_BOOKS)


def _sorted(side: Levels) -> list[tuple[str, str]]:
    return [(f"{price:f}".rstrip("0"), f"{size.normalize():f}") for price, size in sorted(side.items())]


def judge_yes_price(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that use_yes_price gives levels of NO the complementary price, and leaves levels of YES unchanged."""
    writer = FindingWriter("stream.yes-price", target)
    tickers = tickers_of(target)
    plain, in_yes = _snapshots(target, tickers), _snapshots(target, tickers, use_yes_price=True)
    expected = {
        ticker: {"yes": book["yes"], "no": {DOLLAR - price: size for price, size in book["no"].items()}}
        for ticker, book in plain.items()
    }
    if in_yes != expected and _snapshots(target, tickers) != plain:
        raise NotJudged("the books changed meanwhile")
    if not any(book["no"] for book in plain.values()):
        raise NotJudged("no book has a level of NO")
    for ticker, book in expected.items():
        for side in SIDES:
            seen = in_yes.get(ticker, {}).get(side, {})
            yield from writer.difference(f"{ticker}, {side}", _sorted(seen), _sorted(book[side]), SNAPSHOT)


def _snapshots(target: StreamTarget, tickers: list[str], **params: bool) -> dict[str, Book]:
    stream = target.open()
    stream.subscribe(ORDER_BOOKS, market_tickers=tickers, **params)
    stream.sync()
    return OrderBooks([one for one in stream.data(ORDER_BOOKS) if one.name == SNAPSHOT]).books


def _has_yes_price(target: StreamTarget) -> bool:
    return "use_yes_price" in parameters(target, "subscribe")


CHECKS: tuple[Check[StreamTarget], ...] = (
    stream_check("stream.books", "Books begin with a snapshot and changes fit.", judge_order_books),
    stream_check("stream.book-equals-rest", "The frames add up to the book of REST.", judge_rest),
    stream_check("stream.yes-price", "Books in prices of YES equal the usual books.", judge_yes_price, _has_yes_price),
)
