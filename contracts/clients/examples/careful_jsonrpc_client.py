"""The careful client of JSON-RPC venues: signed calls with few retries, and streams that come back."""

import hashlib
import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

Row = dict[str, Any]
AGAIN = frozenset((429, 500, 502, 503, 504))
TOO_MANY = 10028
PAUSES_S = (0.1, 0.2, 0.4)
TIMEOUT_S, ANSWER_S = 3.0, 2.0
HEARTBEAT_S = 10
NUMBERS = count(1)


class Refused(Exception):
    """The exchange refused a call; `status` is None if no whole answer came, `is_passing` if a retry may help."""

    def __init__(self, message: str, status: int | None = None, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.status, self.is_passing = status, is_passing


class Dialect(NamedTuple):
    """What is the venue's own: names on the wire, and the headers of a call."""

    name: str
    id_name: str
    headers: Callable[[str, str, str, bytes], dict[str, str]]
    """Makes the headers from key id, secret, path and body."""
    has_login: bool
    """Whether a stream logs in after its handshake, which then is not signed."""
    subscribe: str
    position: dict[str, str]


def sign_deribit(key_id: str, secret: str, path: str, body: bytes) -> dict[str, str]:
    stamp = str(time.time_ns() // 1_000_000)
    text = f"{stamp}\n{stamp}\nPOST\n{path}\n".encode() + body + b"\n"
    signature = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return {"Authorization": f"deri-hmac-sha256 id={key_id},ts={stamp},sig={signature},nonce={stamp}"}


def sign_signalplus(key_id: str, secret: str, path: str, body: bytes) -> dict[str, str]:
    stamp = str(time.time_ns() // 1_000_000)
    nonce = f"{stamp}-{next(NUMBERS)}"
    digest = hmac.new(b64decode(secret), f"{stamp}\n{nonce}".encode(), hashlib.sha256).digest()
    names = ("Authorization", "Signalplus-API-Timestamp", "Signalplus-API-Nonce", "Signalplus-API-Signature")
    return dict(zip(names, (f"Bearer {key_id}", stamp, nonce, b64encode(digest).decode()), strict=True))


DIALECTS = {
    "deribit": Dialect(
        "deribit",
        "id",
        sign_deribit,
        True,
        "private/subscribe",
        {
            "instrument": "instrument_name",
            "direction": "direction",
            "size": "size",
            "coins": "size_currency",
            "average": "average_price",
            "profit": "total_profit_loss",
            "realized": "realized_profit_loss",
        },
    ),
    "signalplus": Dialect(
        "signalplus",
        "rid",
        sign_signalplus,
        False,
        "private/subscribe",
        {
            "instrument": "instrumentName",
            "direction": "side",
            "size": "size",
            "coins": "sizeCurrency",
            "average": "averagePrice",
            "profit": "totalProfitLoss",
            "realized": "realizedProfitLoss",
        },
    ),
}


class Client:
    def __init__(self, dialect: Dialect, base_url: str, ws_url: str, key_id: str, secret_path: str) -> None:
        self.dialect, self.ws_url, self.key_id = dialect, ws_url, key_id
        self.url = urlsplit(base_url)
        self.secret = Path(secret_path).read_text(encoding="ascii").strip()
        self.connection = HTTPConnection(self.url.netloc, timeout=TIMEOUT_S)

    def envelope(self, method: str, params: Row) -> Row:
        return {"jsonrpc": "2.0", self.dialect.id_name: next(NUMBERS), "method": method, "params": params}

    def call(self, method: str, params: Row) -> Any:
        """Call a method, with a few retries after growing pauses if a retry may help. Raises Refused."""
        for pause_s in (*PAUSES_S, None):
            try:
                return self.once(method, params)
            except Refused as refused:
                if pause_s is None or not refused.is_passing:
                    raise
                time.sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

    def once(self, method: str, params: Row) -> Any:
        body = json.dumps(self.envelope(method, params)).encode()
        headers = self.dialect.headers(self.key_id, self.secret, self.url.path, body)
        try:
            self.connection.request("POST", self.url.path, body, {"Content-Type": "application/json", **headers})
            response = self.connection.getresponse()
            raw = response.read()
        except (OSError, HTTPException) as error:
            self.connection.close()
            raise Refused(f"no whole answer: {type(error).__name__}: {error}", is_passing=True) from None
        return result_of(parsed(raw, response.status), response.status)

    def notifications(self, channels: list[str], seconds: float) -> Iterator[Any]:
        """Yield the data of notifications, connecting and subscribing again if the stream ends. Raises Refused."""
        ends_at_s, pauses_s = time.monotonic() + seconds, iter((*PAUSES_S, *PAUSES_S))
        while time.monotonic() < ends_at_s:
            try:
                with connect(self.ws_url, additional_headers=self.stream_headers()) as stream:
                    self.subscribe(stream, channels)
                    with closing(self.received(stream, ends_at_s)) as frames:
                        yield from frames
            except InvalidStatus as error:
                if error.response.status_code not in AGAIN:
                    raise Refused("the stream is refused", error.response.status_code) from None
                time.sleep(next(pauses_s, 1.0))
            except (ConnectionClosed, OSError):
                time.sleep(next(pauses_s, 1.0))

    def stream_headers(self) -> dict[str, str]:
        path = urlsplit(self.ws_url).path
        return {} if self.dialect.has_login else self.dialect.headers(self.key_id, self.secret, path, b"")

    def subscribe(self, stream: ClientConnection, channels: list[str]) -> None:
        """Log in if streams do so, ask for heartbeats, and subscribe. Notifications before the answers are lost."""
        if self.dialect.has_login:
            granted = {"grant_type": "client_credentials", "client_id": self.key_id, "client_secret": self.secret}
            self.ask(stream, "public/auth", granted)
            self.ask(stream, "public/set_heartbeat", {"interval": HEARTBEAT_S})
        self.ask(stream, self.dialect.subscribe, {"channels": channels})

    def ask(self, stream: ClientConnection, method: str, params: Row) -> Any:
        asked = self.envelope(method, params)
        stream.send(json.dumps(asked))
        ends_at_s = time.monotonic() + ANSWER_S
        while True:
            try:
                frame = parsed(stream.recv(timeout=max(0.0, ends_at_s - time.monotonic())), None)
            except TimeoutError:
                raise OSError("a call on the stream was not answered") from None
            if frame.get(self.dialect.id_name) == asked[self.dialect.id_name]:
                return result_of(frame, None)

    def received(self, stream: ClientConnection, ends_at_s: float) -> Generator[Any]:
        """Yield the data of notifications until a time; test requests of heartbeats are answered."""
        while (left_s := ends_at_s - time.monotonic()) > 0:
            try:
                frame = parsed(stream.recv(timeout=left_s), None)
            except TimeoutError:
                return
            params = frame.get("params") or {}
            if frame.get("method") == "heartbeat" and params.get("type") == "test_request":
                stream.send(json.dumps(self.envelope("public/test", {})))
            elif frame.get("method") == "subscription":
                yield frame["result"] if "result" in frame else params["data"]

    def book(self, instrument: str, seconds: float) -> list[Row]:
        """Return an order book after some seconds, loaded again after a change that was lost."""
        ends_at_s = time.monotonic() + seconds
        levels: dict[tuple[str, str], str] = {}
        while (left_s := ends_at_s - time.monotonic()) > 0:
            last = None
            for message in self.notifications([f"book.{instrument}.raw"], left_s):
                if message["type"] == "snapshot":
                    levels.clear()
                elif message["prev_change_id"] != last:
                    break
                last = message["change_id"]
                apply(levels, message)
        return [{"price": price, "side": side, "count": amount} for (side, price), amount in sorted(levels.items())]


def apply(levels: dict[tuple[str, str], str], message: Row) -> None:
    for side, name in (("bid", "bids"), ("ask", "asks")):
        for action, price, amount in message[name]:
            levels[side, price] = amount
            if action == "delete":
                del levels[side, price]


def parsed(raw: str | bytes, status: int | None) -> Row:
    """Return an answer or a notification, its numbers as text. Raises Refused if it is none."""
    try:
        body = json.loads(raw, parse_float=str)
    except ValueError as error:
        is_passing = status in AGAIN
        raise Refused(f"an answer that is no JSON: {error}", status, is_passing=is_passing) from None
    if not isinstance(body, dict):
        raise Refused("an answer that is no object", status)
    return body


def result_of(body: Row, status: int | None) -> Any:
    """Return the result of an answer. Raises Refused if there is none."""
    if "result" in body and status in (None, 200):
        return body["result"]
    error = body.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    raise Refused(f"{status}: {error}", status, is_passing=status in AGAIN or code == TOO_MANY)
