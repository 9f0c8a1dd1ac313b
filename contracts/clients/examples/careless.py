"""A client with six mistakes, as an adapter (docs/adapters.md); each mistake fails the cards about it.

* It signs the query of a request together with its path.
* It follows a repeated cursor for ever.
* It converts money to floats.
* It leaves pings unanswered.
* It follows a redirect to another host with its signed headers, as urllib does by default.
* It needs a field that the exchange has removed, `position` beside `position_fp`: judge it as of compat, which has it.

    mockexchange verify client --adapter --api-date compat -- python contracts/clients/examples/careless.py
"""

import base64
import json
import os
import socket
import struct
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

TEXT, CLOSE = 1, 8
LONG, LONGER = 126, 127
TIMEOUT_S = 3.0

Row = dict[str, Any]


class Failed(Exception):
    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def headers(task: Row, signed: str) -> dict[str, str]:
    key: Any = serialization.load_pem_private_key(Path(task["private_key_path"]).read_bytes(), None)
    timestamp_ms = str(int(time.time() * 1000))
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    signature = base64.b64encode(key.sign(f"{timestamp_ms}GET{signed}".encode(), scheme, hashes.SHA256()))
    names = ("KALSHI-ACCESS-KEY", "KALSHI-ACCESS-TIMESTAMP", "KALSHI-ACCESS-SIGNATURE")
    return dict(zip(names, (task["key_id"], timestamp_ms, signature.decode()), strict=True))


def get(task: Row, path: str, query: str = "") -> Row:
    url = task["base_url"] + path + query
    signed = urlsplit(url).path + query  # the first mistake
    try:
        request = urllib.request.Request(url, headers=headers(task, signed))
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            body: Row = json.loads(response.read())
            return body
    except urllib.error.HTTPError as error:
        with error:
            raise Failed(f"HTTP {error.code}", error.code) from None
    except (OSError, ValueError) as error:
        raise Failed(str(error)) from None


def walk(task: Row, path: str, name: str) -> list[Row]:
    rows: dict[str, Row] = {}
    query = ""
    while True:
        body = get(task, path, query)
        rows.update({row["ticker"]: row for row in body[name]})
        if not body.get("cursor"):
            return list(rows.values())
        query = f"?cursor={quote(body['cursor'])}"  # the second


def positions(task: Row) -> list[Row]:
    return [
        {
            "ticker": row["ticker"],
            "position": row["position_fp"] if row["position"] is not None else None,  # the fifth: it may be absent
            "cost": float(row["market_exposure_dollars"]),  # the third
            "realized": float(row["realized_pnl_dollars"]),
        }
        for row in walk(task, "/portfolio/positions", "market_positions")
    ]


def listen(task: Row, channel: str, count: int, seconds: float) -> list[Row]:
    """Return the rows of a channel, connecting again after the end of a stream, but without pongs."""
    rows: list[Row] = []
    ends_at_s, pause_s = time.monotonic() + seconds, 0.1
    while len(rows) < count and time.monotonic() < ends_at_s:
        with socket.create_connection((urlsplit(task["ws_url"]).hostname, urlsplit(task["ws_url"]).port)) as stream:
            try:
                follow(task, stream, channel, rows, count, ends_at_s)
            except OSError:
                time.sleep(pause_s)
                pause_s *= 2
    return rows


def follow(task: Row, stream: socket.socket, channel: str, rows: list[Row], count: int, ends_at_s: float) -> None:
    shake_hands(task, stream)
    command = {"id": 1, "cmd": "subscribe", "params": {"channels": [channel]}}
    send(stream, json.dumps(command).encode())
    while len(rows) < count:
        stream.settimeout(max(0.001, ends_at_s - time.monotonic()))
        kind, payload = receive(stream)
        if kind == CLOSE:
            raise ConnectionResetError
        if kind != TEXT:  # the fourth: a ping is one of these
            continue
        try:
            frame = json.loads(payload)
        except ValueError:
            continue
        if frame.get("type") == "error":
            send(stream, json.dumps(command).encode())
        elif "market_ticker" in frame.get("msg", {}):
            message = frame["msg"]
            cost = float(message["position_cost_dollars"])
            rows.append({"ticker": message["market_ticker"], "position": message["position_fp"], "cost": cost})


def shake_hands(task: Row, stream: socket.socket) -> None:
    parts = urlsplit(task["ws_url"])
    lines = {
        "Host": parts.netloc,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        **headers(task, parts.path),
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    stream.sendall(f"GET {parts.path} HTTP/1.1\r\n{text}\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += whole(stream, 1)
    status = int(answer.split()[1])
    if status in (401, 403):
        raise Failed("the stream is refused", status)
    if status != 101:
        raise ConnectionResetError


def send(stream: socket.socket, payload: bytes) -> None:
    """Send a masked frame with a mask of zero."""
    stream.sendall(bytes((0x80 | TEXT, 0x80 | LONG)) + struct.pack("!H", len(payload)) + bytes(4) + payload)


def receive(stream: socket.socket) -> tuple[int, bytes]:
    first, length = whole(stream, 2)
    if length == LONG:
        (length,) = struct.unpack("!H", whole(stream, 2))
    elif length == LONGER:
        (length,) = struct.unpack("!Q", whole(stream, 8))
    return first & 0x0F, whole(stream, length)


def whole(stream: socket.socket, size_bytes: int) -> bytes:
    data = b""
    while len(data) < size_bytes:
        piece = stream.recv(size_bytes - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data


def perform(task: Row) -> Row:
    arguments = task["arguments"]
    if task["task"] == "positions":
        return {"rows": positions(task)}
    if task["task"] == "listen" and arguments["channel"] == "market_positions":
        return {"rows": listen(task, "market_positions", arguments["count"], arguments["seconds"])}
    return {"unsupported": True}


def main() -> None:
    for line in sys.stdin:
        task = json.loads(line)
        try:
            answer = perform(task)
        except Failed as error:
            answer = {"error": str(error), "status": error.status}
        except Exception as error:  # noqa: BLE001  # every mistake is reported
            answer = {"error": f"{type(error).__name__}: {error}", "status": None}
        print(json.dumps({"id": task["id"], **answer}), flush=True)  # noqa: T201  # that is how an adapter answers


if __name__ == "__main__":
    main()
