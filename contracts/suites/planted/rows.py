"""Faults of rows: amounts, signs, spellings, keys."""

from typing import Any

from contracts.suites.planted.planting import Planter, fault
from mockexchange.core.model.positions import EventHolding
from mockexchange.core.queries import order_books
from mockexchange.core.vocabulary import MICROS_PER_CENT
from mockexchange.venues.dated_fields import FOREVER, Field, Spelling
from mockexchange.venues.kalshi import formatting
from mockexchange.venues.kalshi.formatting import WINTER_STATUS


def rounded(micros: int) -> str:
    return str(round(micros / MICROS_PER_CENT))


def cents_of_another_amount(planter: Planter) -> None:
    planter.answers("GetBalance", lambda body: body.update(balance=body["balance"] + 1))


def balance_is_rounded(planter: Planter) -> None:
    planter.field("GetBalanceResponse", "balance", spelling=Spelling("rounded", rounded))


def positions_have_no_sign(planter: Planter) -> None:
    planter.field("MarketPosition", "position_fp", spelling=Spelling("unsigned", lambda n: formatting.count_2(abs(n))))


def positions_have_the_other_sign(planter: Planter) -> None:
    planter.field("MarketPosition", "position_fp", spelling=Spelling("inverted", lambda n: formatting.count_2(-n)))


def four_decimals(planter: Planter) -> None:
    planter.field("MarketPosition", "fees_paid_dollars", spelling=formatting.DOLLARS_4)


def amount_is_a_number(planter: Planter) -> None:
    as_number = Spelling("number", lambda micros: repr(micros / 1_000_000))
    planter.field("EventPosition", "realized_pnl_dollars", spelling=as_number)


def amount_has_float_dust(planter: Planter) -> None:
    dusty = Spelling("dusty", lambda micros: f'"{micros / 1_000_000 + 4e-17:.17f}"')
    planter.field("Fill", "fee_cost", spelling=dusty)


def market_row_is_off_by_one_unit(planter: Planter) -> None:
    off = Spelling("off", lambda micros: formatting.dollars_6(micros + 1))
    planter.field("MarketPosition", "market_exposure_dollars", spelling=off)


def event_sum_is_off_by_one_unit(planter: Planter) -> None:
    off = Spelling("off", lambda micros: formatting.dollars_6(micros + 1))
    planter.field("EventPosition", "event_exposure_dollars", spelling=off)


def event_sum_spans_settled_markets(planter: Planter) -> None:
    planter.member(EventHolding, "totals", lambda totals: lambda event, settled, archived: totals(event, None, None))


def zero_is_null(planter: Planter) -> None:
    def change(body: dict[str, Any]) -> None:
        for row in body["orders"]:
            row["taker_fees_dollars"] = None

    planter.answers("GetOrders", change)


def field_is_missing(planter: Planter) -> None:
    planter.field("Fill", "is_taker", until="2026-01-01")


def field_is_unheard_of(planter: Planter) -> None:
    planter.new_field("Settlement", Field(name="note", spelling=formatting.TEXT, read="row.market.ticker"))


def retired_field_is_kept(planter: Planter) -> None:
    planter.field("MarketPosition", "resting_orders_count", until=FOREVER)


def status_is_of_another_date(planter: Planter) -> None:
    planter.field("Market", "status", spelling=WINTER_STATUS)


def instant_has_an_offset(planter: Planter) -> None:
    with_offset = Spelling("offset", lambda at: formatting.instant(at).replace("Z", "+00:00"))
    planter.field("Order", "created_time", spelling=with_offset)


def seconds_are_milliseconds(planter: Planter) -> None:
    planter.field("Fill", "ts", spelling=Spelling("milliseconds", lambda at: str(at // 1_000)))


def sides_of_a_book_are_swapped(planter: Planter) -> None:
    def change(body: dict[str, Any]) -> None:
        book = body["orderbook_fp"]
        book["yes_dollars"], book["no_dollars"] = book["no_dollars"], book["yes_dollars"]

    planter.answers("GetMarketOrderbook", change)


def book_is_cut_at_the_wrong_end(planter: Planter) -> None:
    planter.ignore("GetMarketOrderbook", "depth")


def prices_do_not_add_up(planter: Planter) -> None:
    planter.field("Fill", "no_price_dollars", read="trade.yes_centicents")


def queue_is_off_by_one(planter: Planter) -> None:
    planter.function(order_books.count_ahead_centis, lambda ahead: lambda state, order: ahead(state, order) + 100)


def filled_contracts_are_forgotten(planter: Planter) -> None:
    planter.answers("GetOrders", lambda body: [row.update(fill_count_fp="0.00") for row in body["orders"]])


def value_of_positions_is_off_by_a_cent(planter: Planter) -> None:
    planter.answers("GetBalance", lambda body: body.update(portfolio_value=body["portfolio_value"] + 1))


def parts_of_the_balance_do_not_add_up(planter: Planter) -> None:
    planter.answers("GetBalance", lambda body: body.get("balance_breakdown", [{}]).pop())


def item_differs_from_its_list(planter: Planter) -> None:
    planter.answers("GetOrder", lambda body: body["order"].update(client_order_id="another"))


def keys_are_in_another_order(planter: Planter) -> None:
    def change(body: dict[str, Any]) -> None:
        body["cursor"] = body.pop("cursor")

    planter.answers("GetFills", change)


def payout_is_halved(planter: Planter) -> None:
    planter.answers(
        "GetSettlements", lambda body: [row.update(revenue=row["revenue"] // 2) for row in body["settlements"]]
    )


ROWS = (
    fault("cents are of another amount than dollars", "kalshi.twins", cents_of_another_amount),
    fault("the balance is rounded, not truncated", "kalshi.twins", balance_is_rounded),
    fault("positions have no sign", "stream.positions kalshi.positions_of_fills", positions_have_no_sign),
    fault("positions have the other sign", "stream.positions kalshi.positions_of_fills", positions_have_the_other_sign),
    fault("four decimals instead of six", "answers.documented", four_decimals),
    fault("an amount is a number", "answers.documented", amount_is_a_number),
    fault("float dust in an amount", "stream.fills answers.documented", amount_has_float_dust),
    fault("a market row is off by one unit", "stream.positions kalshi.event_sums", market_row_is_off_by_one_unit),
    fault("an event's sum is off by one unit", "kalshi.event_sums", event_sum_is_off_by_one_unit),
    fault("an event's sum spans what is settled", "kalshi.event_sums", event_sum_spans_settled_markets),
    fault("an extra null", "answers.documented", zero_is_null),
    fault("a missing field", "answers.documented", field_is_missing),
    fault("an extra field", "answers.documented", field_is_unheard_of),
    fault("a retired field is kept", "answers.documented", retired_field_is_kept),
    fault("a word of another date", "answers.documented", status_is_of_another_date),
    fault("an instant has an offset", "answers.documented", instant_has_an_offset),
    fault("seconds are milliseconds", "instants.past kalshi.instants", seconds_are_milliseconds),
    fault(
        "the sides of a book are swapped", "stream.book-equals-rest kalshi.book_and_market", sides_of_a_book_are_swapped
    ),
    fault("the depth of a book is ignored", "kalshi.book_depth", book_is_cut_at_the_wrong_end),
    fault("prices do not add up to a dollar", "kalshi.complements", prices_do_not_add_up),
    fault("a place in a queue is off by one contract", "kalshi.queue_place", queue_is_off_by_one),
    fault("orders forget what was filled", "kalshi.order_counts", filled_contracts_are_forgotten),
    fault(
        "the value of positions is off by a cent",
        "keys.unopened_book kalshi.portfolio_value",
        value_of_positions_is_off_by_a_cent,
    ),
    fault("the parts of a balance do not add up", "kalshi.balance_parts", parts_of_the_balance_do_not_add_up),
    fault("an item differs from its row in the list", "stream.orders kalshi.items", item_differs_from_its_list),
    fault("keys are in another order", "kalshi.key_order", keys_are_in_another_order),
    fault("a settlement pays half", "kalshi.settlements", payout_is_halved),
)
