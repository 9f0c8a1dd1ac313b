"""Sessions without a socket: opened as of any date by a key's name, given commands, read as lines of JSON."""

import json
from typing import Any

from mockexchange.core.commands import Command
from mockexchange.core.refusals import Refusal
from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi.context import KalshiContext
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.settings import KalshiSettings
from mockexchange.venues.kalshi.stream.feed import messages_of
from mockexchange.venues.kalshi.stream.session import Session
from tests.venues.kalshi.world import ALICE, ALICE_3, BOB, Venue, buy

RAIN, HEAT, SNOW = "RAIN-1", "HEAT-1", "SNOW-1"
WALL = 1_781_159_370_000_000


def make_venue() -> Venue:
    """Three markets, and books with money."""
    venue = Venue()
    venue.list_markets(RAIN, HEAT, SNOW)
    venue.fund(ALICE, ALICE_3, BOB)
    return venue


def open_session(venue: Venue, date: str = "2026-10", who: str | None = "alice", **settings: Any) -> Session:
    """Open a session whose frames have no `sending_ts_ms` unless the settings say so: test_sending_time is about it."""
    own = KalshiSettings(**{"stream_sending_time": "never", **settings})
    context = KalshiContext(venue.exchange.state, api_date(date), own)
    return Session(context, venue.exchange.state.keys[who] if who else None, context.api_date)


def tell(session: Session, raw: bytes | str, host_at: int = WALL) -> list[Frame]:
    return session.receive(raw.encode() if isinstance(raw, str) else raw, 0, host_at)


def command(cmd: str, command_id: int | None = 1, **params: Any) -> str:
    head = {} if command_id is None else {"id": command_id}
    return json.dumps({**head, "cmd": cmd, **({"params": params} if params else {})})


def ask(session: Session, cmd: str, command_id: int | None = 1, **params: Any) -> list[str]:
    """The answers to a command, without their newlines."""
    return lines(tell(session, command(cmd, command_id, **params)))


def subscribe(session: Session, *channels: str, **params: Any) -> list[str]:
    return ask(session, "subscribe", channels=list(channels), **params)


def update(session: Session, sid: int, action: str, **params: Any) -> list[str]:
    return ask(session, "update_subscription", sid=sid, action=action, **params)


def lines(frames: list[Frame]) -> list[str]:
    return [line(frame) for frame in frames]


def line(frame: Frame) -> str:
    """What the frame says; a frame is one line of JSON of the kind that it says it is."""
    assert frame.raw.endswith(b"\n")
    assert frame.raw.count(b"\n") == 1
    text = frame.raw.decode().removesuffix("\n")
    assert json.loads(text)["type"] == frame.kind
    return text


def told(session: Session, venue: Venue, *commands: Command) -> list[dict[str, Any]]:
    """Carry the commands out; return what the session is sent of them."""
    return [json.loads(line(frame)) for frame in frames_of(session, venue, *commands)]


def frames_of(session: Session, venue: Venue, *commands: Command) -> list[Frame]:
    frames = []
    for each in commands:
        venue.at += 1_000
        outcome = venue.exchange.execute(each, venue.at)
        assert not isinstance(outcome, Refusal), outcome
        for message in messages_of(venue.exchange.state, outcome, venue.at, session.context.settings):
            frames += [frame for frame in [session.frame_of(message)] if frame]
    return frames


def kinds(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["type"] for frame in frames]


def trade(market: str = RAIN, **more: Any) -> Command:
    return buy(market, 10, 50, **more)
