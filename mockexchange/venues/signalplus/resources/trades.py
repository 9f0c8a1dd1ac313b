"""Defines the JSON fields of a trade in user.changes: Deribit's keys in camelCase.

No page of the venue shows a trade.
"""

from typing import Any

from mockexchange.venues.dated_fields import Empty, Field, Spelling
from mockexchange.venues.jsonrpc.envelope import spell
from mockexchange.venues.signalplus.formatting import DECIMAL, DIRECTION, INTEGER, MILLISECONDS, TEXT
from mockexchange.venues.signalplus.resources.fields import table


def _row(name: str, read: str, spelling: Any = DECIMAL, empty: Empty = "never") -> Field:
    return Field(name=name, spelling=spelling, read=read, empty=empty, source="choice")


LIQUIDITY = Spelling("T for a taker, M for a maker", lambda is_taker: '"T"' if is_taker else '"M"', ("T", "M"))
TICK_DIRECTION = Spelling("0 where the price is not below that of the trade before, else 2", lambda up: "02"[not up])
LABEL = Spelling("string", lambda label: spell(label) if label else "")
FILLED = Spelling("filled", lambda _: '"filled"', ("filled",))

TRADE = table(
    "Trade",
    _row("amount", "amount"),
    _row("comboId", "combo", TEXT, empty="absent"),
    _row("side", "direction", DIRECTION),
    _row("fee", "fee"),
    _row("feeCurrency", "currency", TEXT),
    _row("indexPrice", "index"),
    _row("instrumentName", "derivative", TEXT),
    _row("iv", "iv", empty="absent"),
    _row("label", "label", LABEL, empty="absent"),
    _row("liquidity", "is_taker", LIQUIDITY),
    _row("markPrice", "mark"),
    _row("orderId", "order_id", TEXT),
    _row("price", "price"),
    _row("profitLoss", "profit"),
    _row("state", "trade_id", FILLED),
    _row("tickDirection", "is_long_tick", TICK_DIRECTION),
    _row("timestamp", "created_at", MILLISECONDS),
    _row("tradeId", "trade_id", TEXT),
    _row("tradeSeq", "trade_seq", INTEGER),
)
