"""Random rules on random streams: the journal has exactly the sent frames, none twice or after the end."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.faults.installed_rules import FaultError
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.streams import Connection
from mockexchange.scenario.fault_rules import FAULT, Rule
from mockexchange.scenario.located_text import locate
from tests.helpers.effort import examples
from tests.helpers.sandboxes import SMALL, make, run
from tests.sandbox.fake_streams import buy, open_stream, say, wire_of

CHANNELS = ("fill", "market_positions", "trade")
EFFECTS: list[dict[str, Any]] = [
    {"gap": True},
    {"duplicate": True},
    {"reorder": True},
    {"silent_channel": True},
    {"terminal": 25},
    {"terminal": 10},
    {"late_ack": "1s"},
    {"frame": {"type": "x", "sid": "$sid", "seq": "$seq"}},
    {"close": 4000},
    {"close": 4001, "at_frame": 2},
    {"stall": True},
    {"abort": True},
]
NAMES = ("a", "b", "c")
COMMANDS = {"subscribe": "channels", "unsubscribe": "sids"}


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    then = draw(st.sampled_from(EFFECTS))
    match: dict[str, Any] = {}
    if draw(st.booleans()):
        match["channel"] = draw(st.sampled_from(CHANNELS))
    if "at_frame" not in then:
        match.update(draw(st.sampled_from([{}, {"nth": 2}, {"every": 2}, {"probability": "0.5"}])))
    written = {"name": draw(st.sampled_from(NAMES)), "match": match, "then": then}
    if draw(st.booleans()):
        written["times"] = draw(st.integers(1, 3))
    rule: Rule = FAULT.read(locate(_texts(written), "rule"), "")
    return rule


def _texts(value: Any) -> Any:
    """Return a value as the JSON reader gives it, with numbers as text."""
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    return value if isinstance(value, bool | str) else str(value)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("install"), rules()),
        st.tuples(st.just("remove"), st.sampled_from(NAMES)),
        st.tuples(st.just("buy"), st.integers(1, 3)),
        st.tuples(st.just("subscribe"), st.sampled_from(CHANNELS)),
        st.tuples(st.just("unsubscribe"), st.integers(1, 6)),
        st.tuples(st.just("release"), st.none()),
    ),
    max_size=25,
)


def act(sandbox: Sandbox, connections: list[Connection], action: str, what: Any) -> None:
    if action == "install":
        run(sandbox.faults.install(what))
    elif action == "remove":
        remove(sandbox, what)
    elif action == "buy":
        buy(sandbox, count=what)
    for connection in connections:
        if action == "release":
            release(connection)
        elif action in COMMANDS:
            say(connection, {"id": 1, "cmd": action, "params": {COMMANDS[action]: [what]}})


def remove(sandbox: Sandbox, name: str) -> None:
    try:
        run(sandbox.faults.remove(name))
    except FaultError:
        assert name not in [one.name for one in sandbox.faults]


def release(connection: Connection) -> None:
    """Send the delayed answers."""
    waiting, wire_of(connection).later[:] = list(wire_of(connection).later), []
    for late in waiting:
        late.send()


@settings(max_examples=examples(60), deadline=None)
@given(actions=ACTIONS, is_narrow=st.booleans())
def test_the_journal_has_exactly_the_sent_frames(actions: list[tuple[str, Any]], is_narrow: bool) -> None:
    sandbox = make(SMALL + ("stream: {outbox: 1024}\n" if is_narrow else ""))
    connections = [open_stream(sandbox, "fill"), open_stream(sandbox, *CHANNELS)]
    sent: dict[int, list[bytes]] = {connection.number: [] for connection in connections}
    for action, what in actions:
        act(sandbox, connections, action, what)
        if not is_narrow:
            for connection in connections:
                sent[connection.number] += connection.outbox.pop_frames(10**9)
    for connection in connections:
        sent[connection.number] += connection.outbox.pop_frames(10**9)
        check(sandbox, connection, sent[connection.number])


def check(sandbox: Sandbox, connection: Connection, sent: list[bytes]) -> None:
    frames = [frame for frame in sandbox.journal.frames if frame.connection == connection.number]
    kinds = Counter(frame.kind for frame in frames)
    out = [frame for frame in frames if frame.direction == "out" and frame.kind != "close"]
    assert [frame.raw for frame in out] == sent
    assert kinds["open"] == 1
    assert kinds["close"] == connection.is_over
    assert not connection.is_over or frames[-1].kind == "close"
    errors = Counter(frame.raw.partition(b'"sid":')[2].partition(b",")[0] for frame in out if b"error" in frame.raw)
    assert all(count == 1 for sid, count in errors.items() if sid)
    assert all(frame.fault for frame in frames if frame.direction == "lost")


@settings(max_examples=examples(20), deadline=None)
@given(actions=ACTIONS)
def test_the_same_again_is_the_same_to_the_byte(actions: list[tuple[str, Any]]) -> None:
    def transcript() -> list[tuple[str, bytes, str | None]]:
        sandbox = make()
        connections = [open_stream(sandbox, *CHANNELS)]
        for action, what in actions:
            act(sandbox, connections, action, what)
        return [(frame.direction, frame.raw, frame.fault) for frame in sandbox.journal.frames]

    assert transcript() == transcript()
