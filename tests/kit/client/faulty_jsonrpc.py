"""The careful client of a JSON-RPC venue with a planted mistake; the arguments are the mistake and the venue."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from contracts.clients.examples import careful_jsonrpc, careful_jsonrpc_client
from contracts.clients.examples.careful_jsonrpc_client import DIALECTS, Client, Refused

Row = dict[str, Any]
shaped, trades, once, ask, headers = (
    careful_jsonrpc.shaped,
    careful_jsonrpc.trades,
    Client.once,
    Client.ask,
    careful_jsonrpc_client.sign_deribit,
)


def unsigned_sizes(row: Row, shape: Row) -> Row:
    return {name: value.lstrip("-") if name == "size" else value for name, value in shaped(row, shape).items()}


def two_directions(row: Row, shape: Row) -> Row:
    found = shaped(row, shape)
    return {**found, "direction": "buy" if found.get("direction") == "buy" else "sell"}


def rounded(row: Row, shape: Row) -> Row:
    found = shaped(row, shape)
    return {**found, "profit": f"{float(found['profit']):.6f}"} if "profit" in found else found


def strict(row: Row, shape: Row) -> Row:
    if "novelty" in row:
        raise Refused("an unexpected field: novelty")
    return shaped(row, shape)


def first_page(client: Client, currency: str, count: int) -> list[Row]:
    rows: list[Row] = client.call("private/get_user_trades_by_currency", {"currency": currency, "count": count})[
        "trades"
    ]
    return rows


def lenient(body: Row, status: int | None) -> Any:
    return body.get("result") or []


def impatient(client: Client, method: str, params: Row) -> Any:
    for _ in range(20):
        with suppress(Refused):
            return once(client, method, params)
    return once(client, method, params)


def talkative(client: Client, method: str, params: Row) -> Any:
    print(client.secret, file=sys.stderr)  # noqa: T201  # the mistake
    return once(client, method, params)


def misnamed(client: Client, method: str, params: Row) -> Any:
    return once(client, method.replace("get_positions", "list_positions"), params)


def misworded(client: Client, method: str, params: Row) -> Any:
    return once(client, method, {**params, "kind": "perpetual"})


def of_a_day_ago(key_id: str, secret: str, path: str, body: bytes) -> Row:
    return {"Authorization": headers(key_id, secret, path, body)["Authorization"].replace("ts=1", "ts=0")}


def once_only(client: Client, channels: list[str], seconds: float) -> Iterator[Any]:
    """Listen to a stream, and to nothing after its end."""
    with connect(client.ws_url) as stream, suppress(ConnectionClosed):
        client.subscribe(stream, channels)
        yield from client.received(stream, time.monotonic() + seconds)


def blind_book(client: Client, instrument: str, seconds: float) -> list[Row]:
    levels: dict[tuple[str, str], str] = {}
    for message in client.notifications([f"book.{instrument}.raw"], seconds):
        careful_jsonrpc_client.apply(levels, message)
    return [{"side": side, "price": price, "count": "100"} for side, price in sorted(levels)]


def every_trade(client: Client, channel: str, count: int, seconds: float) -> list[Row]:
    sent = (row for data in client.notifications([channel], seconds) for row in data)
    return [shaped(row, careful_jsonrpc.TRADE) for row in islice(sent, count)]


MISTAKES: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "unsigned_sizes": (careful_jsonrpc, "shaped", unsigned_sizes),
    "two_directions": (careful_jsonrpc, "shaped", two_directions),
    "rounded": (careful_jsonrpc, "shaped", rounded),
    "strict": (careful_jsonrpc, "shaped", strict),
    "first_page": (careful_jsonrpc, "trades", first_page),
    "lenient": (careful_jsonrpc_client, "result_of", lenient),
    "impatient": (Client, "call", impatient),
    "talkative": (Client, "call", talkative),
    "misnamed": (Client, "call", misnamed),
    "misworded": (Client, "call", misworded),
    "once_only": (Client, "notifications", once_only),
    "blind_book": (Client, "book", blind_book),
    "every_trade": (careful_jsonrpc, "listened", every_trade),
}
"""What is replaced by what, by the name of the mistake."""


def main(mistake: str, venue: str) -> None:
    if mistake == "late_signature":
        DIALECTS[venue] = DIALECTS[venue]._replace(headers=of_a_day_ago)
    else:
        target, name, wrong = MISTAKES[mistake]
        setattr(target, name, wrong)
    careful_jsonrpc.main(venue)


if __name__ == "__main__":
    main(*sys.argv[1:])
