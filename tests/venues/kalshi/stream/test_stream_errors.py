"""Every error code: its days, wording, cause and substitute."""

import itertools
import json
from typing import Any

import pytest

from mockexchange.venues.dated_fields import ALWAYS, FOREVER
from mockexchange.venues.kalshi.named_days import SOURCES, api_date
from mockexchange.venues.kalshi.stream import session as sessions
from mockexchange.venues.kalshi.stream.commands import COMMAND_BYTES_MAX
from mockexchange.venues.kalshi.stream.errors import INSTEAD, STREAM_ERRORS, Code, error_row, exists
from tests.helpers.rows import each_row
from tests.venues.kalshi.stream.sessions import (
    RAIN,
    WALL,
    ask,
    command,
    frames_of,
    line,
    lines,
    make_venue,
    open_session,
    subscribe,
    tell,
    trade,
)
from tests.venues.kalshi.world import ALICE

DATES = ("2025-11", "2025-12", "2026-02", "2026-04", "2026-06", "2026-10", "compat")


def wanted(code: int, text: str, command_id: int | None = 1) -> str:
    head = {"id": command_id} if command_id else {}
    return json.dumps({**head, "type": "error", "msg": {"code": code, "msg": text}}, separators=(",", ":"))


UNREADABLE = "Unable to process message"

# raw bytes | whether the id could be read
UNREADABLE_ONES: list[tuple[bytes | str, bool]] = [
    (b"", False),
    (b"hello", False),
    (b"\xff\xfe{\x00}\x00", False),
    ('{"id":1}{"id":2}', False),
    ("[]", False),
    ("null", False),
    ('"subscribe"', False),
    ('{"id":1,"cmd":"subscribe"', False),
    ('{"id":NaN,"cmd":"list_subscriptions"}', False),
    ('{"id":1,"cmd":"list_subscriptions","more":-Infinity}', False),
    ("[" * 200_000, False),
    ('{"a":' * 200_000, False),
    ('{"id":' + "1" * 5_000 + "}", False),
    ('{"id":"1","cmd":"list_subscriptions"}', False),
    ('{"id":1.0,"cmd":"list_subscriptions"}', False),
    ('{"id":-1,"cmd":"list_subscriptions"}', False),
    ('{"id":true,"cmd":"list_subscriptions"}', False),
    ('{"id":[1],"cmd":"list_subscriptions"}', False),
    ('{"id":9223372036854775808,"cmd":"list_subscriptions"}', False),
    ('{"id":1,"cmd":5}', True),
    ('{"id":1,"cmd":["subscribe"]}', True),
    ('{"id":1,"cmd":"subscribe","params":[]}', True),
    ('{"id":1,"cmd":"subscribe","params":"channels"}', True),
    ('{"id":1,"cmd":"list_subscriptions","params":3}', True),
    ('{"id":1,"cmd":"subscribe","params":{"channels":"fill"}}', True),
    ('{"id":1,"cmd":"subscribe","params":{"channels":["fill",1]}}', True),
    ('{"id":1,"cmd":"subscribe","params":{"channels":["fill"],"market_ticker":["RAIN-1"]}}', True),
    ('{"id":1,"cmd":"subscribe","params":{"channels":["fill"],"market_tickers":"RAIN-1"}}', True),
    ('{"id":1,"cmd":"subscribe","params":{"channels":["fill"],"market_tickers":[null]}}', True),
    ('{"id":1,"cmd":"subscribe","params":{"channels":["ticker"],"send_initial_snapshot":1}}', True),
    ('{"id":1,"cmd":"subscribe","params":{"channels":["ticker"],"skip_ticker_ack":"yes"}}', True),
    ('{"id":1,"cmd":"unsubscribe","params":{"sids":1}}', True),
    ('{"id":1,"cmd":"unsubscribe","params":{"sids":["1"]}}', True),
    ('{"id":1,"cmd":"unsubscribe","params":{"sids":[true]}}', True),
    ('{"id":1,"cmd":"update_subscription","params":{"sid":"1","action":"add_markets"}}', True),
    ('{"id":1,"cmd":"update_subscription","params":{"sid":1,"action":{}}}', True),
    ('{"id":1,"cmd":"subscribe","params":{"channels":["communications"],"shard_key":1.5}}', True),
]


@each_row(("raw", "has_id"), UNREADABLE_ONES, ids=range(len(UNREADABLE_ONES)))
def test_what_cannot_be_processed(raw: bytes | str, has_id: bool) -> None:
    session = open_session(make_venue())
    [frame] = tell(session, raw)
    assert line(frame) == wanted(1, UNREADABLE, 1 if has_id else None)
    assert frame.note
    assert subscribe(session, "fill"), "the session lives on"


def test_an_id_too_large_is_told_the_bound() -> None:
    [frame] = tell(open_session(make_venue()), '{"id":9223372036854775808,"cmd":"list_subscriptions"}')
    assert frame.note == "id: expected a whole number from 0 to 9223372036854775807, got 9223372036854775808"


def test_a_command_is_read_up_to_its_limit() -> None:
    session = open_session(make_venue())
    whole = command("list_subscriptions").encode()
    [frame] = tell(session, whole + b" " * (COMMAND_BYTES_MAX - len(whole)))
    assert frame.kind == "ok"
    [frame] = tell(session, whole + b" " * (COMMAND_BYTES_MAX + 1 - len(whole)))
    assert line(frame) == wanted(1, UNREADABLE, None)
    assert frame.note == "the command has 65,537 bytes: at most 65,536 are read"


# cmd, params | code | text
EVERYWHERE: list[tuple[str, dict[str, Any], int, str]] = [
    ("subscribe", {}, 2, "Params required"),
    ("subscribe", {"channels": ["orderbook_delta"]}, 2, "Params required"),
    ("subscribe", {"channels": ["orderbook_delta"], "market_tickers": []}, 2, "Params required"),
    ("unsubscribe", {}, 2, "Params required"),
    ("update_subscription", {}, 2, "Params required"),
    ("subscribe", {"channels": []}, 3, "Channels required"),
    ("subscribe", {"market_ticker": RAIN}, 3, "Channels required"),
    ("unsubscribe", {"sids": []}, 4, "Subscription IDs required"),
    ("unsubscribe", {"sid": 1}, 4, "Subscription IDs required"),
    ("dance", {}, 5, "Unknown command"),
    ("", {}, 5, "Unknown command"),
    ("Subscribe", {"channels": ["fill"]}, 5, "Unknown command"),
    ("unsubscribe", {"sids": [7]}, 7, "Unknown subscription ID"),
    ("unsubscribe", {"sids": [-(2**70)]}, 7, "Unknown subscription ID"),
    ("update_subscription", {"sid": 7, "action": "add_markets"}, 7, "Unknown subscription ID"),
    ("subscribe", {"channels": [""]}, 8, "Unknown channel name"),
    ("subscribe", {"channels": ["market_position"]}, 8, "Unknown channel name"),
]


@each_row("date", DATES)
def test_codes_that_every_day_had(date: str) -> None:
    session = open_session(make_venue(), date)
    for cmd, params, code, text in EVERYWHERE:
        assert ask(session, cmd, **params) == [wanted(code, text)], (cmd, params)
    assert session.subscriptions == {}


def test_no_command_at_all_is_an_unknown_one() -> None:
    session = open_session(make_venue())
    assert lines(tell(session, '{"id":1}')) == [wanted(5, "Unknown command")]
    assert lines(tell(session, "{}")) == [wanted(5, "Unknown command", None)]


PRIVATE = ["fill", "market_positions", "orderbook_delta", "communications", "user_orders", "order_group_updates"]


@each_row("channel", PRIVATE)
def test_a_private_channel_needs_a_key(channel: str) -> None:
    session = open_session(make_venue(), "2026-02", who=None)
    assert subscribe(session, "ticker", channel, market_ticker=RAIN) == [wanted(9, "Authentication required")]
    assert subscribe(session, "ticker", "trade", "market_lifecycle_v2")[2:], "public ones need none"


# shard_factor, shard_key | code | text
SHARDING: list[tuple[int | None, int | None, int, str]] = [
    (0, None, 19, "shard_factor must be > 0"),
    (None, 0, 20, "shard_factor is required when shard_key is set"),
    (4, 4, 21, "shard_key must be >= 0 and < shard_factor"),
    (4, -1, 21, "shard_key must be >= 0 and < shard_factor"),
    (101, 0, 22, "shard_factor must be <= 100"),
]


@each_row(("factor", "key", "code", "text"), SHARDING)
def test_sharing_communications_out(factor: int | None, key: int | None, code: int, text: str) -> None:
    params = {"shard_factor": factor, "shard_key": key}
    for date, refused in (
        ("2026-10", wanted(code, text)),
        ("2026-01-31", wanted(code, text)),
        ("2026-01-30", wanted(11, "Invalid parameter")),
    ):
        assert subscribe(open_session(make_venue(), date), "communications", **params) == [refused]
    for date, channel in (("2026-10", "trade"), ("2026-01-11", "communications")):
        [ack] = subscribe(open_session(make_venue(), date), channel, **params)
        assert json.loads(ack)["type"] == "subscribed", "nobody reads them there, or then"
    assert subscribe(open_session(make_venue()), "communications", shard_factor=100, shard_key=99)


@each_row(("date", "is_limited"), [("2026-06-12", False), ("2026-06-13", True), ("compat", True)])
def test_commands_a_second(date: str, is_limited: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "COMMANDS_PER_SECOND_MAX", 3)
    session = open_session(make_venue(), date)
    raw = command("list_subscriptions").encode()
    begins = WALL - WALL % 1_000_000
    found = [tell(session, raw, begins + 200_000 * number)[0] for number in range(9)]
    refused = [number for number, frame in enumerate(found) if line(frame) == wanted(27, "Too many requests")]
    assert refused == ([3, 4, 8] if is_limited else [])


@each_row(
    ("date", "code", "sent", "text"),
    [
        ("2025-11", 10, 10, "Channel error"),
        ("2025-11", 17, 17, "Internal error"),
        ("2026-09-30", 17, 17, "Internal error"),
        ("2026-10-01", 17, 10, "Channel error"),
        ("2025-11", 25, 10, "Channel error"),
        ("2026-05-11", 25, 10, "Channel error"),
        ("2026-05-12", 25, 25, "Subscription buffer overflow"),
        ("2026-10", 25, 25, "Subscription buffer overflow"),
        ("compat", 25, 25, "Subscription buffer overflow"),
    ],
)
def test_a_terminal_error_ends_the_subscription(date: str, code: int, sent: int, text: str) -> None:
    venue = make_venue()
    session = open_session(venue, date)
    subscribe(session, "trade", "fill")
    frame = session.terminate(2, code, 0)
    sid = {"sid": 2} if date in ("2026-10-01", "2026-10", "compat") else {}
    assert json.loads(line(frame)) == {**sid, "type": "error", "msg": {"code": sent, "msg": text}}
    assert (frame.channel, frame.sid) == ("fill", 2)
    assert [one.kind for one in frames_of(session, venue, trade(subaccount_ref=ALICE))] == ["trade"]
    assert subscribe(session, "fill") == ['{"type":"subscribed","id":1,"msg":{"channel":"fill","sid":3}}']
    with pytest.raises(KeyError):
        session.terminate(2, code, 0)


def test_a_terminal_error_of_a_numbered_channel_is_numbered() -> None:
    session = open_session(make_venue())
    subscribe(session, "orderbook_delta", market_tickers=[RAIN])
    text = '{"sid":1,"seq":2,"type":"error","msg":{"code":25,"msg":"Subscription buffer overflow"}}'
    assert line(session.terminate(1, 25, 0)) == text


def test_half_a_surrogate_pair_is_no_trouble() -> None:
    session = open_session(make_venue(), "2026-06")
    raw = '{"id":1,"cmd":"subscribe","params":{"channels":["trade"],"market_ticker":"\\ud800\\u00e9"}}'
    assert lines(tell(session, raw)) == [
        '{"id":1,"type":"error","msg":{"code":16,"msg":"Market not found","market_ticker":"?é"}}'
    ]


def test_each_code_has_disjoint_lives_and_a_source() -> None:
    for code in Code:
        rows = sorted((row for row in STREAM_ERRORS if row.code is code), key=lambda row: row.since)
        assert rows
        assert all(row.since < row.until for row in rows)
        assert all(before.until <= after.since for before, after in itertools.pairwise(rows))
        assert {row.source for row in rows} <= set(SOURCES)
        assert {row.name for row in rows} == {str(int(code))}


@each_row("date", DATES)
def test_what_is_sent_instead_was_there(date: str) -> None:
    day = api_date(date)
    for code in Code:
        if exists(code, day):
            assert error_row(code, day).code is code
        elif code in INSTEAD:
            assert exists(error_row(code, day).code, day)


def test_only_codes_that_came_or_went_have_a_substitute() -> None:
    changing = {row.code for row in STREAM_ERRORS if (row.since, row.until) != (ALWAYS, FOREVER)}
    assert set(INSTEAD) <= changing
