"""Writes and reads the cursors of pages, which contain the key of the last row and a digest of the filters.

Clients cannot interpret a cursor. Layout before unpadded base64url: a mark, 8 bytes filter digest, 1 byte settlement
status, 8 bytes signed instant, name. An unreadable cursor means the first page, as recorded.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Hashable
from functools import lru_cache
from typing import NamedTuple

from mockexchange.core.model.ranking import Rank

MARK = b"mx"
DIGEST_BYTES = 8
INSTANT_BYTES = 8
DIGEST_END = len(MARK) + DIGEST_BYTES
HEAD_BYTES = DIGEST_END + 1 + INSTANT_BYTES
CURSOR_CHARS_MAX = 1024
FILTERS_MAX = 1024


class Cursor(NamedTuple):
    digest: bytes
    status: int
    rank: Rank


@lru_cache(maxsize=FILTERS_MAX)
def digest_of(*filters: Hashable) -> bytes:
    """Return eight bytes that are different for different filters.

    A filter that a request leaves out has to be given by its default value.
    """
    return hashlib.blake2b(repr(filters).encode(), digest_size=DIGEST_BYTES).digest()


def write_cursor(cursor: Cursor) -> str:
    instant, name = cursor.rank
    head = MARK + cursor.digest + bytes([cursor.status])
    raw = head + instant.to_bytes(INSTANT_BYTES, "big", signed=True) + name.encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(text: str) -> Cursor | None:
    """Parse a cursor; return None for a text that is not a cursor of this exchange."""
    if len(text) > CURSOR_CHARS_MAX:
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        name = raw[HEAD_BYTES:].decode()
    except ValueError:
        return None
    if not name or not raw.startswith(MARK):
        return None
    instant = int.from_bytes(raw[DIGEST_END + 1 : HEAD_BYTES], "big", signed=True)
    return Cursor(raw[len(MARK) : DIGEST_END], raw[DIGEST_END], (instant, name))
