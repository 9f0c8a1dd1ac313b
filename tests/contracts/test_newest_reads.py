"""Every GET operation of the newest known document is answered, with the keys that the document lists."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest

from contracts.suites.targets import NAMES
from contracts.suites.world import World, open_world
from mockexchange.venues.kalshi.dates import api_date
from mockexchange.venues.kalshi.operations import OPERATIONS
from mockexchange.venues.kalshi.operations.call import PublicOperation
from mockexchange.venues.request import Answer, Request
from tests.contracts.documents import ROOT

NEWEST = json.loads((ROOT / "fixtures" / "wire" / "kalshi" / "newest_reads.json").read_bytes())
READS: dict[str, dict[str, Any]] = NEWEST["reads"]
OBJECTS: dict[str, dict[str, Any]] = NEWEST["objects"]
PREFIX = "/trade-api/v2"
FCM_ONLY = ("/fcm/", "/portfolio/summary/")
WINDOW = {"start_ts": "1762128000", "end_ts": "1762300800", "period_interval": "60"}
QUERIES: dict[str, dict[str, Any]] = {
    "/markets/orderbooks": {"tickers": NAMES["ticker"][:2]},
    "/markets/candlesticks": {"market_tickers": NAMES["ticker"][0], **WINDOW},
    "/series/{series_ticker}/events/{ticker}/candlesticks": WINDOW,
    "/series/{series_ticker}/markets/{ticker}/candlesticks": WINDOW,
    "/historical/markets/{ticker}/candlesticks": WINDOW,
    "/milestones": {"limit": "10"},
    "/live_data/batch": {"milestone_ids": NAMES["milestone_id"]},
    "/series/{series_ticker}/events/{ticker}/forecast_percentile_history": {"percentiles": [2500, 5000], **WINDOW},
    "/live_data/weather/{city}": {"detailed": "true"},
    "/fcm/positions": {"subtrader_id": "fcm7_st1"},
    "/fcm/orders": {"subtrader_id": "fcm7_st1"},
    "/fcm/subtraders/blocked_categories": {"subtrader_id": "fcm7_st1"},
    "/fcm/subtraders/event_contract_daily_cap": {"subtrader_id": "fcm7_st1"},
}
HISTORICAL = "KXOLD-25OCT31-A"
TICKERS_OF_EVENTS = "/events/{ticker}/"


@cache
def world() -> World:
    return open_world("2026-10")


def name_of(parameter: str, path: str) -> str:
    """Return a name that exists in the world."""
    if path.startswith("/historical/"):
        return HISTORICAL
    is_event = parameter == "ticker" and TICKERS_OF_EVENTS in path
    return NAMES["event_ticker" if is_event else parameter][0]


def ask(path: str) -> Answer:
    """Ask for an operation with a key of the account that may, and names that exist."""
    resource = path
    for parameter in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        resource = resource.replace(f"{{{parameter}}}", name_of(parameter, path))
    signer = world().signers["desk" if path.startswith(FCM_ONLY) else "member", "main"]
    headers = signer.headers("GET", PREFIX + resource)
    query = urlencode(QUERIES.get(path, {}), doseq=True)
    raw = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
    return world().sandbox.answer(Request("GET", PREFIX + resource, query, raw))[0]


def differences(name: str, body: Any, place: str = "") -> Iterator[str]:
    """Yield the keys of an object of the document that a body lacks, or has beyond it, also in nested objects."""
    known = OBJECTS[name]
    yield from (f"{place}{key}: missing" for key in sorted(set(known["required"]) - set(body)))
    yield from (f"{place}{key}: undocumented" for key in sorted(set(body) - {*known["required"], *known["optional"]}))
    for key, nested in known["of"].items():
        if key in body and nested in OBJECTS:
            for one in _objects_in(body[key]):
                yield from differences(nested, one, f"{place}{key}.")


def _objects_in(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _objects_in(item)
    elif isinstance(value, dict):
        yield value


def test_the_server_has_every_read_of_the_newest_document_and_no_other() -> None:
    newest = api_date("latest")
    ours = {one.path for one in OPERATIONS if one.method == "GET" and newest.holds(*one.life)}
    assert ours == set(READS)


@pytest.mark.parametrize("path", sorted(set(READS) - {"/search/filters_by_sport"}))
def test_an_answer_has_the_keys_of_the_newest_document(path: str) -> None:
    answer = ask(path)
    assert answer.status == 200, answer.body
    assert sorted(set(differences(READS[path]["answer"], json.loads(answer.body)))) == []


def test_filters_have_the_keys_of_the_newest_document_below_the_names_of_sports() -> None:
    body = json.loads(ask("/search/filters_by_sport").body)
    assert list(differences("GetFiltersBySportsResponse", {**body, "filters_by_sports": None})) == []
    for sport in body["filters_by_sports"].values():
        assert list(differences("SportFilterDetails", {**sport, "competitions": None})) == []


def test_reads_need_a_key_as_the_newest_document_says() -> None:
    newest = api_date("latest")
    signed = {
        one.path: not isinstance(one, PublicOperation) or one.needs_key(newest)
        for one in OPERATIONS
        if one.method == "GET" and one.path in READS
    }
    assert signed == {path: READS[path]["signed"] for path in signed}
