"""Steps of the control API with the events that each brings."""

from typing import Any

FILL = {"account": "carol", "market": "R-1", "side": "yes", "action": "buy", "count": 10, "price": "0.56"}
REST = {**FILL, "order": "o-1", "price": 0.5, "count": "4"}
SHARDS = {"account": "carol", "target_shard": 1, "amount": 1, "id": "t-1"}
TRADING = {"order_changed", "filled", "position_changed", "traded", "market_priced"}
RESTING = {"order_changed", "level_changed", "position_changed"}
LISTED = {"series_listed", "event_listed", "market_listed"}
MATCHED = {"order_executed", "level_changed"}
BID = {"account": "carol", "market": "T-1", "side": "bid", "count": 1, "price": 0.1}
PLACED = {**FILL, "market": "T-1", "price": "0.5", "count": 4}
PERPETUAL = {
    "instrument": "BTC-PERPETUAL",
    "kind": "future",
    "base": "BTC",
    "mark": 113900,
    "margin": {"initial": 0.02},
}
DATED = {
    "instrument": "BTC-28DEC35",
    "kind": "future",
    "base": "BTC",
    "mark": 115000,
    "expires": "2035-12-28T08:00:00Z",
}
TRADE = {"account": "dora", "instrument": "BTC-PERPETUAL", "direction": "buy", "amount": 100, "price": 113000}
HELD = {"account": "dora", "instrument": "BTC-28DEC35", "size": -500, "average_price": "112000.5"}
ORDERED = {"account": "dora", "instrument": "BTC-PERPETUAL", "direction": "buy", "amount": 40}
FILLED = {"contract_order_changed", "contract_traded", "holding_changed", "cash_changed"}
# One step a line, with the events it brings.
EVENTFUL: list[tuple[dict[str, Any], set[str]]] = [
    ({"account": {"account": "carol"}}, {"account_opened", "book_opened"}),
    ({"book": {"account": "carol", "book": 3}}, {"book_opened"}),
    ({"deposit": {"account": "carol", "amount": 100}}, {"payment_made", "cash_moved"}),
    ({"transfer": {"source": "carol", "target": "carol/3", "amount": "1.5"}}, {"transferred", "cash_moved"}),
    ({"withdraw": {"account": "carol/3", "amount": 0.5}}, {"payment_made", "cash_moved"}),
    ({"deposit": {"account": "carol", "amount": 5, "payment": "p-1", "status": "pending"}}, {"payment_made"}),
    ({"finalize_payment": {"payment": "p-1", "status": "applied"}}, {"payment_finalized", "cash_moved"}),
    ({"shard_transfer": {**SHARDS, "status": "pending"}}, {"shard_transferred", "cash_moved"}),
    ({"complete_transfer": {"transfer": "t-1"}}, {"transfer_completed", "cash_moved"}),
    ({"allocate": {"account": "carol", "allocations": {"0": 60, "1": "40"}}}, {"balance_allocated"}),
    ({"rebalance": {"account": "carol"}}, {"shard_transferred", "cash_moved"}),
    ({"open_cash": {"account": "carol", "amount": -0.25}}, {"cash_moved"}),
    ({"netting": {"account": "carol/3", "enabled": True}}, {"netting_set"}),
    ({"account": {"account": "merchant", "kind": "fcm", "tier": "prime"}}, {"account_opened", "book_opened"}),
    ({"book": {"account": "merchant", "book": "s1"}}, {"book_opened"}),
    ({"restrict": {"account": "merchant/s1", "categories": ["Sports"]}}, {"subtrader_restricted"}),
    ({"cap": {"account": "merchant/s1", "limit": None}}, {"subtrader_capped"}),
    ({"cap": {"account": "merchant/s1", "limit": 10}}, {"subtrader_capped"}),
    ({"series": {"series": "R", "fee_type": "flat", "fee_multiplier": 0}}, {"series_listed"}),
    ({"market": {"market": "R-1", "event": "R", "series": "R", "price": 0.55}}, {"event_listed", "market_listed"}),
    (
        {"market": {"market": "R-2", "event": "Q", "series": "R", "exchange_index": "1"}},
        {"event_listed", "market_listed"},
    ),
    ({"event": {"event": "R", "title": "Rain", "strike_at": "2025-11-06T05:00:00Z"}}, {"event_described"}),
    ({"orderbook": {"market": "R-1", "yes": [[0.5, 1], ["0.4", "2.5"]]}}, {"market_quoted", "level_changed"}),
    ({"replenish": {"market": "R-1"}}, set()),
    ({"price": {"market": "R-1", "price": "0.5601"}}, {"market_priced"}),
    ({"fill": {**FILL, "taker": True, "fee": 0.07}}, TRADING),
    ({"fill": {**FILL, "order": {"new": "o-n"}, "price": "0.57", "fee": 0}}, TRADING),
    ({"fill": {**FILL, "order": "new", "fee": 0}}, TRADING),
    ({"open": {"account": "carol", "market": "R-2", "position": -5, "exposure": 2}}, {"position_changed"}),
    ({"rest": REST}, RESTING | {"order_rested"}),
    ({"amend": {"order": "o-1", "price": "0.5", "count": "3"}}, RESTING | {"order_amended"}),
    ({"reduce": {"order": "o-1", "count": 1}}, RESTING | {"order_reduced"}),
    (
        {"fill": {**FILL, "order": "o-1", "price": 0.5, "count": 1, "fee": 0}},
        TRADING | {"order_executed", "level_changed"},
    ),
    ({"cancel": {"order": "o-1"}}, RESTING | {"order_canceled"}),
    ({"rest": {**REST, "order": "o-9"}}, RESTING | {"order_rested"}),
    ({"expire": {"order": "o-9"}}, RESTING | {"order_canceled"}),
    ({"group": {"account": "carol", "group": "g-1", "limit": 5}}, {"group_opened"}),
    ({"rest": {**REST, "order": "o-2", "group": "g-1"}}, RESTING | {"order_rested"}),
    ({"trigger_group": {"group": "g-1"}}, RESTING | {"group_triggered", "order_canceled"}),
    ({"reset_group": {"group": "g-1"}}, {"group_reset"}),
    ({"limit_group": {"group": "g-1", "limit": 7}}, {"group_limited"}),
    ({"delete_group": {"group": "g-1"}}, {"group_deleted"}),
    ({"market": {"market": "T-1", "event": "T", "series": "T"}}, LISTED),
    ({"place": PLACED}, RESTING | {"order_placed"}),
    ({"place": BID}, RESTING | {"order_placed"}),
    ({"place": {**PLACED, "action": "sell", "post_only": True}}, {"order_rejected", "order_canceled", "order_changed"}),
    ({"print": {"market": "T-1", "side": "no", "count": 1, "price": "0.5"}}, TRADING | MATCHED),
    ({"cancel_all": {"account": "carol"}}, RESTING | {"order_canceled"}),
    ({"market_trading": {"market": "T-1", "trading": False}}, {"market_switched"}),
    ({"tier": {"account": "carol", "tier": "premier"}}, {"tier_set"}),
    ({"close": {"market": "R-1"}}, {"market_moved", "level_changed"}),
    ({"determine": {"market": "R-1", "result": "scalar", "value": "0.3333"}}, {"market_moved"}),
    ({"dispute": {"market": "R-1"}}, {"market_moved"}),
    ({"determine": {"market": "R-1", "result": "no"}}, {"market_moved"}),
    ({"finalize": {"market": "R-1"}}, {"market_moved", "position_settled", "position_changed"}),
    ({"settle": {"market": "R-2", "result": "void"}}, {"market_moved", "position_settled", "position_changed"}),
    ({"exchange": {"active": False, "resume": "2025-11-06T00:00:00Z"}}, {"exchange_switched"}),
    ({"announce": {"message": "Closed until Thursday."}}, {"announced"}),
    ({"exchange": {"active": True}}, {"exchange_switched"}),
    ({"account": {"account": "dora", "venue": "deribit"}}, {"account_opened", "book_opened"}),
    ({"credit": {"account": "dora", "currency": "BTC", "amount": "1.5"}}, {"cash_changed"}),
    ({"index": {"index": "btc_usd", "price": 113853.63}}, {"index_set"}),
    ({"instrument": PERPETUAL}, {"contract_listed"}),
    ({"instrument": DATED}, {"contract_listed"}),
    ({"mark": {"instrument": "BTC-PERPETUAL", "price": "113900.5"}}, {"contract_marked"}),
    ({"trade": {**TRADE, "taker": True, "label": "one"}}, {"contract_traded", "holding_changed", "cash_changed"}),
    ({"hold": {**HELD, "realized": "0.001"}}, {"holding_changed"}),
    (
        {"quote": {"instrument": "BTC-PERPETUAL", "bids": [[113800, 50]], "asks": [["113900", "20"]]}},
        {"contract_quoted"},
    ),
    ({"order": {**ORDERED, "price": "113900", "order": "c-1", "label": "two"}}, FILLED | {"contract_quoted"}),
    ({"edit": {"order": "c-1", "price": 113700, "post_only": True}}, {"contract_order_changed"}),
    (
        {"order": {**ORDERED, "direction": "sell", "time_in_force": "immediate_or_cancel"}},
        {"contract_order_changed", "contract_quoted"} | FILLED,
    ),
    ({"cancel_orders": {"account": "dora", "currency": "BTC", "kinds": ["future"]}}, {"contract_order_changed"}),
    ({"funding": {"instrument": "BTC-PERPETUAL", "rate": "0.0001"}}, {"holding_changed"}),
    ({"session": {"prices": {"BTC-PERPETUAL": 113950}}}, {"session_settled", "holding_changed", "cash_changed"}),
    ({"deliver": {"instrument": "BTC-28DEC35"}}, {"contract_delivered", "holding_changed", "cash_changed"}),
]
