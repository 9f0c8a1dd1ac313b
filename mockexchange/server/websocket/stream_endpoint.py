"""The ASGI endpoint of the venues' streams: it answers the handshake, then executes the client's commands.

The transport of the stream sends the frames.
"""

import asyncio
import time
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.types import Message, Receive, Scope, Send

from mockexchange.faults.delivery import FaultyAnswer
from mockexchange.sandbox.interface import RequestContext, StoreUnavailable
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.streams import ABNORMAL, VANISHED, Connection, Ending
from mockexchange.server.http.faulty_response import FaultyResponse
from mockexchange.server.http.request_cycle import carrier_of
from mockexchange.server.http.rest_endpoint import (
    MARK,
    TARGET_BYTES_MAX,
    DiagnosisWorker,
    api_date_of,
    date_header,
    explain,
    failure,
    headers_of,
    inspect,
    pause_before_refusal,
)
from mockexchange.server.websocket.stream_protocol import StreamProtocol
from mockexchange.server.websocket.stream_transport import AsgiTransport
from mockexchange.venues.registry import STREAM_PATHS
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.session import Session

FAILED, TRY_LATER = 1011, 1013
"""Close codes, of IANA's registry for WebSocket."""
ServerStream = StreamProtocol | AsgiTransport


async def serve(sandbox_of: Any, diagnosis_worker: DiagnosisWorker, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one upgrade request and, if it is granted, serve the stream to its end.

    `sandbox_of` returns the sandbox for the key id that the request claims.
    """
    raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    path = raw_path[:TARGET_BYTES_MAX].decode("latin-1")
    query = scope["query_string"][:TARGET_BYTES_MAX].decode("latin-1")
    asked = RequestContext.of(Request("GET", path, query, tuple(scope["headers"])))
    sandbox: Sandbox = sandbox_of(asked.key_id)
    await receive()
    connection = await _shake_hands(sandbox, asked, diagnosis_worker, scope, Upgrade(receive, send))
    if connection:
        del asked  # streams are many and long, and the journal has the request
        await _serve_to_the_end(sandbox, connection, receive)


async def _shake_hands(
    sandbox: Sandbox, asked: RequestContext, diagnosis_worker: DiagnosisWorker, scope: Scope, upgrade: "Upgrade"
) -> Connection | None:
    started_ns = time.perf_counter_ns()
    await sandbox.run_due()
    session: Session | None = None
    try:
        if asked.request.path in STREAM_PATHS:
            handshake, entry = sandbox.shake_hands(asked)
            session, answer = handshake.session, handshake.answer
        else:  # as any GET
            answer, entry = sandbox.answer(asked)
    except Exception as error:  # noqa: BLE001  # it is reported
        await pause_before_refusal(error)
        answer = failure(asked.request.target, error)
        entry = sandbox.note_answer(asked, answer)
    try:
        if session is None:
            entry.diagnosis = answer.diagnosis = await explain(diagnosis_worker, asked.request, answer)
            if sandbox.options.inspector:
                entry.findings += inspect(sandbox.options.inspector, sandbox, asked, entry, answer)
            await _refuse(upgrade, carrier_of(scope), asked, answer, sandbox)
            return None
        connection = await _open(sandbox, asked, session, scope, upgrade)
        entry.connection = connection.number
        return connection
    finally:
        entry.latency_us = (time.perf_counter_ns() - started_ns) // 1_000
        sandbox.journal.close(entry)


async def _open(
    sandbox: Sandbox, asked: RequestContext, session: Session, scope: Scope, upgrade: "Upgrade"
) -> Connection:
    carrier = carrier_of(scope)
    wire = carrier if isinstance(carrier, StreamProtocol) else AsgiTransport(upgrade.send_to_stream)
    marks = [MARK, date_header(api_date_of(sandbox, asked).day)]
    await upgrade.send_to_stream({"type": "websocket.accept", "headers": marks})
    connection = sandbox.streams.open(session, wire, asked.venue)
    settings = session.context.settings
    wire.attach(connection.outbox, settings.stream_heartbeat_us, settings.stream_pong_us)
    sandbox.streams.on_waiting = partial(asyncio.get_running_loop().call_soon, sandbox.streams.flush)
    return connection


async def _serve_to_the_end(sandbox: Sandbox, connection: Connection, receive: Receive) -> None:
    wire = connection.wire
    assert isinstance(wire, ServerStream)
    ending = VANISHED
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            if await wire.wait_for_turn():
                text = message.get("text")
                await _carry_out(sandbox, connection, message["bytes"] if text is None else text.encode())
        ending = Ending(message.get("code", ABNORMAL), message.get("reason") or "")
    except Exception:  # a bug: the traceback is logged, the client gets an internal error
        wire.close(FAILED, "internal error")
        raise
    finally:
        sandbox.streams.forget(connection, wire.ending or ending)
        if isinstance(wire, AsgiTransport):
            await wire.detach(ending)
        await sandbox.carry_out_end(connection)


async def _carry_out(sandbox: Sandbox, connection: Connection, command: bytes) -> None:
    """Execute the steps that are due, the command, and then the steps that it triggers without a delay."""
    await sandbox.run_due()
    pending = connection.receive(command)
    if pending is not None:
        try:
            await sandbox.carry_out_call(connection, pending)
        except StoreUnavailable as error:  # no answer says that: the client has to ask again
            connection.close(TRY_LATER, "the store is not available", note=str(error))
    await sandbox.run_due()


async def _refuse(upgrade: "Upgrade", carrier: Any, asked: RequestContext, answer: Answer, sandbox: Sandbox) -> None:
    """Answer instead of upgrading."""
    headers = headers_of(asked.venue, answer, api_date_of(sandbox, asked))
    if isinstance(answer, FaultyAnswer):
        async with FaultyResponse(upgrade.receive, upgrade.send, carrier, sandbox.closing) as response:
            await response.send(answer, headers)
        return
    headers.append((b"content-length", b"%d" % len(answer.body)))
    await upgrade.send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await upgrade.send({"type": "http.response.body", "body": answer.body})


class Upgrade:
    """A WebSocket handshake not accepted yet, shown as an HTTP request in ASGI messages so that it can be refused."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self.send_to_stream = receive, send

    async def receive(self) -> Message:
        message = await self._receive()
        return {**message, "type": message["type"].replace("websocket", "http")}

    async def send(self, message: Message) -> None:
        await self.send_to_stream({**message, "type": f"websocket.{message['type']}"})
