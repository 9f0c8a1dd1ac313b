"""Answers that generated data hardly meets, each held against the contract document of its date; and whole lists."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import jsonschema_rs
import pytest
from schemathesis import Response

from contracts.suites.world import IN_PROCESS_HOST, World, front_of, open_world, over_a_socket
from mockexchange import documents
from mockexchange.documents import Document
from mockexchange.kit.exploring.engine import Told, load_schema
from mockexchange.kit.exploring.providers import AnyCase, signing_provider
from mockexchange.kit.kalshi.signing import Signer
from mockexchange.venues.kalshi.dates import ALIASES

pytestmark = pytest.mark.contract

BASE_URL = f"http://{IN_PROCESS_HOST}/trade-api/v2"
POSITIONS, FCM, BALANCE = "/portfolio/positions", "/fcm/positions", "/portfolio/balance"
FILLS, ORDERS, SETTLEMENTS = "/portfolio/fills", "/portfolio/orders", "/portfolio/settlements"
ORDER, QUEUE = "/portfolio/orders/{order_id}", "/portfolio/orders/{order_id}/queue_position"
DEPOSITS, RESTING_VALUE = "/portfolio/deposits", "/portfolio/summary/total_resting_order_value"
FCM_ORDERS, CAP, CATEGORIES = (
    "/fcm/orders",
    "/fcm/subtraders/event_contract_daily_cap",
    "/fcm/subtraders/blocked_categories",
)
SHARD_TRANSFER = "/portfolio/intra_exchange_instance_transfers/{transfer_id}"
EVERY = tuple(ALIASES)
FROM_FEBRUARY, UNTIL_FEBRUARY, FROM_JUNE, OCTOBER = EVERY[2:], EVERY[:3], EVERY[4:], EVERY[5:]
BEFORE_OCTOBER = EVERY[:5]
MEMBER, ONLY_1, DESK = ("member", "main"), ("member", "only_1"), ("desk", "main")
KEY, SIGNATURE, TIMESTAMP = (f"KALSHI-ACCESS-{name}" for name in ("KEY", "SIGNATURE", "TIMESTAMP"))
STALE_MS = 60_000

Headers = dict[str, str]
Query = dict[str, Any]


class Venue(NamedTuple):
    """The front of one date in this process, asked one request at a time."""

    world: World
    schema: Any

    def ask(
        self,
        path: str,
        *,
        names: Headers | None = None,
        signer: tuple[str, str] = MEMBER,
        query: Query | None = None,
        method: str = "GET",
        age_ms: int = 0,
        claimed: tuple[str, str] | None = None,
        change: Callable[[Headers], Headers] = dict,
    ) -> Response:
        """Send a signed request, its headers changed; the answer has to be one that the document describes.

        `names` fill the path. A method that the document does not have is judged by what it says of GET.
        """
        headers = self.world.signers[signer].headers(method, BASE_URL + path.format_map(names or {}), age_ms)
        headers[KEY] = self.world.signers[claimed or signer].key_id
        operation = self.schema[path][method if method.lower() in self.schema.raw_schema["paths"][path] else "GET"]
        case: AnyCase = operation.Case(
            method=method, path_parameters=names or {}, query=query or {}, headers=change(headers)
        )
        response = case.call()
        case.validate_response(response)
        return response


@contextmanager
def venue_at(alias: str) -> Iterator[Venue]:
    world = open_world(alias)
    document: Document = documents.read(f"kalshi/{alias}")
    provider = signing_provider(lambda case: _nobody())
    with front_of(world.sandbox) as front:
        yield Venue(world, load_schema(document, BASE_URL, front, provider, Told(), examples=1))


def _nobody() -> Signer:
    raise AssertionError("each request here is signed by the one who sends it")


def without(name: str) -> Callable[[Headers], Headers]:
    return lambda headers: {key: value for key, value in headers.items() if key != name}


def with_header(name: str, value: str) -> Callable[[Headers], Headers]:
    return lambda headers: {**headers, name: value}


class Situation(NamedTuple):
    """`says` is what the answer has to contain: the documents do not tell which cause has which words."""

    words: str
    status: int
    says: str
    path: str
    how: dict[str, Any]
    aliases: tuple[str, ...] = EVERY


FIRST, OTHER = {"subtrader_id": "fcm7_st1"}, {"subtrader_id": "fcm7_st9"}
ELEVEN = {"event_ticker": ",".join("ABCDEFGHIJK")}
START, SECOND = 1762257600, 1762257602
"""Of the world: its first second, and the one in which what is not archived begins."""
BOOK_OF = {"names": {"ticker": "KXRAINNYC-25NOV05-T1"}}
DEEP = {**BOOK_OF, "query": {"depth": 101}}
NOBODYS_BOOK = {**BOOK_OF, "change": lambda headers: {}}
TWO_TIMES = {"min_close_ts": START, "min_settled_ts": START}
OTHER_STATUS = {"min_close_ts": START, "status": "open"}
SITUATIONS = [
    Situation("no headers", 401, "token_authentication_failure", BALANCE, {"change": lambda headers: {}}),
    Situation("no key", 401, "token_authentication_failure", BALANCE, {"change": without(KEY)}),
    Situation("no signature", 401, "is_missing", BALANCE, {"change": without(SIGNATURE)}),
    Situation("a key of nobody", 401, "NOT_FOUND", BALANCE, {"change": with_header(KEY, "6c5cb9a2")}),
    Situation("a stale timestamp", 401, "header_timestamp_expired", BALANCE, {"age_ms": STALE_MS}),
    Situation("a garbled one", 401, "_expired", BALANCE, {"change": with_header(TIMESTAMP, "now")}),
    Situation("a signature that is none", 401, "INCORRECT", BALANCE, {"change": with_header(SIGNATURE, "AAAA")}),
    Situation("another account's signature", 401, "INCORRECT", BALANCE, {"claimed": DESK}),
    Situation("POST", 405, "method_not_allowed", BALANCE, {"method": "POST"}),
    Situation("DELETE", 405, "method_not_allowed", POSITIONS, {"method": "DELETE"}),
    Situation("a plain member", 403, "permission_denied", FCM, {"query": FIRST}),
    Situation("an unknown subtrader", 404, "not_found", FCM, {"signer": DESK, "query": OTHER}),
    Situation("no subtrader", 400, "subtrader_id is required", FCM, {"signer": DESK}),
    Situation(
        "another subaccount than the key's",
        403,
        "permission_denied",
        POSITIONS,
        {"signer": ONLY_1, "query": {"subaccount": 0}},
        FROM_FEBRUARY,
    ),
    Situation(
        "the key's own", 200, '"balance":2372', BALANCE, {"signer": ONLY_1, "query": {"subaccount": 1}}, FROM_FEBRUARY
    ),
    Situation("never opened", 200, '"balance":0,', BALANCE, {"query": {"subaccount": 7}}, FROM_FEBRUARY),
    Situation("eleven events", 400, "'EventTicker'", POSITIONS, {"query": ELEVEN}, UNTIL_FEBRUARY),
    Situation("eleven as one name", 200, '"market_positions":[]', POSITIONS, {"query": ELEVEN}, EVERY[3:]),
    Situation("limit too small", 400, "on the 'gte' tag", POSITIONS, {"query": {"limit": 0}}),
    Situation("limit too large", 400, "on the 'lte' tag", POSITIONS, {"query": {"limit": 1001}}),
    Situation("limit in words", 400, "error binding", POSITIONS, {"query": {"limit": "ten"}}),
    Situation("limit twice", 400, "multiple values", POSITIONS, {"query": {"limit": ["1", "2"]}}),
    Situation("unknown choice then", 400, "bad_request", POSITIONS, {"query": {"count_filter": "cost"}}, EVERY[:2]),
    Situation("unknown choice", 400, "on the 'oneof' tag", POSITIONS, {"query": {"count_filter": "cost"}}, EVERY[2:]),
    Situation("a cursor of nobody", 200, '"ticker":', POSITIONS, {"query": {"cursor": "e30"}}),
    *(
        Situation(f"no {name} of that name", 404, "not_found", path, {"names": {name: "nobody"}})
        for path, name in (
            (ORDER, "order_id"),
            (QUEUE, "order_id"),
            ("/markets/{ticker}", "ticker"),
            ("/markets/{ticker}/orderbook", "ticker"),
            ("/events/{event_ticker}", "event_ticker"),
            ("/series/{series_ticker}", "series_ticker"),
        )
    ),
    Situation("no transfer", 404, "not_found", SHARD_TRANSFER, {"names": {"transfer_id": "nobody"}}, OCTOBER),
    Situation("another account's order", 404, "not_found", ORDER, {"names": {"order_id": "theirs"}}),
    Situation("a queue without an order in it", 404, "not_found", QUEUE, {"names": {"order_id": "done"}}),
    Situation("a plain member's total", 403, "permission_denied", RESTING_VALUE, {}),
    Situation("a plain member's cap", 403, "permission_denied", CAP, {"query": FIRST}, OCTOBER),
    Situation("no cap", 404, "not_found", CAP, {"signer": DESK, "query": {"subtrader_id": "fcm7_st3"}}, OCTOBER),
    Situation("whose categories", 400, "subtrader_id is required", CATEGORIES, {"signer": DESK}, OCTOBER),
    Situation("whose orders", 400, "subtrader_id is required", FCM_ORDERS, {"signer": DESK}),
    Situation(
        "orders by the client's names",
        200,
        '"client_order_id":"desk-1"',
        FCM_ORDERS,
        {"signer": DESK, "query": {"client_order_ids": "desk-1,desk-9"}},
        OCTOBER,
    ),
    Situation("a key of one book", 403, "restricted to a single sub-account", DEPOSITS, {"signer": ONLY_1}, FROM_JUNE),
    Situation("an old write", 410, "deprecated_v1_order_endpoint", ORDERS, {"method": "POST"}, OCTOBER),
    Situation("an old write of nobody", 410, "V2", ORDERS, {"method": "POST", "change": lambda headers: {}}, OCTOBER),
    Situation("another old write", 410, "V2", ORDER, {"method": "DELETE", "names": {"order_id": "resting"}}, OCTOBER),
    Situation("a write", 403, "permission_denied", ORDERS, {"method": "POST"}, BEFORE_OCTOBER),
    Situation("a new write", 403, "permission_denied", "/portfolio/events/orders", {"method": "POST"}, FROM_JUNE),
    Situation("a write of nobody", 401, "token", "/api_keys", {"method": "POST", "change": lambda headers: {}}),
    Situation("201 rows then", 400, "on the 'lte' tag", FILLS, {"query": {"limit": 201}}, UNTIL_FEBRUARY),
    Situation("201 rows", 200, '"fills":[{', FILLS, {"query": {"limit": 201}}, EVERY[3:]),
    Situation("501 payments", 400, "on the 'lte' tag", DEPOSITS, {"query": {"limit": 501}}, FROM_JUNE),
    Situation("no such order status", 200, '"orders":[]', ORDERS, {"query": {"status": "pending"}}),
    Situation(
        "no such status", 400, "'Status'", FCM_ORDERS, {"signer": DESK, "query": {**FIRST, "status": "x"}}, EVERY[2:]
    ),
    Situation("eleven events of orders", 400, "'EventTicker'", ORDERS, {"query": ELEVEN}),
    Situation("a window from its first second", 200, '"fills":[{', FILLS, {"query": {"min_ts": SECOND}}),
    Situation("a window before it", 200, '"fills":[]', FILLS, {"query": {"max_ts": START - 1}}),
    Situation("a deep book", 400, "on the 'lte' tag", "/markets/{ticker}/orderbook", DEEP),
    Situation("neither true nor false", 400, "error binding", "/events", {"query": {"with_nested_markets": "maybe"}}),
    Situation("markets of no state then", 400, "bad_request", "/markets", {"query": {"status": "x"}}, EVERY[:2]),
    Situation("markets of no state", 400, "on the 'oneof' tag", "/markets", {"query": {"status": "x"}}, EVERY[2:]),
    Situation("two kinds of time then", 200, '"markets":', "/markets", {"query": TWO_TIMES}, EVERY[:1]),
    Situation("two kinds of time", 400, "bad_request", "/markets", {"query": TWO_TIMES}, EVERY[3:]),
    Situation("a time of another status", 400, "bad_request", "/markets", {"query": OTHER_STATUS}, EVERY[1:]),
    Situation("a public read of anybody", 200, "exchange_active", "/exchange/status", {"change": lambda headers: {}}),
    Situation(
        "a public read with a wrong signature", 200, '"markets":[{', "/markets", {"change": with_header(SIGNATURE, "A")}
    ),
    Situation("a book before it was public", 401, "token", "/markets/{ticker}/orderbook", NOBODYS_BOOK, BEFORE_OCTOBER),
    Situation("a public book", 200, '"orderbook_fp":', "/markets/{ticker}/orderbook", NOBODYS_BOOK, OCTOBER),
    Situation("cash below zero", 200, '"balance":-', BALANCE, {"signer": ("debtor", "main")}),
]


@pytest.mark.parametrize("alias", ALIASES)
def test_each_situation_is_answered_as_documented(alias: str) -> None:
    with venue_at(alias) as venue:
        for one in SITUATIONS:
            if alias in one.aliases:
                response = venue.ask(one.path, **one.how)
                assert (response.status_code, one.says in response.text) == (one.status, True), (
                    one.words,
                    response.text,
                )


@pytest.mark.parametrize("alias", ALIASES)
def test_pages_of_any_size_make_up_the_list(alias: str) -> None:
    with venue_at(alias) as venue:
        for path, query, limit_max in paged_reads(alias):
            whole = rows_of(pages(venue, path, {**query, "limit": limit_max}))
            for limit in (1, 2, 7):
                parts = list(pages(venue, path, {**query, "limit": limit}))
                assert rows_of(parts) == whole, (path, query, limit)
                assert limit > 1 or len(whole) <= 1 or len(parts) > 1, (path, query)


@pytest.mark.parametrize("alias", ALIASES)
def test_an_unknown_route_is_answered_as_documented(alias: str) -> None:
    components = documents.read(f"kalshi/{alias}")["components"]
    schema = {
        **components["responses"]["UnknownRoute"]["content"]["application/json"]["schema"],
        "components": components,
    }
    with front_of(open_world(alias).sandbox) as front, over_a_socket(front) as reached:
        response = httpx.get(f"{reached.origin}/trade-api/v2/portfolio/unheard_of")
    assert response.status_code == 404
    jsonschema_rs.validate(schema, response.json())


def paged_reads(alias: str) -> Iterator[tuple[str, Query, int]]:
    """Path, query and the largest limit of every read that has pages of a size; positions by their status."""
    document = documents.read(f"kalshi/{alias}")
    known = document["components"]["parameters"]
    for path, item in document["paths"].items():
        names = [one["$ref"].rpartition("/")[2] for one in item.get("get", {}).get("parameters", [])]
        schemas = {known[name]["name"]: known[name]["schema"] for name in names}
        if {"cursor", "limit"} <= set(schemas):
            query = FIRST if "subtrader_id" in schemas else {}
            for status in schemas.get("settlement_status", {}).get("enum", [None]):
                more = {} if status is None else {"settlement_status": status}
                yield path, {**query, **more}, schemas["limit"]["maximum"]


def pages(venue: Venue, path: str, query: Query) -> Iterator[dict[str, Any]]:
    """Every page, each of them as documented."""
    cursor = ""
    while True:
        signer = DESK if path.startswith("/fcm/") else MEMBER
        page: dict[str, Any] = venue.ask(path, signer=signer, query={**query, "cursor": cursor}).json()
        yield page
        cursor = page.get("cursor", "")
        if not cursor:
            return


def rows_of(parts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of all pages; of positions those of markets, since an event may be on two pages."""
    return [
        row for page in parts for key, rows in page.items() if key not in {"cursor", "event_positions"} for row in rows
    ]


def test_a_cursor_does_not_cross_statuses_from_2026_10_on() -> None:
    with venue_at("2026-10") as venue:
        cursor = venue.ask(POSITIONS, query={"limit": 1, "settlement_status": "settled"}).json()["cursor"]
        query = {"limit": 1, "settlement_status": "all", "cursor": cursor}
        assert venue.ask(POSITIONS, query=query).status_code == 400
