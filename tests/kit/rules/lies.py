"""Faulty answers, each with the rule that finds it and its date."""

from typing import NamedTuple

from tests.kit.lying import Lie
from tests.kit.rules.edits import (
    adding,
    again,
    as_if,
    asked,
    each,
    edit,
    inside,
    instead,
    last_of_each,
    left_of_the_canceled,
    no_position_but_cost,
    not_asked,
    once,
    pop,
    put,
    reversed_keys,
    rows,
    saying,
    turned,
    unsigned,
    with_settled_rows_of_an_event,
    without,
    wrongly_signed,
)

OCTOBER, JUNE, NOVEMBER = "2026-10", "2026-06", "2025-11"
FILLS, ORDERS, POSITIONS, BALANCE = (f"/portfolio/{name}" for name in ("fills", "orders", "positions", "balance"))
SETTLEMENTS, DEPOSITS, ORDERBOOK = "/portfolio/settlements", "/portfolio/deposits", "/markets/[^/]+/orderbook"
ANY = ".*"
QUEUES, QUEUE = "/portfolio/orders/queue_positions", "/portfolio/orders/[^/]+/queue_position"


class Found(NamedTuple):
    """A faulty answer, and the rule that has to find it."""

    rule: str
    lie: Lie
    alias: str = OCTOBER
    asked_by: str = ""
    """The rule whose requests show the fault, if the rule that finds it has none of its own; else each is tried."""


NOBODY = {"error": {"code": "not_found", "message": "not found"}}
FOUND: tuple[Found, ...] = (
    Found(
        "reads.answered",
        Lie(FILLS, tell=instead(200, 500, {"error": {"code": "internal_server_error", "message": ""}})),
    ),
    Found("reads.answered", Lie("/markets", tell=instead(200, 404, NOBODY))),
    Found("answers.documented", Lie(POSITIONS, tell=edit(each("market_positions", ticker=None)))),
    Found("answers.documented", Lie(ORDERS, tell=edit(each("orders", expiration_time=None)))),
    Found("answers.documented", Lie(BALANCE, tell=edit(put(balance="1")))),
    Found("pages.partition", Lie(FILLS, tell=edit(rows("fills", pop), asked(limit="2")))),
    Found("pages.partition", Lie(ORDERS, tell=edit(rows("orders", lambda rows: rows.reverse()), asked(limit="7")))),
    Found("pages.partition", Lie(DEPOSITS, tell=edit(put(cursor="e30"), asked(limit="1")))),
    Found("pages.bounded", Lie(FILLS, tell=edit(rows("fills", again), asked(limit="1")))),
    Found("pages.bounded", Lie(POSITIONS, tell=edit(rows("market_positions", again), asked(limit="7"))), JUNE),
    Found("pages.end", Lie(FILLS, tell=edit(put(cursor=lambda cursor: cursor or "e30")))),
    Found("pages.unreadable_cursor", Lie(ORDERS, tell=edit(rows("orders", pop), asked(cursor="e30")))),
    Found("pages.default_size", Lie(ORDERS, tell=edit(rows("orders", pop), not_asked("limit")))),
    Found("lists.order", Lie(SETTLEMENTS, tell=edit(rows("settlements", lambda rows: rows.reverse())))),
    Found("instants.past", Lie(FILLS, tell=edit(each("fills", created_time="2099-01-01T00:00:00Z")))),
    Found("filters.kept", Lie(FILLS, ask=without("ticker"))),
    Found("filters.kept", Lie(ORDERS, ask=without("min_ts"))),
    Found("filters.kept", Lie(POSITIONS, ask=without("count_filter"))),
    Found("filters.kept", Lie(ORDERS, tell=edit(rows("orders", pop), asked(status="")))),
    Found("filters.kept", Lie("/markets", ask=without("series_ticker"))),
    Found(
        "filters.kept", Lie(ORDERS, tell=edit(rows("orders", lambda rows: rows.reverse()), asked(status="executed")))
    ),
    Found(
        "filters.nothing",
        Lie(FILLS, ask=without("order_id", when=lambda query: "NO-SUCH" in query.get("order_id", ""))),
    ),
    Found("filters.together", Lie(ORDERS, ask=without("status", when=lambda query: "ticker" in query))),
    Found("filters.parts", Lie(SETTLEMENTS, ask=without("subaccount"))),
    Found(
        "filters.cut_short",
        Lie(FILLS, ask=without("ticker", when=lambda query: query.get("ticker", "")[-1:].isupper())),
    ),
    Found(
        "filters.cut_short",
        Lie(ORDERS, ask=without("ticker", when=lambda query: "ticker" in query and len(query["ticker"]) < 14)),
    ),
    Found("filters.elsewhere", Lie(POSITIONS, ask=with_settled_rows_of_an_event)),
    Found(
        "filters.elsewhere",
        Lie(POSITIONS, ask=without("settlement_status", when=lambda query: "ticker" in query)),
    ),
    Found("filters.pairs", Lie(ORDERS, ask=without("status", when=lambda query: "min_ts" in query))),
    Found("filters.pairs", Lie(ORDERS, ask=without("ticker", when=lambda query: "status" in query))),
    Found("pages.below_filters", Lie(ORDERS, tell=edit(rows("orders", again), asked(status="", cursor="")))),
    Found("pages.below_filters", Lie(ORDERS, tell=edit(rows("orders", pop), asked(status="", cursor="")))),
    Found("pages.arriving", Lie(FILLS, tell=edit(rows("fills", again), asked(limit="1")))),
    Found(
        "filters.parts", Lie(POSITIONS, tell=edit(rows("market_positions", pop), asked(settlement_status="settled")))
    ),
    Found("filters.left_out", Lie(POSITIONS, ask=adding("settlement_status", "all"))),
    Found(
        "filters.commas",
        Lie(SETTLEMENTS, ask=without("event_ticker", when=lambda query: "," in query.get("event_ticker", ""))),
    ),
    Found("parameters.bounds", Lie(FILLS, ask=as_if(limit="0=1"))),
    Found("parameters.bounds", Lie(DEPOSITS, ask=as_if(limit="501=500"))),
    Found("parameters.kinds", Lie(FILLS, ask=as_if(limit="ten=10"))),
    Found("parameters.choices", Lie(POSITIONS, ask=as_if(settlement_status="no_such_value=all"))),
    Found("parameters.repeated", Lie(FILLS, ask=last_of_each)),
    Found("parameters.required", Lie("/fcm/subtraders/blocked_categories", ask=adding("subtrader_id", "fcm7_st1"))),
    Found("parameters.unknown", Lie(FILLS, tell=edit(rows("fills", pop), asked(no_such_parameter="")))),
    Found("parameters.defaults", Lie("/events", ask=adding("with_nested_markets", "true"))),
    Found("methods.refused", Lie(FILLS, tell=instead(405, 404, NOBODY))),
    Found("routes.unknown", Lie("/no_such_route", tell=instead(404, 200))),
    Found(
        "answers.documented",
        Lie("/no_such_route", tell=lambda told: told._replace(body={"error": "no"})),
        asked_by="routes.unknown",
    ),
    Found("kalshi.key_order", Lie(BALANCE, tell=reversed_keys)),
    Found(
        "kalshi.twins",
        Lie(POSITIONS, tell=edit(each("market_positions", market_exposure=lambda cents: cents + 1))),
        NOVEMBER,
    ),
    Found(
        "kalshi.twins",
        Lie(ORDERBOOK, tell=edit(inside("orderbook", put(yes=[[1, 1]], yes_dollars=[["0.0200", 1]])))),
        NOVEMBER,
    ),
    Found("kalshi.twins", Lie(BALANCE, tell=edit(put(balance=lambda cents: cents + 1)))),
    Found("kalshi.repeats", Lie(FILLS, tell=edit(each("fills", trade_id="x")))),
    Found("kalshi.repeats", Lie(FILLS, tell=edit(each("fills", ts=lambda second: second + 1)))),
    Found("kalshi.complements", Lie(FILLS, tell=edit(each("fills", no_price_dollars="0.0001")))),
    Found("kalshi.instants", Lie(ORDERS, tell=edit(each("orders", last_update_time="2025-01-01T00:00:00Z")))),
    Found("kalshi.event_sums", Lie(POSITIONS, tell=edit(each("event_positions", total_cost_dollars="1.000001")))),
    Found(
        "kalshi.event_sums",
        Lie(POSITIONS, tell=edit(each("event_positions", realized_pnl_dollars="-9.0000"))),
        NOVEMBER,
    ),
    Found("kalshi.events_of_page", Lie(POSITIONS, tell=edit(rows("event_positions", pop), asked(limit="2")))),
    Found("kalshi.balance_parts", Lie(BALANCE, tell=edit(put(balance_dollars="1.0000", balance=100)))),
    Found(
        "kalshi.book_balances",
        Lie("/portfolio/subaccounts/balances", tell=edit(each("subaccount_balances", balance="1.0000"))),
    ),
    Found("kalshi.positions_of_fills", Lie(FILLS, tell=edit(rows("fills", pop)))),
    Found("kalshi.positions_of_fills", Lie(POSITIONS, tell=edit(each("market_positions", position_fp="1.01")))),
    Found(
        "kalshi.positions_of_fills", Lie(POSITIONS, tell=edit(each("market_positions", fees_paid_dollars="0.123456")))
    ),
    Found("kalshi.positions_held", Lie(POSITIONS, tell=edit(no_position_but_cost))),
    Found("kalshi.settled_hidden", Lie(POSITIONS, ask=adding("settlement_status", "all"))),
    Found("kalshi.settlements", Lie(SETTLEMENTS, tell=edit(each("settlements", revenue=lambda cents: cents + 100)))),
    Found("kalshi.settlements", Lie(SETTLEMENTS, tell=edit(each("settlements", value=50)))),
    Found("kalshi.portfolio_value", Lie(BALANCE, tell=edit(put(portfolio_value=lambda cents: cents + 1)))),
    Found("kalshi.cash", Lie(DEPOSITS, tell=edit(each("deposits", fee_cents=50)))),
    Found("kalshi.order_counts", Lie(ORDERS, tell=edit(left_of_the_canceled))),
    Found("kalshi.order_counts", Lie(ORDERS, tell=edit(each("orders", fill_count_fp="1000.00")))),
    Found("kalshi.order_fills", Lie(FILLS, tell=edit(each("fills", count_fp="0.01"), asked(order_id="")))),
    Found(
        "kalshi.order_fills",
        Lie(FILLS, tell=edit(each("fills", is_taker=lambda is_taker: not is_taker), asked(order_id=""))),
    ),
    Found("kalshi.resting_counts", Lie(POSITIONS, tell=edit(each("market_positions", resting_orders_count=50))), JUNE),
    Found("kalshi.queue", Lie(QUEUES, tell=edit(rows("queue_positions", pop)))),
    Found(
        "kalshi.queue_of_one",
        Lie(QUEUE, tell=edit(put(queue_position_fp="7777.00"))),
    ),
    Found("kalshi.resting_value", Lie("/portfolio/summary/.*", tell=edit(put(total_resting_order_value=1)))),
    Found("kalshi.items", Lie("/portfolio/orders/[^/]+", tell=edit(inside("order", put(client_order_id="x"))))),
    Found("kalshi.nested_markets", Lie("/events/.*", tell=edit(rows("markets", pop)))),
    Found("kalshi.book_and_market", Lie(ORDERBOOK, tell=edit(turned))),
    Found("kalshi.book_depth", Lie(ORDERBOOK, ask=without("depth"))),
    Found("kalshi.archive", Lie("/historical/cutoff", tell=edit(put(trades_created_ts="2025-01-01T00:00:00Z")))),
    Found("keys.plain_member", Lie("/fcm/.*", tell=instead(403, 200, {"cursor": "", "fills": []}))),
    Found("keys.restricted_book", Lie(FILLS, tell=instead(403, 200, {"cursor": "", "fills": []}))),
    Found("keys.restricted_account", Lie(DEPOSITS, tell=instead(403, 200, {"cursor": "", "deposits": []}))),
    Found("keys.restricted_breakdown", Lie(BALANCE, tell=edit(put(balance_breakdown=[])))),
    Found("keys.scopes", Lie(FILLS, tell=instead(403, 200, {"cursor": "", "fills": []}))),
    Found("keys.bound_own", Lie("/fcm/positions", tell=edit(rows("market_positions", pop), not_asked("subtrader_id")))),
    Found("keys.bound_other", Lie("/fcm/orders", tell=instead(403, 200, {"cursor": "", "orders": []}))),
    Found("keys.others_items", Lie("/portfolio/orders/neighbours", tell=instead(404, 403))),
    Found(
        "keys.others_filtered", Lie(ORDERS, tell=edit(each("orders", order_id="neighbours"), asked(status="resting")))
    ),
    Found("keys.others_subtraders", Lie("/fcm/positions", tell=instead(404, 200, {}))),
    Found("keys.others_rows", Lie(DEPOSITS, tell=edit(each("deposits", id="one-for-all")))),
    Found("keys.unheard_of_subtrader", Lie("/fcm/positions", tell=instead(404, 200))),
    Found("keys.unopened_book", Lie(BALANCE, tell=edit(put(portfolio_value=1), asked(subaccount="31")))),
    Found("refusals.words", Lie(FILLS, tell=saying("'gte'", "'lte'"))),
    Found("refusals.member_order", Lie(ORDERS + "/.*", tell=reversed_keys)),
    Found(
        "refusals.times_together", Lie("/markets", ask=without("status", when=lambda query: "min_close_ts" in query))
    ),
    Found(
        "refusals.cursor_across",
        Lie(POSITIONS, ask=without("cursor", when=lambda query: query.get("settlement_status") == "all")),
    ),
    Found("signatures.refused", Lie(BALANCE, tell=instead(401, 400))),
    Found(
        "signatures.refused",
        Lie(
            BALANCE,
            tell=instead(
                401,
                401,
                {
                    "error": {
                        "code": "authentication_error",
                        "message": "authentication_error",
                        "details": "INCORRECT_API_KEY_SIGNATURE",
                    }
                },
            ),
        ),
    ),
    Found("signatures.each_read", Lie("/account/limits", tell=instead(401, 200))),
    Found("signatures.another_key", Lie(BALANCE, tell=instead(401, 200))),
    Found("signatures.repeated", Lie(BALANCE, tell=once())),
    Found("signatures.public", Lie("/exchange/status", tell=unsigned)),
    Found("signatures.public_wrong", Lie("/events", tell=wrongly_signed)),
    Found(
        "kalshi.nested_markets",
        Lie("/events/[^/]+", tell=edit(inside("event", put(markets=[])), not_asked("with_nested_markets"))),
    ),
    Found(
        "kalshi.book_and_market",
        Lie(ORDERBOOK, tell=edit(inside("orderbook_fp", put(yes_dollars=[["0.0100", "1.00"]])))),
    ),
    Found("kalshi.queue", Lie(QUEUES, tell=edit(each("queue_positions", market_ticker="KX")))),
    Found("kalshi.queue", Lie(QUEUES, tell=edit(each("queue_positions", order_id="nobodys")))),
    Found("kalshi.queue_place", Lie(QUEUES, tell=edit(each("queue_positions", queue_position_fp="77777.00")))),
    Found("kalshi.queue_of_one", Lie(QUEUE, tell=instead(404, 200, {"queue_position_fp": "0.00"}))),
    Found("keys.restricted_book", Lie(FILLS, tell=edit(rows("fills", pop), not_asked("subaccount")))),
    Found(
        "keys.restricted_account",
        Lie(DEPOSITS, tell=instead(403, 403, {"error": {"code": "permission_denied", "message": "permission denied"}})),
    ),
    Found("pages.end", Lie(FILLS, tell=edit(put(fills=[]), asked(limit="1")))),
    Found("instants.past", Lie(FILLS, tell=edit(each("fills", created_time="yesterday")))),
    Found(
        "kalshi.positions_held", Lie(POSITIONS, tell=edit(each("market_positions", total_traded_dollars="0.000000")))
    ),
    Found("kalshi.order_counts", Lie(ORDERS, tell=edit(each("orders", remaining_count_fp="0.00")))),
    Found("kalshi.order_counts", Lie(ORDERS, tell=edit(each("orders", fill_count_fp="0.00")))),
    Found("kalshi.balance_parts", Lie(BALANCE, tell=edit(rows("balance_breakdown", again)))),
    Found("writes.refused", Lie("/portfolio/orders/batched", tell=instead(410, 403))),
    Found("writes.refused", Lie("/communications/rfqs", tell=instead(400, 201))),
    Found("writes.refused", Lie("/communications/rfqs", tell=instead(401, 403))),
)
