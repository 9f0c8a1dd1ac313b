"""Makes steps from recorded order books: they set the bids of other traders, which the account's orders do not
explain.

A recorded order book is known only at its instant. It stays until the next recorded one, or until the account changes
an order in the market, since nothing in the recording shows what that order would have met.
"""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.importing.kalshi.amounts import trimmed
from mockexchange.importing.recorded_answers import RecordedAnswer

MARKETS = "/trade-api/v2/markets/"
BOOK, BOOKS = "/orderbook", f"{MARKETS}orderbooks"
SIDES = ("yes", "no")
ORDER_STEPS = ("rest", "amend")
"""Steps that may cross the bids of other traders."""
Step = dict[str, Any]
Levels = dict[str, dict[Decimal, Decimal]]
"""Counts by price, for each side."""


Asked = tuple[RecordedAnswer, str, str]
"""An answer with its recorded body, and the body of the scenario without bids of other traders."""


def tickers_of(answer: RecordedAnswer, body: Any) -> list[str]:
    """Return the markets whose order books an answer contains; an empty list for any other answer."""
    if answer.path == BOOKS:
        return [str(row["ticker"]) for row in body["orderbooks"]]
    is_book = answer.path.startswith(MARKETS) and answer.path.endswith(BOOK)
    return [answer.path.removeprefix(MARKETS).removesuffix(BOOK)] if is_book else []


def is_order_book(answer: RecordedAnswer) -> bool:
    return answer.path == BOOKS or (answer.path.startswith(MARKETS) and answer.path.endswith(BOOK))


def with_order_books(scenario: dict[str, Any], asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the scenario with a step for each recorded order book that the earlier steps do not produce."""
    known: dict[str, list[tuple[int, Levels]]] = {}
    for one in sorted(asked, key=lambda one: one[0].at):
        for ticker, levels in _others(*one).items():
            known.setdefault(ticker, []).append((one[0].at, levels))
    history = list(scenario["history"])
    instants = _instants_of_orders(history)
    added = [step for ticker, books in known.items() for step in _steps(ticker, books, instants.get(ticker, ()))]
    for at, is_before, step in added:
        place = sum(_is_before(one, at, is_before=is_before) for one in history)
        history.insert(place, step)
    return {**scenario, "history": history}


def _is_before(step: Step, at: int, *, is_before: bool) -> bool:
    found = parse_instant(step["at"])
    return found < at or (found == at and not is_before)


def _steps(
    ticker: str, books: Sequence[tuple[int, Levels]], instants: Sequence[int]
) -> Iterator[tuple[int, bool, Step]]:
    """Yield the steps of a market's books, each with its instant and whether it precedes others of that instant."""
    shown: Levels = {side: {} for side in SIDES}
    for (at, levels), (until, _) in pairwise([*books, (max([*instants, books[-1][0]]) + 1, {})]):
        if levels != shown:
            yield at, False, _step(ticker, at, levels)
        changed = [one for one in instants if at < one < until]
        shown = levels
        if changed and any(levels.values()):
            shown = {side: {} for side in SIDES}
            yield min(changed), True, _step(ticker, min(changed), shown)


def _step(ticker: str, at: int, levels: Levels) -> Step:
    sides = {side: [[trimmed(price), trimmed(count)] for price, count in levels[side].items()] for side in SIDES}
    return {"at": format_instant(at), "orderbook": {"market": ticker, **sides}}


def _instants_of_orders(history: Sequence[Step]) -> dict[str, list[int]]:
    """Return the instants at which orders come or change, by market."""
    markets: dict[str, str] = {}
    found: dict[str, list[int]] = {}
    for step in history:
        for body in (step[name] for name in ORDER_STEPS if name in step):
            markets.setdefault(body["order"], body.get("market", ""))
            found.setdefault(markets[body["order"]], []).append(parse_instant(step["at"]))
    return found


def _others(answer: RecordedAnswer, recorded: str, answered: str) -> dict[str, Levels]:
    """Return the levels of a recorded book less those of the scenario, by market."""
    wanted, known = (_books(answer, json.loads(text)) for text in (recorded, answered))
    return {ticker: _less(levels, known.get(ticker, {})) for ticker, levels in wanted.items()}


def _less(levels: Levels, known: Levels) -> Levels:
    found: Levels = {}
    for side in SIDES:
        own = known.get(side, {})
        left = {price: count - own.get(price, 0) for price, count in levels[side].items()}
        found[side] = {price: count for price, count in sorted(left.items(), reverse=True) if count > 0}
    return found


def _books(answer: RecordedAnswer, body: Any) -> dict[str, Levels]:
    rows = body["orderbooks"] if answer.path == BOOKS else [body]
    return {ticker: _levels(row) for ticker, row in zip(tickers_of(answer, body), rows, strict=True)}


def _levels(row: Any) -> Levels:
    """Return the levels of a book in dollars; books of 2025 have cents beside them, and null for an empty side."""
    book = row.get("orderbook_fp") or row["orderbook"]
    return {side: {Decimal(price): Decimal(count) for price, count in book[f"{side}_dollars"] or []} for side in SIDES}
