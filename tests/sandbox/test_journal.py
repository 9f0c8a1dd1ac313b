"""The bounds of the journal, the order of dropping, and its queries."""

from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from mockexchange.sandbox.journal import (
    ENTRY_BYTES,
    FRAME_BYTES,
    PAGES_MAX,
    SHARED_BYTES_MAX,
    SHARED_BYTES_MIN,
    Firing,
    FrameEntry,
    Journal,
    JournalEntry,
    JournalItem,
    difference,
    pack_headers,
    pieces_of,
)
from mockexchange.sandbox.journal_json import (
    entry_bytes,
    entry_to_json,
    firing_to_json,
    frame_bytes,
    frame_to_json,
    request_to_json,
)
from mockexchange.venues.request import Page
from tests.helpers.rows import each_row

PATH = "/trade-api/v2/portfolio/positions"
HEADERS = ((b"host", b"mock"), (b"x", b"\xff"))
DROPPED = ("dropped_body", "dropped_answer")


def entry(number: int, answer: bytes | None = b"{}", **changes: Any) -> JournalEntry:
    plain: dict[str, Any] = {
        "at": 1_762_257_600_000_000,
        "host_at": 1_762_257_600_000_001,
        "position": 7,
        "method": "GET",
        "target": f"{PATH}?limit=2",
        "packed_headers": pack_headers(HEADERS),
        "body": b"",
        "status": 200,
        "answer_pieces": () if answer is None else (answer,),
        "operation": "GetPositions",
        "account": "alice",
    }
    return JournalEntry(number=number, **{**plain, **changes})


def filled(journal: Journal, *entries: JournalEntry) -> Journal:
    for one in entries:
        journal.add(one)
    return journal


def numbers(journal: Journal) -> list[int]:
    return [one.number for one in journal]


def test_an_entry_knows_its_path_and_query() -> None:
    assert (entry(1).path, entry(1).query) == (PATH, "limit=2")
    assert (entry(1, target="").path, entry(1, target="/").query) == ("", "")


# --- bounds


def test_the_oldest_entries_go_and_the_count_goes_on() -> None:
    journal = filled(Journal(entries_max=3), *(entry(number) for number in range(1, 6)))
    assert numbers(journal) == [3, 4, 5]
    assert (len(journal), journal.count) == (3, 5)


def test_the_oldest_bodies_are_dropped_first_and_keep_size_and_checksum() -> None:
    journal = filled(
        Journal(bodies_bytes_max=100),
        entry(1, body=b"a" * 30, answer=b"b" * 30),
        entry(2, body=b"", answer=b"c" * 40),
        entry(3, body=b"", answer=b"d" * 30),
    )
    first, second, third = journal
    assert (first.body, first.answer) == (None, None)
    assert first.dropped == {
        "body": (30, f"{crc32(b'a' * 30):08x}"),
        "answer": (30, f"{crc32(b'b' * 30):08x}"),
    }
    assert [one.answer for one in (second, third)] == [b"c" * 40, b"d" * 30]
    assert [one.dropped for one in (second, third)] == [{}, {}]


def test_an_answer_larger_than_all_is_dropped_at_once() -> None:
    [only] = filled(Journal(bodies_bytes_max=10), entry(1, answer=b"a" * 11))
    assert (only.answer, only.dropped["answer"][0]) == (None, 11)


def test_empty_bodies_take_no_room_and_are_never_dropped() -> None:
    journal = filled(Journal(bodies_bytes_max=0), entry(1, body=b"", answer=b""), entry(2, body=None, answer=None))
    assert [(one.body, one.answer, one.dropped) for one in journal] == [(b"", b"", {}), (None, None, {})]


def test_bodies_of_entries_that_went_make_room() -> None:
    journal = Journal(entries_max=2, bodies_bytes_max=100)
    filled(journal, *(entry(number, answer=bytes([number]) * 40) for number in range(1, 9)))
    assert [one.answer for one in journal] == [b"\x07" * 40, b"\x08" * 40]


def test_entries_without_their_bodies_go_too() -> None:
    journal = Journal(entries_max=2, bodies_bytes_max=50)
    filled(journal, *(entry(number, answer=bytes([number]) * 40) for number in range(1, 5)))
    assert [(one.number, one.answer) for one in journal] == [(3, None), (4, b"\x04" * 40)]


def test_long_targets_and_headers_make_the_oldest_entries_go() -> None:
    journal = Journal(heads_bytes_max=2 * (ENTRY_BYTES + 400))
    filled(journal, *(entry(number, target="/" + "a" * 299, packed_headers=b"v" * 100) for number in range(1, 5)))
    assert numbers(journal) == [3, 4]
    filled(journal, entry(5, target="/" + "a" * 2_600))
    assert numbers(journal) == []
    filled(journal, entry(6))
    assert numbers(journal) == [6]


def test_a_cleared_journal_counts_on_and_has_its_room_back() -> None:
    heads_bytes_max = 2 * ENTRY_BYTES
    journal = Journal(bodies_bytes_max=50, heads_bytes_max=heads_bytes_max)
    filled(journal, entry(1, answer=b"a" * 40))
    journal.clear()
    assert (len(journal), journal.count) == (0, 1)
    filled(journal, entry(2, answer=b"b" * 40, target="/" + "a" * 180))
    assert [one.answer for one in journal] == [b"b" * 40]
    filled(journal, entry(3, target="a" * (heads_bytes_max - ENTRY_BYTES), packed_headers=b""))
    assert numbers(journal) == [3]


POOL = [b"", b"a" * 10, b"b" * 30, b"c" * 70]


@given(st.lists(st.tuples(st.sampled_from(POOL), st.sampled_from(POOL)), max_size=40), st.integers(1, 5))
def test_the_bounds_hold_for_any_entries(bodies: list[tuple[bytes, bytes]], entries_max: int) -> None:
    journal = Journal(entries_max=entries_max, bodies_bytes_max=100)
    for number, (body, answer) in enumerate(bodies, start=1):
        journal.add(entry(number, body=body, answer=answer))
        held = {id(raw): len(raw) for one in journal for raw in one.bodies}
        assert sum(held.values()) <= 100
        assert numbers(journal) == list(range(max(1, number - entries_max + 1), number + 1))
        whole = [not one.dropped for one in journal if one.number and (bodies[one.number - 1] != (b"", b""))]
        assert whole == sorted(whole), "only the oldest bodies are dropped"


# --- questions


def test_difference_has_the_values_got_and_wanted() -> None:
    one = entry(1)
    assert difference(one, {"status": 200, "path": PATH}) == []
    assert difference(one, {"status": 404, "account": "bob", "method": "GET"}) == [
        ("status", 200, 404),
        ("account", "alice", "bob"),
    ]


@pytest.fixture
def journal() -> Journal:
    return filled(
        Journal(),
        entry(1),
        entry(2, status=401, account=None),
        entry(3, operation="GetBalance"),
        entry(4, status=404, operation=None, account=None, method="POST"),
    )


def test_find_takes_every_attribute(journal: Journal) -> None:
    assert [one.number for one in journal.find()] == [1, 2, 3, 4]
    assert [one.number for one in journal.find(operation="GetPositions")] == [1, 2]
    assert [one.number for one in journal.find(operation="GetPositions", status=200)] == [1]
    assert journal.find(status=500) == []


def test_near_misses_come_nearest_first_the_newest_before_the_older(journal: Journal) -> None:
    misses = journal.near_misses(operation="GetBalance", status=200, account="alice")
    assert [(one.number, len(rows)) for one, rows in misses] == [(3, 0), (1, 1), (4, 3)]


def test_expect_returns_what_it_found(journal: Journal) -> None:
    assert [one.number for one in journal.expect(status=200)] == [1, 3]
    assert [one.number for one in journal.expect(times=2, status=200)] == [1, 3]
    assert journal.expect(times=0, status=500) == []


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (
            {"operation": "GetBalance", "status": 401},
            [
                "expected at least one request with {'operation': 'GetBalance', 'status': 401}, got 0",
                f"GET {PATH}?limit=2 -> 200: status is 200, wanted 401",
                f"GET {PATH}?limit=2 -> 401: operation is 'GetPositions', wanted 'GetBalance'",
                f"POST {PATH}?limit=2 -> 404: operation is None, wanted 'GetBalance'; status is 404, wanted 401",
            ],
        ),
        (
            {"times": 1, "status": 200},
            [
                "expected 1 request with {'status': 200}, got 2",
                f"POST {PATH}?limit=2 -> 404: status is 404, wanted 200",
            ],
        ),
    ],
)
def test_expect_shows_near_misses(journal: Journal, wanted: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(AssertionError) as raised:
        journal.expect(**wanted)
    assert str(raised.value) == "\n  near miss: ".join(words)


def test_the_error_of_expect_mentions_an_empty_journal() -> None:
    with pytest.raises(AssertionError, match=r"got 0\n  the journal has no other request$"):
        Journal().expect(status=200)


# --- frames and firings


def frame(raw: bytes = b"{}", **changes: Any) -> FrameEntry:
    plain: dict[str, Any] = {"at": 1_762_257_600_000_000, "host_at": 5, "position": 7, "connection": 3}
    return FrameEntry(**{**plain, "account": "alice", "direction": "out", "raw": raw, **changes})


FIRING = Firing(1_762_257_600_000_000, 5, 7, "fault", "flaky", {"then": "drop", "connection": 3})


def framed(journal: Journal, *frames: FrameEntry) -> Journal:
    for one in frames:
        journal.add_frame(one)
    return journal


def test_the_oldest_frames_go_and_their_numbers_go_on() -> None:
    journal = framed(Journal(frames_max=2), *(frame(b"%d" % number) for number in range(1, 5)))
    assert [(number, one.raw) for number, one in journal.numbered_frames()] == [(3, b"3"), (4, b"4")]
    journal.clear()
    assert list(journal.numbered_frames()) == []
    framed(journal, frame())
    assert [number for number, _ in journal.numbered_frames()] == [5]


def test_frames_are_bounded_by_their_bytes_too() -> None:
    journal = framed(Journal(frames_bytes_max=2 * FRAME_BYTES + 10), *[frame(b"four")] * 5)
    assert [number for number, _ in journal.numbered_frames()] == [4, 5]
    assert list(framed(journal, frame(b"x" * (FRAME_BYTES + 11))).numbered_frames()) == []
    assert [number for number, _ in framed(journal, frame(b"x" * 10)).numbered_frames()] == [7]


def test_firings_are_numbered_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.sandbox.journal.FIRINGS_MAX", 2)
    journal = Journal()
    for _ in range(3):
        journal.add_firing(FIRING)
    assert [number for number, _ in journal.numbered_firings()] == [2, 3]
    journal.clear()
    assert list(journal.numbered_firings()) == []


def test_observers_are_called_and_may_remove_themselves() -> None:
    journal, told = Journal(), list[JournalItem]()

    def once(item: JournalItem) -> None:
        journal.observers.remove(once)
        told.append(item)

    journal.observers += [once, told.append]
    one = entry(1)
    journal.add(one)
    assert told == []
    journal.close(one)
    assert told == [one, one]
    assert one.is_closed
    journal.add_frame(frame())
    journal.add_firing(FIRING)
    assert told[2:] == [frame(), FIRING]


# --- as JSON


def test_an_entry_as_json() -> None:
    one = entry(3, body=b"hello", findings=("odd",), diagnosis="why", key_id="k", latency_us=250)
    assert entry_to_json(one) == {
        "number": 3,
        "position": 7,
        "method": "GET",
        "target": f"{PATH}?limit=2",
        "status": 200,
        "operation": "GetPositions",
        "account": "alice",
        "key_id": "k",
        "latency_us": 250,
        "diagnosis": "why",
        "findings": ["odd"],
        "fault": None,
        "stub": None,
        "venue": "",
        "refusal": None,
        "connection": None,
        "at": "2025-11-04T12:00:00Z",
        "at_us": 1_762_257_600_000_000,
        "host_at_us": 1_762_257_600_000_001,
        "headers": [["host", "mock"], ["x", "\xff"]],
        "body": "hello",
        "answer": "{}",
    }


def test_nothing_of_an_entry_is_left_out() -> None:
    shown = set(entry_to_json(entry(1, dropped_answer=(1, "x"), commands=(5,), overlay=("fills[].new",))))
    left_out = {field.name for field in fields(JournalEntry)} - shown
    assert left_out == {"host_at", "is_closed", "answer_pieces", "packed_headers", "head_bytes", *DROPPED}
    assert {"headers", "dropped"} <= shown


@each_row("raw", [b"", b"text", "späß".encode(), b"\xff\x00", bytes(range(256)), None])
def test_bodies_survive_json(raw: bytes | None) -> None:
    plain = entry_to_json(entry(1, body=raw, answer=raw))
    assert entry_bytes(plain, "body") == entry_bytes(plain, "answer") == raw


def test_dropped_bodies_keep_size_and_checksum() -> None:
    one = entry(1, answer=b"gone")
    one.drop_bodies()
    plain = entry_to_json(one)
    assert plain["answer"] is None
    assert plain["dropped"] == {"answer": (4, f"{crc32(b'gone'):08x}")}


def test_broken_base64_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"base64|padding|character"):
        entry_bytes({"body_base64": "?"}, "body")


def test_a_request_in_short() -> None:
    shown = request_to_json(entry(3, target="/" + "x" * 5_000, diagnosis="why", fault="flaky", connection=2))
    assert set(shown) == set(entry_to_json(entry(1))) - {
        "position",
        "at_us",
        "host_at_us",
        "headers",
        "body",
        "answer",
    }
    assert (len(shown["target"]), shown["fault"], shown["connection"]) == (2_000, "flaky", 2)


def test_a_frame_as_json() -> None:
    assert frame_to_json(9, frame(kind="fill", channel="fill", fault="flaky", note="why")) == {
        "number": 9,
        "position": 7,
        "connection": 3,
        "account": "alice",
        "direction": "out",
        "kind": "fill",
        "channel": "fill",
        "fault": "flaky",
        "note": "why",
        "stub": None,
        "at": "2025-11-04T12:00:00Z",
        "at_us": 1_762_257_600_000_000,
        "host_at_us": 5,
        "frame": "{}",
    }


@each_row("raw", [b"", b"text\n", "sp\u00e4\u00df".encode(), b"\xff\x00", bytes(range(256))])
def test_frames_survive_json(raw: bytes) -> None:
    assert frame_bytes(frame_to_json(1, frame(raw))) == raw


def test_a_firing_as_json() -> None:
    assert firing_to_json(2, FIRING) == {
        "number": 2,
        "position": 7,
        "kind": "fault",
        "name": "flaky",
        "at": "2025-11-04T12:00:00Z",
        "at_us": 1_762_257_600_000_000,
        "host_at_us": 5,
        "detail": {"then": "drop", "connection": 3},
    }


# --- bodies in pieces: a page that many answers have is kept once


def test_a_page_counts_once_for_the_answers_that_have_it() -> None:
    page = b"p" * SHARED_BYTES_MIN
    bodies = [b'{"id":%d,"result":%b}' % (number, page) for number in range(1, 6)]
    journal = Journal()
    for number, body in enumerate(bodies, start=1):
        journal.add(entry(number, answer_pieces=pieces_of(body, Page(body.index(page), page))))
    assert [one.answer for one in journal] == bodies
    assert journal.bodies_bytes < 2 * len(page)


@each_row(
    ("body", "page"),
    [
        (b"[%b]" % (b"p" * SHARED_BYTES_MIN), None),
        (b"[small]", Page(1, b"small")),
    ],
    ids=["no page", "small"],
)
def test_a_body_without_its_page_is_kept_whole(body: bytes, page: Page | None) -> None:
    assert pieces_of(body, page) == (body,)


def test_an_equal_page_of_another_process_counts_once() -> None:
    journal = Journal()
    for page in (b"p", b"p", b"q", b"q"):
        journal.add_closed(entry(0, answer=bytes(bytearray(page * SHARED_BYTES_MIN))))
    assert [one.number for one in journal] == [1, 2, 3, 4]
    assert journal.bodies_bytes == 2 * SHARED_BYTES_MIN
    first = bytes(bytearray(b"p" * SHARED_BYTES_MIN))
    for number in range(PAGES_MAX):  # of other accounts: too many for the first ones to be known still
        journal.add_closed(entry(0, account=f"a{number}", answer=bytes(bytearray(b"r" * SHARED_BYTES_MIN))))
    journal.add_closed(entry(0, answer=first))
    assert journal.find()[-1].answer is not None
    assert journal.bodies_bytes == (3 + PAGES_MAX) * SHARED_BYTES_MIN


def test_pages_of_one_size_are_known_by_their_beginning() -> None:
    journal = Journal()
    pages = [b'{"cursor":"%d"}' % number + b"p" * SHARED_BYTES_MIN for number in range(3)]
    for number in range(1, 10):
        journal.add(entry(number, answer=bytes(bytearray(pages[number % 3]))))
    assert journal.bodies_bytes == sum(map(len, pages))


def test_an_equal_page_that_was_made_anew_counts_once() -> None:
    journal = Journal()
    sizes = SHARED_BYTES_MIN, SHARED_BYTES_MAX, SHARED_BYTES_MAX + 1, SHARED_BYTES_MIN - 1
    for number in range(1, 9):
        journal.add(entry(number, answer=bytes(bytearray(b"p" * sizes[number % len(sizes)]))))
    assert {len(one.answer or b"") for one in journal} == set(sizes)
    assert journal.bodies_bytes == SHARED_BYTES_MIN + SHARED_BYTES_MAX + 2 * (SHARED_BYTES_MAX + SHARED_BYTES_MIN)


def test_a_shared_page_counts_once() -> None:
    page = b"p" * 1_100
    journal = filled(Journal(bodies_bytes_max=1_200), *(entry(number, answer=page) for number in range(1, 6)))
    assert [one.answer for one in journal] == [page] * 5
    filled(journal, entry(6, answer=b"q" * 200))
    assert [one.answer for one in journal] == [None] * 5 + [b"q" * 200]


def test_a_shared_short_body_counts_for_each_entry() -> None:
    body = b"p" * 60
    journal = filled(Journal(bodies_bytes_max=100), *(entry(number, body=body, answer=b"") for number in range(1, 4)))
    assert ([one.body for one in journal], journal.bodies_bytes) == ([None, None, body], 60)
