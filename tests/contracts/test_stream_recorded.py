"""Recorded frames are accepted by the documents of their dates, and refused by others."""

import json
from typing import NamedTuple

from tests.contracts.documents import ALIASES, ROOT
from tests.contracts.stream_documents import Node, accepting, document, seen
from tests.helpers.rows import each_row

WIRE = ROOT / "fixtures" / "wire" / "kalshi"
RECORDINGS = sorted(WIRE.glob("stream_*.jsonl"))
# Type of a recorded frame, and its dates. Books and changes of June have no whole numbers: changes
# before March have to have them, books need not, as their sides may be left out.
DATES = {
    "subscribed": {*ALIASES, "compat"},
    # Without the `clock` that later ones have.
    "orderbook_snapshot": {"2026-02", "2026-04", "2026-06"},
    "orderbook_delta": {"2026-04", "2026-06"},
    "order_group_updates": {"2026-06", "2026-10", "compat"},
}


class Recorded(NamedTuple):
    name: str
    frame: str

    @property
    def kind(self) -> str:
        found: str = json.loads(self.frame)["type"]
        return found


FRAMES = [
    Recorded(f"{path.stem}-{number}", line)
    for path in RECORDINGS
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(keepends=True))
]


@each_row("recorded", FRAMES, ids=lambda recorded: recorded.name)
def test_a_recorded_frame_is_accepted_at_its_dates_and_no_other(recorded: Recorded) -> None:
    assert accepting(recorded.frame) == DATES[recorded.kind]


def test_every_recorded_kind_was_judged() -> None:
    assert {recorded.kind for recorded in FRAMES} == set(DATES)


TRADE = {
    "type": "trade",
    "sid": 2,
    "seq": 1,
    "msg": {
        "trade_id": "0c1f2a3e-5b11-4d53-9a3c-6f2f8a1f7d10",
        "market_ticker": "RAIN-1",
        "yes_price_dollars": "0.3600",
        "no_price_dollars": "0.6400",
        "count_fp": "1.00",
        "taker_side": "no",
        "taker_outcome_side": "no",
        "taker_book_side": "ask",
        "ts": 1781159489,
        "ts_ms": 1781159489957,
    },
}


def test_trades_are_numbered_from_the_recordings_of_june_on() -> None:
    unnumbered = {key: value for key, value in TRADE.items() if key != "seq"}
    assert seen("2026-06", compact(TRADE)) == []
    assert seen("2026-06", compact(unnumbered)) == ["trade: no seq"]
    assert "trade.seq: 1" in seen("2026-04", compact(TRADE))


def test_a_ticker_of_2025_may_have_what_was_seen_and_never_documented() -> None:
    msg = {"market_ticker": "RAIN-1", "price": 0, "yes_bid": 0, "yes_ask": 1, "price_dollars": "", "volume": 0}
    msg |= {"open_interest": 0, "dollar_volume": 0, "dollar_open_interest": 0, "ts": 1762767000, "Clock": 17}
    assert accepting(compact({"type": "ticker", "sid": 1, "msg": msg})) == {"2025-11", "2025-12"}


def test_what_was_recorded_and_not_documented_is_marked() -> None:
    marked = {
        alias: {name for name, node in components(alias).items() if "x-recorded" in json.dumps(node)}
        for alias in (*ALIASES, "compat")
    }
    assert {alias: names for alias, names in marked.items() if names} == {
        "2025-11": {"TickerUpdate"},
        "2025-12": {"TickerUpdate"},
        "2026-06": {"trade"},
        "compat": {"TickerUpdate"},
    }
    assert document("2026-06")["components"]["messages"]["trade"]["payload"]["x-recorded"] == ["seq"]
    assert document("2025-11")["components"]["schemas"]["TickerUpdate"]["x-recorded"] == ["Clock"]


def components(alias: str) -> Node:
    found = document(alias)["components"]
    return {**found["schemas"], **found["messages"]}


@each_row("created", [None, "2026-10-31T12:00:00Z"])
def test_the_times_of_an_order_may_be_null(created: str | None) -> None:
    (example,) = document("2026-10")["components"]["messages"]["user_order"]["examples"]
    frame = {**example["payload"], "msg": {**example["payload"]["msg"], "created_time": created}}
    assert seen("2026-10", compact(frame)) == []


def compact(frame: object) -> str:
    return json.dumps(frame, separators=(",", ":")) + "\n"
