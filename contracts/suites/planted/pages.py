"""Faults of pages and filters: which rows there are, how many, and in which order."""

from typing import Any

from msgspec.structs import replace

from contracts.suites.planted.planting import Fault, Planter, fault
from mockexchange.core.model import paged_history
from mockexchange.core.model.paged_history import HistoryPage
from mockexchange.core.queries import lists, positions
from mockexchange.core.queries.lists import OrderQuery
from mockexchange.venues.kalshi import cursor
from mockexchange.venues.kalshi.resources import lists as pages


def page_loses_its_last_row(planter: Planter) -> None:
    planter.function(
        paged_history.page_of,
        lambda page_of: (
            lambda *given: page._replace(rows=page.rows[:-1]) if (page := page_of(*given)).after is not None else page
        ),
    )


def page_begins_with_the_last_of_the_one_before(planter: Planter) -> None:
    def make(page_of: Any) -> Any:
        def repeat(*given: Any) -> HistoryPage[Any]:
            page: HistoryPage[Any] = page_of(*given)
            return page if page.after is None else page._replace(after=page.after + 1)

        return repeat

    planter.function(paged_history.page_of, make)


def page_is_repeated_for_ever(planter: Planter) -> None:
    planter.function(pages._after, lambda after: lambda call, table, digest: None)


def oldest_row_is_never_listed(planter: Planter) -> None:
    planter.function(
        lists.find_fills,
        lambda find: (
            lambda state, account, query: (
                page._replace(rows=page.rows[:-1]) if (page := find(state, account, query)).after is None else page
            )
        ),
    )


def one_row_more_than_asked_for(planter: Planter) -> None:
    planter.function(lists.find_orders, lambda find: lambda state, account, query: find(state, account, _wider(query)))


def _wider(query: OrderQuery) -> OrderQuery:
    return replace(query, limit=query.limit + 1)


def cursor_is_null_at_the_end(planter: Planter) -> None:
    planter.answers("GetFills", lambda body: body.update(cursor=body["cursor"] or None))


def cursor_is_left_out_at_the_end(planter: Planter) -> None:
    planter.answers("GetPositions", lambda body: body["cursor"] or body.pop("cursor"))


def cursor_after_the_last_page(planter: Planter) -> None:
    planter.function(
        lists.find_settlements,
        lambda find: (
            lambda state, account, query: (
                page._replace(after=page.rows[-1].serial)
                if (page := find(state, account, query)).after is None and page.rows
                else page
            )
        ),
    )


def unreadable_cursor_is_an_empty_page(planter: Planter) -> None:
    planter.function(cursor.read_cursor, lambda read: lambda text: read(text) or cursor.Cursor(b"", 0, (0, "Fill")))


def oldest_first(planter: Planter) -> None:
    planter.answers("GetFills", lambda body: body["fills"].reverse())


def positions_by_name(planter: Planter) -> None:
    planter.answers("GetPositions", lambda body: body["market_positions"].sort(key=lambda row: row["ticker"]))


def statuses_are_inverted(planter: Planter) -> None:
    def admits(query: OrderQuery, partition: Any) -> bool:
        subaccount, status, archived = partition
        return (
            (query.subaccounts is None or subaccount in query.subaccounts)
            and (not query.statuses or status not in query.statuses)
            and query.archived in (None, archived)
        )

    planter.member(OrderQuery, "admits", lambda before: admits)


def counts_are_inverted(planter: Planter) -> None:
    planter.function(
        positions.find_positions,
        lambda find: (
            lambda subaccount, query: find(
                subaccount, replace(query, nonzero=query.nonzero ^ 3 if query.nonzero else 0)
            )
        ),
    )


def settled_rows_are_shown(planter: Planter) -> None:
    planter.function(
        positions.find_positions,
        lambda find: lambda subaccount, query: find(subaccount, replace(query, settled=None)),
    )


def history_is_shown_as_if_it_were_live(planter: Planter) -> None:
    planter.function(pages.live_or_all, lambda before: lambda call: None)


def last_second_is_left_out(planter: Planter) -> None:
    planter.function(
        pages.window_of,
        lambda window_of: (
            lambda call, *more: (
                window._replace(latest=window.latest - 1)
                if (window := window_of(call, *more)).latest is not None
                else window
            )
        ),
    )


def default_page_is_smaller(planter: Planter) -> None:
    planter.parameter("GetFills", "limit", default=5)


def balance_is_of_the_primary_book(planter: Planter) -> None:
    planter.ignore("GetBalance", "subaccount")


def ignoring(operation: str, *names: str) -> Fault:
    shown = " and ".join(names)
    return fault(
        f"{operation} ignores {shown}",
        "filters.kept filters.nothing filters.together filters.parts filters.left_out",
        lambda planter: planter.ignore(operation, *names),
    )


PAGES = (
    fault("a cut page loses its last row", "pages.partition", page_loses_its_last_row),
    fault("a page repeats a row", "pages.partition", page_begins_with_the_last_of_the_one_before),
    fault("every page is the first", "pages.partition", page_is_repeated_for_ever),
    fault("the oldest fill is never listed", "pages.partition filters.kept", oldest_row_is_never_listed),
    fault("a page has one row more than its limit", "pages.bounded", one_row_more_than_asked_for),
    fault("the last cursor is null", "answers.documented", cursor_is_null_at_the_end),
    fault("the last cursor is left out", "answers.documented", cursor_is_left_out_at_the_end),
    fault("the last page has a cursor", "pages.end", cursor_after_the_last_page),
    fault("an unreadable cursor gives nothing", "pages.unreadable_cursor", unreadable_cursor_is_an_empty_page),
    fault("oldest first", "lists.order pages.partition", oldest_first),
    fault("positions by name", "lists.order pages.partition", positions_by_name),
    fault("a smaller page where no limit is given", "pages.default_size", default_page_is_smaller),
    fault("the words of status are inverted", "filters.kept reads.answered", statuses_are_inverted),
    fault("the words of count_filter are inverted", "filters.kept", counts_are_inverted),
    fault("settled rows are shown", "filters.parts kalshi.settled_hidden", settled_rows_are_shown),
    fault("history is shown as if it were live", "kalshi.archive", history_is_shown_as_if_it_were_live),
    fault("max_ts leaves its own second out", "filters.kept", last_second_is_left_out),
    ignoring("GetFills", "ticker"),
    ignoring("GetFills", "order_id"),
    ignoring("GetFills", "min_ts"),
    ignoring("GetOrders", "event_ticker"),
    ignoring("GetOrders", "status"),
    ignoring("GetPositions", "count_filter"),
    ignoring("GetPositions", "settlement_status"),
    ignoring("GetPositions", "exchange_index"),
    ignoring("GetSettlements", "max_ts"),
    ignoring("GetMarkets", "series_ticker"),
    ignoring("GetMarkets", "tickers"),
    ignoring("GetMarkets", "min_close_ts"),
    ignoring("GetFCMOrders", "client_order_ids"),
    fault("GetBalance ignores subaccount", "kalshi.book_balances", balance_is_of_the_primary_book),
)
