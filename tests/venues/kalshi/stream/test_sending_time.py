"""The time at which a frame was queued, `sending_ts_ms`: on every frame from its day on, the last key."""

import json
from typing import Any

from mockexchange.venues.kalshi.stream.session import Session
from tests.helpers.rows import each_row
from tests.venues.kalshi.stream.sessions import RAIN, WALL, command, frames_of, line, make_venue, open_session, trade
from tests.venues.kalshi.world import ALICE

AT = 1_791_180_714_077_999
SENT = 1_791_180_714_077
DATES = ["2026-09-30", "2026-10-01", "2026-10", "compat"]


def sent(session: Session, raw: str) -> list[dict[str, Any]]:
    return [json.loads(line(frame)) for frame in session.receive(raw.encode(), AT, WALL)]


def answers(session: Session) -> list[dict[str, Any]]:
    """Answers of each kind, and the data that a command requests."""
    channels = ["orderbook_delta", "ticker"]
    return [
        *sent(session, command("subscribe", channels=channels, market_ticker=RAIN, send_initial_snapshot=True)),
        *sent(session, command("update_subscription", sid=1, action="get_snapshot", market_ticker=RAIN)),
        *sent(session, command("update_subscription", sid=2, action="add_markets", market_ticker=RAIN)),
        *sent(session, command("list_subscriptions")),
        *sent(session, command("unsubscribe", sids=[2])),
        *sent(session, "no JSON"),
        json.loads(line(session.terminate(1, 25, AT))),
    ]


@each_row("date", DATES)
def test_answers_have_the_time_of_the_command_as_their_last_key(date: str) -> None:
    found = answers(open_session(make_venue(), date, stream_sending_time="dated"))
    assert {one["type"] for one in found} == {
        "subscribed", "orderbook_snapshot", "ticker", "ok", "unsubscribed", "error"
    }  # fmt: skip
    times = {one.get("sending_ts_ms") for one in found}
    assert times == ({None} if date == "2026-09-30" else {SENT})
    assert date == "2026-09-30" or {list(one)[-1] for one in found} == {"sending_ts_ms"}


@each_row("date", DATES)
def test_published_data_has_the_time_of_its_command(date: str) -> None:
    venue = make_venue()
    sessions = [open_session(venue, date, who, stream_sending_time="dated") for who in ("alice", "bob")]
    for session in sessions:
        session.receive(command("subscribe", channels=["fill", "trade", "ticker"]).encode(), AT, WALL)
    for session in sessions:
        found = [json.loads(line(frame)) for frame in frames_of(session, venue, trade(subaccount_ref=ALICE))]
        assert {"trade", "ticker"} <= {one["type"] for one in found}
        wanted = None if date == "2026-09-30" else venue.at // 1_000
        assert {one.get("sending_ts_ms") for one in found} == {wanted}


def test_a_scenario_can_leave_it_out() -> None:
    found = answers(open_session(make_venue(), "2026-10", stream_sending_time="never"))
    assert not any("sending_ts_ms" in one for one in found)
