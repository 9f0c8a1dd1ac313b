"""uvicorn's protocol on httptools with what that lacks: bounds of heads and targets, and errors in their turn."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mockexchange.server.http.protocols import HEAD_BYTES_MAX, HEAD_TOO_LONG, JournalledProtocol
from mockexchange.server.http.rest_endpoint import TARGET_BYTES_MAX


class JournalledHttpToolsProtocol(JournalledProtocol, HttpToolsProtocol):
    cycle: Any  # None until the first request
    is_head_open = is_message_open = is_garbage_waiting = False
    head_bytes = 0
    running: Any = None
    """The request that is answered now; uvicorn knows only the newest of a pipeline."""

    def data_received(self, data: bytes) -> None:
        if self.is_head_open:
            self.head_bytes += len(data)
            if self.head_bytes > HEAD_BYTES_MAX:
                self.refuse(HEAD_TOO_LONG)
                return
        super().data_received(data)

    def raw_path(self) -> bytes:
        return self.url.partition(b"?")[0]

    def has_open_head(self) -> bool:
        return self.is_head_open

    def has_unfinished_request(self) -> bool:
        return self.is_message_open

    def on_message_begin(self) -> None:
        self.is_head_open = self.is_message_open = True
        self.head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if len(self.url) < TARGET_BYTES_MAX:
            super().on_url(url)

    def on_headers_complete(self) -> None:
        self.is_head_open = False
        if self.url.startswith(b"/"):
            self.url = self.url[:TARGET_BYTES_MAX]
        super().on_headers_complete()
        if not self.pipeline:
            self.running = self.cycle

    def on_message_complete(self) -> None:
        self.is_message_open = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            super().send_400_response(msg)
        else:
            self.is_garbage_waiting = True
            self.transport.pause_reading()

    def on_response_complete(self) -> None:
        if self.pipeline:
            self.running = self.pipeline[-1][0]
        super().on_response_complete()
        if self.is_garbage_waiting and self.cycle.response_complete:
            super().send_400_response("")

    def connection_lost(self, exc: Exception | None) -> None:
        if self.running is not None:  # else it would write to a closed connection
            self.running.disconnected = True
            self.running.message_event.set()
        super().connection_lost(exc)

    def refuse(self, diagnosis: str) -> None:
        self.is_message_open = False
        super().refuse(diagnosis)
