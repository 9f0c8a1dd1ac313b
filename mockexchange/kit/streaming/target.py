"""Opens streams on the server under verification, causes events, and caches values that several rules use."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from mockexchange.kit.findings import Finding
from mockexchange.kit.signing_again import AGE_S_MAX
from mockexchange.kit.streaming.connections import Connect, HandshakeRefused, StreamConnection, connect_socket
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.target import MEMBER, Headers, NotJudged, Target, Unreachable
from mockexchange.kit.validation.frames import FrameJudge
from mockexchange.kit.venue import Signer
from mockexchange.runtime import api_documents

T = TypeVar("T")
LISTEN_S = 15.0
"""The seconds of listening, long enough for the ping of a quiet stream, which is due every ten seconds."""
SLICE_S = 0.05
HANDSHAKES_MAX = 3
"""The most handshakes for a stream that is refused late, when its signature may have expired."""


@dataclass(kw_only=True)
class StreamTarget:
    """A server whose stream is verified, and the streams opened on it.

    `rest` is the same server's REST target, with the keys and the URL of the stream. `trigger_events` causes events on
    every channel and returns once they are sent. Without it the streams are read for `listen_s` seconds, and channels
    without a frame get no verdict. The end of a `with` block closes every stream.
    """

    rest: Target
    connect: Connect = connect_socket
    trigger_events: Callable[[], object] | None = None
    listen_s: float = LISTEN_S
    is_brief: bool = False
    """Whether listening ends once every channel has sent a frame, and rules that wait longer are left out."""
    answer_s: float = 5.0
    """The seconds that a reply may take."""
    heartbeat_s: float = 10.0
    """The seconds without frames after which the server pings."""
    objections: list[Finding] = field(default_factory=list)
    streams: list[RecordedStream] = field(default_factory=list)
    _kept: dict[str, Any] = field(default_factory=dict)
    _is_closed: bool = False

    @property
    def may_write(self) -> bool:
        return self.rest.may_write

    def begin(self) -> None:
        self.objections.clear()

    def has_changed(self) -> bool:
        """Return False: the rules about the stream notice themselves if frames came during a check."""
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
        """Return whether events happen only when `trigger_events` is called."""
        return self.trigger_events is not None

    @property
    def url(self) -> str:
        """Return the URL of the stream. Raises NotJudged if none was given."""
        if self.rest.ws_url is None:
            raise NotJudged("no URL of a stream was given")
        return self.rest.ws_url

    @cached_property
    def judge(self) -> FrameJudge:
        return _frame_judge_of(self.rest.subject)

    def location(self, message: str = "") -> str:
        """Return the place in the API document that describes a message, or the stream if `message` is empty."""
        pointer = f"#/components/messages/{message}" if message else "#/channels/stream"
        return f"contracts/{self.rest.subject}/asyncapi.yaml{pointer}"

    def signer(self, role: str) -> Signer:
        """Return the key that was given for a role, such as member or fcm. Raises NotJudged if none was given."""
        return self.rest.key(role)

    def shake_hands(
        self, signer: Signer, change: Callable[[Headers], Headers] = dict, url: str | None = None
    ) -> RecordedStream:
        """Open a stream with signed headers, which `change` may modify. Raises HandshakeRefused and Unreachable.

        Raises NotJudged after `close`, which another thread may call.
        """
        where = url or self.url
        if self._is_closed:
            raise NotJudged("the run ended before")
        connection = self._connected(where, lambda: change(signer.headers("GET", where)))
        name = f"stream {len(self.streams) + 1}"
        protocol = self.rest.venue.stream_protocol
        if protocol is None:
            raise NotJudged(f"the kit does not speak the stream of {self.rest.venue.name}")
        stream = RecordedStream(name, connection, protocol, self.judge, self.objections, self.answer_s)
        stream.place, stream.may_be_lost = self.location(), not self.is_scripted
        self.streams.append(stream)
        return stream

    def _connected(self, url: str, sign: Callable[[], Mapping[str, str]]) -> StreamConnection:
        """Open a connection; one that was refused late is tried again, since its signature may have become too old."""
        for _ in range(HANDSHAKES_MAX - 1):
            began_s = time.monotonic()
            try:
                return self.connect(url, sign(), self.answer_s)
            except HandshakeRefused:
                if time.monotonic() - began_s < AGE_S_MAX:
                    raise
        return self.connect(url, sign(), self.answer_s)

    def open(self, role: str = MEMBER, objections: list[Finding] | None = None) -> RecordedStream:
        """Open a stream with the key of a role, such as member.

        Raises NotJudged if there is no such key or the handshake is refused, and Unreachable. Differences from the API
        document are added to `objections`, by default to the list of the target.
        """
        try:
            stream = self.shake_hands(self.signer(role))
        except HandshakeRefused as refused:
            raise NotJudged(f"no stream was opened with the key {role!r}: {refused}") from None
        if objections is not None:
            stream.objections = objections
        return stream

    def collect_events(self, *streams: RecordedStream) -> None:
        """Cause events, or wait for them, and read all frames about them on these streams."""
        if self.trigger_events:
            self.trigger_events()
        else:
            self.listen(
                streams, self.listen_s, until=lambda: self.is_brief and all(one.has_heard_all() for one in streams[:1])
            )
        for stream in streams:
            stream.sync()

    def cached(self, name: str, make: Callable[["StreamTarget"], T]) -> T:
        """Return a value that `make` builds once for all checks. An error of `make` is cached too, as NotJudged."""
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
        """Remove a cached value, so that the next use makes a new one."""
        self._kept.pop(name, None)

    def listen(
        self, streams: Sequence[RecordedStream], for_s: float, until: Callable[[], bool] = lambda: False
    ) -> None:
        """Read these streams in turn for at most `for_s` seconds, so that pings on all of them are answered."""
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s and not until() and not all(stream.is_closed for stream in streams):
            if self._is_closed:
                break
            for stream in streams:
                stream.read(SLICE_S)

    def close(self) -> None:
        """Close every stream and open no more, so that checks in another thread end soon."""
        self._is_closed = True
        for stream in self.streams:
            stream.connection.drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@cache
def _frame_judge_of(subject: str) -> FrameJudge:
    return FrameJudge(api_documents.parse(api_documents.path_of(subject, api_documents.ASYNCAPI)), subject)
