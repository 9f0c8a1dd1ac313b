"""Defines the JSON fields of orders, their queue positions, and order groups, for each API date."""

from mockexchange.venues.dated import ALWAYS, Empty, Field, Nested, Spelling
from mockexchange.venues.kalshi.dates import (
    FIXED_POINT_ADDED,
    INTEGERS_REMOVED,
    OUTCOMES_ADDED,
    SIX_DECIMALS,
    SPRING_2026,
    SUBACCOUNTS_ADDED,
)
from mockexchange.venues.kalshi.formatting import (
    ACTION,
    BOOK_SIDE,
    BOOLEAN,
    CENTS,
    CONTRACTS,
    COUNT_2,
    DOLLARS_6,
    DOLLARS_OF_CENTS,
    INSTANT,
    INTEGER,
    PRICE_4,
    PRICE_CENTS_NUMBER,
    SIDE,
    SUBACCOUNT,
    TEXT,
    TEXTS,
    one_of,
)
from mockexchange.venues.kalshi.objects.rows import CURSOR, exchange_index, list_of, money, optional

ZEROS_LEFT_OUT = "2026-01-01"
"""Day from which some empty keys are left out, which were null before; other keys follow in June."""
PENDING_REMOVED = "2025-11-27"
SELF_TRADE_PREVENTION = one_of("taker_at_cross", "maker")


def _count(name: str, read: str) -> tuple[Field, ...]:
    """Return the rows of a count: whole contracts, and the two decimals that replaced them."""
    return (
        Field(name=name, spelling=CONTRACTS, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=f"{name}_fp", spelling=COUNT_2, read=read, since=FIXED_POINT_ADDED, source="changelog"),
    )


def _fees(role: str) -> tuple[Field, ...]:
    """Return the rows of a role's fees; while none are paid, dollars were null, later left out, and are zero now."""
    name, dollars = f"{role}_fees", f"{role}_fees_dollars"
    read, paid = f"order.{role}_fees_micros", f"{role}_fees_paid_micros"
    spans: tuple[tuple[Empty, Spelling, str, str, str], ...] = (
        ("null", DOLLARS_OF_CENTS, ALWAYS, ZEROS_LEFT_OUT, "wire-2025-11"),
        ("absent", DOLLARS_OF_CENTS, ZEROS_LEFT_OUT, SIX_DECIMALS, "wire-2026-01"),
        ("absent", DOLLARS_6, SIX_DECIMALS, INTEGERS_REMOVED, "choice"),
    )
    return (
        Field(name=name, spelling=CENTS, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        *(
            Field(name=dollars, spelling=spelling, read=paid, empty=empty, since=since, until=until, source=source)
            for empty, spelling, since, until, source in spans
        ),
        Field(name=dollars, spelling=DOLLARS_6, read=read, since=INTEGERS_REMOVED, source="wire-2026-06"),
    )


def _price(side: str) -> tuple[Field, ...]:
    """Return the rows of a side's price; its cents can have a fraction here, unlike in a fill (documented)."""
    name, read = f"{side}_price", f"order.{side}_centicents"
    return (
        Field(name=name, spelling=PRICE_CENTS_NUMBER, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=f"{name}_dollars", spelling=PRICE_4, read=read, source="wire-2025-11"),
    )


ORDER: tuple[Field, ...] = (
    Field(name="action", spelling=ACTION, read="order.action", source="wire-2025-11"),
    Field(name="book_side", spelling=BOOK_SIDE, read="order.outcome_side", since=OUTCOMES_ADDED, source="wire-2026-06"),
    # Documented, but in none of the recorded orders: left out unless the order asked for it.
    Field(
        name="cancel_order_on_pause", spelling=BOOLEAN, read="cancel_on_pause", empty="absent", source="docs-2025-11"
    ),
    Field(name="client_order_id", spelling=TEXT, read="order.client_order_id", source="wire-2025-11"),
    Field(name="created_time", spelling=INSTANT, read="order.created_at", source="wire-2025-11"),
    exchange_index("order.market.event.exchange_index"),
    *optional("expiration_time", INSTANT, "order.expires_at", source="wire-2025-11"),
    *_count("fill_count", "order.filled_centis"),
    *_count("initial_count", "order.initial_centis"),
    Field(name="last_update_time", spelling=INSTANT, read="order.updated_at", source="wire-2025-11"),
    *_fees("maker"),
    *money("maker_fill_cost", "order.maker_cost_micros"),
    *_price("no"),
    *optional("order_group_id", TEXT, "group_id", source="wire-2025-11"),
    Field(name="order_id", spelling=TEXT, read="order.order_id", source="wire-2025-11"),
    Field(name="outcome_side", spelling=SIDE, read="order.outcome_side", since=OUTCOMES_ADDED, source="wire-2026-06"),
    # Zero in every recorded order that rested: the place in the queue has an operation of its own.
    Field(
        name="queue_position", spelling=INTEGER, read="queue_position", until=INTEGERS_REMOVED, source="wire-2025-11"
    ),
    *_count("remaining_count", "order.remaining_centis"),
    Field(
        name="self_trade_prevention_type",
        spelling=SELF_TRADE_PREVENTION,
        read="order.self_trade_prevention",
        empty="null",
        until=ZEROS_LEFT_OUT,
        source="wire-2025-11",
    ),
    Field(
        name="self_trade_prevention_type",
        spelling=SELF_TRADE_PREVENTION,
        read="order.self_trade_prevention",
        empty="absent",
        since=ZEROS_LEFT_OUT,
        source="wire-2026-01",
    ),
    Field(name="side", spelling=SIDE, read="order.side", source="wire-2025-11"),
    # "pending" was documented until 2025-11-27 and is in no recording: an order here rests at once, or is done.
    Field(
        name="status",
        spelling=one_of("resting", "canceled", "executed", "pending"),
        read="order.status",
        until=PENDING_REMOVED,
        source="docs-2025-11",
    ),
    Field(
        name="status",
        spelling=one_of("resting", "canceled", "executed"),
        read="order.status",
        since=PENDING_REMOVED,
        source="changelog",
    ),
    Field(
        name="subaccount_number",
        spelling=INTEGER,
        read="order.subaccount.number",
        empty="absent",
        since=SUBACCOUNTS_ADDED,
        source="wire-2026-06",
    ),
    *_fees("taker"),
    *money("taker_fill_cost", "order.taker_cost_micros"),
    Field(name="ticker", spelling=TEXT, read="order.market.ticker", source="wire-2025-11"),
    Field(name="type", spelling=one_of("limit", "market"), read="type", source="wire-2025-11"),
    Field(name="user_id", spelling=TEXT, read="user_id", source="wire-2025-11"),
    *_price("yes"),
)

GET_ORDERS_RESPONSE: tuple[Field, ...] = (CURSOR, list_of("orders", "Order", ORDER))

GET_ORDER_RESPONSE: tuple[Field, ...] = (
    Field(name="order", spelling=Nested("Order", ORDER), read="order", source="docs-2025-11"),
)

QUEUE_POSITION = _count("queue_position", "ahead_centis")

ORDER_QUEUE_POSITION: tuple[Field, ...] = (
    Field(name="market_ticker", spelling=TEXT, read="order.market.ticker", source="docs-2025-11"),
    Field(name="order_id", spelling=TEXT, read="order.order_id", source="docs-2025-11"),
    *QUEUE_POSITION,
)

GET_ORDER_QUEUE_POSITION_RESPONSE: tuple[Field, ...] = QUEUE_POSITION

GET_ORDER_QUEUE_POSITIONS_RESPONSE: tuple[Field, ...] = (
    list_of("queue_positions", "OrderQueuePosition", ORDER_QUEUE_POSITION),
)

ORDER_GROUP: tuple[Field, ...] = (
    Field(
        name="contracts_limit_fp",
        spelling=COUNT_2,
        read="group.limit_centis",
        empty="absent",
        since=SPRING_2026,
        source="openapi-3.13",
    ),
    exchange_index("group.exchange_index"),
    Field(name="id", spelling=TEXT, read="group.group_id", source="wire-2025-11"),
    # False for every new group, although each must have a limit: so true means that the group was triggered.
    Field(name="is_auto_cancel_enabled", spelling=BOOLEAN, read="group.is_triggered", source="wire-2025-11"),
)

GET_ORDER_GROUP_RESPONSE: tuple[Field, ...] = (
    *(row for row in ORDER_GROUP if row.name != "id"),
    Field(name="orders", spelling=TEXTS, read="orders", source="wire-2026-01"),
)

CREATE_ORDER_GROUP_RESPONSE: tuple[Field, ...] = (
    exchange_index("exchange_index"),
    Field(name="order_group_id", spelling=TEXT, read="group_id", source="docs-2025-11"),
    Field(
        name="subaccount",
        spelling=SUBACCOUNT,
        read="subaccount_ref.subaccount",
        since="2026-05-07",
        source="stream-2026-06",
    ),
)

GET_ORDER_GROUPS_RESPONSE: tuple[Field, ...] = (
    # Not in the recorded answer, which had one page.
    Field(name="cursor", spelling=TEXT, read="cursor", empty="absent", until=SPRING_2026, source="docs-2025-11"),
    list_of("order_groups", "OrderGroup", ORDER_GROUP),
)
