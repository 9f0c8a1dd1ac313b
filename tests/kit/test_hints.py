"""Names in the paths of generated requests, where `ticker` is an event below `/events/`, and the longest lists."""

import re

from mockexchange.kit.kalshi.schemathesis_hints import make_hints
from mockexchange.kit.schemathesis.hints import LONG_LIST, operations_of, parameters_of
from mockexchange.kit.schemathesis.settings import settings
from mockexchange.kit.target import BOUND, FCM, MEMBER
from mockexchange.kit.validation.requests import RequestJudge
from mockexchange.runtime import api_documents
from tests.helpers.rows import each_row

NAMES = {"ticker": ["E-1-A", "E-1-B"], "event_ticker": ["E-1", "E-2"]}
WANTED = [
    ("GetMarketCandlesticksByEvent", NAMES["event_ticker"]),
    ("GetMarketCandlesticks", NAMES["ticker"]),
    ("GetMarket", NAMES["ticker"]),
]


@each_row(("operation_id", "wanted"), WANTED)
def test_a_ticker_is_of_an_event_or_of_a_market(operation_id: str, wanted: list[str]) -> None:
    document = make_hints(api_documents.read("kalshi/2026-10"), NAMES, [MEMBER]).document
    [operation] = [one for one in operations_of(document) if one.id == operation_id]
    [ticker] = [one for one in parameters_of(document, operation) if one["name"] == "ticker"]
    assert ticker["schema"]["enum"] == wanted


def test_without_known_events_nothing_is_limited() -> None:
    document = make_hints(api_documents.read("kalshi/2026-10"), {}, [MEMBER]).document
    [operation] = [one for one in operations_of(document) if one.id == "GetMarketCandlesticksByEvent"]
    assert all("enum" not in one["schema"] for one in parameters_of(document, operation) if one["name"] == "ticker")


@each_row("alias", ["2025-11", "2026-10", "compat"])
@each_row("roles", [(MEMBER, FCM), (MEMBER, FCM, BOUND)])
def test_an_empty_subtrader_is_one_that_is_left_out(alias: str, roles: tuple[str, ...]) -> None:
    """A busy run with seed 223 sent one beside client order ids, and blamed the answer."""
    published = api_documents.read(f"kalshi/{alias}")
    hints = make_hints(published, {**NAMES, "subtrader_id": ["fcm7_st1"]}, roles)
    judge = RequestJudge(hints.refusing or published)
    for query in ("subtrader_id=&client_order_ids=mine", "client_order_ids=mine", "subtrader_id="):
        objection = judge.objection_to("/fcm/orders", "get", {}, query)
        assert bool(objection) is (alias == "2025-11"), objection


def test_the_longest_lists_fit_into_a_url() -> None:
    """Of 2,000 items, whose names and values are as long as the hints allow; a server takes 62,000 bytes and more."""
    document = make_hints(api_documents.read("kalshi/2026-10"), {}, [MEMBER]).document
    for operation in operations_of(document):
        for one in parameters_of(document, operation):
            schema = one["schema"]
            if schema.get("maxItems", 0) >= LONG_LIST:
                longest = re.fullmatch(r"\^\[a-z0-9-\]\{1,(\d+)\}\$", schema["items"]["pattern"])
                assert longest
                assert schema["maxItems"] * (len(one["name"]) + len("=&") + int(longest[1])) < 62_000
                assert all(len(item) <= int(longest[1]) for item in one["example"])
                return
    raise AssertionError("no list is so long")


def test_operations_with_equal_settings_are_together() -> None:
    """What is said of an operation is the same as with settings of its own."""
    hints = make_hints(api_documents.read("kalshi/2026-10"), NAMES, [MEMBER])
    every = frozenset(one.id for one in operations_of(hints.document))
    tested = every - {"GetFills"}
    groups = settings(hints, tested, is_brief=True, may_write=False, examples=2, seed=1)["operations"]
    named = [name for group in groups for name in group["include-operation-id"]]
    assert len(named) == len(set(named))
    assert len(groups) < len(named) / 4
    assert [group["include-operation-id"] for group in groups if not group.get("enabled", True)] == [["GetFills"]]
    checks = {name: group["checks"] for group in groups if "checks" in group for name in group["include-operation-id"]}
    assert checks == {name: own for name, own in hints.checks.items() if name in tested}
