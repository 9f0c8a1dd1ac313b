"""A sandbox's keys as the diagnosis of credentials needs them, and the search for similar header names."""

import difflib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from mockexchange.venues.quoting import plural, quote

K = TypeVar("K")
"""The type of a key's value: the bytes of a secret, or the PEM of a public key."""

HEADERS_MAX = 200
"""Largest number of headers that are compared, more than a server lets through."""
LOOK_ALIKES_MAX = 5
NAME_CHARS_MAX = 60
KEYS_COMPARED_MAX = 1_000
"""Largest number of ids that an unknown id is compared with; comparing a thousand takes some 10 ms."""
KEYS_NAMED_MAX = 3
KEY_ID_CHARS_MAX = 200
STRAY = " \t\r\n\"'<>{}[](),;"


class KnownKey(NamedTuple, Generic[K]):
    """A key that is tried when a signature is explained: one of the sandbox, or one given on the command line.

    `account` and `name` are empty for a key from the command line.
    """

    key_id: str
    account: str
    name: str
    key: K

    @property
    def label(self) -> str:
        if not self.account:
            return "the key given"
        return f'{self.account}\'s key "{self.name}"'


def explain_signer(claimed: KnownKey[K], signer: KnownKey[K]) -> str:
    made = f"this signature was made with {signer.label}; you sent the id of {claimed.label}"
    return f"{made}: send {quote(signer.key_id)}"


def explain_text(text: bytes, chars_max: int) -> str:
    """Return a text with the bytes that should have been signed, their number and their SHA-256."""
    shown, digest = quote(text.decode("latin-1"), chars_max), hashlib.sha256(text).hexdigest()
    return f"the text to sign is {shown} ({plural(len(text), 'byte')}, sha256 {digest})"


def similar_headers(sent: Sequence[str], wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (sent name, wanted name) for each header of a request whose name resembles a wanted one."""
    for name in sent[:LOOK_ALIKES_MAX]:
        near = difflib.get_close_matches(name[:NAME_CHARS_MAX], wanted, n=1, cutoff=0.75)
        if near:
            yield name, near[0]


def similar_ids(key_id: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(key_id[:KEY_ID_CHARS_MAX], list(known), n=KEYS_NAMED_MAX, cutoff=0.6)
