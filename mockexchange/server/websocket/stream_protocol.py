"""The connection of a stream: the handshake, the venue's frames out, a client's commands in, and the end.

`websockets` parses the handshake and the frames, without a socket; this module has the socket. All frames that wait in
the outbox go into one write. Received bytes are parsed in pieces, one per turn of the event loop, so that a client that
sends much does not delay others. No bytes are parsed while the application does not receive, so that unread data stays
limited.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol
from urllib.parse import unquote

from starlette.types import Message, Scope
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from mockexchange.sandbox.streams import ABNORMAL, SERVICE_RESTART, VANISHED, Ending, Outbox
from mockexchange.server.http.listener_state import ListenerState
from mockexchange.server.http.request_cycle import CONNECTION, Header, addresses, hang_up
from mockexchange.server.http.request_limits import RAW_BYTES_MAX, Cut, answer_bytes, raw_head
from mockexchange.server.loop_budget import PIECE_BYTES, budget_of
from mockexchange.server.websocket.stream_transport import MICROSECONDS, StreamTransport

MESSAGE_BYTES_MAX = 64 * 1024
"""The longest command, in bytes; a longer one ends the stream with 1009. Documented limits of venues are half of it."""
FLUSH_BYTES = 64 * 1024
"""The bytes of one write: as many as the transport buffers before it pauses writing."""
READ_AHEAD_BYTES = 64 * 1024
"""The most bytes that are kept of a client which sends faster than it is served; beyond it the socket is not read."""
CLOSE_S_MAX = 2.0
"""The seconds for the remaining frames, the close frame and its echo; then the connection is cut."""
UNREADABLE, FAILED = 1007, 1011
NOT_A_HANDSHAKE = "this upgrade is no WebSocket handshake: {}"
LOGGER = logging.getLogger(__name__)
LIBRARY_LOGGER = logging.getLogger(f"{__name__}.websockets")
LIBRARY_LOGGER.setLevel(logging.ERROR)  # it would report each frame and each connection


class ClientGone(Exception):
    """Raised to the application that answers the handshake of a client that is gone."""


class StreamProtocol(StreamTransport, asyncio.Protocol):
    """The connection of a stream.

    It performs the handshake; after `attach` it writes the frames of a sandbox's outbox.
    """

    transport: asyncio.Transport
    _response: Response | None = None
    """What grants the handshake; None before it is parsed, and after it is answered."""

    def __init__(self, state: ListenerState) -> None:
        self.state, self.loop = state, asyncio.get_running_loop()
        deflate = ServerPerMessageDeflateFactory(
            server_max_window_bits=12, client_max_window_bits=12, compress_settings={"memLevel": 5}
        )
        extensions = [deflate] if state.has_deflate else None
        self.conn = ServerProtocol(extensions=extensions, max_size=MESSAGE_BYTES_MAX, logger=LIBRARY_LOGGER)
        self.outbox = Outbox(0)
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        """What the application receives."""
        self.sent_at_s = 0.0
        self._close_timer: asyncio.TimerHandle | None = None
        self._heartbeat: Heartbeat | None = None
        self._can_write = True
        self._is_close_waiting = self._is_close_sent = False
        self._late_control = b""
        self._unread = bytearray()
        self._is_digesting = self._is_deaf = self._is_broken = self._is_stopping = False
        self._message, self._is_text = bytearray(), False

    # The handshake

    def begin(self, transport: asyncio.Transport, method: bytes, url: bytes, headers: Sequence[Header]) -> None:
        """Take over a connection after the head of an upgrade, and parse that as a handshake.

        A few streams do so in one turn.
        """
        self.transport = transport
        self.state.connections.add(self)
        budget_of(self.loop).start(partial(self.loop.call_soon, self._open, method, url, headers))

    def _open(self, method: bytes, url: bytes, headers: Sequence[Header]) -> None:
        """Parse the handshake, and run the application if it is a valid one."""
        if self.transport.is_closing():  # the client left before its turn came
            return
        head = b"%b %b HTTP/1.1\r\n%b\r\n" % (method, url, b"".join([b"%b: %b\r\n" % header for header in headers]))
        self.conn.receive_data(head)
        events, problem = self.conn.events_received(), self.conn.handshake_exc
        if events and isinstance(request := events[0], Request):
            if all(key.isascii() for key in request.headers.get_all("Sec-WebSocket-Key")):
                self._response, problem = self.conn.accept(request), self.conn.handshake_exc
            else:
                problem = ValueError("the key is not ASCII")
        if problem is not None:
            cut = Cut(400, NOT_A_HANDSHAKE.format(problem))
            self.transport.write(answer_bytes(cut, self.state.app.answer_cut(cut, head[:RAW_BYTES_MAX])))
            self.transport.close()
            return
        raw_path, _, query = url.partition(b"?")
        scope = {
            **addresses(self.transport, "ws"),
            "http_version": "1.1",
            "path": unquote(raw_path.decode("ascii")),
            "raw_path": raw_path,
            "query_string": query,
            "headers": list(headers),
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}, CONNECTION: self},
        }
        self.messages.put_nowait({"type": "websocket.connect"})
        self.state.start_task(self._serve(scope))

    async def _serve(self, scope: Scope) -> None:
        try:
            await self.state.app(scope, self.receive, self.send)
        except ClientGone:
            pass
        except Exception:
            LOGGER.exception("Exception in ASGI application\n")
            self._reject(500, "Internal Server Error")
        finally:
            if self._close_timer is None:
                self.transport.close()

    async def send(self, message: Message) -> None:
        """Answer the handshake: grant it, or refuse it with an answer over HTTP. Raises ClientGone."""
        kind = message["type"]
        if self.transport.is_closing():
            raise ClientGone
        if kind == "websocket.accept" and self._response is not None:
            response, self._response = self._response, None
            del response.headers["Date"]
            for name, value in (*self.state.common_headers, *message["headers"]):
                response.headers[name.decode("latin-1")] = value.decode("latin-1")
            self.conn.send_response(response)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self._read_on()
        elif kind == "websocket.close":
            self._reject(403, "")
            self.transport.close()
        elif kind == "websocket.http.response.start" and self._response is not None:
            self._response = None
            self.transport.write(raw_head(message["status"], [*self.state.common_headers, *message["headers"]]))
        elif kind == "websocket.http.response.body":
            self.transport.write(message["body"])
            if not message.get("more_body"):
                self.transport.close()
        else:
            raise RuntimeError(f"expected an answer to a handshake, got {kind}")

    def _reject(self, status: int, text: str) -> None:
        if self._response is not None and not self.transport.is_closing():
            self._response = None
            self.conn.send_response(self.conn.reject(status, text))
            self.transport.write(b"".join(self.conn.data_to_send()))

    # Out

    def attach(self, outbox: Outbox, heartbeat_us: int, pong_us: int) -> None:
        """Send the frames of `outbox`, and pings, from now on. `heartbeat_us` and `pong_us` are host time."""
        self.outbox = outbox
        self._heartbeat = Heartbeat(heartbeat_us, pong_us, self, self.loop)
        if self._is_stopping:
            self.close(SERVICE_RESTART)

    def flush(self) -> None:
        outbox = self.outbox
        if self.is_stalled or self._is_close_sent or self.transport.is_closing():
            return
        while outbox and self._can_write:
            raws = outbox.pop_frames(FLUSH_BYTES)
            if self.conn.extensions:  # which compress
                for raw in raws:
                    self.conn.send_text(raw)
                self.transport.write(b"".join(self.conn.data_to_send()))
            else:
                self.transport.write(b"".join([part for raw in raws for part in (HEADS[len(raw)], raw)]))
            self.sent_at_s, self.polls_in_vain = self.loop.time(), 0
        if self._is_close_waiting and not outbox:
            assert self.ending is not None, "closed by us"
            self._is_close_waiting, self._is_close_sent = False, True
            if self.conn.state is State.OPEN:
                self.conn.send_close(self.ending.code, self.ending.reason)
                self.transport.write(b"".join(self.conn.data_to_send()))
        self.note_room()

    def pause_writing(self) -> None:
        self._can_write = False

    def resume_writing(self) -> None:
        self._can_write = True
        if self._late_control and not self.transport.is_closing():
            self.transport.write(self._late_control)
            self._late_control = b""
        self.flush()

    def ping(self) -> None:
        if self.transport.is_closing():
            return
        self.conn.send_ping(PAYLOAD)
        self.transport.write(b"".join(self.conn.data_to_send()))

    def give_up(self) -> None:
        self.close(FAILED, "no pong")

    @property
    def has_unread(self) -> bool:
        return bool(self._unread)

    # In

    def data_received(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self._unread += data
            if self._may_digest and len(self._unread) <= PIECE_BYTES:
                self._digest()
            else:
                self._read_on()

    async def receive(self) -> Message:
        message = await self.messages.get()
        if self._unread:
            self._read_on()
        return message

    def _read_on(self) -> None:
        """Schedule the next slice as soon as it may be parsed, and keep the unparsed bytes bounded."""
        if self._unread and self._may_digest:
            self._is_digesting = True
            budget_of(self.loop).add(self._digest)
        is_deaf = len(self._unread) > READ_AHEAD_BYTES
        if is_deaf == self._is_deaf or self.transport.is_closing():
            return
        self._is_deaf = is_deaf
        if is_deaf:
            self.transport.pause_reading()
        else:
            budget_of(self.loop).start(self._hear)

    def _hear(self) -> None:
        """Read the socket again. Few streams do so in one turn, since each then reads up to 256 KiB at once."""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    @property
    def _may_digest(self) -> bool:
        """Whether to parse a slice: one per turn of the loop, none while the application has commands to execute.

        None either before the handshake is granted: a broken frame would end what the answer is still to be sent on.
        """
        is_open = self.conn.state is not State.CONNECTING
        return is_open and not self._is_digesting and (self.ending is not None or self.messages.empty())

    def _digest(self) -> None:
        self._is_digesting = False
        if self._is_broken or self.transport.is_closing():
            self._unread.clear()  # sent before the client knew of the end
        else:
            self.conn.receive_data(bytes(self._unread[:PIECE_BYTES]))
            del self._unread[:PIECE_BYTES]
            self._take_events()
        if self._unread or self._is_deaf:
            self._read_on()

    def _take_events(self) -> None:
        for event in self.conn.events_received():
            assert isinstance(event, Frame), "a connection has one handshake"
            if event.opcode is Opcode.PONG:
                if self._heartbeat:
                    self._heartbeat.note_pong(bytes(event.data))
            elif event.opcode is Opcode.CLOSE:
                self._take_close()
            elif event.opcode is not Opcode.PING:  # which is answered already
                self._take_data(event)
        control = self.conn.data_to_send()
        if control and not self.is_stalled:
            self._send_control(control)
        if self._is_broken or self.conn.parser_exc:
            self._fail()

    def _take_data(self, frame: Frame) -> None:
        """Process a message, or a fragment of one."""
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
            self._message.clear()
        self._message += frame.data
        if not frame.fin or self.ending:
            return
        raw = bytes(self._message)
        try:
            content: Any = {"text": raw.decode()} if self._is_text else {"bytes": raw}
        except UnicodeDecodeError:
            self.conn.fail(UNREADABLE, "text that is not UTF-8")
            self._is_broken = True
        else:
            content["type"] = "websocket.receive"
            self.messages.put_nowait(content)

    def _send_control(self, pieces: list[bytes]) -> None:
        """Write pongs and closes; of pongs that a client leaves unread the last is enough (RFC 6455, section 5.5.3)."""
        if self._can_write or self.conn.close_sent:
            self.transport.write(b"".join(pieces))
        else:
            self._late_control = next((piece for piece in reversed(pieces) if piece), self._late_control)

    # The end

    def close(self, code: int, reason: str = "") -> None:
        """Send the waiting frames and a close frame, then wait for the client's close frame.

        A stream that is stalled ends without a close frame.
        """
        if self.ending or self.transport.is_closing():
            return
        self._end(Ending(code, reason, is_ours=True))
        self._is_close_waiting = not self.is_stalled
        self.flush()
        self._cut_later()
        if self.is_stalled:
            self.transport.close()

    def abort(self) -> None:
        """Cut the connection with a TCP reset."""
        self._end(Ending(ABNORMAL, "", is_ours=True))
        self.hang_up(is_reset=True)

    def hang_up(self, *, is_reset: bool) -> None:
        """End the connection, at once with a reset or after what is written."""
        hang_up(self.transport, is_reset=is_reset)

    def drop(self) -> None:
        """Close the connection after the written bytes are sent; a client that does not read in time is cut off."""
        self._end(Ending(ABNORMAL, "", is_ours=True))
        self.transport.close()
        self._cut_later()

    def stall(self) -> None:
        """Write nothing from now on: no frames, no pings, no pongs, no close. Reading continues."""
        self.is_stalled = True
        if self._heartbeat:
            self._heartbeat.stop()
        self.note_room()

    def shutdown(self) -> None:
        """Close the stream because the listener stops."""
        self._is_stopping = True
        if self._heartbeat:
            self.close(SERVICE_RESTART)

    def connection_lost(self, exc: Exception | None) -> None:
        received = self.conn.close_rcvd
        if received:
            self._end(Ending(received.code, received.reason))
        self._end(VANISHED)
        if self._close_timer:
            self._close_timer.cancel()
        self.state.connections.discard(self)

    def _fail(self) -> None:
        """End the stream after a protocol error of the client; the close frame with the error has been written."""
        self._is_broken = True
        sent = self.conn.close_sent
        self._end(Ending(sent.code if sent else ABNORMAL, sent.reason if sent else "", is_ours=True))
        self._is_close_sent = True
        self._cut_later()
        if self.transport.can_write_eof():  # closing with unread bytes would be a reset, which overtakes the frame
            self.transport.write_eof()
        else:  # TLS cannot close one direction, and reads on until the client closes too
            self.transport.close()

    def _take_close(self) -> None:
        received = self.conn.close_rcvd
        assert received is not None, "of the close frame"
        if self.is_stalled:
            return
        self._end(Ending(received.code, received.reason))
        self._is_close_sent = True
        self._cut_later()
        self.loop.call_soon(self.transport.close)

    def _end(self, ending: Ending) -> None:
        """Record the end of the stream; only the first one counts."""
        if self.ending is not None:
            return
        self.ending = ending
        self.messages.put_nowait({"type": "websocket.disconnect", "code": ending.code, "reason": ending.reason})
        self.note_room()
        if self._heartbeat:
            self._heartbeat.stop()

    def _cut_later(self) -> None:
        if self._close_timer is None:
            self._close_timer = self.loop.call_later(CLOSE_S_MAX, self.transport.abort)


# Frames, and pings

FINAL_TEXT = 0x81


class Heads(dict[int, bytes]):
    """The headers of unfragmented, unmasked text frames (RFC 6455, section 5.2), by the size of the payload in bytes.

    A header is made when it is first used.
    """

    def __missing__(self, size_bytes: int) -> bytes:
        if size_bytes < 126:
            head = bytes((FINAL_TEXT, size_bytes))
        elif size_bytes < 65_536:
            head = bytes((FINAL_TEXT, 126)) + size_bytes.to_bytes(2, "big")
        else:
            return bytes((FINAL_TEXT, 127)) + size_bytes.to_bytes(8, "big")
        self[size_bytes] = head
        return head


HEADS = Heads()


PAYLOAD = b"heartbeat"
"""The payload of the venue's pings, as captured."""


class Pinged(Protocol):
    """A stream that gets pings. `sent_at_s` is the time of the last frame sent, on the event loop's clock."""

    sent_at_s: float

    @property
    def has_unread(self) -> bool:
        """Return whether received bytes are not parsed yet. The pong may be among them."""
        ...

    def ping(self) -> None: ...

    def give_up(self) -> None:
        """End the stream, because the client sent no pong in time."""
        ...


class Heartbeat:
    """Sends pings while a stream is quiet, and ends the stream if no pong comes in time.

    `quiet_us` and `pong_us` are host time. With `quiet_us` 0 no pings are sent; with `pong_us` 0 pongs have no
    deadline.
    """

    def __init__(self, quiet_us: int, pong_us: int, wire: Pinged, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._quiet_s, self._pong_s = quiet_us / MICROSECONDS, pong_us / MICROSECONDS
        self._wire = wire
        self._timer: asyncio.TimerHandle | None = None
        self._is_awaited, self._pinged_at_s = False, 0.0
        wire.sent_at_s = self._loop.time()
        self._wait(self._quiet_s)

    def note_pong(self, payload: bytes) -> None:
        """Process a pong of the client; unsolicited pongs are ignored."""
        if self._is_awaited and payload == PAYLOAD:
            self._is_awaited = False
            self._wait(self._left_s())

    def stop(self) -> None:
        """Send no more pings, and wait for no pong."""
        self._quiet_s = 0.0
        self._cancel()

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _wait(self, duration_s: float) -> None:
        self._cancel()
        if self._quiet_s:
            self._timer = self._loop.call_later(duration_s, self._look)

    def _left_s(self) -> float:
        """Return the seconds of silence that are left until the next ping."""
        return self._quiet_s - (self._loop.time() - self._wire.sent_at_s)

    def _look(self) -> None:
        left_s = self._left_s()
        if self._is_awaited:
            self._miss_pong()
        elif left_s > 0:
            self._wait(left_s)
        else:
            self._wire.ping()
            self._wire.sent_at_s = self._pinged_at_s = self._loop.time()
            self._is_awaited = self._pong_s > 0
            self._wait(self._pong_s or self._quiet_s)

    def _miss_pong(self) -> None:
        """Check the deadline of the pong; it is extended as long as a slow client reads what is sent."""
        sent_at_s = self._wire.sent_at_s
        if sent_at_s > self._pinged_at_s and self._wire.has_unread:
            self._pinged_at_s = sent_at_s
            self._wait(self._pong_s)
        else:
            self._wire.give_up()
