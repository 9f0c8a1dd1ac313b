"""Streams to an application in this process."""

from collections.abc import Iterator
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import Receive, Scope, Send

from mockexchange.kit.streaming.connections import Arrival, FrameType, HandshakeRefused, connect_app
from mockexchange.kit.target import Unreachable
from tests.helpers.patience import PATIENCE_S

URL = "ws://testserver/stream?x=1"


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as made:
        yield made


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the path and a header, then echo every message; "bye" ends the stream."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": f"{scope['path']} {scope['query_string'].decode()}"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 1001})
        else:
            await send({**message, "type": "websocket.send"})


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})


async def ignore(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


def test_texts_and_bytes_go_both_ways(portal: BlockingPortal) -> None:
    connection = connect_app(echo, portal)(URL, {"X-Key": "mine"}, PATIENCE_S)
    connection.send(b"words")
    connection.send(b"\x00", is_binary=True)
    connection.ping(b"nobody hears")
    said = [connection.receive(PATIENCE_S) for _ in range(3)]
    connection.drop()
    assert said == [
        Arrival(FrameType.TEXT, b"/stream x=1"),
        Arrival(FrameType.TEXT, b"words"),
        Arrival(FrameType.BINARY, b"\x00"),
    ]
    assert not connection.has_pings


def test_nothing_is_not_waited_for(portal: BlockingPortal) -> None:
    connection = connect_app(echo, portal)(URL, {}, PATIENCE_S)
    connection.receive(PATIENCE_S)
    assert connection.receive(0.01) is None
    connection.drop()


def test_the_end_is_told_by_the_application(portal: BlockingPortal) -> None:
    connection = connect_app(echo, portal)(URL, {}, PATIENCE_S)
    connection.send(b"bye")
    connection.receive(PATIENCE_S)
    end = Arrival(FrameType.CLOSE, b"", 1001)
    assert [connection.receive(PATIENCE_S), connection.receive(PATIENCE_S)] == [end, end]
    with pytest.raises(Unreachable, match="closed"):
        connection.send(b"too late")
    connection.drop()


def test_our_own_end_is_one(portal: BlockingPortal) -> None:
    connection = connect_app(echo, portal)(URL, {}, PATIENCE_S)
    connection.close()
    connection.close()
    assert connection.receive(PATIENCE_S) == Arrival(FrameType.CLOSE, b"", 1000)
    connection.drop()


def test_a_refusal_tells_status_and_body(portal: BlockingPortal) -> None:
    with pytest.raises(HandshakeRefused) as caught:
        connect_app(refuse, portal)(URL, {}, PATIENCE_S)
    assert (caught.value.status, caught.value.body) == (401, b"no")


def test_an_application_that_says_nothing_is_not_waited_for(portal: BlockingPortal) -> None:
    connect: Any = connect_app(ignore, portal)
    with pytest.raises(Unreachable, match="no answer to the handshake"):
        connect(URL, {}, 0.05)
