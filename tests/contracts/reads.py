"""Reads of every operation, at any API date, with names that exist and a key that may."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from contracts.suites.targets import NAMES
from contracts.suites.world import World, open_world
from mockexchange.venues.request import Answer, Request

PREFIX = "/trade-api/v2"
Objects = Mapping[str, Mapping[str, Any]]
"""Objects of a document by name: their required and optional keys, and the objects below them."""
FCM_ONLY = ("/fcm/", "/portfolio/summary/")
WINDOW: dict[str, object] = {"start_ts": "1762128000", "end_ts": "1762300800", "period_interval": "60"}
QUERIES: dict[str, dict[str, object]] = {
    "/markets/orderbooks": {"tickers": NAMES["ticker"][:2]},
    "/markets/candlesticks": {"market_tickers": NAMES["ticker"][0], **WINDOW},
    "/series/{series_ticker}/events/{ticker}/candlesticks": WINDOW,
    "/series/{series_ticker}/markets/{ticker}/candlesticks": WINDOW,
    "/historical/markets/{ticker}/candlesticks": WINDOW,
    "/milestones": {"limit": "10"},
    "/multivariate_event_collections/{collection_ticker}/lookup": {"lookback_seconds": "60"},
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
def world(date: str) -> World:
    return open_world(date)


def name_of(parameter: str, path: str) -> str:
    """Return a name that exists in the world."""
    if path.startswith("/historical/"):
        return HISTORICAL
    is_event = parameter == "ticker" and TICKERS_OF_EVENTS in path
    return NAMES["event_ticker" if is_event else parameter][0]


def ask(path: str, date: str = "2026-10", further: Mapping[str, object] | None = None) -> Answer:
    """Ask for an operation with a key of the account that may, and names that exist."""
    resource = path
    for parameter in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        resource = resource.replace(f"{{{parameter}}}", name_of(parameter, path))
    signer = world(date).signers["desk" if path.startswith(FCM_ONLY) else "member", "main"]
    headers = signer.headers("GET", PREFIX + resource)
    query = urlencode({**QUERIES.get(path, {}), **(further or {})}, doseq=True)
    raw = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
    return world(date).sandbox.answer(Request("GET", PREFIX + resource, query, raw))[0]


def differences(objects: Objects, name: str, body: Any, place: str = "") -> Iterator[str]:
    """Yield the keys of an object of a document that a body lacks, or has beyond it, also in nested objects."""
    known = objects[name]
    yield from (f"{place}{key}: missing" for key in sorted(set(known["required"]) - set(body)))
    yield from (f"{place}{key}: undocumented" for key in sorted(set(body) - {*known["required"], *known["optional"]}))
    for key, nested in known["of"].items():
        if key in body and nested in objects:
            for one in _objects_in(body[key]):
                yield from differences(objects, nested, one, f"{place}{key}.")


def _objects_in(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _objects_in(item)
    elif isinstance(value, dict):
        yield value
