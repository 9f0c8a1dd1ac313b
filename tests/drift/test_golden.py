"""What was really recorded fits its date, and planted drift of its frames is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mockexchange.drift.drift import Drift, drift_of
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

WIRE = ROOT / "fixtures" / "wire" / "kalshi"
API, STREAM = "/trade-api/v2/", "/trade-api/ws/v2"
DAY_AT = 1_781_160_000_000_000
JSON = [(b"content-type", b"application/json")]
DOCUMENTED = [*JSON, (b"date", b"Thu, 11 Jun 2026 06:40:00 GMT")]
READS = {
    "portfolio/positions": "http_get_portfolio_positions",
    "portfolio/balance": "http_get_portfolio_balance",
    "portfolio/fills": "http_get_portfolio_fills",
    "portfolio/settlements": "http_get_portfolio_settlements",
    "exchange/status": "http_get_exchange_status",
    "account/limits": "http_get_account_limits",
}
ORDER = "http_get_portfolio_order"
BOOKS = '{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta","trade"],"market_tickers":["KXA"]}}'
Frames = list[str]


def recorded(path: Path, change: Callable[[Frames], Frames] = lambda frames: frames) -> Path:
    """Write the bodies and a stream of 11 June 2026 as a recording."""
    file = RecordingFile(path, Redactor(), "https://demo.example", at=DAY_AT)
    for number, (target, name) in enumerate(READS.items()):
        _add(file, f"{API}{target}", (WIRE / f"{name}.2026-06-11.json").read_bytes(), DAY_AT + number)
    order = (WIRE / f"{ORDER}.2026-06-11.json").read_bytes()
    _add(file, f"{API}portfolio/orders/{json.loads(order)['order']['order_id']}", order, DAY_AT + 9)
    upgrade = Exchanged("GET", STREAM, [], b"", 101, [], b"", DAY_AT, 1, "wss://demo.example", connection=1)
    file.add_request(upgrade)
    file.add_frame(1, "in", BOOKS.encode(), at=DAY_AT)
    frames = (WIRE / "stream_orderbook.2026-06-11.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    for frame in change(frames):
        file.add_frame(1, "out", frame.encode(), at=DAY_AT + 10)
    file.finish()
    return path


def _add(file: RecordingFile, target: str, body: bytes, at: int) -> None:
    headers = [] if target.endswith("exchange/status") else DOCUMENTED  # its headers were not recorded
    file.add_request(Exchanged("GET", target, [], b"", 200, headers, body, at, 1, "https://demo.example"))


UNKNOWN = {
    ("values", "another value", "GET /portfolio/positions", "market_positions[].resting_orders_count"),
    ("values", "another value", "GET /portfolio/balance", "portfolio_value"),
}
"""Values that other reads would explain: the list of orders, and marks of markets."""


def shown(found: Drift) -> list[tuple[str, str, str, str]]:
    return [
        (one.deviation.level.value, one.deviation.kind.value, one.deviation.operation, one.deviation.path)
        for one in found.evidence
        if (one.deviation.level, one.deviation.kind, one.deviation.operation, one.deviation.path) not in UNKNOWN
    ]


def test_the_recorded_bodies_and_frames_fit_the_day_of_their_recording(tmp_path: Path) -> None:
    found = drift_of(recorded(tmp_path / "run.jsonl"))
    assert (found.alias, shown(found)) == ("2026-06", [])
    assert (found.recording.answers, found.recording.frames) == (8, 8)


def each(change: Callable[[dict[str, Any]], object]) -> Callable[[Frames], Frames]:
    """Return a change of all frames with data."""

    def change_all(frames: Frames) -> Frames:
        found = [json.loads(frame) for frame in frames]
        for frame in found:
            if "seq" in frame:
                change(frame)
        return [json.dumps(frame, separators=(",", ":")) + "\n" for frame in found]

    return change_all


def removed(frame: dict[str, Any]) -> None:
    frame["msg"].pop("market_id")


PLANTED: list[tuple[str, Callable[[Frames], Frames], list[tuple[str, str, str, str]]]] = [
    (
        "field",
        each(lambda frame: frame["msg"].update(foo=1)),
        [
            ("document", "unknown field", "stream orderbook_snapshot", "msg.foo"),
            ("document", "unknown field", "stream orderbook_delta", "msg.foo"),
        ],
    ),
    (
        "missing",
        each(removed),
        [
            ("document", "missing field", "stream orderbook_snapshot", "msg.market_id"),
            ("document", "missing field", "stream orderbook_delta", "msg.market_id"),
        ],
    ),
    (
        "acks",
        lambda frames: [frames[1], frames[0], *frames[2:]],
        [
            ("twin", "another order of frames", "stream", "acknowledgements"),
            ("twin", "another order of frames", "stream", "numbers of subscriptions"),
        ],
    ),
    (
        "numbers",
        each(lambda frame: frame.update(seq=1)),
        [("twin", "another order of frames", "stream", "sequence numbers")],
    ),
    (
        "newline",
        lambda frames: [*frames[:-1], frames[-1].rstrip("\n")],
        [("document", "another spelling", "stream orderbook_delta", "end of the frame")],
    ),
]


@each_row(("what", "change", "expected"), PLANTED, ids=[one[0] for one in PLANTED])
def test_drift_of_frames_is_found(
    tmp_path: Path, what: str, change: Callable[[Frames], Frames], expected: list[tuple[str, str, str, str]]
) -> None:
    found = shown(drift_of(recorded(tmp_path / "run.jsonl", change), "2026-06"))
    assert found == expected, what
