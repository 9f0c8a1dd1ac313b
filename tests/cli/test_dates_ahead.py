"""`serve` under a real clock: markets that are open close ahead of now, on the day of the test, and after a restart."""

import json
import urllib.request
from pathlib import Path
from typing import Any

from mockexchange.core.instants import parse_instant
from mockexchange.sandbox.clock import host_now_us
from tests.helpers.rows import each_row
from tests.house.serving import served

MINE = """
scenario: mine
start: now-30d
markets:
  NEAR: {event: E, series: S, close: +7d, expiration: +8d}
  GONE: {event: E, series: S, close: -1d}
  SAID: {event: E, series: S, close: 2025-12-01}
history:
  - {at: -2d, price: {market: NEAR, price: 0.5}}
"""


def markets(ready: Any, query: str = "") -> dict[str, dict[str, Any]]:
    with urllib.request.urlopen(f"{ready['venues']['kalshi']['base_url']}/markets?limit=1000{query}") as answer:
        return {market["ticker"]: market for market in json.load(answer)["markets"]}


def test_every_open_market_closes_ahead_of_now_and_stays_so_after_a_restart(tmp_path: Path) -> None:
    arguments = ("mockexchange", "serve", "--store", f"sqlite:{tmp_path / 'store.db'}")
    with served(tmp_path, *arguments) as ready:
        now_s = host_now_us() // 1_000_000
        is_open = markets(ready, "&status=open")
        assert is_open
        assert markets(ready, f"&min_close_ts={now_s}&status=open") == is_open
        assert {ticker for ticker, market in is_open.items() if market["status"] == "active"} == set(is_open)
        assert not markets(ready, f"&max_close_ts={now_s}&status=open")
        for market in is_open.values():
            assert market["close_time"] <= market["expected_expiration_time"] <= market["expiration_time"]
        before = markets(ready)
    with served(tmp_path, *arguments) as ready:
        assert markets(ready) == before


@each_row("clock", ["paused", "10x"])
def test_other_clocks_have_the_dates_of_the_scenario(clock: str, tmp_path: Path) -> None:
    with served(tmp_path, "mockexchange", "serve", "--clock", clock) as ready:
        shown = markets(ready)
    assert shown["KXRAINNYC-25NOV05-T1"]["close_time"] == "2025-11-06T05:00:00Z"
    assert shown["KXRAINNYC-25NOV05-T1"]["expiration_time"] == "2025-11-12T15:00:00Z"
    assert shown["KXQUICKSETTLE-25NOV04-B"]["close_time"] == "2026-11-04T23:00:00Z"


def test_a_scenario_of_ones_own_counts_from_the_beginning_of_its_sandbox(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE)
    begun = host_now_us()
    with served(tmp_path, "mockexchange", "serve", "--scenario", "mine.yaml") as ready:
        found = {ticker: (parse_instant(one["close_time"]) - begun) for ticker, one in markets(ready).items()}
        expiry = parse_instant(markets(ready)["NEAR"]["expiration_time"]) - begun
        opened = parse_instant(markets(ready)["NEAR"]["open_time"]) - begun
        ended = host_now_us()
    second, day = 1_000_000, 86_400_000_000
    took = ended - begun
    for distance, days in ((found["NEAR"], 7), (expiry, 8), (found["GONE"], -1), (opened, -30)):
        assert days * day - second <= distance <= days * day + took, days
    assert found["SAID"] == parse_instant("2025-12-01") - begun
