"""Names in the paths of generated requests: below `/events/` the variable `ticker` is an event."""

import pytest

from mockexchange.kit.kalshi.schemathesis_hints import make_hints
from mockexchange.kit.schemathesis.hints import operations_of, parameters_of
from mockexchange.kit.target import MEMBER
from mockexchange.runtime import api_documents

NAMES = {"ticker": ["E-1-A", "E-1-B"], "event_ticker": ["E-1", "E-2"]}
WANTED = [
    ("GetMarketCandlesticksByEvent", NAMES["event_ticker"]),
    ("GetMarketCandlesticks", NAMES["ticker"]),
    ("GetMarket", NAMES["ticker"]),
]


@pytest.mark.parametrize(("operation_id", "wanted"), WANTED)
def test_a_ticker_is_of_an_event_or_of_a_market(operation_id: str, wanted: list[str]) -> None:
    document = make_hints(api_documents.read("kalshi/2026-10"), NAMES, [MEMBER]).document
    [operation] = [one for one in operations_of(document) if one.id == operation_id]
    [ticker] = [one for one in parameters_of(document, operation) if one["name"] == "ticker"]
    assert ticker["schema"]["enum"] == wanted


def test_without_known_events_nothing_is_limited() -> None:
    document = make_hints(api_documents.read("kalshi/2026-10"), {}, [MEMBER]).document
    [operation] = [one for one in operations_of(document) if one.id == "GetMarketCandlesticksByEvent"]
    assert all("enum" not in one["schema"] for one in parameters_of(document, operation) if one["name"] == "ticker")
