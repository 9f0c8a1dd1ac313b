"""Identifiers derived from their inputs, so that a replay produces the same ids."""

import hashlib


def derived_id(*parts: object) -> str:
    """Return a UUID-shaped id that depends on nothing but `parts` (their text, in order)."""
    text = "\x1f".join(map(str, parts))
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
