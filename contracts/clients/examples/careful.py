"""A client that keeps the contract, as an adapter (docs/adapters.md): an example in the standard library, except for
signing (cryptography) and streams (websockets).

    mockexchange verify client --adapter -- python -m contracts.clients.examples.careful

The client is in careful_client.py, its orders are in careful_orders.py.
"""

import json
import sys
from typing import Any

from contracts.clients.examples.careful_client import CHANNELS, Client, Refused, client_of, shaped
from contracts.clients.examples.careful_orders import Trader, perform_order_task

Row = dict[str, Any]
# Lists: task -> (path, name in the body, key of a row, our name -> names on the wire, newest first).
LISTS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "positions": (
        "/portfolio/positions",
        "market_positions",
        "ticker",
        {
            "ticker": "ticker",
            "position": "position_fp position",
            "cost": "market_exposure_dollars",
            "realized": "realized_pnl_dollars",
            "fees": "fees_paid_dollars",
            "traded": "total_traded_dollars",
        },
    ),
    "event_positions": (
        "/portfolio/positions",
        "event_positions",
        "event_ticker",
        {
            "event": "event_ticker",
            "cost": "event_exposure_dollars",
            "realized": "realized_pnl_dollars",
            "fees": "fees_paid_dollars",
        },
    ),
    "fills": (
        "/portfolio/fills",
        "fills",
        "trade_id",
        {
            "trade": "trade_id",
            "ticker": "ticker",
            "count": "count_fp count",
            "yes_price": "yes_price_dollars yes_price_fixed",
        },
    ),
    "orders": (
        "/portfolio/orders",
        "orders",
        "order_id",
        {
            "order": "order_id",
            "ticker": "ticker",
            "status": "status",
            "remaining": "remaining_count_fp remaining_count",
        },
    ),
    "settlements": (
        "/portfolio/settlements",
        "settlements",
        "ticker",
        {
            "ticker": "ticker",
            "result": "market_result",
            "yes": "yes_count_fp yes_count",
            "revenue_cents": "revenue",
            "fees": "fee_cost",
        },
    ),
}


def perform(task: Row) -> Row:
    """Carry out one task."""
    if task["task"] == "hello":
        return {"rows": [{"client": "careful", "version": "1", "pages": "by itself"}]}
    client = client_of(task["base_url"], task["ws_url"], task["key_id"], task["private_key_path"])
    return carry_out(client, Trader(client), task["task"], task["arguments"])


def carry_out(client: Client, trader: Trader, name: str, arguments: Row) -> Row:
    if name == "listen" and arguments["channel"] in CHANNELS:
        markets = arguments.get("markets") or []
        return {"rows": client.listen(arguments["channel"], markets, arguments["count"], arguments["seconds"])}
    if name == "book":
        return {"rows": client.book(arguments["market"], arguments["seconds"])}
    if name == "balance":
        return {"rows": [shaped(client.get("/portfolio/balance"), {"balance_cents": "balance"})]}
    if name in LISTS:
        path, its_name, key, shape = LISTS[name]
        return {"rows": [shaped(row, shape) for row in client.rows(path, its_name, key)]}
    rows = perform_order_task(trader, name, arguments)
    return {"unsupported": True} if rows is None else {"rows": rows}


def main() -> None:
    for line in sys.stdin:
        task = json.loads(line)
        try:
            answer = perform(task)
        except Refused as refused:
            answer = {"error": f"Refused: {refused}", "status": refused.status}
        print(json.dumps({"id": task["id"], **answer}), flush=True)  # noqa: T201  # that is how an adapter answers


if __name__ == "__main__":
    main()
