"""The tables of codes, channels, parameters and replies against facts that were gathered apart from them."""

import json

import pytest

from mockexchange.venues.dated_fields import FOREVER, ApiDate, pick
from mockexchange.venues.kalshi.named_days import SOURCES, api_date
from mockexchange.venues.kalshi.stream.channels import CHANNELS, channels_of
from mockexchange.venues.kalshi.stream.commands import ACTIONS, PARAMETERS
from mockexchange.venues.kalshi.stream.errors import STREAM_ERRORS, Code, Refused, error_row
from mockexchange.venues.kalshi.stream.subscriber import (
    REPLY_KEYS,
    Subscription,
    Subscriptions,
    error_reply,
    keys_of,
    listed_reply,
    subscribed_reply,
    unsubscribed_reply,
    updated_reply,
)
from tests.helpers.rows import each_row
from tests.venues.kalshi.stream.protocol_facts import GENERATIONS, full_facts, kept_facts, trimmed

FACTS = kept_facts()
# Message types that come over a channel of another name.
CHANNEL_OF = {
    "orderbook_snapshot": "orderbook_delta",
    "event_lifecycle": "market_lifecycle_v2",
    "event_fee_update": "market_lifecycle_v2",
    "market_position": "market_positions",
    "user_order": "user_orders",
}


def test_what_is_kept_is_what_was_gathered() -> None:
    facts = full_facts()
    if facts is None:
        pytest.skip("the full collection is not beside this checkout")
    assert json.loads(json.dumps(trimmed(facts))) == FACTS


@each_row("number", FACTS["errors"])
def test_a_code_has_its_text_and_its_days(number: str) -> None:
    fact = FACTS["errors"][number]
    rows = [row for row in STREAM_ERRORS if row.code == int(number)]
    newest = max(rows, key=lambda row: row.since)
    assert newest.message == fact["text"]
    assert (newest.until != FOREVER) == fact["is_retired"]
    assert newest.is_terminal == (int(number) in FACTS["terminal"] or number == "17")
    told = {day for row in rows for day in (row.since, row.until) if fact["days"] and day.startswith("20")}
    assert all(any(day.startswith(known) for day in told) for known in fact["days"] if known not in LOOSE), told


LOOSE = {
    "2025-10-01",  # before the first day whose wire is known
    "2026-06-07",  # code 25 in the table, after it was announced
    "2026-06-19",  # what was said of code 10 then, which it did before
}


def test_there_is_no_code_that_is_not_a_fact() -> None:
    assert {str(int(code)) for code in Code} == set(FACTS["errors"]) == {row.name for row in STREAM_ERRORS}


@each_row("generation", GENERATIONS)
def test_a_generation_has_its_channels(generation: str) -> None:
    assert sorted(channels_of(api_date(generation))) == FACTS["channels"][generation]


def test_channels_are_private_as_they_were_listed() -> None:
    newest = pick(CHANNELS, api_date("latest"))
    assert {name: newest[name].is_private for name in FACTS["private"]} == FACTS["private"]


@each_row("generation", GENERATIONS)
def test_data_is_numbered_as_documented(generation: str) -> None:
    channels = channels_of(api_date(generation))
    numbered = {CHANNEL_OF.get(kind, kind) for kind in FACTS["numbered"][generation]}
    unnumbered = {CHANNEL_OF.get(kind, kind) for kind in FACTS["unnumbered"]}
    others = {row.name for row in channels.values() if row.is_sequenced} - numbered
    assert all(channels[name].is_sequenced for name in numbered & set(channels))
    assert not any(channels[name].is_sequenced for name in unnumbered & set(channels))
    assert others <= {"communications", "cfbenchmarks_value", "cfbenchmarks_value_5hz", "pyth_value"}


@each_row("command", FACTS["parameters"])
def test_a_command_has_its_parameters(command: str) -> None:
    rows = pick(PARAMETERS[command], api_date("2026-10"))
    known = {name: rows[name].kind for name in FACTS["parameters"][command] if name in rows}
    assert known == FACTS["parameters"][command]
    assert set(rows) - set(known) <= {"index_ids", "underlying_tickers"}


def subscription(sid: int, name: str, *tickers: str, sequence: int = 0) -> Subscription:
    found = Subscription(sid, pick(CHANNELS, ApiDate("compat", None))[name])
    found.join({ticker: ticker for ticker in tickers})
    found.sequence = sequence
    return found


MARKETS = ("MARKET-1", "MARKET-2", "MARKET-3")


@each_row(
    ("reply", "example", "date"),
    [
        ("subscribed", "example", "2025-11"),
        ("subscribed", "example", "2026-06"),
        ("subscribed", "example", "2026-10"),
        ("unsubscribed", "example_2025", "2025-11"),
        ("unsubscribed", "example_2026", "2026-10"),
        ("ok", "example_before_2026-02-12", "2025-11"),
        ("ok", "example_2026", "2026-10"),
        ("list", "example_2025", "2025-11"),
        ("list", "example_2026", "2026-10"),
        ("error", "example", "2025-11"),
        ("error", "example", "2026-10"),
    ],
)
def test_replies_are_as_recorded_or_documented(reply: str, example: str, date: str) -> None:
    keys = keys_of(api_date(date))
    registry = Subscriptions()
    for name in ("orderbook_delta", "ticker", "fill"):
        registry.open(channels_of(api_date(date))[name])
    made = {
        "subscribed": lambda: subscribed_reply(subscription(1, "orderbook_delta"), 1),
        "unsubscribed": lambda: unsubscribed_reply(subscription(2, "ticker", sequence=6), 102, keys),
        "ok": lambda: updated_reply(subscription(456, "trade", *MARKETS, sequence=221), 123, keys),
        "list": lambda: listed_reply(registry, 3, keys),
        "error": lambda: error_reply(
            Refused(Code.UNKNOWN_SID, ""), error_row(Code.UNKNOWN_SID, api_date(date)), 123, keys
        ),
    }[reply]()
    wanted = json.dumps(FACTS["replies"][reply][example], separators=(",", ":"))
    assert made.decode() == wanted + "\n", "the order of the keys counts"


def test_rows_have_known_sources() -> None:
    parameters = [row for rows in PARAMETERS.values() for row in rows]
    assert {row.source for row in (*parameters, *ACTIONS, *REPLY_KEYS)} <= set(SOURCES)
