"""Identifiers derived from their inputs, so that a replay produces the same ids."""

from hashlib import blake2b

EMPTY = blake2b(digest_size=16)


def derived_id(*parts: object) -> str:
    """Return a UUID-shaped id that depends on nothing but `parts` (their text, in order)."""
    return id_of("\x1f".join(map(str, parts)))


def id_of(text: str) -> str:
    """Return a UUID-shaped id that depends on nothing but the text."""
    hashed = EMPTY.copy()
    hashed.update(text.encode())
    digest = hashed.hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
