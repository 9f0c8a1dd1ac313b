"""A connection and its session: wake-ups, ends, and the account once it is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from msgspec import structs

from mockexchange.core.model.accounts import Key
from mockexchange.sandbox.journal import Journal
from mockexchange.sandbox.streams import Connection, Streams
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.frame import CalledOperation, Frame
from mockexchange.venues.registry import DEFAULT

DORA = Key("dora", "main", "id", "", (), None, None, "secret")
READ_ALL = 1 << 40
OTHER = structs.replace(DEFAULT, name="other")


class Bounds(NamedTuple):
    stream_outbox_bytes: int = 60


class Context(NamedTuple):
    settings: Bounds = Bounds()
    state: Any = None
    api_date: Any = None


class Subscribed(NamedTuple):
    sid: int
    channel: str
    markets: None = None


class Told(NamedTuple):
    channel: str
    words: bytes


@dataclass
class Scripted:
    """A session that calls `script` with itself and the host time at each command and each wake-up."""

    script: Callable[["Scripted", int], list[Frame]] = lambda session, host_at: []
    key: Key | None = None
    wakes_at: int | None = None
    ending: tuple[int, str] | None = None
    called: CalledOperation | None = None
    calls: None = None
    parting_commands: tuple[()] = ()
    channels: dict[str, Subscribed] = field(default_factory=dict)
    api_date: ApiDate = ApiDate("compat", None)
    context: Context = field(default_factory=Context)
    woken: list[int] = field(default_factory=list)

    @property
    def subscriptions(self) -> Mapping[int, Subscribed]:
        return {one.sid: one for one in self.channels.values()}

    def follows(self, channel: str) -> bool:
        return any(one.channel == channel for one in self.channels.values())

    def receive(self, raw: bytes, at: int, host_at: int) -> list[Frame]:
        return self.script(self, host_at)

    def wake(self, at: int, host_at: int) -> list[Frame]:
        self.woken.append(host_at)
        self.wakes_at = None
        return self.script(self, host_at)

    def frame_of(self, message: Told) -> Frame | None:
        one = self.channels.get(message.channel)
        return Frame(message.words, "data", one.channel, one.sid) if one else None

    def terminate(self, sid: int, code: int, at: int, why: str = "") -> Frame:
        raise AssertionError("nothing here overflows that has a subscription")

    def fill_placeholders(self, text: str, channel: str) -> str:
        return text.replace("$channel", channel)

    def apply_recorded(self, raw: bytes, kind: str, channel: str) -> None:
        raise AssertionError("nothing here is recorded")


@dataclass
class Timer:
    delay_us: int
    ring: Callable[[], object]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Wire:
    """A wire that records its end and its timers."""

    def __init__(self) -> None:
        self.closed: tuple[int, str] | None = None
        self.timers: list[Timer] = []

    def flush(self) -> None: ...

    def close(self, code: int, reason: str = "") -> None:
        self.closed = code, reason

    def abort(self) -> None: ...

    def drop(self) -> None: ...

    def stall(self) -> None: ...

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> Timer:
        self.timers.append(Timer(delay_us, callback))
        return self.timers[-1]

    @property
    def set(self) -> list[int]:
        """Return the delays of the active timers."""
        return [one.delay_us for one in self.timers if not one.is_cancelled]


class Scene:
    """Streams at host time `now`, exchange time ten times that."""

    def __init__(self) -> None:
        self.now = 1_000
        self.streams = Streams(Journal(), lambda: (self.now * 10, self.now, 0))
        self.wire = Wire()

    def open(self, session: Scripted) -> Connection:
        return self.streams.open(session, self.wire)

    def ring(self, at: int) -> None:
        """Fire the only active timer."""
        self.now = at
        [timer] = [one for one in self.wire.timers if not one.is_cancelled]
        timer.is_cancelled = True
        timer.ring()

    def noted(self, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(getattr(frame, name) for name in names) for frame in self.streams.journal.frames]


def taken(connection: Connection) -> list[bytes]:
    return connection.outbox.pop_frames(READ_ALL)


def beat(session: Scripted, host_at: int) -> list[Frame]:
    """A heartbeat, and the next one 500 later."""
    session.wakes_at = host_at + 500
    return [Frame(b"beat", "heartbeat")]


def test_a_session_is_woken_when_it_wants_to_be_again_and_again() -> None:
    scene = Scene()
    session = Scripted(beat, wakes_at=1_200)
    connection = scene.open(session)
    assert scene.wire.set == [200]
    scene.ring(at=1_201)
    assert (session.woken, taken(connection), scene.wire.set) == ([1_201], [b"beat"], [500])
    scene.ring(at=1_701)
    assert (session.woken, taken(connection), scene.wire.set) == ([1_201, 1_701], [b"beat"], [500])
    assert scene.noted("at", "host_at", "kind", "direction")[1:] == [
        (12_010, 1_201, "heartbeat", "out"),
        (17_010, 1_701, "heartbeat", "out"),
    ]


def test_a_session_is_never_woken_early() -> None:
    """A timer runs on another clock than the session's instants."""
    scene = Scene()
    session = Scripted(beat, wakes_at=1_200)
    connection = scene.open(session)
    scene.ring(at=1_199)
    assert (session.woken, taken(connection), scene.wire.set) == ([], [], [1])


def test_a_command_puts_the_alarm_off_or_turns_it_off() -> None:
    scene = Scene()
    session = Scripted(wakes_at=1_200)
    connection = scene.open(session)
    session.script = beat
    connection.receive(b"go on")
    assert scene.wire.set == [500]
    session.wakes_at = None
    session.script = lambda session, host_at: []
    connection.receive(b"stop it")
    assert scene.wire.set == []


def test_an_alarm_that_stays_is_set_once() -> None:
    scene = Scene()
    connection = scene.open(Scripted(wakes_at=1_200))
    connection.receive(b"anything")
    assert len(scene.wire.timers) == 1


def test_no_alarm_outlives_its_connection() -> None:
    scene = Scene()
    session = Scripted(beat, wakes_at=1_200)
    connection = scene.open(session)
    scene.streams.forget(connection)
    assert scene.wire.set == []
    scene.wire.timers[0].ring()
    assert session.woken == []


def test_a_session_that_ends_is_closed_after_its_frames() -> None:
    def leave(session: Scripted, host_at: int) -> list[Frame]:
        session.ending = (1000, "bye")
        return [Frame(b"done", "result")]

    scene = Scene()
    connection = scene.open(Scripted(leave, wakes_at=5_000))
    connection.receive(b"logout")
    assert (taken(connection), scene.wire.closed, len(scene.streams)) == ([b"done"], (1000, "bye"), 0)
    assert scene.noted("kind", "raw")[-2:] == [("result", b"done"), ("close", b"1000 bye")]
    assert scene.wire.set == []


def test_a_session_may_end_when_it_is_woken() -> None:
    def give_up(session: Scripted, host_at: int) -> list[Frame]:
        session.ending = (4000, "heartbeat close")
        return []

    scene = Scene()
    scene.open(Scripted(give_up, wakes_at=1_200))
    scene.ring(at=1_200)
    assert (scene.wire.closed, len(scene.streams)) == ((4000, "heartbeat close"), 0)


def test_the_account_of_a_stream_may_become_known_later() -> None:
    def log_in(session: Scripted, host_at: int) -> list[Frame]:
        session.key = DORA
        return [Frame(b"welcome", "result")]

    scene = Scene()
    connection = scene.open(Scripted(log_in))
    assert (connection.account, scene.streams.count_of("dora")) == (None, 0)
    connection.receive(b"auth")
    assert (connection.account, scene.streams.count_of("dora")) == ("dora", 1)
    assert scene.noted("direction", "account") == [("in", None), ("in", None), ("out", "dora")]


def test_every_acknowledged_channel_is_reported() -> None:
    def subscribe(session: Scripted, host_at: int) -> list[Frame]:
        session.channels["changes.any"] = Subscribed(1, "changes")
        return [Frame(b"ok", "result", acknowledged=("changes", "trades"))]

    scene = Scene()
    told: list[tuple[int, str]] = []
    scene.streams.on_subscribed = lambda reader, channel: told.append((reader.number, channel))
    connection = scene.open(Scripted(subscribe))
    connection.receive(b"subscribe")
    assert told == [(1, "changes"), (1, "trades")]
    assert scene.streams.matching(channel="changes") == [connection]
    assert scene.streams.matching(channel="changes.any") == []


def test_answers_come_first_and_find_room_and_data_needs_a_subscription() -> None:
    def answer(session: Scripted, host_at: int) -> list[Frame]:
        session.channels["changes.any"] = Subscribed(1, "changes")
        data = [Frame(b"for nobody", "data", "changes", 7), Frame(b"data", "data", "changes", 1)]
        return [*data, Frame(b"x" * 100, "result")]

    scene = Scene()
    connection = scene.open(replace_bounds(Scripted(answer), 104))
    connection.receive(b"subscribe")
    assert taken(connection) == [b"x" * 100, b"data"]


def replace_bounds(session: Scripted, outbox_bytes: int) -> Scripted:
    return replace(session, context=Context(Bounds(outbox_bytes)))


def test_channels_of_two_venues_are_apart_though_they_are_called_the_same() -> None:
    scene = Scene()
    channel = {"trades": Subscribed(1, "trades")}
    mine = scene.streams.open(Scripted(channels=dict(channel)), Wire())
    other = scene.streams.open(Scripted(channels=dict(channel)), Wire(), OTHER)
    for connection in (mine, other):
        connection.receive(b"")
    scene.streams.publish([Told("trades", b"of the other")], OTHER)
    scene.streams.publish([Told("trades", b"of the first")])
    assert (taken(mine), taken(other)) == ([b"of the first"], [b"of the other"])
    assert [(venue, list(channels)) for venue, channels in scene.streams.channels] == [
        ("kalshi", ["trades"]),
        ("other", ["trades"]),
    ]


def test_a_literal_is_spelt_by_the_session() -> None:
    scene = Scene()
    connection = scene.open(Scripted())
    connection.send_literal("told on $channel", "trades")
    assert taken(connection) == [b"told on trades\n"]
