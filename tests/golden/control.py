"""Asks the control API over a socket: every operation of its document, with every parameter and with what is wrong."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import mockexchange
from tests.commands.examples import as_json
from tests.golden.asking import PATIENCE_S
from tests.golden.documents import read_yaml
from tests.golden.pinned import pinned_time
from tests.golden.questions import METHODS, Operation, operations, queries, target
from tests.golden.wire import TABLES, Texts

TOKEN = "token-of-the-recorder"
FRAMING_HEADERS = ("date", "connection", "transfer-encoding", "content-length")
"""Headers of the server library, and those that depend on how long an answer took."""
WRONG_BODIES = (b"{", b'{"colour": 1}', b"[[]]", b"\xff")
FOREIGN = {"Host": "evil.test", "Origin": "http://evil.test", "Sec-Fetch-Site": "cross-site"}
"""Headers of a page of another site."""


class Socket:
    """A server's port on this machine, asked with a connection for each request."""

    def __init__(self, url: str) -> None:
        self._port = urlsplit(url).port

    async def exchange(self, raw: bytes) -> bytes:
        """Send bytes and return everything until the server closes the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(raw)
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
        await writer.wait_closed()
        return answer

    async def ask(self, method: str, goal: str, headers: Mapping[str, str], body: bytes = b"") -> str:
        """Send a request and return the exchange of both as text, without the headers of its framing."""
        given = {"Host": "127.0.0.1", "Connection": "close", **headers}
        if body:
            given = {"Content-Type": "application/json", **given, "Content-Length": str(len(body))}
        lines = [f"{method} {goal} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        head, _, rest = (await self.exchange("\r\n".join(lines).encode() + body)).partition(b"\r\n\r\n")
        status, *fields = head.decode("latin-1").split("\r\n")
        named = [(field.partition(":")[0].lower(), field) for field in fields]
        if ("transfer-encoding", "transfer-encoding: chunked") in named:
            rest = unchunked(rest)
        shown = [field for name, field in named if name not in FRAMING_HEADERS]
        asked = f"{method} {goal} {json.dumps(dict(headers))}" + (f"\n{body.decode('latin-1')}" if body else "")
        return "\n".join([asked, f"=> {status}", *shown, "", rest.decode("utf-8", "backslashreplace"), ""])


def unchunked(rest: bytes) -> bytes:
    """Return a body without the sizes of its chunks, which depend on how busy the machine is."""
    whole = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        whole, rest = whole + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return whole


def record() -> Texts:
    """Return what the control API answers, by operation."""
    with pinned_time():
        return asyncio.run(_record())


async def _record() -> Texts:
    table = read_yaml(TABLES / "control.yaml")
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    async with mockexchange.serve_async("demo", api_date="compat", clock="paused", token=TOKEN) as exchange:
        socket = Socket(exchange.control_url)
        texts = {"before": await _rows(socket, table["before"], bearer)}
        for operation in sorted(operations("control"), key=lambda one: METHODS.index(one.method.lower())):
            text = await _asked(socket, operation, table, bearer)
            texts[f"{operation.method} {operation.path.removeprefix('/_mock')}"] = text
        texts["after"] = await _rows(socket, table["after"], bearer)
    return texts


async def _rows(socket: Socket, rows: Sequence[Any], bearer: Mapping[str, str]) -> str:
    found = []
    for words, *bodies in rows:
        method, path = words.split(" ", 1)
        sent = json.dumps(as_json(bodies[0])).encode() if bodies else b""
        found.append(await socket.ask(method, path if path == "/" else f"/_mock{path}", bearer, sent))
    return "\n".join(found)


async def _asked(socket: Socket, operation: Operation, table: Any, bearer: Mapping[str, str]) -> str:
    """Ask for one operation: with everything wrong that any operation refuses, rightly, and with each parameter."""
    method, path = operation.method, operation.path
    is_deletion = method == "DELETE" and path.endswith("{name}")
    names = {**table["names"], **({"name": "text"} if is_deletion else {})}
    bodies = [json.dumps(one).encode() for one in operation.bodies] or [b""]
    follows = {"follow": "false"} if any(one["name"] == "follow" for one in operation.parameters) else {}
    goal = target(path, names, follows)
    asked = [
        *((method, goal, bearer, sent) for sent in WRONG_BODIES if method in {"POST", "PUT"}),
        *((method, goal, headers, b"") for headers in ({}, {"Authorization": "Bearer x"})),
        *((method, goal, {**bearer, name: value}, b"") for name, value in FOREIGN.items()),
        ("PATCH", goal, bearer, b""),
        *(
            [(method, target(path, {**names, "name": "nowhere"}, follows), bearer, bodies[0])]
            if "{name}" in path
            else []
        ),
        *(
            (method, target(path, names, {**query, **follows}), bearer, sent)
            for query in queries(operation, {})
            for sent in bodies
        ),
    ]
    return "\n".join([await socket.ask(*one) for one in asked])
