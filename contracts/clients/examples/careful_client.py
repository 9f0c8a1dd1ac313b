"""The careful client: requests that are signed, retried and walked page by page, and streams."""

import base64
import json
import time
from collections.abc import Generator
from contextlib import closing, suppress
from decimal import Decimal
from functools import lru_cache
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

AGAIN = frozenset((429, 500, 502, 503, 504))
"""Statuses that are worth a retry; the others do not change when a request is repeated."""
SUCCESS = (200, 201)
PAUSES_S = (0.1, 0.2, 0.4)
TIMEOUT_S = 3.0
GOODBYE_S = 0.5
TERMINAL = frozenset((10, 17, 25))
"""Errors that end a subscription and leave the stream."""

Row = dict[str, Any]
# What is read of a stream: channel -> (what makes a message the same message, our name -> the wire's).
CHANNELS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "market_positions": (
        ("market_ticker", "position_fp", "realized_pnl_dollars"),
        {"ticker": "market_ticker", "position": "position_fp", "cost": "position_cost_dollars"},
    ),
    "fill": (("trade_id",), {"trade": "trade_id", "ticker": "market_ticker", "count": "count_fp"}),
    "orderbook_delta": ((), {"ticker": "market_ticker", "price": "price_dollars", "change": "delta_fp"}),
}


class Refused(Exception):
    """The exchange refused a request with `status`, or `status` is None if no response could be read."""

    def __init__(self, message: str, status: int | None = None, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.status, self.wait_s = status, wait_s


class Client:
    def __init__(self, base_url: str, ws_url: str, key_id: str, private_key_path: str) -> None:
        self.base_url, self.ws_url, self.key_id = base_url, ws_url, key_id
        self.connection = HTTPConnection(urlsplit(self.base_url).netloc, timeout=TIMEOUT_S)
        self.key = key_of(Path(private_key_path).read_bytes())

    def headers(self, url: str, method: str = "GET") -> dict[str, str]:
        """Return the headers of a request, signed over timestamp, method and the path without its query."""
        timestamp_ms = str(time.time_ns() // 1_000_000)
        text = f"{timestamp_ms}{method}{urlsplit(url).path}".encode()
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        signature = base64.b64encode(self.key.sign(text, scheme, hashes.SHA256())).decode()
        names = ("KALSHI-ACCESS-KEY", "KALSHI-ACCESS-TIMESTAMP", "KALSHI-ACCESS-SIGNATURE")
        return dict(zip(names, (self.key_id, timestamp_ms, signature), strict=True))

    def get(self, path: str, **query: Any) -> Row:
        """Send a GET, with a few retries after growing pauses if a retry may help."""
        url = f"{self.base_url}{path}?{urlencode(query)}" if query else f"{self.base_url}{path}"
        for pause_s in (*PAUSES_S, None):
            try:
                return self.once(url)
            except Refused as refused:
                if pause_s is None or (refused.status is not None and refused.status not in AGAIN):
                    raise
                time.sleep(max(pause_s, refused.wait_s))
        raise AssertionError("the last attempt returns or raises")

    def once(self, url: str, method: str = "GET", content: Row | None = None) -> Row:
        """Send one request and return its body. Raises Refused, without a status if no whole answer came."""
        raw_content = None if content is None else json.dumps(content)
        headers = {**self.headers(url, method), **({"Content-Type": "application/json"} if raw_content else {})}
        try:
            self.connection.request(method, url, raw_content, headers)  # opened if need be, and kept
            response = self.connection.getresponse()
            raw = response.read()
        except (OSError, HTTPException) as error:
            self.connection.close()
            raise Refused(f"no whole answer: {type(error).__name__}: {error}") from None
        if response.status not in SUCCESS:
            wait_s = seconds_of(response.headers.get("Retry-After"))
            raise Refused(f"{response.status}: {message_of(raw)}", response.status, wait_s)
        try:
            body = json.loads(raw, parse_float=str)  # amounts never become floats
        except ValueError as error:
            raise Refused(f"an answer that is no JSON: {error}") from None
        if not isinstance(body, dict):
            raise Refused("an answer that is no object")
        return body

    def rows(self, path: str, name: str, key: str) -> list[Row]:
        """Return the rows of all pages; a repeated row counts once, and a repeated cursor ends the walk."""
        found: dict[Any, Row] = {}
        cursor, seen = "", {""}
        while True:
            body = self.get(path, **({"cursor": cursor} if cursor else {}))
            for row in body.get(name) or []:
                found[row[key]] = row
            cursor = body.get("cursor") or ""
            if cursor in seen:
                return list(found.values())
            seen.add(cursor)

    def book(self, market: str, seconds: float) -> list[Row]:
        """Return the order book of a market after some seconds: a row for each side and price."""
        ends_at_s, levels = time.monotonic() + seconds, dict[tuple[str, str], Decimal]()
        while time.monotonic() < ends_at_s:
            try:
                with (
                    connect(self.ws_url, additional_headers=self.headers(self.ws_url)) as stream,
                    closing(self.messages(stream, "orderbook_delta", [market], ends_at_s)) as received,
                ):
                    for message in received:
                        apply(levels, message)
            except (ConnectionClosed, OSError):
                time.sleep(PAUSES_S[0])
        shown = sorted((side, price, count) for (side, price), count in levels.items() if count)
        return [{"side": side, "price": price, "count": str(count)} for side, price, count in shown]

    def listen(self, channel: str, markets: list[str], wanted: int, seconds: float) -> list[Row]:
        """Return the rows of a channel, connecting again if the stream ends."""
        ends_at_s, rows = time.monotonic() + seconds, dict[Any, Row]()
        pauses_s = iter((*PAUSES_S, *PAUSES_S))
        while len(rows) < wanted and time.monotonic() < ends_at_s:
            try:
                with (
                    connect(self.ws_url, additional_headers=self.headers(self.ws_url)) as stream,
                    closing(self.messages(stream, channel, markets, ends_at_s)) as received,
                ):
                    for message in received:
                        keep(rows, channel, message)
                        if len(rows) >= wanted:
                            break
            except InvalidStatus as error:
                if error.response.status_code not in AGAIN:
                    raise Refused("the stream is refused", error.response.status_code) from None
                time.sleep(next(pauses_s, 1.0))
            except (ConnectionClosed, OSError):
                time.sleep(next(pauses_s, 1.0))
        return list(rows.values())

    def messages(self, stream: ClientConnection, channel: str, markets: list[str], ends_at_s: float) -> Generator[Row]:
        """Subscribe, yield the messages of a channel, and unsubscribe. Raises OSError for a gap: then connect again."""
        wanted: Row = {"channels": [channel], **({"market_tickers": markets} if markets else {})}
        command_ids, last, sid = count(1), 0, 0
        try:
            send(stream, "subscribe", next(command_ids), wanted)
            while time.monotonic() < ends_at_s:
                frame = receive(stream, ends_at_s - time.monotonic())
                if frame.get("type") == "error" and frame["msg"].get("code") in TERMINAL:
                    last, sid = 0, 0
                    send(stream, "subscribe", next(command_ids), wanted)
                elif frame.get("type") == "subscribed":
                    sid = frame["msg"]["sid"]
                elif self.is_wanted(frame, last):
                    last = frame.get("seq", last)
                    yield frame.get("msg", {})
        finally:
            if sid:
                with suppress(ConnectionClosed):
                    send(stream, "unsubscribe", next(command_ids), {"sids": [sid]})
                    while receive(stream, GOODBYE_S):  # the last frame is the acknowledgement, which has no msg
                        pass

    def is_wanted(self, frame: Row, last: int) -> bool:
        """Return whether a frame is no duplicate. Raises OSError if one before it is missing."""
        if "seq" in frame and frame["seq"] > last + 1:
            raise OSError("a message is missing")
        return bool(frame.get("seq", last + 1) > last)


@lru_cache(maxsize=8)
def key_of(pem: bytes) -> Any:
    """Return a private key; reading one takes longer than a signature."""
    return serialization.load_pem_private_key(pem, None)


@lru_cache(maxsize=8)
def client_of(base_url: str, ws_url: str, key_id: str, private_key_path: str) -> Client:
    """Return the client of an account, which keeps its connection between tasks."""
    return Client(base_url, ws_url, key_id, private_key_path)


def apply(levels: dict[tuple[str, str], Decimal], message: Row) -> None:
    """Apply a snapshot or a change to the counts of an order book, by side and price."""
    if "delta_fp" in message:
        level = message["side"], message["price_dollars"]
        levels[level] = levels.get(level, Decimal(0)) + Decimal(message["delta_fp"])
    elif "market_ticker" in message:
        levels.clear()
        for side in ("yes", "no"):
            for price, count in message.get(f"{side}_dollars_fp") or []:
                levels[side, price] = Decimal(count)


def send(stream: ClientConnection, command: str, command_id: int, params: Row) -> None:
    stream.send(json.dumps({"id": command_id, "cmd": command, "params": params}))


def receive(stream: ClientConnection, seconds: float) -> Row:
    """Return the next frame; an empty one if none arrived or it cannot be parsed."""
    try:
        frame = json.loads(stream.recv(timeout=max(0.0, seconds)), parse_float=str)
    except (TimeoutError, ValueError):
        return {}
    return frame if isinstance(frame, dict) and isinstance(frame.get("msg"), dict) else {}


def keep(rows: dict[Any, Row], channel: str, message: Row) -> None:
    """Keep a message under its key, unless it is of another kind."""
    key, shape = CHANNELS[channel]
    if all(name in message for name in (*key, shape["ticker"])):
        rows[tuple(message[name] for name in key) if key else len(rows)] = shaped(message, shape)


def shaped(row: Row, shape: dict[str, str]) -> Row:
    """Return a row under our names, each from the newest field of the wire that the row has."""
    named = {ours: next((name for name in theirs.split() if name in row), "") for ours, theirs in shape.items()}
    return {ours: row[theirs] for ours, theirs in named.items() if theirs}


def message_of(raw: bytes) -> str:
    """Return the message of an error body in any of its shapes."""
    try:
        body = json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")
    inner = body.get("error", body) if isinstance(body, dict) else body
    return str(inner.get("message") or inner.get("msg") or inner) if isinstance(inner, dict) else str(inner)


def seconds_of(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0
