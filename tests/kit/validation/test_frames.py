"""The judge of frames: accepted frames, and the text of findings."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from mockexchange.kit.findings import Finding
from mockexchange.kit.validation.frames import FINDINGS_MAX, FrameJudge, read_frame
from mockexchange.runtime import api_documents
from tests.helpers.rows import each_row
from tests.helpers.steps import calls_counted

SUBJECT = "kalshi/2026-10"
PLACE = f"contracts/{SUBJECT}/asyncapi.yaml#/components"
JUDGE = FrameJudge(api_documents.read(SUBJECT, api_documents.ASYNCAPI), SUBJECT)

Frame = dict[str, Any]

POSITION: Frame = {
    "type": "market_position",
    "sid": 14,
    "msg": {
        "user_id": "user-1",
        "market_ticker": "RAIN-1",
        "position_fp": "-9.00",
        "position_cost_dollars": "2.970000",
        "realized_pnl_dollars": "0.000000",
        "fees_paid_dollars": "0.000000",
        "position_fee_cost_dollars": "0.000000",
        "volume_fp": "9.00",
    },
}
BOOK: Frame = {
    "type": "orderbook_snapshot",
    "sid": 1,
    "seq": 1,
    "msg": {
        "market_ticker": "RAIN-1",
        "market_id": "f5ed38e2-0991-4c8f-817e-08c4fd9cbfdb",
        "clock": 4182057,
        "yes_dollars_fp": [["0.4700", "3.00"]],
    },
}


def compact(frame: object) -> str:
    return json.dumps(frame, separators=(",", ":")) + "\n"


def objections(frame: Frame | str | bytes) -> list[Finding]:
    return list(JUDGE.objections(frame if isinstance(frame, str | bytes) else compact(frame), "frame 1"))


def commanded(command: object) -> list[tuple[str, str]]:
    found = list(JUDGE.command_objections(command if isinstance(command, str) else json.dumps(command), "command 1"))
    assert all((one.rule, one.where) == ("commands.documented", "command 1") for one in found)
    return [(one.seen, one.expected) for one in found]


def changed(frame: Frame, change: Callable[[Frame], object]) -> Frame:
    copied = copy.deepcopy(frame)
    change(copied)
    return copied


# --- frames of the server


@each_row("frame", [POSITION, BOOK], ids=["position", "book"])
def test_a_documented_frame_is_let_pass_as_text_and_as_bytes(frame: Frame) -> None:
    assert objections(frame) == []
    assert objections(compact(frame).encode()) == []


# What is done to the position | what is seen | what is expected | where that stands
POSITION_FAULTS: dict[str, tuple[Callable[[Frame], object], str, str, str]] = {
    "a number for a text": (
        lambda frame: frame["msg"].update(position_fp=-9),
        "market_position.msg.position_fp: -9",
        "type string",
        "/schemas/Count/type",
    ),
    "one decimal": (
        lambda frame: frame["msg"].update(volume_fp="9.0"),
        'market_position.msg.volume_fp: "9.0"',
        r"pattern ^(0|[1-9][0-9]*)\.[0-9]{2}$",
        "/schemas/UnsignedCount/pattern",
    ),
    "words for a pattern": (
        lambda frame: frame["msg"].update(fees_paid_dollars="1"),
        'market_position.msg.fees_paid_dollars: "1"',
        r"pattern ^(0|[1-9][0-9]*)\.[0-9]{4}([0-9]{2})?$ (dollars with four or six decimals, not below zero)",
        "/schemas/UnsignedPositionDollars/pattern",
    ),
    "less than nothing of nothing": (
        lambda frame: frame["msg"].update(position_fp="-0.00"),
        'market_position.msg.position_fp: "-0.00"',
        'not {"const":"-0.00"}',
        "/schemas/Count/not",
    ),
    "a key too many": (
        lambda frame: frame["msg"].update(position=None),
        "market_position.msg.position: null",
        "no such key",
        "/schemas/MarketPositionUpdate/additionalProperties",
    ),
    "a key too few": (
        lambda frame: frame["msg"].pop("volume_fp"),
        "market_position.msg: no volume_fp",
        "volume_fp, which is always there",
        "/schemas/MarketPositionUpdate/required",
    ),
    "a number on what has none": (
        lambda frame: frame.update(seq=1),
        "market_position.seq: 1",
        "no such key",
        "/messages/market_position/payload/additionalProperties",
    ),
    "a subaccount out of range": (
        lambda frame: frame["msg"].update(subaccount=64),
        "market_position.msg.subaccount: 64",
        "maximum 63",
        "/schemas/SubaccountNumber/maximum",
    ),
    "sids begin with one": (
        lambda frame: frame.update(sid=0),
        "market_position.sid: 0",
        "minimum 1 (the number of a subscription)",
        "/schemas/Sid/minimum",
    ),
    "a whole number with a fraction": (
        lambda frame: frame.update(sid=14.0),
        "market_position.sid: 14.0",
        "type integer (the number of a subscription)",
        "/schemas/Sid/type",
    ),
}


@each_row("name", POSITION_FAULTS)
def test_a_finding_has_the_field_the_expectation_and_its_place(name: str) -> None:
    change, seen, expected, place = POSITION_FAULTS[name]
    wanted = Finding("frames.documented", "frame 1", seen, expected, f"{PLACE}{place}")
    assert objections(changed(POSITION, change)) == [wanted]


def test_a_level_is_named_by_its_place_in_the_book() -> None:
    (found,) = objections(changed(BOOK, lambda frame: frame["msg"]["yes_dollars_fp"].append(["0.48", "3.00"])))
    assert found.seen == 'orderbook_snapshot.msg.yes_dollars_fp[1][0]: "0.48"'


def test_findings_of_a_wrong_book_are_limited() -> None:
    levels = [["0.5", "1.00"]] * 1000
    assert len(objections(changed(BOOK, lambda frame: frame["msg"].update(yes_dollars_fp=levels)))) == FINDINGS_MAX


def test_a_long_value_is_cut() -> None:
    (found,) = objections(changed(POSITION, lambda frame: frame["msg"].update(volume_fp="9" * 1000)))
    assert len(found.seen) < 200
    assert found.seen.endswith("999...")


@each_row(
    ("frame", "seen"),
    [({"type": "market_positions", "sid": 1, "msg": {}}, 'type: "market_positions"'), ({"kind": 1}, "no type")],
)
def test_an_unknown_type_lists_the_known_ones(frame: Frame, seen: str) -> None:
    (found,) = objections(frame)
    assert (found.seen, found.place) == (seen, f"{PLACE}/messages")
    assert "market_position, " in found.expected


@each_row(
    ("raw", "reason"),
    [
        ("[]\n", "[] (no object)"),
        ('{"type":"ok"\n', '{"type":"ok" (Expecting'),
        ('{"type":"ok","type":"ok"}\n', '{"type":"ok","type":"ok"} (a key stands twice in an object)'),
        ('{"type":NaN}\n', '{"type":NaN} (NaN is no JSON)'),
        ("[" * 100_000 + "\n", "[[["),
        (b'{"type":"\xff"}\n', 'bytes that are no text: b\'{"type":"\\xff"}\\n\''),
    ],
    ids=["a list", "cut", "twice", "NaN", "deep", "no UTF-8"],
)
def test_what_is_no_frame_is_a_finding(raw: str | bytes, reason: str) -> None:
    (found,) = objections(raw)
    assert found.rule == "frames.documented"
    assert found.seen.startswith(reason)


@each_row("word", [[], {}, None, 7, True])
def test_a_constant_that_is_no_text_is_a_finding(word: Any) -> None:
    (found,) = objections({"type": word})
    assert found.seen == f"type: {json.dumps(word)}"


def test_what_is_refused_is_an_error_of_its_own_kind() -> None:
    with pytest.raises(ValueError, match="no object"):
        read_frame("1")
    assert read_frame('{"a":[1,0.25]}') == {"a": [1, 0.25]}


# --- how it is written


def test_a_frame_ends_in_a_newline() -> None:
    (found,) = objections(compact(POSITION).rstrip("\n"))
    assert (found.rule, found.seen, found.expected) == (
        "frames.newline",
        "a frame that ends in '\"9.00\"}}'",
        "a newline",
    )


@each_row("raw", [json.dumps(POSITION) + "\n", compact(POSITION) + "\n", " " + compact(POSITION)])
def test_there_is_no_space_between_tokens(raw: str) -> None:
    (found,) = objections(raw)
    assert (found.rule, found.expected) == ("frames.compact", "JSON without it")


def test_space_in_a_text_is_none_between_tokens() -> None:
    assert objections(changed(POSITION, lambda frame: frame["msg"].update(user_id='a "b" c\n'))) == []


def test_keys_stand_in_the_recorded_order() -> None:
    (found,) = objections({key: POSITION[key] for key in ("sid", "type", "msg")})
    assert found == Finding(
        "frames.key_order",
        "frame 1",
        "market_position with the keys sid, type, msg",
        "the order type, sid, msg, sending_ts_ms",
        f"{PLACE}/messages/market_position/payload/x-key-order",
    )


def test_keys_inside_stand_in_the_recorded_order_where_one_was_recorded() -> None:
    def turned(frame: Frame) -> Frame:
        return {**frame, "msg": dict(reversed(frame["msg"].items()))}

    assert objections(turned(POSITION)) == []
    (found,) = objections(turned(BOOK))
    assert (found.rule, found.place) == (
        "frames.key_order",
        f"{PLACE}/messages/orderbook_snapshot/payload/properties/msg",
    )
    assert found.seen == "orderbook_snapshot.msg with the keys yes_dollars_fp, clock, market_id, market_ticker"


def test_answers_of_which_no_order_was_recorded_may_have_any() -> None:
    assert objections({"id": 1, "sid": 2, "seq": 7, "type": "unsubscribed"}) == []
    assert objections({"type": "unsubscribed", "id": 1, "sid": 2, "seq": 7}) == []


# --- messages that are told apart by more than their type


@each_row(
    "frame",
    [
        {"id": 3, "type": "ok", "msg": [{"channel": "fill", "sid": 1}]},
        {"id": 3, "sid": 1, "seq": 2, "type": "ok", "msg": {"market_tickers": ["RAIN-1"]}},
        {"id": 3, "sid": 1, "seq": 2, "type": "ok", "msg": {}},
    ],
    ids=["the subscriptions", "a filter", "no filter"],
)
def test_either_of_two_messages_of_a_type_is_let_pass(frame: Frame) -> None:
    assert objections(frame) == []


def test_a_frame_is_compared_with_the_nearest_message() -> None:
    (found,) = objections({"id": 3, "sid": 1, "type": "ok", "msg": {}})
    assert (found.seen, found.expected) == ("ok: no seq", "seq, which is always there")
    (found,) = objections({"id": 3, "type": "ok", "msg": [{"channel": "fills", "sid": 1}]})
    assert found.seen == 'subscriptions.msg[0].channel: "fills"'


@each_row(
    ("code", "words", "expected"),
    [(7, "Unknown subscription", '"Unknown subscription ID"'), (6, "Already subscribed", "1 or 2 or 3 or 4 or 5 or 7")],
)
def test_an_error_has_a_code_of_the_day_and_its_text(code: int, words: str, expected: str) -> None:
    (found,) = objections({"id": 1, "type": "error", "msg": {"code": code, "msg": words}})
    assert found.expected.startswith(expected)


def test_a_markets_event_has_its_own_keys_and_no_others() -> None:
    msg = {"market_ticker": "RAIN-1", "event_type": "settled", "open_ts": 1}
    found = objections({"type": "market_lifecycle_v2", "sid": 1, "seq": 1, "msg": msg})
    assert [(one.seen, one.expected) for one in found] == [
        ("market_lifecycle_v2.msg: no settled_ts", "settled_ts (the keys of settled)"),
        ("market_lifecycle_v2.msg.open_ts: 1", "the keys of settled: market_ticker, event_type, settled_ts"),
    ]


def test_a_nullable_value_is_compared_with_its_other_type() -> None:
    order = {"type": "user_order", "sid": 1, "msg": {"created_time": "yesterday", "created_ts_ms": "1"}}
    found = {one.expected for one in objections(order) if one.seen == 'user_order.msg.created_time: "yesterday"'}
    assert {words[:16] for words in found} == {"format date-time", "pattern ^[0-9]{4"}
    told = {one.seen: one.expected for one in objections({**order, "msg": {"created_ts_ms": True}})}
    assert told["user_order.msg.created_ts_ms: true"] == "type integer"


# --- commands


@each_row(
    "command",
    [
        {"cmd": "list_subscriptions"},
        {"id": 0, "cmd": "subscribe", "params": {"channels": ["fill", "market_positions"]}},
        {"id": 1, "cmd": "subscribe", "params": {"channels": ["orderbook_delta"], "market_ticker": "RAIN-1"}},
        {"id": 1, "cmd": "unsubscribe", "params": {"sids": [1, 2]}},
        {
            "id": 1,
            "cmd": "update_subscription",
            "params": {"action": "get_snapshot", "sid": 1, "market_tickers": ["R"]},
        },
    ],
)
def test_a_documented_command_is_let_pass_however_it_is_written(command: Frame) -> None:
    assert commanded(command) == []
    assert commanded(compact(dict(reversed(command.items())))) == []


# The command, and what is seen and expected.
COMMAND_FAULTS: list[tuple[Frame, list[tuple[str, str]]]] = [
    ({"cmd": "ping"}, [('cmd: "ping"', "one of subscribe, unsubscribe, update_subscription, list_subscriptions")]),
    ({"id": -1, "cmd": "list_subscriptions"}, [("list_subscriptions.id: -1", "minimum 0")]),
    ({"cmd": "unsubscribe"}, [("unsubscribe: no params", "params, which is always there")]),
    ({"cmd": "unsubscribe", "params": {"sids": []}}, [("unsubscribe.params.sids: []", "minItems 1")]),
    (
        {"cmd": "subscribe", "params": {"channels": ["orderbook_delta"]}},
        [("subscribe.params with channels", "tickers beside orderbook_delta")],
    ),
    (
        {"cmd": "subscribe", "params": {"channels": ["fill"], "market_ticker": "R", "market_tickers": ["S"]}},
        [
            (
                "subscribe.params with channels, market_ticker, market_tickers",
                "market_ticker or market_tickers but not both",
            )
        ],
    ),
    (
        {"cmd": "subscribe", "params": {"channels": ["trade"], "shard_key": 1, "colour": "red"}},
        [
            ('subscribe.params.colour: "red"', "no such key"),
            ("subscribe.params: no shard_factor", "shard_factor (shard_factor beside shard_key)"),
        ],
    ),
    (
        {"cmd": "update_subscription", "params": {"action": "get_snapshot", "sid": 1, "sids": [1]}},
        [
            ("update_subscription.params with action, sid, sids", "either sid or sids"),
            ("update_subscription.params: no market_tickers", "market_tickers (market_tickers beside get_snapshot)"),
        ],
    ),
]


@each_row(("command", "wanted"), COMMAND_FAULTS)
def test_a_wrong_command_is_a_finding(command: Frame, wanted: list[tuple[str, str]]) -> None:
    assert sorted(commanded(command)) == sorted(wanted)


def test_a_channel_of_another_date_is_a_finding() -> None:
    early = FrameJudge(api_documents.read("kalshi/2025-11", api_documents.ASYNCAPI), "kalshi/2025-11")
    command = '{"cmd":"subscribe","params":{"channels":["user_orders"]}}'
    (found,) = early.command_objections(command, "command 1")
    assert found.seen == 'subscribe.params.channels[0]: "user_orders"'
    assert found.place == "contracts/kalshi/2025-11/asyncapi.yaml#/components/schemas/Channel/enum"
    assert commanded(command) == []


def test_a_command_that_is_no_json_is_a_finding() -> None:
    assert [seen for seen, _ in commanded("subscribe")] == ["subscribe (Expecting value: line 1 column 1 (char 0))"]
    (found,) = JUDGE.command_objections(b"\xff", "command 1")
    assert (found.seen, found.expected) == ("bytes that are no text: b'\\xff'", "UTF-8")


# --- speed


def test_frames_are_judged_as_they_come() -> None:
    raw = compact(POSITION)
    assert not list(JUDGE.objections(raw, "the first"))
    with calls_counted() as calls:
        assert not list(JUDGE.objections(raw, "frame 1"))
    assert calls.count < 100
