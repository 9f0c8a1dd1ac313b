"""Replaces ids by pseudonyms of the same shape. An id has the same pseudonym in the whole recording.

A pseudonym is computed from the id and a random salt that is stored nowhere: ids of REST and streams still match each
other, and originals cannot be found by trying candidates.
"""

import hashlib
import re
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence, Set
from itertools import count
from urllib.parse import quote, unquote

SALT_BYTES = 32
Rest = Callable[[str], str]
KNOWN_MAX = 1_000_000
"""The largest number of ids that are looked for in free text and in the finished file; they take about 200 MB."""
KNOWN_CHARS_MIN = 8
"""The shortest id that is replaced in free text; shorter ids, which may be ordinary words, only in fields of ids."""
UNMISTAKABLE_CHARS_MIN = 24
"""The shortest id without digits that is replaced in free text; shorter ones may be words."""
DRAWN_AGAIN_CHARS_MAX = 16
"""The longest part of an id whose pseudonym is drawn again if another part has the same one already; with a million
ids, longer ones are alike by chance less than once in 10,000 recordings."""
DRAWS_MAX = 64
"""The most draws; then a pseudonym becomes one character longer, since all shorter ones are taken."""
WORD_CHARS_MAX = 4
"""The longest leading word of an id that is kept, since it names a kind and no account, as in `ETH-349249`."""
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?=.*[0-9])[0-9a-f]{8,}|(?=.*[0-9])[0-9A-F]{8,}")
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_HEX_32 = re.compile(r"(?<![\w-])(?=[0-9]*[a-fA-F])(?:[0-9a-f]{32,}|[0-9A-F]{32,})(?!\w)")
"""A pattern for ids, keys and digests in hexadecimal, of 16 bytes or more."""
_TOKEN = re.compile(r"[\w.~%+/=@-]{8,}")
_EDGES = re.compile(r"([/.=@])")
"""Characters between which an id may stand in a token, such as in a path; emails and base64 have them too."""
_BETWEEN_EDGES = re.compile(r"[\w~%+-]{8,}")
PARTS_MAX = 24
"""The most parts of a token of which every run is looked at."""
_PART = re.compile(r"([_\-.:/])")
_IS_SAFE = re.compile(r"[\w.~-]*", re.ASCII)
"""A pattern for texts that a URL contains unchanged."""
_DIGITS, _LOWER, _UPPER = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Pseudonyms:
    """The pseudonyms of one recording, by the ids that they replace."""

    def __init__(self, salt: bytes | None = None) -> None:
        self._salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
        self._known: dict[str, str] = {}
        self._forms: set[str] = set()
        """The base64 and URL forms of what is known."""
        self._made: set[str] = set()
        self._has_inner_edges = False
        """Whether something known has an edge in it, so that it is a run of parts."""
        self._short: dict[str, str] = {}
        self._short_made: set[str] = set()

    def pseudonym_of(self, original: str) -> str:
        """Return the pseudonym of an id, which is always the same.

        An id that equals the pseudonym of another id gets a pseudonym, as every id does.
        """
        if not original:
            return original
        found = self._known.get(original)
        return self._remember(original) if found is None else found

    def number(self, original: str) -> str:
        """Return the pseudonym of a number: as many digits, of which the first is not zero."""
        return original if len(original) < 2 else self._part(original)

    def in_text(self, text: str, rest: Rest | None = None) -> str:
        """Return free text in which UUIDs, long hexadecimal numbers, emails and known ids are replaced.

        `rest` gets what is between them in a word, and returns what is written.
        """
        return self._in_text(text, frozenset(), rest)

    def in_written_text(self, text: str) -> str:
        """Return redacted text in which those ids are replaced too that became known later.

        Pseudonyms stay unchanged.
        """
        return self._in_text(text, self._made)

    def is_made(self, text: str) -> bool:
        """Return whether a text is the pseudonym of an id."""
        return text in self._made

    def leaks(self, text: str) -> Iterator[str]:
        """Yield the words of a text that are an original id, in plain, base64 or URL-encoded form."""
        for found in _TOKEN.finditer(text) if self._may_leak(text) else ():
            spelt = dict.fromkeys((found[0], found[0].rstrip("="), unquote(found[0])))
            if any(self._is_known(run) and run not in self._made for one in spelt for run in _runs(one)):
                yield found[0]

    def _may_leak(self, text: str) -> bool:
        """Return False if no token is known, nor a part of one; much quicker than to look at each."""
        if "%" in text or "=" in text:
            return bool(self._known)
        tokens = [*_TOKEN.findall(text), *_BETWEEN_EDGES.findall(text)]
        if self._has_inner_edges:
            tokens = [run for token in tokens for run in _runs(token)]
        return not (self._known.keys().isdisjoint(tokens) and self._forms.isdisjoint(tokens))

    def _remember(self, original: str) -> str:
        made = self._made_of(original)
        # An id cannot be mistaken for a word or an amount where no field names it as an id.
        has_letter, has_digit = (any(kind(char) for char in original) for kind in (str.isalpha, str.isdigit))
        is_long = len(original) >= (KNOWN_CHARS_MIN if has_digit else UNMISTAKABLE_CHARS_MIN)
        if ((has_letter and is_long) or bool(UUID.fullmatch(original))) and len(self._known) < KNOWN_MAX:
            self._known[original] = made
            forms = set(_forms(original))
            self._forms.update(forms)
            self._has_inner_edges |= any(_EDGES.search(one.rstrip("=")) for one in (original, *forms))
            self._made.add(made)
        return made

    def _in_text(self, text: str, kept: Set[str], rest: Rest | None = None) -> str:
        """Return text with pseudonyms in place of the UUIDs, emails and other ids that are not in `kept`."""
        for shape in (UUID, *((EMAIL,) if "@" in text else ()), _HEX_32):
            text = shape.sub(lambda found: found[0] if found[0] in kept else self.pseudonym_of(found[0]), text)
        if not self._known and rest is None:
            return text
        return _TOKEN.sub(lambda found: self._of_token(found[0], kept, rest or str), text)

    def _of_token(self, token: str, kept: Set[str], rest: Rest) -> str:
        shown = self._shown_of(token, kept)
        return "".join(self._of_parts(_EDGES.split(token), kept, rest)) if shown is None else shown

    def _of_parts(self, parts: Sequence[str], kept: Set[str], rest: Rest) -> Iterator[str]:
        """Yield a token in which the longest runs of parts that are ids are replaced."""
        place, before = 0, ""
        while place < len(parts):
            end, shown = self._run_at(parts, place, kept)
            if shown is None:
                before += parts[place]
            else:
                yield rest(before) + shown
                before = ""
            place = end
        yield rest(before)

    def _run_at(self, parts: Sequence[str], place: int, kept: Set[str]) -> tuple[int, str | None]:
        """Return where the longest run from a place on that is an id ends, and what stands for it."""
        last = min(len(parts), place + 2 * PARTS_MAX) if self._has_inner_edges else place + 1
        for end in range(last, place, -1):
            shown = self._shown_of("".join(parts[place:end]), kept)
            if shown is not None:
                return end, shown
        return place + 1, None

    def _shown_of(self, text: str, kept: Set[str]) -> str | None:
        """Return what stands for an id, also if it is percent-encoded; None for another text."""
        if self._is_known(text):
            return text if text in kept else self._shown(text)
        plain = unquote(text) if "%" in text else text
        if plain != text and self._is_known(plain):
            return quote(self._shown(plain), safe="")
        return text if text in self._made else None

    def _is_known(self, text: str) -> bool:
        return text in self._known or text in self._forms

    def _shown(self, known: str) -> str:
        return self._known.get(known) or self._substituted(known)

    def _made_of(self, original: str) -> str:
        if UUID.fullmatch(original):
            # Another UUID of the same version and variant: clients check them.
            made, version, variant = self._hexadecimal(original.replace("-", "")), original[14], original[19]
            return f"{made[:8]}-{made[8:12]}-{version}{made[13:16]}-{variant}{made[17:20]}-{made[20:]}"
        first, *others = _PART.split(original)
        is_kind = bool(others) and first.isalpha() and len(first) <= WORD_CHARS_MAX and "@" not in original
        parts = [part if _PART.fullmatch(part) else self._part(part) for part in others]
        return "".join([first if is_kind else self._part(first), *parts])

    def _part(self, part: str) -> str:
        if not part or len(part) > DRAWN_AGAIN_CHARS_MAX or len(self._short) >= KNOWN_MAX:
            return self._drawn(part)
        return self._short.get(part) or self._short_part(part)

    def _short_part(self, part: str) -> str:
        """Return what no other short part has, and not the part itself, and remember it."""
        drawn = (self._drawn(part + "0" * (draw // DRAWS_MAX), draw) for draw in count())
        made = next(one for one in drawn if one not in self._short_made and one != part)
        self._short_made.add(made)
        self._short[part] = made
        return made

    def _drawn(self, part: str, draw: int = 0) -> str:
        is_hexadecimal = _HEX.fullmatch(part) and not part.isdigit()
        return self._hexadecimal(part, draw) if is_hexadecimal else self._substituted(part, draw)

    def _hexadecimal(self, original: str, draw: int = 0) -> str:
        lowered = original.lower()
        made = self._draw(_numbered(lowered, draw), len(original)).hex()[: len(original)]
        return made if lowered == original else made.upper()

    def _substituted(self, original: str, draw: int = 0) -> str:
        drawn = self._draw(_numbered(original, draw), len(original))
        return "".join(_other(char, drawn[place], place) for place, char in enumerate(original))

    def _draw(self, text: str, count: int) -> bytes:
        return hashlib.shake_256(self._salt + text.encode("utf-8", "surrogatepass")).digest(count)


def _numbered(original: str, draw: int) -> str:
    return f"{original}\n{draw}" if draw else original


def _other(char: str, drawn: int, place: int) -> str:
    if char in _DIGITS:
        return _DIGITS[1 + drawn % 9] if place == 0 else _DIGITS[drawn % 10]
    if char in _LOWER:
        return _LOWER[drawn % 26]
    if char in _UPPER:
        return _UPPER[drawn % 26]
    return char if char.isascii() else _LOWER[drawn % 26]


def _forms(original: str) -> Iterator[str]:
    """Yield the base64 and URL forms of an id that differ from it."""
    raw = original.encode("utf-8", "surrogatepass")
    form = b64encode(raw).decode()
    yield form
    yield form.rstrip("=")
    if "+" in form or "/" in form:
        yield (form := urlsafe_b64encode(raw).decode())
        yield form.rstrip("=")
    if not _IS_SAFE.fullmatch(original):
        yield quote(raw, safe="")


def _runs(token: str) -> Iterator[str]:
    """Yield a token, and each run of the parts between its edges."""
    yield token
    parts = _EDGES.split(token)
    for first in range(0, len(parts), 2):
        for last in range(first, min(len(parts), first + 2 * PARTS_MAX), 2):
            yield "".join(parts[first : last + 1])
