"""Cursors: a cursor survives a round trip, and any other text is None."""

import re
from base64 import urlsafe_b64encode

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.kalshi.cursor import CURSOR_CHARS_MAX, Cursor, digest_of, read_cursor, write_cursor
from tests.helpers.rows import each_row

INSTANTS = st.integers(-(2**63), 2**63 - 1)
CURSORS = st.builds(
    Cursor,
    st.binary(min_size=8, max_size=8),
    st.integers(0, 255),
    st.tuples(INSTANTS, st.text(min_size=1, max_size=200)),
)
PLAIN = Cursor(b"12345678", 0, (-1_762_257_600_000_000, "KXRAINNYC-25NOV05-T1"))


def spelt(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


@given(CURSORS)
def test_a_cursor_comes_back_as_it_went(cursor: Cursor) -> None:
    text = write_cursor(cursor)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)
    assert read_cursor(text) == (cursor if len(text) <= CURSOR_CHARS_MAX else None)


def test_it_is_unpadded_base64url() -> None:
    """As the one that was observed."""
    text = write_cursor(PLAIN)
    assert text == spelt(
        b"mx12345678\x00" + (-1_762_257_600_000_000).to_bytes(8, "big", signed=True) + b"KXRAINNYC-25NOV05-T1"
    )
    assert len(text) < 60


@each_row(
    "text",
    [
        "",
        "garbage",
        "A",
        "=",
        "====",
        "A" * CURSOR_CHARS_MAX,
        "A" * (CURSOR_CHARS_MAX + 1),
        "\u20ac",
        "%ff",
        "\x00",
        "💩",
        spelt(b"mx"),
        spelt(b"mx" + b"\0" * 16),
        spelt(b"mx" + b"\0" * 17),
        spelt(b"xm" + b"\0" * 17 + b"name"),
        spelt(b"mx" + b"\0" * 17 + b"\xff"),
        write_cursor(PLAIN)[:20],
        write_cursor(PLAIN)[1:],
        write_cursor(PLAIN._replace(rank=(0, "n" * 1_000))),
    ],
)
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert read_cursor(text) is None


@given(st.text() | st.binary().map(spelt) | st.binary(min_size=17).map(lambda raw: spelt(b"mx" + raw)))
def test_any_text_is_a_cursor_or_none(text: str) -> None:
    cursor = read_cursor(text)
    if cursor is not None:
        assert len(cursor.digest) == 8
        assert cursor.rank[1]
        assert read_cursor(write_cursor(cursor)) == cursor


@given(CURSORS, st.integers(0, 300), st.integers(0, 255))
def test_a_changed_one_is_another_one_or_none(cursor: Cursor, place: int, byte: int) -> None:
    text = write_cursor(cursor)
    changed = text[: place % len(text)] + chr(byte) + text[place % len(text) + 1 :]
    read = read_cursor(changed)
    assert read is None or isinstance(read, Cursor)


def test_a_digest_tells_filters_apart() -> None:
    filters: list[tuple[object, ...]] = [
        ("GetPositions", SubaccountRef("alice"), False, 0, None, (), None),
        ("GetFCMPositions", SubaccountRef("alice"), False, 0, None, (), None),
        ("GetPositions", SubaccountRef("alice", "3"), False, 0, None, (), None),
        ("GetPositions", SubaccountRef("alice"), None, 0, None, (), None),
        ("GetPositions", SubaccountRef("alice"), False, 1, None, (), None),
        ("GetPositions", SubaccountRef("alice"), False, 0, "T", (), None),
        ("GetPositions", SubaccountRef("alice"), False, 0, None, ("T",), None),
        ("GetPositions", SubaccountRef("alice"), False, 0, None, ("T", "U"), None),
        ("GetPositions", SubaccountRef("alice"), False, 0, None, ("T, U",), None),
        ("GetPositions", SubaccountRef("alice"), False, 0, None, (), 0),
    ]
    digests = [digest_of(*one) for one in filters]
    assert {len(digest) for digest in digests} == {8}
    assert len(set(digests)) == len(filters)
    assert digest_of(*filters[0]) == digests[0]
