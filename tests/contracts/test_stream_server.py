"""The server's tables and the independent documents of the stream agree at every date."""

import json
from pathlib import Path

from mockexchange.venues.dated_fields import Field, Nested, pick
from mockexchange.venues.kalshi.frames import FRAMES, NESTED
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.stream.channels import channels_of
from mockexchange.venues.kalshi.stream.commands import COMMANDS, PARAMETERS, actions_of
from mockexchange.venues.kalshi.stream.errors import STREAM_ERRORS
from mockexchange.venues.kalshi.stream.subscriber import SENDING_TIME, keys_of
from tests.contracts.stream_documents import (
    SUBJECTS,
    Node,
    body,
    document,
    error_texts,
    messages,
    schema,
    seen,
    terminal_codes,
)
from tests.helpers.rows import each_row

GOLDEN = Path(__file__).parents[1] / "venues" / "kalshi" / "frames" / "golden"
KINDS = {"event": "event_lifecycle", "order_group": "order_group_updates", "market_position": "market_position"}
NEVER_SENT = {"event_fee_update"}
"""Messages that the server never sends: it overrides no fee of an event."""
DOCUMENTED_ALONE = {
    # Seen once by a client's author; its meaning is unknown.
    ("ticker", "Clock"): set(SUBJECTS),
    # Of `metadata_updated`, which the server never sends: its table has them a week later, no source here says when.
    ("market_lifecycle_v2", "strike_type"): {"2026-06"},
    ("market_lifecycle_v2", "cap_strike"): {"2026-06"},
    ("market_lifecycle_v2", "custom_strike"): {"2026-06"},
}
"""(message, key, dates) of keys that are documented but not in the server's tables."""
REPLIES = {"subscribed", "unsubscribed", "ok", "subscriptions", "error"}


def described(alias: str) -> set[str]:
    """Return the messages of channels at a date."""
    return set(messages(alias, "send")) - REPLIES


def server_fields(alias: str) -> dict[str, dict[str, Field]]:
    """Return the server's tables at a date, of messages that a channel of that date has."""
    day, channels = api_date(alias), document(alias)["channels"]["stream"]["x-channels"]
    listed = {message for channel in channels.values() for message in channel["messages"]}
    return {kind: pick(fields, day) for kind, fields in FRAMES.items() if kind in listed}


@each_row("alias", SUBJECTS)
def test_every_message_of_the_server_is_described_and_no_other(alias: str) -> None:
    assert set(server_fields(alias)) == described(alias) - NEVER_SENT
    channels = document(alias)["channels"]["stream"]["x-channels"]
    assert {name for name, one in channels.items() if one["messages"]} == {
        name for name, row in channels_of(api_date(alias)).items() if row.is_emulated
    }


@each_row("alias", SUBJECTS)
def test_every_key_of_a_message_is_described_and_no_other(alias: str) -> None:
    for kind, fields in server_fields(alias).items():
        node = body(alias, kind)
        alone = {name for (message, name), dates in DOCUMENTED_ALONE.items() if message == kind and alias in dates}
        assert set(node["properties"]) - alone == set(fields), kind
        always = {name for name, field in fields.items() if field.empty == "never"}
        assert set(node["required"]) <= always, kind


@each_row("alias", SUBJECTS)
@each_row(("table", "name"), [("MarketMetadata", "MarketMetadata"), ("PriceBand", "PriceRange")])
def test_every_key_of_an_object_in_a_message_is_described(alias: str, table: str, name: str) -> None:
    fields = pick(NESTED[table], api_date(alias))
    found = document(alias)["components"]["schemas"].get(name, {"properties": {}})
    assert set(found["properties"]) == set(fields)


@each_row("alias", SUBJECTS)
def test_words_are_the_same(alias: str) -> None:
    for kind, fields in server_fields(alias).items():
        for name, field in fields.items():
            node = schema(alias, body(alias, kind)["properties"][name])
            choices = () if isinstance(field.spelling, Nested) else field.spelling.choices
            assert set(choices) <= set(node.get("enum", choices)), (kind, name)


@each_row("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_what_the_server_tells_is_accepted_byte_for_byte(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        date, _, msg = line.partition(" ")
        alias, kind = date.partition("/")[0], kind_of(path.stem)
        numbered = "seq" in document(alias)["components"]["messages"][kind]["payload"]["properties"]
        seq = '"seq":1,' if numbered else ""
        assert seen(alias, f'{{"type":"{kind}","sid":1,{seq}"msg":{msg}}}\n') == [], date


def kind_of(name: str) -> str:
    known = {**{kind: kind for kind in FRAMES}, **KINDS, "market": "market_lifecycle_v2"}
    return known[max((prefix for prefix in known if name.startswith(prefix)), key=len)]


@each_row("alias", SUBJECTS)
def test_channels_are_the_same(alias: str) -> None:
    ours = channels_of(api_date(alias))
    theirs: Node = document(alias)["channels"]["stream"]["x-channels"]
    assert set(theirs) == set(ours)
    for name, row in ours.items():
        found = (theirs[name].get("private", False), theirs[name]["filter"], theirs[name].get("ids", False))
        assert found == (row.is_private, row.filter, row.has_ids), name
        for message in theirs[name]["messages"]:
            keys = document(alias)["components"]["messages"][message]["payload"]["required"]
            assert ("seq" in keys) is row.is_sequenced, message


@each_row("alias", SUBJECTS)
def test_error_codes_are_the_same(alias: str) -> None:
    ours = pick(STREAM_ERRORS, api_date(alias)).values()
    assert {int(row.code): row.message for row in ours} == error_texts(alias)
    assert {int(row.code) for row in ours if row.is_terminal} == terminal_codes(alias)


@each_row("alias", SUBJECTS)
def test_commands_parameters_and_actions_are_the_same(alias: str) -> None:
    commands = messages(alias, "receive")
    assert set(commands) == set(COMMANDS)
    for name, node in commands.items():
        has_params = "params" in node["payload"]["properties"]
        found = set(body(alias, name)["properties"]) if has_params else set()
        assert found == set(pick(PARAMETERS[name], api_date(alias))), name
    actions = schema(alias, body(alias, "update_subscription")["properties"]["action"])["enum"]
    assert set(actions) == set(actions_of(api_date(alias)))


@each_row("alias", SUBJECTS)
def test_answers_have_the_same_keys(alias: str) -> None:
    names = {"subscriptions": "list"}
    every = messages(alias, "send")
    found = {
        f"{names.get(reply, reply)}.{key}"
        for reply in REPLIES
        for key in every[reply]["payload"]["properties"]
        if key not in ("type", "sending_ts_ms")
    }
    assert found == keys_of(api_date(alias)) - {SENDING_TIME}


@each_row("alias", SUBJECTS)
def test_every_message_has_its_time_of_sending_or_none_has(alias: str) -> None:
    found = {"sending_ts_ms" in message["payload"]["properties"] for message in messages(alias, "send").values()}
    assert found == {SENDING_TIME in keys_of(api_date(alias))}


def test_a_difference_would_be_found() -> None:
    lines = (GOLDEN / "fill.txt").read_text(encoding="utf-8").splitlines()
    (latest,) = [line.partition(" ")[2] for line in lines if line.startswith("2026-10 ")]
    msg = json.loads(latest)
    msg["count_fp"] = "1.0"
    frame = json.dumps({"type": "fill", "sid": 1, "msg": msg}, separators=(",", ":"))
    assert seen("2026-10", frame + "\n") == ['fill.msg.count_fp: "1.0"']
