"""The operations that are emulated: how each reads its parameters, asks the core and writes its answer."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

from mockexchange.core.accounts import Account, Key
from mockexchange.core.holdings import Holdings
from mockexchange.core.portfolio import EventRow, Page, PositionQuery, find_positions
from mockexchange.core.positions import NONZERO_QUANTITY, NONZERO_RESTING, NONZERO_TRADED, Position
from mockexchange.core.state import State
from mockexchange.core.vocabulary import PRIMARY_BOOK, AccountKind, BookRef
from mockexchange.venues.caches import PageCache, RowCache
from mockexchange.venues.dated import ApiDate, compile_object
from mockexchange.venues.kalshi import objects
from mockexchange.venues.kalshi.catalogue import PREFIX
from mockexchange.venues.kalshi.cursor import Cursor, digest_of, read_cursor, write_cursor
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.params import QUERY_CHARS_CACHED_MAX, SETTLEMENT_STATUS_BACK
from mockexchange.venues.kalshi.settings import Settings

SURFACES_MAX = 64
EMPTY_POSITIONS = b'{"cursor":"","event_positions":[],"market_positions":[]}'
COUNT_BITS = {
    "position": NONZERO_QUANTITY,
    "total_traded": NONZERO_TRADED,
    "resting_order_count": NONZERO_RESTING,
}
SETTLED_BY_STATUS: dict[str, bool | None] = {"unsettled": False, "settled": True, "all": None}
STATUS_CODES: dict[bool | None, int] = {False: 0, True: 1, None: 2}


@dataclass(slots=True)
class Caches:
    """One sandbox's encoded rows, by API date and table."""

    by_table: dict[tuple[str, str], RowCache] = field(default_factory=dict)
    pages: PageCache = field(default_factory=PageCache)

    def of(self, api_date: ApiDate, table: str) -> RowCache:
        key = (api_date.day or api_date.name, table)
        cache = self.by_table.get(key)
        if cache is None:
            cache = self.by_table[key] = RowCache()
        return cache


@dataclass(slots=True)
class Call:
    """One authenticated request with its parameters decoded."""

    operation: "Operation"
    state: State
    settings: Settings
    caches: Caches
    api_date: ApiDate
    account: Account
    key: Key
    query: str
    params: dict[str, Any]
    now: int
    findings: list[str]


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    path: str
    answer: Callable[[Call], bytes]
    method: str = "GET"
    scopes: tuple[str, ...] = ("read",)
    """Any of them will do."""
    is_fcm_only: bool = False


class Balance(NamedTuple):
    """What the balance objects read; cash lives on exchange index 0."""

    cash_micros: int
    value_micros: int
    exchange_index: int
    now: int

    @property
    def breakdown(self) -> "tuple[Balance, ...]":
        return (self,)


class Surface(NamedTuple):
    """The wire of one API date, compiled once."""

    market_position: Callable[[Position], bytes]
    event_position: Callable[[EventRow], bytes]
    balance: Callable[[Balance], bytes]
    bound_balance: Callable[[Balance], bytes]
    """For a key restricted to a subaccount: without the breakdown."""


@lru_cache(maxsize=SURFACES_MAX)
def surface(api_date: ApiDate) -> Surface:
    return Surface(
        compile_object(objects.MARKET_POSITION, api_date),
        compile_object(objects.EVENT_POSITION, api_date),
        compile_object(objects.BALANCE, api_date),
        compile_object([row for row in objects.BALANCE if row.name != "balance_breakdown"], api_date),
    )


def get_positions(call: Call) -> bytes:
    holdings = _subaccount(call)
    status = call.params.get("settlement_status") or "unsettled"
    is_by_event = status != "unsettled" and not call.api_date.is_compat and call.api_date.holds(SETTLEMENT_STATUS_BACK)
    return _positions(call, holdings, status, is_by_event)


def get_fcm_positions(call: Call) -> bytes:
    return _positions(call, _subtrader(call), call.params["settlement_status"], False)


def get_balance(call: Call) -> bytes:
    holdings = _subaccount(call)
    index = call.params.get("exchange_index")
    spelt = surface(call.api_date)
    encode = spelt.balance if call.key.book is None else spelt.bound_balance
    return encode(_balance_of(call, holdings, index))


OPERATIONS: tuple[Operation, ...] = (
    Operation("GetPositions", f"{PREFIX}/portfolio/positions", get_positions),
    Operation("GetFCMPositions", f"{PREFIX}/fcm/positions", get_fcm_positions, is_fcm_only=True),
    Operation("GetBalance", f"{PREFIX}/portfolio/balance", get_balance, scopes=("read", "read::portfolio_balance")),
)


def _positions(call: Call, holdings: Holdings | None, status: str, is_by_event: bool) -> bytes:
    if holdings is None:
        return EMPTY_POSITIONS
    if call.params["cursor"] or len(call.query) > QUERY_CHARS_CACHED_MAX:
        return _make_page(call, holdings, status, is_by_event)
    key = (call.operation.name, holdings.purse, call.api_date.day, call.query)
    return call.caches.pages.body(key, holdings.revision, lambda: _make_page(call, holdings, status, is_by_event))


def _make_page(call: Call, holdings: Holdings, status: str, is_by_event: bool) -> bytes:
    params = call.params
    listed = params["event_ticker"] or ()
    query = PositionQuery(
        limit=params["limit"],
        settled=SETTLED_BY_STATUS[status],
        nonzero=sum({COUNT_BITS[name] for name in params["count_filter"]}),
        ticker=params["ticker"],
        events=(listed,) if isinstance(listed, str) else listed,
        exchange_index=params.get("exchange_index"),
        whole_events=is_by_event,
    )
    digest = _digest(call, holdings, query)
    page = find_positions(holdings, _continued(call, query, digest))
    cursor = write_cursor(Cursor(digest, STATUS_CODES[query.settled], page.after)) if page.after else ""
    return _positions_body(call, page, cursor)


def _positions_body(call: Call, page: Page, cursor: str) -> bytes:
    spelt = surface(call.api_date)
    events = call.caches.of(call.api_date, "EventPosition").join(page.events, spelt.event_position)
    rows = call.caches.of(call.api_date, "MarketPosition").join(page.rows, spelt.market_position)
    return b'{"cursor":"%s","event_positions":[%s],"market_positions":[%s]}' % (cursor.encode(), events, rows)


def _digest(call: Call, holdings: Holdings, query: PositionQuery) -> bytes:
    return digest_of(
        call.operation.name,
        holdings.purse,
        query.settled,
        query.nonzero,
        query.ticker,
        query.events,
        query.exchange_index,
    )


def _continued(call: Call, query: PositionQuery, digest: bytes) -> PositionQuery:
    """The query from where the client's cursor left off; garbage begins at the first page, as recorded."""
    text = call.params["cursor"]
    if not text:
        return query
    cursor = read_cursor(text)
    if cursor is None:
        _complain(
            call, "the cursor is none that this exchange made: answered the first page", call.settings.strict_cursors
        )
        return query
    if cursor.digest != digest:
        crosses_status = cursor.status != STATUS_CODES[query.settled]
        is_error = call.settings.strict_cursors or (crosses_status and _status_has_own_cursors(call))
        _complain(call, "the cursor was made under other filters: continued from its key", is_error)
    return replace(query, after=cursor.rank)


def _status_has_own_cursors(call: Call) -> bool:
    """From 2026-10 cursors must not cross settlement statuses (docs); compat is lenient."""
    return not call.api_date.is_compat and call.api_date.holds(SETTLEMENT_STATUS_BACK)


def _complain(call: Call, words: str, is_error: bool) -> None:
    if is_error:
        raise Rejected(Situation.BAD_CURSOR, words.partition(":")[0])
    call.findings.append(words)


def _subaccount(call: Call) -> Holdings | None:
    """The book asked for: the key's own if it is bound to one, else `subaccount`, else the primary (documented)."""
    asked = call.params.get("subaccount")
    bound = call.key.book
    if bound is not None and asked is not None and str(asked) != bound:
        words = f"key {call.key.name} of {call.account.name} is restricted to subaccount {bound}, asked for {asked}"
        raise Rejected(Situation.FORBIDDEN, words)
    book = bound or (PRIMARY_BOOK if asked is None else str(asked))
    holdings = call.state.holdings.get(BookRef(call.account.name, book))
    if holdings is None:
        call.findings.append(f"{call.account.name} has no subaccount {book}: answered as an empty one")
    return holdings


def _subtrader(call: Call) -> Holdings:
    asked, bound = call.params["subtrader_id"], call.key.book
    if not asked and bound is None:
        words = f"name a subtrader_id: key {call.key.name} of {call.account.name} is not bound to one"
        raise Rejected(Situation.MISSING, words, parameter="subtrader_id")
    book = bound if not asked else _book_of(call.account, asked)
    if bound is not None and book != bound:
        words = f"key {call.key.name} of {call.account.name} is bound to subtrader {bound}, asked for {asked!r}"
        raise Rejected(Situation.FORBIDDEN, words)
    if book is None:
        known = ", ".join(subtrader_ids(call.account).values()) or "none"
        raise Rejected(Situation.NOT_FOUND, f"{call.account.name} has no subtrader {asked!r}; its own: {known}")
    return call.state.holdings[BookRef(call.account.name, book)]


def subtrader_ids(account: Account) -> dict[str, str]:
    """Book name to the id on the wire, verbatim where the scenario gives one; only an FCM has subtraders."""
    if account.kind is not AccountKind.FCM:
        return {}
    return {
        book: book_id or f"{account.account_id}_{book}"
        for book, book_id in account.books.items()
        if book != PRIMARY_BOOK
    }


def _book_of(account: Account, subtrader_id: str) -> str | None:
    return next((book for book, known in subtrader_ids(account).items() if known == subtrader_id), None)


def answer_plain_member(account: Account, settings: Settings, findings: list[str]) -> bytes:
    """A plain member on an FCM endpoint: 403 is the choice, 404 and an empty list are switchable (never recorded)."""
    words = f"{account.name} is a plain member: /fcm/ needs an account of kind fcm"
    if settings.plain_member == "403":
        raise Rejected(Situation.FORBIDDEN, words)
    if settings.plain_member == "404":
        raise Rejected(Situation.NOT_FOUND, words)
    findings.append(words)
    return EMPTY_POSITIONS


def _balance_of(call: Call, holdings: Holdings | None, index: int | None) -> Balance:
    if holdings is None:
        return Balance(0, 0, index or 0, call.now)
    free_micros = holdings.cash_micros - holdings.reserved_micros
    values = holdings.values_micros
    value_micros = sum(values.values()) if index is None else values.get(index, 0)
    return Balance(free_micros if not index else 0, value_micros, index or 0, call.now)
