"""Lists facts about Kalshi's lists, written from its documentation: their rows, order and filters.

Parameters that an API date does not have are ignored, so one table covers all API dates.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from mockexchange.kit.list_facts import (
    Facts,
    Filter,
    Listing,
    Paging,
    Query,
    Reader,
    Row,
    Split,
    equal_to,
    field_of,
    instant_of,
    nonzero_of,
    not_after,
    not_before,
    one_of,
)
from mockexchange.kit.target import FCM, NotJudged

NAMES_MAX = 5
LOOK_BACK = timedelta(hours=23)
"""The age up to which orders are found by client order id: an hour less than documented, as time passes in a run."""
SUBACCOUNT_PRIMARY = "0"
SUBACCOUNT_UNOPENED = "31"

TICKER = field_of("ticker", "market_ticker")
EVENTS_BY_MARKET, SERIES_BY_EVENT = "the event of each market", "the series of each event"


def event_of_market(reader: Reader, row: Row) -> str | None:
    """Return the event to which a row's market belongs; None if the market no longer exists.

    The event of a market never changes, so it is read once in a run, and most come from one read of all markets.
    """
    if "event_ticker" in row:
        return str(row["event_ticker"])
    ticker = TICKER(reader, row) or ""
    events = reader.lasting(EVENTS_BY_MARKET)
    if not events:
        events.update(_listed_events(reader))
    if ticker not in events and (found := _of_market(reader, row, "event_ticker")) is not None:
        events[ticker] = found
    return events.get(ticker)


def _listed_events(reader: Reader) -> dict[str, str]:
    """Return the event of each market of the list of markets; of none if it cannot be read."""
    try:
        rows = reader.rows("GetMarkets")
    except NotJudged:
        return {}
    return {row["ticker"]: str(row["event_ticker"]) for row in rows if "ticker" in row and "event_ticker" in row}


def _of_market(reader: Reader, row: Row, name: str) -> str | None:
    """Return a field of a row's market, live or historical; None if neither can be read."""
    for operation_id in ("GetMarket", "GetHistoricalMarket"):
        try:
            return str(reader.row(operation_id, TICKER(reader, row) or "")[name])
        except (NotJudged, KeyError):  # the latter on days without historical markets
            continue
    return None


def series_of_market(reader: Reader, row: Row) -> str | None:
    event, series = str(row["event_ticker"]), reader.lasting(SERIES_BY_EVENT)
    try:
        if event not in series:
            series[event] = str(reader.row("GetEvent", event)["series_ticker"])
    except NotJudged:
        return None
    return series[event]


def subaccounts(reader: Reader) -> list[str]:
    """Return the numbers of the account's subaccounts. Raises NotJudged if the API date does not list them."""
    rows = reader.rows("GetSubaccountBalances")
    return sorted({str(row["subaccount_number"]) for row in rows}, key=int)


def _is_recent_and_named(reader: Reader, row: Row, value: str) -> bool | None:
    """Return whether a filter by client order ids keeps an order: documented for 24 hours; None for an older order."""
    now = instant_of(reader.body("GetUserDataTimestamp")["as_of_time"])
    made = instant_of(row["created_time"])
    if row["client_order_id"] not in value.split(","):
        return False
    return True if now and made and now - made < LOOK_BACK else None


# Values of the parameter `status` for markets, and the statuses of rows, which changed three times.
MARKET_STATES = {
    "unopened": {"unopened", "initialized"},
    "open": {"open", "active"},
    "paused": {"paused", "inactive"},
    "closed": {"closed", "determined", "disputed"},
    "settled": {"settled", "finalized"},
}


def _is_in_state(reader: Reader, row: Row, value: str) -> bool | None:
    if row.get("status") == "amended":  # before settlement; which value finds it is not documented
        return None
    return any(row.get("status") in MARKET_STATES[state] for state in value.split(","))


def _states_of(reader: Reader, rows: Sequence[Row]) -> Sequence[str]:
    return [state for state, states in MARKET_STATES.items() if any(row.get("status") in states for row in rows)]


MARKET_STATE = Filter(_is_in_state, _states_of)
COUNTS = nonzero_of(
    exact={"position": ("position_fp",), "total_traded": (), "resting_order_count": ()},
    rough={
        "position": ("position",),
        "total_traded": ("total_traded_dollars", "total_traded"),
        "resting_order_count": ("resting_orders_count",),
    },
)
BY_TICKER = equal_to(TICKER)
BY_EVENT = one_of(event_of_market)
SHARD = equal_to(field_of("exchange_index"), nothing="1000000")
SETTLEMENT = Split("settlement_status", "all", lambda reader: ("unsettled", "settled"), "unsettled")
ALL_SUBACCOUNTS = Split("subaccount", None, subaccounts)
PRIMARY_SUBACCOUNT = Split("subaccount", SUBACCOUNT_PRIMARY, lambda reader: (SUBACCOUNT_PRIMARY,), SUBACCOUNT_PRIMARY)


def count_positions(page: Row, query: Query) -> int:
    """Return how many rows of a page count towards `limit`.

    These are event rows if settled or all positions are requested, else market rows. Event rows count only at API dates
    with shards (documented in October 2026).
    """
    is_by_event = query.get("settlement_status") in {"settled", "all"} and any(
        "exchange_index" in row for row in page["market_positions"]
    )
    return len(page["event_positions" if is_by_event else "market_positions"])


POSITIONS = Listing(
    "market_positions",
    filters={
        "ticker": BY_TICKER,
        "event_ticker": equal_to(event_of_market),
        "count_filter": COUNTS,
        "exchange_index": SHARD,
    },
    splits=(SETTLEMENT, PRIMARY_SUBACCOUNT),
    views=({}, {"settlement_status": "all"}, {"settlement_status": "settled"}),
    counted=count_positions,
    together=(("event_ticker", "count_filter"), ("ticker", "count_filter")),
)
ORDERS = Listing(
    "orders",
    identity=("order_id",),
    newest=("created_time",),
    filters={
        "ticker": BY_TICKER,
        "event_ticker": BY_EVENT,
        "status": equal_to(field_of("status")),
        "min_ts": not_before("created_time"),
        "max_ts": not_after("created_time"),
        "exchange_index": SHARD,
        "client_order_ids": one_of(field_of("client_order_id"))._replace(keeps=_is_recent_and_named),
        "subaccount": equal_to(field_of("subaccount_number"), nothing=SUBACCOUNT_UNOPENED),
    },
    splits=(ALL_SUBACCOUNTS,),
    together=(("ticker", "status"), ("event_ticker", "status"), ("status", "min_ts"), ("min_ts", "max_ts")),
)
FILLS = Listing(
    "fills",
    identity=("fill_id", "trade_id", "subaccount_number", "action"),
    newest=("created_time",),
    filters={
        "ticker": BY_TICKER,
        "order_id": equal_to(field_of("order_id")),
        "min_ts": not_before("created_time"),
        "max_ts": not_after("created_time"),
        "exchange_index": SHARD,
        "subaccount": equal_to(field_of("subaccount_number"), nothing=SUBACCOUNT_UNOPENED),
    },
    splits=(ALL_SUBACCOUNTS,),
    together=(("ticker", "min_ts"), ("min_ts", "max_ts"), ("ticker", "subaccount")),
)
PAYMENTS_NEWEST = ("created_ts",)

LISTINGS = {
    "GetPositions": POSITIONS,
    "GetFCMPositions": POSITIONS,
    "GetHistoricalPositions": POSITIONS._replace(views=({},)),
    "GetSettlements": Listing(
        "settlements",
        newest=("settled_time",),
        filters={
            "ticker": BY_TICKER,
            "event_ticker": equal_to(event_of_market),
            "min_ts": not_before("settled_time"),
            "max_ts": not_after("settled_time"),
        },
        splits=(ALL_SUBACCOUNTS,),
        together=(("event_ticker", "min_ts"), ("min_ts", "max_ts")),
    ),
    "GetFills": FILLS,
    "GetFillsHistorical": FILLS,
    "GetOrders": ORDERS,
    "GetFCMOrders": ORDERS._replace(filters={**ORDERS.filters, "event_ticker": equal_to(event_of_market)}),
    "GetHistoricalOrders": ORDERS,
    "GetFCMFills": Listing(
        "fills",
        newest=("created_time",),
        filters={"min_ts": not_before("created_time"), "max_ts": not_after("created_time")},
    ),
    "GetDeposits": Listing("deposits", newest=PAYMENTS_NEWEST, identity=("id",)),
    "GetWithdrawals": Listing("withdrawals", newest=PAYMENTS_NEWEST, identity=("id",)),
    "GetOrderQueuePositions": Listing(
        "queue_positions",
        filters={"market_tickers": one_of(TICKER), "event_ticker": equal_to(event_of_market)},
        splits=(PRIMARY_SUBACCOUNT,),
    ),
    "GetOrderGroups": Listing("order_groups", splits=(ALL_SUBACCOUNTS,)),
    "GetSubaccountBalances": Listing("subaccount_balances"),
    "GetSubaccountTransfers": Listing("transfers", newest=PAYMENTS_NEWEST),
    "GetSubaccountNetting": Listing("netting_configs"),
    "GetIntraExchangeInstanceTransfers": Listing("transfers", newest=PAYMENTS_NEWEST),
    "ListFCMSubtraders": Listing("subtraders"),
    "GetApiKeys": Listing("api_keys", filters={"fcm_subtrader_id": equal_to(field_of("fcm_subtrader_id"))}, role=FCM),
    "GetExchangeAnnouncements": Listing("announcements"),
    "GetTrades": Listing(
        "trades",
        identity=("trade_id",),
        newest=("created_time",),
        filters={
            "ticker": BY_TICKER,
            "min_ts": not_before("created_time"),
            "max_ts": not_after("created_time"),
            "is_block_trade": equal_to(field_of("is_block_trade"), nothing=None),
        },
        together=(("ticker", "max_ts"),),
    ),
    "GetMarkets": Listing(
        "markets",
        filters={
            "event_ticker": equal_to(field_of("event_ticker")),
            "series_ticker": equal_to(series_of_market),
            "tickers": one_of(TICKER),
            "status": MARKET_STATE,
            "min_close_ts": not_before("close_time"),
            "max_close_ts": not_after("close_time"),
            "min_created_ts": not_before("created_time"),
            "max_created_ts": not_after("created_time"),
            "min_updated_ts": not_before("updated_time"),
            "max_updated_ts": not_after("updated_time"),
            "min_settled_ts": not_before("settlement_ts"),
            "max_settled_ts": not_after("settlement_ts"),
        },
        together=(("series_ticker", "status"), ("tickers", "status"), ("min_close_ts", "max_close_ts")),
    ),
    "GetEvents": Listing(
        "events",
        filters={
            "series_ticker": equal_to(field_of("series_ticker")),
            "tickers": one_of(field_of("event_ticker")),
        },
        together=(("series_ticker", "tickers"),),
    ),
    "GetHistoricalMarkets": Listing(
        "markets",
        filters={"event_ticker": equal_to(field_of("event_ticker")), "tickers": one_of(TICKER)},
    ),
    "GetTradesHistorical": Listing(
        "trades",
        newest=("created_time",),
        filters={"ticker": BY_TICKER, "min_ts": not_before("created_time"), "max_ts": not_after("created_time")},
    ),
}


def _distinct(reader: Reader, operation_id: str, name: str) -> Sequence[str]:
    found = [str(row[name]) for row in reader.rows(operation_id) if row.get(name)]
    return list(dict.fromkeys(found))[:NAMES_MAX]


def _first_values(*places: tuple[str, str]) -> Callable[[Reader], Sequence[str]]:
    """Return a function that reads existing values from the first (operation id, key) place that has any.

    The function raises NotJudged if the last list cannot be read.
    """

    def find(reader: Reader) -> Sequence[str]:
        for operation_id, name in places[:-1]:
            try:
                found = _distinct(reader, operation_id, name)
            except NotJudged:
                continue
            if found:
                return found
        return _distinct(reader, *places[-1])

    return find


def _series_of_trades(reader: Reader) -> Sequence[str]:
    """Return the series of the markets that were traded, in the order of these markets."""
    events = (event_of_market(reader, {"ticker": ticker}) for ticker in _distinct(reader, "GetTrades", "ticker"))
    return [series for event in events if (series := series_of_market(reader, {"event_ticker": event}))]


def _always(value: str) -> Callable[[Reader], Sequence[str]]:
    return lambda reader: [value]


FACTS = Facts(
    listings=LISTINGS,
    names={
        "order_id": _first_values(("GetOrders", "order_id")),
        "GetOrderQueuePosition order_id": _first_values(("GetOrderQueuePositions", "order_id")),
        "order_group_id": _first_values(("GetOrderGroups", "id")),
        "transfer_id": _first_values(("GetIntraExchangeInstanceTransfers", "transfer_id")),
        "ticker": _first_values(("GetPositions", "ticker"), ("GetMarkets", "ticker")),
        "GetMilestones limit": _always("100"),
        "lookback_seconds": _always("3600"),
        "start_ts": _always("1700000000"),
        "end_ts": _always("1800000000"),
        "period_interval": _always("60"),
        "percentiles": _always("5000"),
        "market_tickers": _first_values(("GetTrades", "ticker")),
        "GetMarketOrderbooks tickers": _first_values(("GetMarkets", "ticker")),
        "GetHistoricalMarket ticker": _first_values(("GetHistoricalMarkets", "ticker")),
        "GetMarketCandlesticksHistorical ticker": _first_values(("GetHistoricalMarkets", "ticker")),
        "GetMarketCandlesticks ticker": _first_values(("GetTrades", "ticker")),
        "GetMarketCandlesticks series_ticker": _series_of_trades,
        # The series beside it is that of the newest event too.
        "GetMarketCandlesticksByEvent ticker": _first_values(("GetEvents", "event_ticker")),
        "GetEventForecastPercentilesHistory ticker": _first_values(("GetEvents", "event_ticker")),
        "event_ticker": _first_values(("GetPositions", "event_ticker"), ("GetEvents", "event_ticker")),
        "series_ticker": _first_values(("GetEvents", "series_ticker")),
        "subtrader_id": _first_values(("ListFCMSubtraders", "subtrader_id")),
    },
    needs=("subtrader_id",),
    may_be_missing=frozenset({"GetEventLiveData"}),
    paging=Paging(limit="limit", cursor="cursor", next="cursor", unreadable="e30"),
    past_fields=frozenset(
        {
            "as_of_time",
            "created_time",
            "created_ts",
            "finalized_ts",
            "last_update_time",
            "last_updated_ts",
            "settled_time",
            "ts",
            "updated_time",
            "updated_ts",
        }
    ),
    clock=("GetUserDataTimestamp", "as_of_time"),
    volatile_fields=frozenset({"as_of_time", "updated_ts"}),
)
