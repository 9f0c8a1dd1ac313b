"""Identifiers derived from their inputs, so that a replay produces the same ids."""

from functools import lru_cache
from hashlib import blake2b

NEW_HASH = blake2b(digest_size=16)
"""Copied for each id: making one takes longer."""
IDS_KEPT_MAX = 16
"""Number of ids of rows that are kept, since a command and its frames name the same rows several times."""
ID_CHARS = 36
HALF_BITS = 64
HALF_MASK = (1 << HALF_BITS) - 1
HIDING_FACTOR = 0x9E3779B97F4A7C15
"""An odd number whose multiples look random (2 to the 64th divided by the golden ratio)."""


def derived_id(*parts: object) -> str:
    """Return a UUID-shaped id that depends on nothing but `parts` (their text, in order)."""
    return id_of("\x1f".join(map(str, parts)))


def id_of(text: str) -> str:
    """Return a UUID-shaped id that depends on nothing but the text."""
    hashed = NEW_HASH.copy()
    hashed.update(text.encode())
    digest = hashed.hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


@lru_cache(maxsize=IDS_KEPT_MAX)
def row_id(seed: int, kind: str, serial: int) -> str:
    """Return a UUID-shaped id of the row with this serial: it is made when it is read, and not stored.

    Its first half depends on all of the arguments, its second half is the serial, hidden by the first.
    """
    first = blake2b(f"{seed}\x1f{kind}\x1f{serial}".encode(), digest_size=8).hexdigest()
    last = f"{_masked(int(first, 16), serial):016x}"
    return f"{first[:8]}-{first[8:12]}-{first[12:]}-{last[:4]}-{last[4:]}"


def serial_in(text: str) -> int | None:
    """Return the serial of the row to which an id belongs; None if the id cannot be one of `row_id`.

    Any other text of that form gives a number too: compare the id of the row that is found.
    """
    if len(text) != ID_CHARS:
        return None
    try:
        number = int(text.replace("-", ""), 16)
    except ValueError:
        return None
    return _masked(number >> HALF_BITS, number & HALF_MASK)


def _masked(first: int, serial: int) -> int:
    """Return a serial masked by the first half of its id; applied to a masked one, this gives the serial again."""
    return serial ^ (first * HIDING_FACTOR & HALF_MASK)
