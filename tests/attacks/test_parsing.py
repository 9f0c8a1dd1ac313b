"""Requests that are slow to take apart: none holds the loop, whatever venue it is for, and none needs credentials."""

from collections.abc import Iterator

import pytest

from mockexchange.sandbox.interface import RequestContext
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_scenario
from mockexchange.server.http.request_limits import HEADERS_BYTES_MAX
from mockexchange.server.http.rest_endpoint import BODY_BYTES_MAX, TARGET_BYTES_MAX
from mockexchange.venues.jsonrpc.envelope import Malformed, read_object
from mockexchange.venues.query import PAIRS_MAX, query_pairs
from mockexchange.venues.registry import VENUES
from mockexchange.venues.request import Request
from tests.attacks.attacking import TURN_STEPS_MAX, play
from tests.helpers.steps import Steps

PREFIXES = [venue.prefix for venue in VENUES.values()]
JSON = (b"content-type", b"application/json")
BODIES = {
    "a large list": b'{"id":1,"rid":1,"method":"public/test","params":{"a":[' + b"1," * 120_000 + b"1]}}",
    "a list below all limits": b'{"id":1,"rid":1,"method":"public/test","params":{"a":[' + b"1," * 15_000 + b"1]}}",
    "lists in lists": b"[" * 30_000,
    "many keys": b"{" + b",".join(b'"%d":1' % number for number in range(20_000)) + b"}",
    "one key, again and again": b"{" + b",".join([b'"a":1'] * 5_000) + b"}",
    "a long number": b'{"id":' + b"1" * 250_000 + b"}",
    "escapes": b'{"id":"' + b"\\u0041" * 40_000 + b'"}',
}
QUERIES = {
    "lists": "a[]=&" * 12_000,
    "one name": "a&" * 32_000,
    "many names": "&".join(f"p{number}=1" for number in range(9_000)),
    "commas": "event_ticker=" + "," * 60_000,
    "escapes": "ticker=" + "%41" * 21_000,
    "a long number": "limit=" + "1" * 60_000,
}
HEADERS = {
    "commas": b"deri-hmac-sha256 " + b"a," * 16_000,
    "a token": b"bearer 1." + b"A" * 32_000,
    "base64": b"basic " + b"QUFB" * 8_000,
    "spaces": b" " * 32_000 + b"x",
}
PATHS = {"escapes": "/%41" * 16_000, "slashes": "/" * 64_000, "dots": "/.." * 20_000}
READS = ("/public/get_instruments", "/markets", "/events", "/markets/trades", "/portfolio/positions")


def requests() -> Iterator[tuple[str, Request]]:
    for prefix in PREFIXES:
        for name, body in BODIES.items():
            yield f"POST {prefix}: {name}", Request("POST", prefix, "", (JSON,), body[:BODY_BYTES_MAX])
        for name, path in PATHS.items():
            yield f"{prefix}: path of {name}", Request("GET", (prefix + path)[:TARGET_BYTES_MAX])
        for name, value in HEADERS.items():
            header = (b"authorization", value[:HEADERS_BYTES_MAX])
            yield f"{prefix}: header of {name}", Request("GET", f"{prefix}/private/get_positions", "", (header,))
        for read in READS:
            for name, query in QUERIES.items():
                yield f"{prefix}{read}: {name}", Request("GET", prefix + read, query[:TARGET_BYTES_MAX])


def steps_of(sandbox: Sandbox, request: Request) -> int:
    """Return the steps of Python that an answer takes; what C does of a request is bounded by its bytes alone."""
    steps = Steps()
    steps.start()
    try:
        sandbox.answer(RequestContext.of(request))
    finally:
        steps.stop()
    return steps.taken


def test_no_request_takes_long_to_read() -> None:
    async def scene() -> None:
        sandbox = await open_sandbox(load_scenario("demo"), SandboxOptions())
        found = {name: steps_of(sandbox, request) for name, request in requests()}
        assert {name: taken for name, taken in found.items() if taken > TURN_STEPS_MAX} == {}

    play(scene())


def test_a_query_is_read_up_to_its_bound_with_a_finding() -> None:
    assert len(query_pairs("a=1&" * 5_000)) == PAIRS_MAX

    async def scene() -> None:
        sandbox = await open_sandbox(load_scenario("demo"), SandboxOptions())
        _, entry = sandbox.answer(Request("GET", f"{PREFIXES[0]}/markets", "a=&" * (PAIRS_MAX + 1)))
        assert entry.findings[-1] == f"the query has more than {PAIRS_MAX:,} parameters: the rest is ignored"

    play(scene())


def test_a_list_of_too_many_values_is_not_parsed() -> None:
    with pytest.raises(Malformed, match="more than 4,000 values"):
        read_object(BODIES["a list below all limits"])
