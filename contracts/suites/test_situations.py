"""Answers that generated data hardly meets, each held against the contract document of its date; and whole lists."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import jsonschema_rs
import pytest
from schemathesis import Response

from contracts.suites.harness import Document, Told, load_schema, read_document
from contracts.suites.signing import AnyCase, Signer, signing_provider
from contracts.suites.world import IN_PROCESS_HOST, World, front_of, open_world, over_a_socket
from mockexchange.venues.kalshi.dates import ALIASES

pytestmark = pytest.mark.contract

BASE_URL = f"http://{IN_PROCESS_HOST}/trade-api/v2"
POSITIONS, FCM, BALANCE = "/portfolio/positions", "/fcm/positions", "/portfolio/balance"
EVERY = tuple(ALIASES)
FROM_FEBRUARY, UNTIL_FEBRUARY = EVERY[2:], EVERY[:3]
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
        signer: tuple[str, str] = MEMBER,
        query: Query | None = None,
        method: str = "GET",
        age_ms: int = 0,
        claimed: tuple[str, str] | None = None,
        change: Callable[[Headers], Headers] = dict,
    ) -> Response:
        """Send a signed request, its headers changed; the answer has to be one that the document describes."""
        headers = self.world.signers[signer].headers(method, BASE_URL + path, age_ms)
        headers[KEY] = self.world.signers[claimed or signer].key_id
        case: AnyCase = self.schema[path]["GET"].Case(method=method, query=query or {}, headers=change(headers))
        response = case.call()
        case.validate_response(response)
        return response


@contextmanager
def venue_at(alias: str) -> Iterator[Venue]:
    world = open_world(alias)
    document: Document = read_document(f"kalshi/{alias}")
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
        "the key's own", 200, '"balance":2374', BALANCE, {"signer": ONLY_1, "query": {"subaccount": 1}}, FROM_FEBRUARY
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
    statuses = ("unsettled", "settled", "all") if has_status(alias) else (None,)
    with venue_at(alias) as venue:
        for query in [{} if status is None else {"settlement_status": status} for status in statuses]:
            (whole,) = pages(venue, {**query, "limit": 1000})
            parts = [list(pages(venue, {**query, "limit": limit})) for limit in (1, 2, 5)]
            assert len(parts[0]) > 1
            assert [rows_of(part) for part in parts] == [whole["market_positions"]] * 3


@pytest.mark.parametrize("alias", ALIASES)
def test_an_unknown_route_is_answered_as_documented(alias: str) -> None:
    components = read_document(f"kalshi/{alias}")["components"]
    schema = {
        **components["responses"]["UnknownRoute"]["content"]["application/json"]["schema"],
        "components": components,
    }
    with front_of(open_world(alias).sandbox) as front, over_a_socket(front) as reached:
        response = httpx.get(f"{reached.origin}/trade-api/v2/portfolio/unheard_of")
    assert response.status_code == 404
    jsonschema_rs.validate(schema, response.json())


def has_status(alias: str) -> bool:
    parameters = read_document(f"kalshi/{alias}")["paths"][POSITIONS]["get"]["parameters"]
    return {"$ref": "#/components/parameters/settlement_status"} in parameters


def pages(venue: Venue, query: Query) -> Iterator[dict[str, Any]]:
    """Every page, each of them as documented."""
    cursor = ""
    while True:
        page: dict[str, Any] = venue.ask(POSITIONS, query={**query, "cursor": cursor}).json()
        yield page
        cursor = page["cursor"]
        if not cursor:
            return


def rows_of(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for page in parts for row in page["market_positions"]]


def test_a_cursor_does_not_cross_statuses_from_2026_10_on() -> None:
    with venue_at("2026-10") as venue:
        cursor = venue.ask(POSITIONS, query={"limit": 1, "settlement_status": "settled"}).json()["cursor"]
        query = {"limit": 1, "settlement_status": "all", "cursor": cursor}
        assert venue.ask(POSITIONS, query=query).status_code == 400
