"""Every list with every limit: each row once, in order; and cursors that the list did not make."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pytest

from mockexchange.core.commands import (
    CancelOrder,
    Deposit,
    OpenGroup,
    SettleMarket,
    Transfer,
    TransferShard,
    Withdraw,
)
from mockexchange.core.exchange import Exchange
from mockexchange.core.vocabulary import Result, SubaccountRef
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.world import ALICE, ALICE_3, DAY, DOLLAR, ST1, ST2, START, Venue, at, buy, refusal, rest_order

pytestmark = pytest.mark.untraced

ROWS = 230
"""More than two pages of a hundred, and no multiple of any limit."""
MARKETS = [f"EV{number % 7}-{number:03d}" for number in range(2 * ROWS)]
SETTLED, HELD = MARKETS[:ROWS], MARKETS[ROWS:]


class Listed(NamedTuple):
    """A list: its key for the rows, what names a row, the names newest first, and the highest limit."""

    target: str
    key: str
    name: str
    newest_first: list[str]
    limit_max: int = 1_000
    date: str = "2026-10"
    who: str = "alice"
    is_archived: bool = False
    """Whether all that is done is history: in a world whose cutoff is tomorrow."""


def numbered(word: str, count: int = ROWS) -> list[str]:
    return [f"{word}{number}" for number in range(count)]


@cache
def world(is_archived: bool = False) -> Venue:
    """In each market a fill in one of alice's books and one of an FCM's subtrader; half of the markets settle."""
    venue = Venue(Exchange(archived_before=START + DAY if is_archived else 0))
    venue.fund(ALICE, ALICE_3, ST1)
    venue.list_markets(*MARKETS)
    for number, market in enumerate(MARKETS):
        subaccount_ref = (ALICE, ALICE_3)[number % 2]
        venue.do(buy(market, 1, 40, subaccount_ref, new=f"f{number}", fill_id=f"f{number}"))
        venue.do(buy(market, 1, 30, ST1, new=f"d{number}", fill_id=f"d{number}"))
    for market in SETTLED:
        venue.do(SettleMarket(market=market, result=Result.YES))
    for number in range(ROWS):
        venue.do(rest_order(HELD[number], 1, 10, (ALICE, ALICE_3)[number % 2], order=f"r{number}"))
        venue.do(OpenGroup(subaccount_ref=(ALICE, ALICE_3)[number % 2], group=f"g{number}"))
        _move_cash(venue, number)
    venue.do(*(CancelOrder(order=f"r{number}") for number in range(0, ROWS, 3)))
    return venue


def _move_cash(venue: Venue, number: int) -> None:
    venue.do(Deposit(subaccount_ref=ALICE, amount_micros=DOLLAR, payment=f"i{number}"))
    venue.do(Withdraw(subaccount_ref=ALICE_3, amount_micros=DOLLAR, payment=f"o{number}"))
    venue.do(Transfer(source=ALICE, target=ALICE_3, amount_micros=DOLLAR, transfer=f"t{number}"))
    venue.do(TransferShard(account="alice", amount_micros=DOLLAR, target_shard=1, transfer=f"s{number}"))


ORDERS = [*numbered("f", 2 * ROWS), *numbered("r")]
CANCELED = numbered("r")[::3]
RESTING = [name for name in numbered("r") if name not in CANCELED]
DONE = [*numbered("f", 2 * ROWS), *CANCELED]
TRADES = [f"{word}{number}" for number in range(2 * ROWS) for word in "fd"]
DEPOSITS = [*numbered("i")[::-1], "funds-alice/3", "funds-alice"]
PRIMARY = [market for market in HELD if MARKETS.index(market) % 2 == 0]
LISTS = [
    Listed("portfolio/fills", "fills", "fill_id", numbered("f", 2 * ROWS)[::-1]),
    Listed("portfolio/fills?subaccount=3", "fills", "fill_id", numbered("f", 2 * ROWS)[::-2]),
    Listed("portfolio/fills", "fills", "fill_id", numbered("f", 2 * ROWS)[::2][::-1], 200, "2025-11"),
    Listed("portfolio/orders", "orders", "order_id", ORDERS[::-1]),
    Listed("portfolio/orders?status=canceled", "orders", "order_id", CANCELED[::-1]),
    Listed("portfolio/orders?status=executed", "orders", "order_id", numbered("f", 2 * ROWS)[::-1]),
    Listed("portfolio/orders?subaccount=0", "orders", "order_id", [*ORDERS[: 2 * ROWS : 2], *numbered("r")[::2]][::-1]),
    Listed("portfolio/orders", "orders", "order_id", ORDERS[::-1], 200, "2026-02"),
    Listed("portfolio/settlements", "settlements", "ticker", SETTLED[::-1]),
    Listed("portfolio/settlements", "settlements", "ticker", SETTLED[::2][::-1], 200, "2025-12"),
    Listed("portfolio/settlements?subaccount=3", "settlements", "ticker", SETTLED[1::2][::-1]),
    Listed("portfolio/positions", "market_positions", "ticker", PRIMARY[::-1]),
    Listed("portfolio/deposits", "deposits", "id", DEPOSITS, 500),
    Listed("portfolio/withdrawals", "withdrawals", "id", numbered("o")[::-1], 500),
    Listed("portfolio/subaccounts/transfers", "transfers", "transfer_id", numbered("t")[::-1]),
    Listed("portfolio/intra_exchange_instance_transfers", "transfers", "transfer_id", numbered("s")[::-1], 500),
    Listed("portfolio/order_groups", "order_groups", "id", numbered("g")[::2][::-1], 200, "2025-11"),
    Listed("portfolio/order_groups?subaccount=0", "order_groups", "id", numbered("g")[::2][::-1], 200, "2026-02"),
    Listed("fcm/positions?subtrader_id=fcm7_st1", "market_positions", "ticker", HELD[::-1], who="desk"),
    Listed(
        "fcm/positions?subtrader_id=fcm7_st1&settlement_status=settled",
        "market_positions",
        "ticker",
        SETTLED[::-1],
        who="desk",
    ),
    Listed("fcm/orders?subtrader_id=fcm7_st1", "orders", "order_id", numbered("d", 2 * ROWS)[::-1], who="desk"),
    Listed("historical/fills", "fills", "fill_id", numbered("f", 2 * ROWS)[::-1], is_archived=True),
    Listed("historical/orders", "orders", "order_id", DONE[::-1], is_archived=True),
    Listed("historical/positions?subaccount=3", "market_positions", "ticker", SETTLED[1::2][::-1], is_archived=True),
    Listed("portfolio/orders", "orders", "order_id", RESTING[::-1], is_archived=True),
    Listed("markets/trades", "trades", "trade_id", TRADES[::-1]),
]


def names(listed: Listed) -> str:
    return f"{listed.target} {listed.date}{' archived' if listed.is_archived else ''}"


def with_params(target: str, **params: object) -> str:
    query = "&".join(f"{name}={value}" for name, value in params.items())
    return f"{target}{'&' if '?' in target else '?'}{query}"


def walk(venue: Venue, listed: Listed, limit: int) -> list[list[str]]:
    """The names of the rows, page by page."""
    pages: list[list[str]] = []
    cursor = ""
    while cursor or not pages:
        target = with_params(listed.target, limit=limit, cursor=cursor)
        body = venue.read(target, listed.who, listed.date)
        pages.append([row[listed.name] for row in body[listed.key]])
        cursor = body.get("cursor", "")
        assert len(pages) <= len(listed.newest_first), "the walk does not end"
    return pages


@each_row("limit", [1, 2, 7, 100, "most"])
@each_row("listed", LISTS, ids=names)
def test_a_walk_gives_each_row_once_newest_first(listed: Listed, limit: int | str) -> None:
    size = listed.limit_max if isinstance(limit, str) else limit
    pages = walk(world(listed.is_archived), listed, size)
    assert [name for page in pages for name in page] == listed.newest_first
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= size


@each_row("listed", LISTS, ids=names)
def test_without_a_limit_a_page_has_a_hundred_rows(listed: Listed) -> None:
    rows = world(listed.is_archived).read(listed.target, listed.who, listed.date)[listed.key]
    assert [row[listed.name] for row in rows] == listed.newest_first[:100]


def test_a_full_last_page_has_no_cursor() -> None:
    body = world().read(f"portfolio/subaccounts/transfers?limit={ROWS}")
    assert (len(body["transfers"]), body["cursor"]) == (ROWS, "")


@each_row(
    ("listed", "grow"),
    [
        (LISTS[0], lambda venue: venue.do(buy(HELD[0], 1, 40, new="late", fill_id="late"))),
        (LISTS[3], lambda venue: venue.do(rest_order(HELD[0], 1, 10, order="late"))),
        (LISTS[12], lambda venue: venue.do(Deposit(subaccount_ref=ALICE, amount_micros=DOLLAR, payment="late"))),
    ],
    ids=["fills", "orders", "deposits"],
)
def test_a_row_that_comes_meanwhile_is_on_the_first_page_alone(listed: Listed, grow: Callable[[Venue], None]) -> None:
    world.cache_clear()
    venue = world()
    first = venue.read(f"{listed.target}?limit=2")
    grow(venue)
    second = venue.read(f"{listed.target}?limit=2&cursor={first['cursor']}")
    assert [row[listed.name] for row in [*first[listed.key], *second[listed.key]]] == listed.newest_first[:4]
    again = venue.read(f"{listed.target}?limit=2")
    assert again[listed.key][0][listed.name] == "late"
    world.cache_clear()


# --- cursors that this list did not make

PAGED = [listed for listed in LISTS if "?" not in listed.target and listed.name != "ticker" and not listed.is_archived]
GARBAGE = "the cursor is none that this list made: answered the first page"
OTHER_FILTERS = "the cursor was made under other filters: continued from its key"


def first_cursor(listed: Listed, **params: object) -> str:
    body = world().read(with_params(listed.target, limit=2, **params), listed.who, listed.date)
    cursor: str = body["cursor"]
    return cursor


def cursors(listed: Listed) -> dict[str, str]:
    """Texts that are no cursor of the list."""
    other = LISTS[3] if listed.key == "fills" else LISTS[0]
    own = first_cursor(listed)
    return {
        "words": "not-a-cursor",
        "no base64": "%25%25%25",
        "cut off": own[:12],
        "too long": own + "A" * 1_024,
        "of another list": first_cursor(other),
    }


@each_row("kind", ["words", "no base64", "cut off", "too long", "of another list"])
@each_row("listed", PAGED, ids=names)
def test_garbage_is_the_first_page_and_told_and_a_400_where_that_is_wanted(listed: Listed, kind: str) -> None:
    target = f"{listed.target}?limit=2&cursor={cursors(listed)[kind]}"
    answer = world().ask(target, listed.who, listed.date)
    assert answer.body == world().ask(f"{listed.target}?limit=2", listed.who, listed.date).body
    assert answer.findings == [GARBAGE]
    strict = world().ask(target, listed.who, listed.date, strict_cursors=True)
    assert refusal(strict) == at(bodies.BAD_REQUEST, listed.date)


FILTERS = [
    (LISTS[0], "subaccount=3"),
    (LISTS[0], f"ticker={SETTLED[0]}"),
    (LISTS[3], "status=executed"),
    (LISTS[3], "event_ticker=EV1"),
    (LISTS[3], "exchange_index=0"),
    (LISTS[8], "min_ts=1"),
    (LISTS[8], "event_ticker=EV1"),
]


@each_row(("listed", "query"), FILTERS, ids=[f"{listed.target}?{query}" for listed, query in FILTERS])
def test_a_cursor_under_other_filters_goes_on_from_its_key(listed: Listed, query: str) -> None:
    cursor = first_cursor(listed)
    target = f"{listed.target}?{query}&limit=1000"
    whole = [row[listed.name] for row in world().read(target)[listed.key]]
    answer = world().ask(f"{target}&cursor={cursor}")
    assert answer.findings == [OTHER_FILTERS]
    rest = [row[listed.name] for row in world().read(f"{target}&cursor={cursor}")[listed.key]]
    assert rest == [name for name in whole if name not in listed.newest_first[:2]]
    strict = world().ask(f"{target}&cursor={cursor}", strict_cursors=True)
    assert refusal(strict) == at(bodies.BAD_REQUEST)


def test_a_cursor_survives_another_limit_and_default_filters_spelt_out() -> None:
    cursor = first_cursor(LISTS[3])
    answer = world().ask(f"portfolio/orders?limit=3&cursor={cursor}&ticker=&status=", strict_cursors=True)
    assert (answer.status, answer.findings) == (200, [])


def test_the_cursor_of_one_book_is_another_books_cursor_under_other_filters() -> None:
    cursor = first_cursor(LISTS[0])
    answer = world().ask(f"portfolio/fills?limit=2&cursor={cursor}", "only_3")
    assert answer.findings == [OTHER_FILTERS]


def test_nobody_sees_rows_of_another_account() -> None:
    for listed in LISTS:
        if listed.who == "alice" and listed.key != "trades":
            assert world().read(listed.target.partition("?")[0], "bob", listed.date)[listed.key] == []
    assert world().read("fcm/orders?subtrader_id=fcm7_st2", "desk")["orders"] == []
    assert SubaccountRef("desk", "st2") == ST2
