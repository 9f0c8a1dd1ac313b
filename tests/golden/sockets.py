"""Asks over a real socket for what only a socket has: whole heads of answers, broken requests, and streams."""

import asyncio
import json

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import mockexchange
from mockexchange import AsyncExchange
from tests.golden.control import Socket
from tests.golden.pinned import pinned_time
from tests.golden.wire import Texts

HEAD = "GET /trade-api/v2/exchange/status HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CLOSE = "Connection: close\r\n"
POST = "POST /trade-api/v2/portfolio/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
UPGRADE = "GET /trade-api/ws/v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
HANDSHAKE = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
RAW = {
    "read": f"{HEAD}{CLOSE}\r\n",
    "two in one connection": f"{HEAD}\r\n{HEAD}{CLOSE}\r\n",
    "HTTP 1.0": "GET /trade-api/v2/exchange/status HTTP/1.0\r\n\r\n",
    "HEAD": f"HEAD{HEAD[3:]}{CLOSE}\r\n",
    "OPTIONS": f"OPTIONS{HEAD[3:]}{CLOSE}\r\n",
    "unsigned": f"{HEAD.replace('exchange/status', 'portfolio/balance')}{CLOSE}\r\n",
    "opened by a browser": f"{HEAD}{CLOSE}Sec-Fetch-Dest: document\r\n\r\n",
    "encoded path": f"{HEAD.replace('status', '%73tatus')}{CLOSE}\r\n",
    "chunked": f"{POST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "two lengths": f"{POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}",
    "too long": f"{POST}Content-Length: 99999999999\r\n\r\n",
    "no HTTP": "NONSENSE\r\n\r\n",
    "other version": "GET / HTTP/9.9\r\n\r\n",
    "front page": "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "control API": f"GET /_mock/live HTTP/1.1\r\nHost: 127.0.0.1\r\n{CLOSE}\r\n",
    "stream without a key": f"{UPGRADE}{HANDSHAKE}\r\n",
    "stream of an old version": f"{UPGRADE}{HANDSHAKE.replace('13', '7')}\r\n",
}
"""What is sent, by what is special about it; the server ends each connection."""
FILL = "fill: {account: alice, market: KXRAINNYC-25NOV05-T1, side: yes, action: buy, count: 2, price: 0.60}"


def record() -> Texts:
    """Return what comes back over a socket, byte by byte."""
    with pinned_time():
        return asyncio.run(_record())


async def _record() -> Texts:
    async with mockexchange.serve_async(
        "demo", api_date="compat", clock="paused", token="token-of-the-recorder"
    ) as exchange:
        socket = Socket(exchange.base_url)
        texts = {}
        for what, raw in RAW.items():
            answer = await socket.exchange(raw.encode())
            texts[what] = answer.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        texts["journal of broken requests"] = "\n".join(json.dumps(row) for row in await exchange.ask("GET", "journal"))
        texts["stream"] = await stream(exchange)
    return texts


async def stream(exchange: AsyncExchange) -> str:
    """Return the head of a handshake and the frames of a stream, and the head of one that is refused."""
    alice, lines = exchange.accounts["alice"], []
    async with connect(exchange.ws_url, additional_headers=alice.headers("GET", exchange.ws_url), proxy=None) as client:
        assert client.response is not None, "it is open"
        accept = "sec-websocket-accept"
        lines += [f"{name}: {value}" for name, value in client.response.headers.raw_items() if name.lower() != accept]
        await client.send('{"id": 1, "cmd": "subscribe", "params": {"channels": ["fill", "market_positions"]}}')
        lines += [str(await client.recv()) for _ in range(2)]
        await exchange.do(FILL)
        lines += [str(await client.recv()) for _ in range(2)]
        await exchange.ask("POST", "streams", {"close": {"code": 4000, "reason": "gone"}, "account": "alice"})
        await client.wait_closed()
        lines.append(f"closed: {client.close_code} {client.close_reason}")
    try:
        await connect(exchange.ws_url, proxy=None)
    except InvalidStatus as refusal:
        lines += [f"{name}: {value}" for name, value in refusal.response.headers.raw_items()]
    return "\n".join(lines)
