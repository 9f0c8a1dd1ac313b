"""A session answers any input in lines of JSON, and goes on."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.stream.channels import CHANNELS
from mockexchange.venues.kalshi.stream.commands import ACTIONS, COMMANDS, PARAMETERS
from mockexchange.venues.kalshi.stream.errors import Code, exists
from mockexchange.venues.kalshi.stream.subscriber import Subscriptions
from tests.helpers.effort import examples
from tests.venues.kalshi.stream.sessions import RAIN, SNOW, WALL, line, make_venue, open_session, subscribe

pytestmark = pytest.mark.untraced

DATES = ("2025-11", "2026-02", "2026-06", "2026-10", "compat")
VENUE = make_venue()

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = sorted({row.name for rows in PARAMETERS.values() for row in rows})
TEXTS = st.sampled_from([row.name for row in (*CHANNELS, *ACTIONS)] + [RAIN, SNOW, "NOWHERE", ""])
LIKELY = (
    TEXTS
    | st.lists(TEXTS, max_size=3)
    | st.integers(-1, 4)
    | st.lists(st.integers(0, 4), max_size=3)
    | st.booleans()
    | JSON_VALUES
)
DOCUMENTS = st.fixed_dictionaries(
    {"cmd": st.sampled_from([*COMMANDS, "dance"]), "params": st.dictionaries(st.sampled_from(NAMES), LIKELY)},
    optional={"id": st.integers(-1, 3) | JSON_VALUES},
)
FRAMES = (
    st.binary(max_size=64)
    | st.text(max_size=64).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | JSON_VALUES.map(lambda value: json.dumps(value).encode())
    | DOCUMENTS.map(lambda value: json.dumps(value).encode())
)


@settings(max_examples=examples(300), deadline=None)
@given(raws=st.lists(FRAMES, min_size=1, max_size=8), date=st.sampled_from(DATES), who=st.sampled_from(["alice", None]))
def test_no_bytes_raise_and_every_answer_is_a_line_of_json(raws: list[bytes], date: str, who: str | None) -> None:
    session = open_session(VENUE, date, who)
    for raw in raws:
        frames = session.receive(raw, VENUE.at, WALL)
        assert frames
        for frame in frames:
            answer = json.loads(line(frame))
            if answer["type"] == "error":
                assert len(frames) == 1
                assert exists(Code(answer["msg"]["code"]), api_date(date))
    consistent(session.registry)


def consistent(registry: Subscriptions) -> None:
    assert {each.sid: each for each in registry} == registry.by_sid
    assert {each.channel: each for each in registry} == registry.by_channel
    for each in registry:
        assert each.markets is None or set(each.markets) <= set(VENUE.exchange.state.markets)


@settings(max_examples=examples(100), deadline=None)
@given(params=st.dictionaries(st.sampled_from(NAMES), LIKELY), command=st.sampled_from(COMMANDS))
def test_a_refused_command_changes_nothing(params: dict[str, Any], command: str) -> None:
    session = open_session(VENUE, "2026-06")
    subscribe(session, "orderbook_delta", "ticker", market_tickers=[RAIN])
    before = known_of(session.registry)
    [first, *_] = session.receive(json.dumps({"cmd": command, "params": params}).encode(), VENUE.at, WALL)
    if first.kind == "error":
        assert known_of(session.registry) == before


def known_of(registry: Subscriptions) -> list[Any]:
    return [
        (each.sid, each.channel, dict(each.markets) if each.markets is not None else None, each.sequence)
        for each in registry
    ]


def test_what_a_session_keeps_is_bounded_by_what_there_is() -> None:
    """Names that no market has are not kept, and channels are few."""
    session = open_session(VENUE, "2026-10")
    for number in range(50):
        tickers = [f"NOWHERE-{number}-{other}" for other in range(200)]
        subscribe(session, "trade", "ticker", market_tickers=tickers)
    assert session.registry.markets_count() == 0
    assert len(session.subscriptions) == 2
