"""Faults of views, of money and of what others have: each answer alone is as documented."""

from collections.abc import Callable
from typing import Any

from contracts.suites.planted.planting import Ask, Planter, edited, fault
from mockexchange.core.model.positions import Position
from mockexchange.core.queries import lists
from mockexchange.venues.kalshi.resources import row_owner
from mockexchange.venues.request import Answer

FILLS, ORDERS, POSITIONS = "/portfolio/fills", "/portfolio/orders", "/portfolio/positions"
WHOLE = {"limit": "1000"}
Query = dict[str, str]


def names_match_by_their_beginning(planter: Planter) -> None:
    def serve(ask: Ask, query: Query) -> Answer:
        ticker = query.get("ticker")
        if not ticker or len(ticker) < 4:
            return ask(query)
        whole = {name: value for name, value in query.items() if name != "ticker"}
        return edited(ask(whole), lambda body: _keep(body, "fills", "ticker", ticker))

    planter.served(FILLS, serve)


def _keep(body: dict[str, Any], rows: str, name: str, beginning: str) -> None:
    body[rows] = [row for row in body[rows] if row[name].startswith(beginning)]


def second_page_below_a_filter_loses_a_row(planter: Planter) -> None:
    def serve(ask: Ask, query: Query) -> Answer:
        reply = ask(query)
        return edited(reply, lambda body: body["orders"].pop()) if {"cursor", "status"} <= set(query) else reply

    planter.served(ORDERS, serve)


def settled_rows_come_with_their_event(planter: Planter) -> None:
    def serve(ask: Ask, query: Query) -> Answer:
        return ask({"settlement_status": "all", **query} if "event_ticker" in query else query)

    planter.served(POSITIONS, serve)


def second_filter_is_ignored(planter: Planter) -> None:
    def serve(ask: Ask, query: Query) -> Answer:
        is_both = {"min_ts", "status"} <= set(query)
        return ask({name: value for name, value in query.items() if not is_both or name != "status"})

    planter.served(ORDERS, serve)


def cursors_count_rows(planter: Planter) -> None:
    fills_by_number(planter, lambda begin, arrived: begin)


def walks_begin_anew_when_rows_arrive(planter: Planter) -> None:
    fills_by_number(planter, lambda begin, arrived: 0 if arrived else begin)


def arrived_rows_push_others_out(planter: Planter) -> None:
    fills_by_number(planter, lambda begin, arrived: begin + 2 * arrived)


def fills_by_number(planter: Planter, begin_of: Callable[[int, int], int]) -> None:
    """Page fills by cursors that hold the number of rows before it, and of all rows when the walk began."""

    def serve(ask: Ask, query: Query) -> Answer:
        begin, _, known = query.pop("cursor", "").partition("-")
        size = int(query.get("limit", 100))

        def cut(body: dict[str, Any]) -> None:
            rows, was = body["fills"], int(known or len(body["fills"]))
            first = begin_of(int(begin), len(rows) - was) if begin else 0
            end = first + size
            body.update(fills=rows[first:end], cursor=f"{end}-{len(rows)}" if end < len(rows) else "")

        return edited(ask({**query, **WHOLE}), cut)

    planter.served(FILLS, serve)


def fees_are_not_taken(planter: Planter) -> None:
    planter.answers("GetFills", lambda body: [row.update(fee_cost="0.500000") for row in body["fills"]])


def fees_of_a_subaccount_are_not_taken(planter: Planter) -> None:
    def change(body: dict[str, Any]) -> None:
        for row in body["fills"]:
            if row["subaccount_number"]:
                row["fee_cost"] = "0.500000"

    planter.answers("GetFills", change)


def withdrawals_take_no_fee(planter: Planter) -> None:
    planter.answers("GetWithdrawals", lambda body: [row.update(fee_cents=0) for row in body["withdrawals"]])


def transfer_does_not_arrive(planter: Planter) -> None:
    planter.answers("GetSubaccountTransfers", lambda body: body["transfers"].pop())


def no_is_worth_the_price_of_yes(planter: Planter) -> None:
    def at_yes(self: Position, price_centicents: int | None) -> int:
        return abs(self.stake.quantity_centis) * (price_centicents or 0)

    planter.member(Position, "value_at", lambda before: at_yes)


def positions_are_worth_their_cost(planter: Planter) -> None:
    planter.member(Position, "value_at", lambda before: lambda self, price: self.stake.cost_micros)


def positions_are_worth_a_cent_more(planter: Planter) -> None:
    planter.member(Position, "value_at", lambda value_at: lambda self, price: value_at(self, price) + 10_000)


def groups_of_others_are_shown(planter: Planter) -> None:
    def serve(ask: Ask, query: Query) -> Answer:
        reply = ask(query)
        if reply.status == 404:
            reply.status = 200
            reply.body = b'{"exchange_index":0,"is_auto_cancel_enabled":false,"orders":[]}'
        return reply

    planter.served("/portfolio/order_groups/neighbours-group", serve)


def fills_of_any_order_are_shown(planter: Planter) -> None:
    def make(find_fills: Any) -> Any:
        def find(state: Any, account: str, query: Any) -> Any:
            order = state.orders.get(query.order_id or "")
            return find_fills(state, order.subaccount_ref.account if order else account, query)

        return find

    planter.function(lists.find_fills, make)


def keys_of_others_are_listed(planter: Planter) -> None:
    listed: dict[str, Any] = {}

    def change(body: dict[str, Any]) -> None:
        listed.update((row["api_key_id"], row) for row in body["api_keys"])
        body["api_keys"] = list(listed.values())

    planter.answers("GetApiKeys", change)


def subtraders_of_any_fcm_are_found(planter: Planter) -> None:
    def make(subaccount_of: Any) -> Any:
        def find(account: Any, subtrader_id: str) -> Any:
            found = subaccount_of(account, subtrader_id)
            return "st1" if found is None and subtrader_id == "fcm8_st9" else found

        return find

    planter.function(row_owner._subaccount_of, make)


VIEWS = (
    fault("names match by their beginning", "filters.cut_short", names_match_by_their_beginning),
    fault("a second page below a filter loses a row", "pages.below_filters", second_page_below_a_filter_loses_a_row),
    fault("settled rows come with their event", "filters.elsewhere", settled_rows_come_with_their_event),
    fault("the second of two filters is ignored", "filters.pairs", second_filter_is_ignored),
    fault("cursors count rows, also while rows arrive", "pages.arriving", cursors_count_rows),
    fault("a walk begins anew when rows arrive", "pages.arriving", walks_begin_anew_when_rows_arrive),
    fault("rows that arrive push others out", "pages.arriving", arrived_rows_push_others_out),
    fault("fees are shown and not taken", "kalshi.cash", fees_are_not_taken),
    fault("fees of a subaccount are shown and not taken", "kalshi.cash", fees_of_a_subaccount_are_not_taken),
    fault("withdrawals show no fee", "kalshi.cash", withdrawals_take_no_fee),
    fault("a transfer does not arrive", "kalshi.cash", transfer_does_not_arrive),
    fault("NO is worth the price of YES", "kalshi.portfolio_value", no_is_worth_the_price_of_yes),
    fault("positions are worth their cost", "kalshi.portfolio_value", positions_are_worth_their_cost),
    fault("each position is worth a cent more", "kalshi.portfolio_value", positions_are_worth_a_cent_more),
    fault("groups of others are shown", "keys.others_items", groups_of_others_are_shown),
    fault("keys of others are listed", "keys.others_rows", keys_of_others_are_listed),
    fault("fills of any order are shown", "keys.others_filtered", fills_of_any_order_are_shown),
    fault("subtraders of any FCM are found", "keys.others_subtraders", subtraders_of_any_fcm_are_found),
)
