"""What a client can fill without credentials has a size, counted as the objects really take it."""

import gc
import tracemalloc
from collections.abc import Callable

import pytest

from mockexchange.sandbox.journal.journal import BODIES_BYTES_MAX, BYTES_MAX, HEADS_BYTES_MAX, Journal
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.request_context import RequestContext
from mockexchange.scenario.loader import load_scenario
from mockexchange.server.http.cut_requests import HEADERS_MAX
from mockexchange.venues.request import Request
from tests.attacks.attacking import ROUNDS, play

BYTES = 4 * 1024 * 1024
"""The size of the journal here; that of a server is 128 MB."""


def tiny_headers(number: int) -> Request:
    headers = tuple((f"a{number}-{place}".encode(), b"%d" % place) for place in range(HEADERS_MAX))
    return Request("GET", "/nowhere", "", headers)


def long_headers(number: int) -> Request:
    return Request("GET", "/nowhere", "", ((b"x", b"%d" % number + b"v" * 20_000),))


def long_target(number: int) -> Request:
    return Request("GET", "/nowhere", f"n={number}&" + "q" * 5_000)


def long_body(number: int) -> Request:
    return Request("POST", "/trade-api/v2/portfolio/orders", "", (), b"%d" % number + b" " * 5_000)


def nothing(number: int) -> Request:
    return Request("GET", "/")


HEADS, BODIES = (BYTES * part // BYTES_MAX for part in (HEADS_BYTES_MAX, BODIES_BYTES_MAX))
# how requests are made, how many, what the journal counts at most
FILLS: tuple[tuple[Callable[[int], Request], int, int], ...] = (
    (tiny_headers, 100, HEADS),
    (long_headers, 400, HEADS),
    (long_target, 800, HEADS),
    (long_body, 800, HEADS + BODIES),
    (nothing, 3_000, HEADS),
)


@pytest.mark.parametrize(("make", "count", "bound"), FILLS, ids=[make.__name__ for make, *_ in FILLS])
def test_a_full_journal_takes_what_it_counts(make: Callable[[int], Request], count: int, bound: int) -> None:
    async def scene() -> None:
        sandbox = await open_sandbox(load_scenario("demo"), SandboxOptions())
        sandbox.journal = Journal.of_size(BYTES)
        sandbox.answer(RequestContext.of(make(-1)))
        gc.collect()
        tracemalloc.start()
        try:
            for number in range(count * ROUNDS):
                sandbox.answer(RequestContext.of(make(number)))
            gc.collect()
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert taken < 1.25 * bound
        entries = list(sandbox.journal)
        assert len(entries) < count or entries[0].body is None, "the journal was full"

    play(scene())
