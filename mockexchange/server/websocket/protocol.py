"""Adapts uvicorn's sans-IO WebSocket protocol: batched writes, heartbeats, fair reading and TCP resets.

uvicorn performs the handshake and runs the application; this module handles frames. All frames that wait in the outbox
go into one write. Received bytes are parsed in pieces, one per turn of the event loop, so that a client that sends much
does not delay others. No bytes are parsed while the application does not receive, so that unread data stays limited.
"""

from asyncio import TimerHandle
from functools import partial
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State

from mockexchange.sandbox.streams.connection import ABNORMAL, VANISHED, Ending
from mockexchange.sandbox.streams.open_streams import SERVICE_RESTART
from mockexchange.sandbox.streams.outbox import Outbox
from mockexchange.server.http.connection_reset import reset_connection
from mockexchange.server.http.cut_requests import RAW_BYTES_MAX, Cut, answer_bytes, raw_head
from mockexchange.server.loop_budget import PIECE_BYTES, budget_of
from mockexchange.server.websocket.framing import HEADS
from mockexchange.server.websocket.heartbeat import PAYLOAD, Heartbeat
from mockexchange.server.websocket.stream_transport import WIRE, StreamTransport

FLUSH_BYTES = 64 * 1024
"""The bytes of one write: as many as the transport buffers before it pauses writing."""
READ_AHEAD_BYTES = 64 * 1024
"""The most bytes that are kept of a client which sends faster than it is served; beyond it the socket is not read."""
CLOSE_S_MAX = 2.0
"""The seconds for the remaining frames, the close frame and its echo; then the connection is cut."""
UNREADABLE, FAILED = 1007, 1011
NOT_A_HANDSHAKE = "this upgrade is no WebSocket handshake: {}"


class StreamProtocol(StreamTransport, WebSocketsSansIOProtocol):
    """The connection of a stream.

    It performs the handshake; after `attach` it writes the frames of a sandbox's outbox.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.outbox = Outbox(0)
        self.sent_at_s = 0.0
        # Newer versions of uvicorn have this timer too, and leave the connection alone while there is one.
        self.close_timer: TimerHandle | None = None
        self._heartbeat: Heartbeat | None = None
        self._can_write = True
        self._is_close_waiting = False
        self._late_control = b""
        self._unread = bytearray()
        self._is_digesting = self._is_deaf = self._is_broken = self._is_stopping = False
        self._message, self._is_text = bytearray(), False

    # The handshake

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            self.handshake_initiated = self._is_digesting = True
            budget_of(self.loop).start(partial(self.loop.call_soon, self._open, data))
        elif not self.transport.is_closing():
            self._unread += data
            if self._may_digest and len(self._unread) <= PIECE_BYTES:
                self._digest()
            else:
                self._read_on()

    def _open(self, head: bytes) -> None:
        """Parse the head of the upgrade, which arrives whole, and run the application if it is a valid handshake.

        A few streams do so in one turn. Frames that arrive before wait until the handshake is parsed.
        """
        self._is_digesting = False
        if self.transport.is_closing():  # the client left before its turn came
            return
        self.conn.receive_data(head)
        events = self.conn.events_received()
        try:
            if not events or not isinstance(events[0], Request):
                raise InvalidHandshake(str(self.conn.handshake_exc))
            self.conn.process_request(events[0])
            self.handle_connect(events[0])
        except (InvalidHandshake, UnicodeEncodeError) as error:
            self._refuse(head, NOT_A_HANDSHAKE.format(error))
        self._read_on()

    def _refuse(self, head: bytes, diagnosis: str) -> None:
        app: Any = self.config.app
        cut = Cut(400, diagnosis)
        self.close_sent = self.handshake_complete = True
        self.transport.write(answer_bytes(cut, app.answer_cut(cut, head[:RAW_BYTES_MAX])))
        self.transport.close()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        extensions: Any = self.scope["extensions"]
        extensions[WIRE] = self

    async def send(self, message: Any) -> None:
        """Send an ASGI message as uvicorn does, but write a refusal of the handshake here.

        uvicorn would log such an answer as an error and repeat its headers.
        """
        if message["type"] == "websocket.http.response.start":
            self.close_sent = self.handshake_complete = True
            self.transport.write(raw_head(message["status"], [*self.default_headers, *message["headers"]]))
        elif message["type"] == "websocket.http.response.body":
            self.transport.write(message["body"])
            if not message.get("more_body"):
                self.transport.close()
        else:
            await super().send(message)

    # Out

    def attach(self, outbox: Outbox, heartbeat_us: int, pong_us: int) -> None:
        """Send the frames of `outbox`, and pings, from now on. `heartbeat_us` and `pong_us` are host time."""
        del self.request, self.response  # streams are many and long
        self.outbox = outbox
        self._heartbeat = Heartbeat(heartbeat_us, pong_us, self, self.loop)
        if self._is_stopping:
            self.close(SERVICE_RESTART)

    def flush(self) -> None:
        outbox = self.outbox
        if self.is_stalled or self.close_sent or self.transport.is_closing():
            return
        while outbox and self._can_write:
            self.transport.write(self._framed(outbox.pop_frames(FLUSH_BYTES)))
            self.sent_at_s, self.polls_in_vain = self.loop.time(), 0
        if self._is_close_waiting and not outbox:
            self._send_close()
        self.note_room()

    def _framed(self, raws: list[bytes]) -> bytes:
        if not self.conn.extensions:
            return b"".join([part for raw in raws for part in (HEADS[len(raw)], raw)])
        for raw in raws:
            self.conn.send_text(raw)
        return b"".join(self.conn.data_to_send())

    def pause_writing(self) -> None:
        super().pause_writing()
        self._can_write = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self._can_write = True
        if self._late_control and not self.transport.is_closing():
            self.transport.write(self._late_control)
            self._late_control = b""
        self.flush()

    def ping(self) -> None:
        self.conn.send_ping(PAYLOAD)
        self.transport.write(b"".join(self.conn.data_to_send()))

    def give_up(self) -> None:
        self.close(FAILED, "no pong")

    @property
    def has_unread(self) -> bool:
        return bool(self._unread)

    # In

    async def receive(self) -> Any:
        message = await super().receive()
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
        """Whether to parse a slice: one per turn of the loop, none while the application has commands to execute."""
        return not self._is_digesting and (self.ending is not None or self.queue.empty())

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
            self._take(event)
        control = self.conn.data_to_send()
        if control and not self.is_stalled:
            self._send_control(control)
        if self._is_broken or self.conn.parser_exc:
            self._fail()

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PONG:
            if self._heartbeat:
                self._heartbeat.note_pong(bytes(frame.data))
        elif frame.opcode is Opcode.CLOSE:
            self._take_close()
        elif frame.opcode is not Opcode.PING:  # which is answered already
            self._take_data(frame)

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
            self.queue.put_nowait(content)

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
        reset_connection(self.transport)

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
        if self.close_timer:
            self.close_timer.cancel()
        super().connection_lost(exc)

    def _send_close(self) -> None:
        assert self.ending is not None, "closed by us"
        self._is_close_waiting, self.close_sent = False, True
        if self.conn.state is State.OPEN:
            self.conn.send_close(self.ending.code, self.ending.reason)
            self.transport.write(b"".join(self.conn.data_to_send()))

    def _fail(self) -> None:
        """End the stream after a protocol error of the client; the close frame with the error has been written."""
        self._is_broken = True
        sent = self.conn.close_sent
        self._end(Ending(sent.code if sent else ABNORMAL, sent.reason if sent else "", is_ours=True))
        self.close_sent = True
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
        self.close_sent = True
        self._cut_later()
        self.loop.call_soon(self.transport.close)

    def _end(self, ending: Ending) -> None:
        """Record the end of the stream; only the first one counts."""
        if self.ending is not None:
            return
        self.ending = ending
        self.queue.put_nowait({"type": "websocket.disconnect", "code": ending.code, "reason": ending.reason})
        self.note_room()
        if self._heartbeat:
            self._heartbeat.stop()

    def _cut_later(self) -> None:
        if self.close_timer is None:
            self.close_timer = self.loop.call_later(CLOSE_S_MAX, self.transport.abort)
