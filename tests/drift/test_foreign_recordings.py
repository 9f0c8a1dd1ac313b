"""Cassettes and HAR files are compared as recordings are, and torn ones are named."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockexchange.drift.drift import drift_of
from mockexchange.drift.foreign_recordings import as_recording
from mockexchange.importing.recorded_answers import WrongRecording
from tests.drift.test_golden import WIRE
from tests.helpers.rows import each_row

URI = "https://demo.example/trade-api/v2/portfolio/balance"
BALANCE = (WIRE / "http_get_portfolio_balance.2025-11-03.json").read_text(encoding="utf-8")
DATE_HEADER = {"Content-Type": ["application/json"], "Date": ["Mon, 03 Nov 2025 10:00:00 GMT"]}


def interaction(body: Any = None, **changed: Any) -> dict[str, Any]:
    response = {"status": {"code": 200}, "headers": DATE_HEADER, "body": {"string": BALANCE} if body is None else body}
    return {"request": {"method": "GET", "uri": URI, "headers": {}}, "response": response, **changed}


CASSETTES = [
    ("a.yaml", "interactions", interaction()),
    ("a.yml", "http_interactions", interaction({"base64_string": base64.b64encode(BALANCE.encode()).decode()})),
    ("a.json", "interactions", interaction(BALANCE, recorded_at="2025-11-03T10:00:00")),
    ("b.yaml", "http_interactions", interaction(recorded_at="Mon, 03 Nov 2025 10:00:00 GMT")),
]


@each_row(("name", "key", "found"), CASSETTES, ids=[f"{one[0]}-{one[1]}" for one in CASSETTES])
def test_a_cassette_says_until_which_date_it_is_right(
    tmp_path: Path, name: str, key: str, found: dict[str, Any]
) -> None:
    path = tmp_path / name
    text = json.dumps({key: [found]}) if name.endswith("json") else yaml.safe_dump({key: [found]})
    path.write_text(text, encoding="utf-8")
    with as_recording(path) as recording:
        drift = drift_of(recording)
    fitting = [alias for alias, count in drift.by_date.items() if not count]
    assert fitting == ["2025-11", "2025-12", "2026-02", "2026-04"]
    assert drift.recording.first_at == 1_762_164_000_000_000
    assert drift.ending is not None
    assert drift.ending[1:] == ("GET /portfolio/balance", "balance_dollars")
    assert "2026-04-21" < drift.ending.day <= "2026-06-11"


def test_a_har_is_compared_too(tmp_path: Path) -> None:
    entry = {
        "startedDateTime": "2025-11-03T10:00:00Z",
        "request": {"method": "GET", "url": URI, "headers": []},
        "response": {"status": 200, "headers": [], "content": {"text": BALANCE}},
    }
    path = tmp_path / "run.har"
    path.write_text(json.dumps({"log": {"entries": [entry]}}), encoding="utf-8")
    with as_recording(path) as recording:
        assert drift_of(recording).by_date["2026-02"] == 0


TORN = [
    ("a.yaml", "{", "no cassette"),
    ("a.yaml", "interactions: 5", "expected a list of interactions"),
    ("a.json", '{"http_interactions": [{"request": {}}]}', "interaction 1: 'response' is missing"),
    ("a.json", "[]", "no cassette"),
    ("a.har", "{}", "is no HAR"),
]


@each_row(("name", "text", "message"), TORN, ids=range(len(TORN)))
def test_a_torn_cassette_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WrongRecording, match=message), as_recording(path):
        pass
