"""Removes secrets from logs, views and reports: known secrets by their values, others by their form."""

import functools
import hashlib
import json
import re
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

HIDDEN = "[secret]"
SECRET_CHARS_MIN = 6
"""The shortest secret that is recognized by its value; shorter ones, such as "x", are also words of ordinary text."""
BASE64_BYTES_MIN = 12
"""The shortest secret that is searched in base64: fewer characters may be in it by chance."""
START_CHARS = 16
"""The number of letters and digits from a secret's beginning by which a cut secret is recognized."""
_NAMES = r"(?:client_|api_?)?secret|(?:access_|refresh_|auth_?)?token|pass(?:word|phrase|wd)|private_?key(?:_pem)?"
_CUT = r"""(?:"\.\.\.\(\d+ characters left out\)\.\.\."[^"\s]*)?"""
"""The second half of a text that a diagnosis cuts."""


class Shape(NamedTuple):
    """A pattern that recognizes a kind of secret, and the text `instead` that replaces it.

    If the pattern has a group `secret`, the text that this group matched is hidden elsewhere too.
    """

    pattern: re.Pattern[str]
    instead: str
    words: tuple[str, ...]
    """Words in lower case, one of which is in each text that matches: a text without them need not be searched."""


SHAPES = (
    Shape(
        re.compile(r"-----BEGIN[^-]{0,40}PRIVATE[^-]{0,9}KEY-----.*?(?:-----END[^-]{0,40}KEY-----|\Z)", re.DOTALL),
        HIDDEN,
        ("-----begin",),
    ),
    Shape(
        re.compile(rf"\bM(?:II[\w+/]{{3}}IBA|C4CAQAwBQYDK2VwBCIE|IGHAgEAMBM|HcCAQEE)[\w+/=%-]{{20,}}{_CUT}"),
        HIDDEN,
        ("mii", "mc4caq", "migh", "mhccaq"),
    ),
    Shape(
        re.compile(r"\b(Bearer|Basic)(\s+|%20)(?P<secret>[\w.~+/=-]{6,})", re.IGNORECASE),
        rf"\1\2{HIDDEN}",
        ("bearer", "basic"),
    ),
    Shape(
        re.compile(rf"""\b({_NAMES})("?\s*[=:]\s*"?)(?!null\b|\[secret)(?P<secret>[^&\s"',;}}]+)""", re.IGNORECASE),
        rf"\1\2{HIDDEN}",
        ("secret", "token", "pass", "private"),
    ),
)
"""Private keys as PEM or base64 (RSA, Ed25519, EC), Authorization values, and parameters named as secrets."""
_HINT = re.compile("|".join(sorted({word for shape in SHAPES for word in shape.words})))
"""The words of all shapes: most texts have none of them, and are free of secrets at a glance."""
_NAMED = [shape for shape in SHAPES if "secret" in shape.pattern.groupindex]
_OPTION = re.compile(rf"-{{1,2}}[\w-]*(?:{_NAMES.replace('_', '[_-]')})", re.IGNORECASE)
_WORD = re.compile(r"[\w+/.~%-]{6,}={0,2}")
_START = re.compile(rf"\b\w{{1,{START_CHARS}}}")
"""The beginning of a run of letters and digits."""
_TOKEN = re.compile(r"[\w.~+/-]{16,512}={0,2}")
"""A run of the characters of a token (RFC 6750, 2.1)."""
Redact = Callable[[str], str]


class WholeSecrets:
    """Secrets that are recognized wherever their whole value stands, such as the tokens of a server.

    Keys, of which messages show parts, are `KnownSecrets`.

    A value is found as it is, percent-encoded, escaped in JSON, and in base64, as in Basic credentials. One of which
    only the SHA-256 is known is found as a run of the characters of tokens, and from then on like the others. Values
    are never forgotten. Several threads may use an object.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: tuple[str, ...] = ()
        self._forms: tuple[str, ...] = ()
        self._digests: frozenset[str] = frozenset()
        self._adding = threading.Lock()
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Recognize a value too. One with less than SECRET_CHARS_MIN characters is left out."""
        with self._adding:
            if len(value) >= SECRET_CHARS_MIN and value not in self._values:
                self._values = (*self._values, value)
                self._forms = (*self._forms, *_forms_of(value))
            self._digests -= {sha256_of(value)}

    def add_digest(self, digest: str) -> None:
        """Recognize a value by its SHA-256, in hexadecimal digits."""
        with self._adding:
            if digest not in map(sha256_of, self._values):
                self._digests |= {digest}

    @property
    def values(self) -> list[str]:
        """Return the values that are known, in the order in which they became so."""
        return list(self._values)

    def hide(self, text: str) -> str:
        """Return the text with "[secret]" in place of each of the values. Takes linear time."""
        plain = unquote(text) if "%" in text else text
        if self._digests:
            for run in {*_TOKEN.findall(text), *_TOKEN.findall(plain)}:
                for piece in (run, *run.split("/")):
                    if sha256_of(piece) in self._digests:
                        self.add(piece)
        for form in self._forms:
            if form in text:
                text = text.replace(form, HIDDEN)
        if plain is not text:
            for value in self._values:
                text = _encoded(value).sub(HIDDEN, text) if value in plain else text
        return text

    def hide_bytes(self, raw: bytes) -> bytes:
        """Return UTF-8 text, or any bytes, as `hide` does."""
        return self.hide(raw.decode("latin-1")).encode("latin-1")


@functools.lru_cache(maxsize=256)
def _encoded(value: str) -> re.Pattern[str]:
    """Return a pattern of a value in which any characters may be percent-encoded.

    It is compiled when it is needed, since that takes longer than all else that a server does for its token.
    """
    octets = (bytes.hex(char.encode(errors="surrogatepass"), "%") for char in value)
    return re.compile(
        "".join(f"(?:{re.escape(char)}|(?i:%{octet}))" for char, octet in zip(value, octets, strict=True))
    )


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _forms_of(value: str) -> Iterator[str]:
    """Yield the texts as which a value is written: as it is, as in JSON and in messages, and within base64."""
    escaped = json.dumps(value)[1:-1]
    yield from {value, escaped, escaped.replace("/", "\\/"), repr(value)[1:-1]}
    raw = value.encode(errors="surrogatepass")
    if len(raw) >= BASE64_BYTES_MIN:
        for before in range(3):  # what is before the value in the encoded bytes moves its bits
            text = b64encode(bytes(before) + raw).decode()[(0, 2, 3)[before] : 8 * (before + len(raw)) // 6]
            yield from {text, text.replace("+", "-").replace("/", "_")}


class KnownSecrets:
    """Secrets that are recognized by their values, even inside longer words, cut off, or percent-encoded."""

    def __init__(self, values: Iterable[str] = (), whole: WholeSecrets | None = None) -> None:
        """`whole` are further secrets, which are recognized by their whole values."""
        self.whole = whole or WholeSecrets()
        self._by_start: dict[str, list[str]] = {}
        """The secrets by the starts of their runs, so that most texts are free of them at a glance.

        A long start is enough; a secret without one is compared as a whole.
        """
        self.add(values)

    def add(self, values: Iterable[str]) -> None:
        """Recognize these values too."""
        for value in values:
            starts = _START.findall(value)
            long = [start for start in starts if len(start) == START_CHARS]
            for start in long:
                self._by_start[start] = [start]
            if starts and not long:
                others = self._by_start.setdefault(max(starts, key=len), [])
                others += [value] if value not in others else []

    def hide(self, text: str) -> str:
        """Return the text with "[secret]" in place of each word that contains a secret. Takes linear time."""
        if not self._may_be_in(text) and not ("%" in text and self._may_be_in(unquote(text))):
            return text
        return _WORD.sub(
            lambda word: HIDDEN if self._is_in(word[0]) or self._is_in(unquote(word[0])) else word[0], text
        )

    def _may_be_in(self, text: str) -> bool:
        return not self._by_start.keys().isdisjoint(_START.findall(text))

    def _is_in(self, word: str) -> bool:
        starts = self._by_start.keys() & set(_START.findall(word))
        return any(secret in word for start in starts for secret in self._by_start[start])


NO_SECRETS = KnownSecrets()


def redact(text: str, *known: KnownSecrets) -> str:
    """Return the text without the `known` secrets and without text that looks like a secret. Takes linear time."""
    for secrets in known:
        text = secrets.whole.hide(text)  # before a shape hides a part of one
    for shape in _shapes_in(text, SHAPES):
        text = shape.pattern.sub(shape.instead, text)
    for secrets in known:
        text = secrets.hide(text)
    return text


def redact_entry(entry: dict[str, Any], known: KnownSecrets = NO_SECRETS) -> dict[str, Any]:
    """Return a journal entry without secrets; a secret found in one of its texts is hidden in all the others too."""
    found = {one for text in texts_of(entry) for one in _named_secrets(text)}
    all_known = (known, known_secrets(found)) if found else (known,)
    redacted: dict[str, Any] = redact_values(entry, lambda text: redact(text, *all_known))
    return redacted


def _shapes_in(text: str, shapes: Sequence[Shape]) -> list[Shape]:
    """Return the shapes that the text may contain: to look for words is much quicker than for patterns."""
    lowered = text.lower()
    if not _HINT.search(lowered):
        return []
    return [shape for shape in shapes if any(word in lowered for word in shape.words)]


def _named_secrets(text: str) -> Iterator[str]:
    for shape in _shapes_in(text, _NAMED):
        yield from (match["secret"] for match in shape.pattern.finditer(text))


def texts_of(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value, except the keys of objects."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_of(one)


def redact_values(value: Any, hide: Redact) -> Any:
    """Return a JSON value in which the function `hide` has replaced each text."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, dict):
        return {name: redact_values(one, hide) for name, one in value.items()}
    return [redact_values(one, hide) for one in value] if isinstance(value, list) else value


def redact_command(command: Sequence[str]) -> list[str]:
    """Return the arguments of a command line, with the values of options that take secrets replaced by "[secret]"."""
    pairs = zip(["", *command], command, strict=False)
    return [HIDDEN if _OPTION.fullmatch(before) else redact(part) for before, part in pairs]


def known_secrets(secrets: Iterable[str | None], private_pems: Iterable[str | None] = ()) -> KnownSecrets:
    """Return an object that recognizes these secrets and private keys.

    A key is also recognized by any line of its PEM text.
    """
    return KnownSecrets(values_of(secrets, private_pems))


def values_of(secrets: Iterable[str | None], private_pems: Iterable[str | None] = ()) -> set[str]:
    """Return the values by which secrets and private keys are recognized."""
    parts = (part for secret in secrets if secret for part in secret.split("=") if len(part) >= SECRET_CHARS_MIN)
    return {*parts, *(line for pem in private_pems if pem for line in _lines_of(pem))}


def _lines_of(pem: str) -> Iterator[str]:
    lines = [line for line in pem.splitlines() if not line.startswith("-----")]
    yield from (line for line in lines if len(line) >= START_CHARS)
    yield "".join(lines)
