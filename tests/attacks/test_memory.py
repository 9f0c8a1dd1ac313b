"""What a client can fill without credentials has a size, counted as the objects really take it."""

import gc
import tracemalloc
from collections.abc import Callable

from mockexchange.sandbox.interface import RequestContext
from mockexchange.sandbox.journal import (
    BODIES_BYTES_MAX,
    BYTES_MAX,
    HEADS_BYTES_MAX,
    Firing,
    FrameEntry,
    Journal,
)
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_scenario
from mockexchange.server.http.request_limits import HEADERS_MAX
from mockexchange.venues.request import Request
from tests.attacks.attacking import ROUNDS, play
from tests.helpers.effort import chosen
from tests.helpers.rows import each_row

BYTES = 4 * 1024 * 1024
"""The size of the journal here; that of a server is 128 MB."""
CACHED = 64
"""The newest requests whose headers a cache of a venue keeps, whether the journal has them or not."""


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
    (tiny_headers, 450, HEADS),
    (long_headers, 400, HEADS),
    (long_target, 800, HEADS),
    (long_body, 800, HEADS + BODIES),
    (nothing, 3_000, HEADS),
)


def fill(sandbox: Sandbox, make: Callable[[int], Request], numbers: range) -> None:
    for number in numbers:
        sandbox.answer(RequestContext.of(make(number)))


def traced_bytes() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@each_row(
    ("make", "count", "bound"), chosen(FILLS, FILLS[0], FILLS[3]), ids=lambda value: getattr(value, "__name__", None)
)
def test_a_full_journal_takes_what_it_counts(make: Callable[[int], Request], count: int, bound: int) -> None:
    async def scene() -> None:
        sandbox = await open_sandbox(load_scenario("demo"), SandboxOptions())
        sandbox.journal = Journal.of_size(BYTES)
        tracemalloc.start()
        try:
            fill(sandbox, make, range(-CACHED, 0))
            sandbox.journal.clear()
            before = traced_bytes()
            fill(sandbox, make, range(count * ROUNDS))
            taken = traced_bytes() - before
        finally:
            tracemalloc.stop()
        assert taken < 1.25 * bound
        entries = list(sandbox.journal)
        assert len(entries) < count or entries[0].body is None, "the journal was full"

    play(scene())


ITEMS, TRACKED_MAX = 2_000, 100
KINDS = (long_headers, long_target, long_body, nothing)


def note_frame(sandbox: Sandbox, number: int) -> None:
    sandbox.journal.add_frame(FrameEntry(*sandbox.moment(), 1, "alice", "in", b"%d" % number, commands=(number, 0)))


def note_firing(sandbox: Sandbox, number: int) -> None:
    detail = {"then": "drop", "connection": number}
    sandbox.journal.add_firing(Firing(*sandbox.moment(), "fault", f"of {number}", detail))


def tracked_objects() -> int:
    gc.collect()
    return len(gc.get_objects())


def test_the_collector_visits_nothing_of_a_full_journal() -> None:
    """Tracked objects are counted; one that each entry keeps would make ITEMS of them."""

    async def scene() -> None:
        sandbox = await open_sandbox(load_scenario("demo"), SandboxOptions())
        sandbox.journal = Journal(entries_max=ITEMS, bodies_bytes_max=ITEMS * 250)
        for make in KINDS:
            fill(sandbox, make, range(-CACHED, 0))
        before = tracked_objects()
        for number in range(ITEMS):
            fill(sandbox, KINDS[number % len(KINDS)], range(number, number + 1))
            note_frame(sandbox, number)
            note_firing(sandbox, number)
        assert tracked_objects() - before < TRACKED_MAX
        assert any(entry.dropped for entry in sandbox.journal)
        journal = sandbox.journal
        assert [len(journal), len(journal.frames), len(journal.firings)] == [ITEMS] * 3

    play(scene())
