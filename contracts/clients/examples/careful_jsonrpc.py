"""Clients of the JSON-RPC venues that keep the contract, as adapters (docs/adapters.md): Deribit's and SignalPlus's.

    mockexchange verify client --venue deribit --adapter -- python -m contracts.clients.examples.careful_jsonrpc deribit

The client itself is in careful_jsonrpc_client.py.
"""

import json
import sys
from typing import Any

from contracts.clients.examples.careful_jsonrpc_client import DIALECTS, Client, Refused

Row = dict[str, Any]
ORDER = {
    "order": "order_id",
    "label": "label",
    "instrument": "instrument_name",
    "direction": "direction",
    "amount": "amount",
    "filled": "filled_amount",
    "price": "price",
    "status": "order_state",
}
TRADE = {"trade": "trade_id", "instrument": "instrument_name", "direction": "direction", "amount": "amount"}


def shaped(row: Row, shape: dict[str, str]) -> Row:
    """Return a row under our names, its amounts as text with all their digits."""
    return {ours: row[theirs] for ours, theirs in shape.items() if row.get(theirs) is not None}


def trades(client: Client, currency: str, count: int) -> list[Row]:
    """Return the trades of a currency, page by page, each once."""
    found: dict[str, Row] = {}
    wanted: Row = {"currency": currency, "count": count, "sorting": "desc"}
    while True:
        page = client.call("private/get_user_trades_by_currency", wanted)
        fresh = [row for row in page["trades"] if row["trade_id"] not in found]
        found |= {row["trade_id"]: row for row in fresh}
        if not page["has_more"] or not fresh:
            return list(found.values())
        wanted["end_id"] = page["trades"][-1]["trade_id"]


def carry_out(client: Client, task: str, arguments: Row) -> Row:
    """Return the rows of a task, or that it is not supported."""
    if task == "positions":
        return {"rows": [shaped(row, client.dialect.position) for row in client.call("private/get_positions", {})]}
    if task == "listen":
        return {"rows": listened(client, **arguments)}
    if client.dialect.name != "deribit":
        return {"unsupported": True}
    if task == "fills":
        return {
            "rows": [shaped(row, TRADE) for row in trades(client, arguments["currency"], arguments.get("count", 50))]
        }
    if task == "orders":
        return {"rows": [shaped(row, ORDER) for row in client.call("private/get_open_orders", {})]}
    if task == "balance":
        summaries = client.call("private/get_account_summaries", {})["summaries"]
        return {"rows": [{name: row[name] for name in ("currency", "balance", "equity")} for row in summaries]}
    return {"rows": client.book(arguments["market"], arguments["seconds"])} if task == "book" else {"unsupported": True}


def listened(client: Client, channel: str, count: int, seconds: float) -> list[Row]:
    """Return the rows that a channel has delivered; a trade counts once."""
    found: dict[Any, Row] = {}
    for data in client.notifications([channel], seconds):
        for row in data if isinstance(data, list) else data["positions"]:
            shape = TRADE if "trade_id" in row else client.dialect.position
            found[row.get("trade_id", len(found))] = shaped(row, shape)
        if len(found) >= count:
            break
    return list(found.values())


def main(name: str) -> None:
    for line in sys.stdin:
        task = json.loads(line)
        answer: Row = {"rows": [{"client": f"careful {name}", "version": "1"}]}
        if task["task"] != "hello":
            client = Client(DIALECTS[name], task["base_url"], task["ws_url"], task["key_id"], task["private_key_path"])
            try:
                answer = carry_out(client, task["task"], task["arguments"])
            except Refused as refused:
                answer = {"error": f"Refused: {refused}", "status": refused.status}
        print(json.dumps({"id": task["id"], **answer}), flush=True)  # noqa: T201  # that is how an adapter answers


if __name__ == "__main__":
    main(sys.argv[1])
