"""A stream that is judged: how to open it and by whose keys, what makes things happen on it, and what is kept of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from mockexchange.kit.findings import Finding
from mockexchange.kit.streaming.connection import Connect, HandshakeRefused
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.streaming.sockets import connect_socket
from mockexchange.kit.target import MEMBER, Headers, NotJudged, Target, Unreachable
from mockexchange.kit.validation.frames import FrameJudge
from mockexchange.kit.venue import Signer

T = TypeVar("T")
LISTEN_S = 15.0
"""Long enough for a ping of a quiet stream, where one is due every ten seconds."""
SLICE_S = 0.05


@dataclass(kw_only=True)
class StreamTarget:
    """A server whose stream is judged, and the streams that were opened on it.

    `rest` is the same server's REST target, with the keys and the URL of the stream. `trigger_events` causes events on
    every channel and returns once they are sent. Without it the streams are read for `listen_s` seconds, and channels
    that stayed silent are not judged. Leaving a `with` block closes every stream.
    """

    rest: Target
    connect: Connect = connect_socket
    trigger_events: Callable[[], object] | None = None
    listen_s: float = LISTEN_S
    answer_s: float = 5.0
    """How long a reply may take."""
    heartbeat_s: float = 10.0
    """How long a stream is quiet before the server pings it."""
    objections: list[Finding] = field(default_factory=list)
    streams: list[RecordedStream] = field(default_factory=list)
    _kept: dict[str, Any] = field(default_factory=dict)

    @property
    def may_write(self) -> bool:
        return self.rest.may_write

    def begin(self) -> None:
        self.objections.clear()

    def has_changed(self) -> bool:
        """Never: rules of the stream see for themselves whether something came meanwhile."""
        return False

    def new_objections(self) -> tuple[Finding, ...]:
        found = tuple(self.objections)
        self.objections.clear()
        return found

    @property
    def alias(self) -> str:
        return self.rest.api_date

    @property
    def is_scripted(self) -> bool:
        """Whether nothing happens but by `trigger_events`."""
        return self.trigger_events is not None

    @property
    def url(self) -> str:
        """Raises NotJudged where nobody said where the stream is."""
        if self.rest.ws_url is None:
            raise NotJudged("no URL of a stream was given")
        return self.rest.ws_url

    @cached_property
    def judge(self) -> FrameJudge:
        return FrameJudge(self.rest.stream_document, self.rest.subject)

    def place(self, message: str = "") -> str:
        """Where the document describes a message, or the stream as a whole."""
        pointer = f"#/components/messages/{message}" if message else "#/channels/stream"
        return f"contracts/{self.rest.subject}/asyncapi.yaml{pointer}"

    def signer(self, role: str) -> Signer:
        """Raises NotJudged where there is no key of that role."""
        return self.rest.key(role)

    def shake_hands(
        self, signer: Signer, change: Callable[[Headers], Headers] = dict, url: str | None = None
    ) -> RecordedStream:
        """Open a stream with signed headers, which `change` may change. Raises HandshakeRefused and Unreachable."""
        where = url or self.url
        headers: Mapping[str, str] = change(signer.headers("GET", where))
        connection = self.connect(where, headers, self.answer_s)
        name = f"stream {len(self.streams) + 1}"
        protocol = self.rest.venue.stream_protocol
        if protocol is None:
            raise NotJudged(f"the kit does not speak the stream of {self.rest.venue.name}")
        stream = RecordedStream(name, connection, protocol, self.judge, self.objections, self.answer_s)
        stream.place, stream.may_be_lost = self.place(), not self.is_scripted
        self.streams.append(stream)
        return stream

    def open(self, role: str = MEMBER, objections: list[Finding] | None = None) -> RecordedStream:
        """Open a stream as one of the roles. Raises NotJudged where there is no key, or it is refused; Unreachable.

        What the document has against its frames goes to `objections` if they are kept apart.
        """
        try:
            stream = self.shake_hands(self.signer(role))
        except HandshakeRefused as refused:
            raise NotJudged(f"no stream was opened with the key {role!r}: {refused}") from None
        if objections is not None:
            stream.objections = objections
        return stream

    def collect_events(self, *streams: RecordedStream) -> None:
        """Let something happen, and read all that these streams are told of it."""
        if self.trigger_events:
            self.trigger_events()
        else:
            self.listen(streams, self.listen_s)
        for stream in streams:
            stream.sync()

    def cached(self, name: str, make: Callable[["StreamTarget"], T]) -> T:
        """Make something once, for all checks that look at it; what went wrong is raised for each of them."""
        if name not in self._kept:
            try:
                self._kept[name] = make(self)
            except (NotJudged, Unreachable) as reason:
                self._kept[name] = NotJudged(str(reason))
        found = self._kept[name]
        if isinstance(found, NotJudged):
            raise NotJudged(str(found))
        return cast("T", found)

    def drop_cached(self, name: str) -> None:
        """Make something anew when it is asked for again."""
        self._kept.pop(name, None)

    def listen(self, streams: Sequence[RecordedStream], for_s: float) -> None:
        """Read streams in turn, a little at a time, so that no ping waits."""
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s and not all(stream.is_closed for stream in streams):
            for stream in streams:
                stream.read(SLICE_S)

    def close(self) -> None:
        for stream in self.streams:
            stream.connection.drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
