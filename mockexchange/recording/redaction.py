"""Redacts recorded traffic: by field names, by shapes of values, and by known ids.

Apart from the replaced values, the bytes of a body stay the same: a recording is to show notation, order and white
space.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from mockexchange.recording.pseudonyms import Pseudonyms
from mockexchange.runtime.redaction import HIDDEN, redact
from mockexchange.venues.dated_fields import Field, Nested
from mockexchange.venues.registry import VENUES

# What the values of a field are, by its name: ids of an account, secrets, or public text

ID_ENDINGS = ("_id", "_ids", "_uuid", "Id", "Ids")
IDS = frozenset({"id", "ids", "cursor", "continuation", "label", "user", "username", "email", "uuid", "system_name"})
PUBLIC_IDS = frozenset({"market_id", "instrument_id", "combo_id", "rulebook_id", "combo_ids", "comboId"})
"""Fields whose ids are the same for every account, such as a market's."""
SECRETS = frozenset(
    {
        *("access_token", "refresh_token", "token", "client_secret", "secret", "signature", "sig", "password"),
        *("private_key", "private_key_pem", "api_secret", "nonce", "assertion", "ticket"),
    }
)
WORDS = frozenset(
    {
        *("channel", "channels", "method", "jsonrpc", "cmd", "type", "msg", "code", "message", "error", "details"),
        *("service", "currency", "kind", "instrument_name", "reason", "status", "side", "action", "grant_type", "ts"),
    }
)
"""Protocol words besides the field names in the venues' dated tables; their values are public text."""
HEADERS_KEPT = frozenset(
    {
        *("accept", "accept-encoding", "cache-control", "connection", "content-length", "content-type", "date"),
        *("retry-after", "sec-websocket-version", "transfer-encoding", "upgrade", "user-agent", "vary", "allow"),
        *("content-encoding", "deprecation", "sunset", "x-ratelimit-limit", "x-ratelimit-remaining"),
    }
)
"""Headers recorded with their values; other headers are recorded by name only."""
HEADERS_DROPPED = ("cookie", "set-cookie", "cf-", "x-forwarded", "x-real-ip", "forwarded", "proxy-", "true-client-ip")
"""Prefixes of header names that are not recorded at all."""


def is_id(name: str) -> bool:
    """Return whether the values of a field are ids that belong to an account, such as ids of orders or fills."""
    return name not in PUBLIC_IDS and (name in IDS or name.endswith(ID_ENDINGS))


@cache
def public_names() -> frozenset[str]:
    """Return the names of fields, parameters and keys in the venues' tables whose values are public, not ids."""
    tables = [venue.wire.sections() for venue in VENUES.values() if venue.wire]
    found = {name for sections in tables for section in sections for row in section.rows for name in _names_of(row)}
    found = {name for name in found if name.isidentifier()}
    return frozenset(name for name in found | WORDS | PUBLIC_IDS if not is_id(name) and name not in SECRETS)


def _names_of(row: Any) -> set[str]:
    nested = row.spelling.fields if isinstance(row, Field) and isinstance(row.spelling, Nested) else ()
    return {str(row.name), *(name for one in nested for name in _names_of(one))}


# The redactor


UNKNOWN_CHARS_MAX = 16
"""The longest string that is kept in a field which no table has; longer ones become pseudonyms."""
HIDDEN_MARKS = "[]"
LONG_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
"""A pattern for keys and signatures in base64; a match counts if it has letters of both cases and digits."""
_TOKENS = re.compile(r'("(?:[^"\\]|\\.)*")([^"\d\[\]{}:,]*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
"""A pattern for the strings, with the colon after a key, and the numbers of JSON."""
_PAIRS = re.compile(
    r'("(?:[^"\\]|\\.)*")([^"\d\[\]{}:,]*:\s*)'
    r'("(?:[^"\\]|\\.)*"(?![^"\d\[\]{}:,]*:)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|' + _TOKENS.pattern
)
"""A pattern for the keys of JSON with their values, else single strings and numbers."""
VALUES_KEPT_MAX = 20_000
"""The number of values whose redaction is cached, since tickers, words and amounts repeat in most frames."""
VALUE_CHARS_KEPT_MAX = 100
HEADERS_REMEMBERED_MAX = 200
"""The number of values of headers whose redaction is cached; each has at most some kilobytes."""
_PUBLIC = re.compile(
    r"-?\d[\d.]{0,40}|\d{4}-\d\d-\d\dT[\d:.]{5,20}(?:Z|[+-]\d\d:?\d\d)|[a-z]{1,20}(?:_[a-z]{1,20}){0,5}"
)
"""A pattern for numbers, instants and enumeration words, which are public in any field."""
_TICKER = re.compile(r"(?=[^0-9]*[A-Z])[A-Z0-9][A-Z0-9.\-]{0,80}")
_WORD = re.compile(r"[a-z][a-z_]{0,40}|v\d+|ws")
_LONG = re.compile(rf"[\w+/=%~-]{{{UNKNOWN_CHARS_MAX + 1},}}")
_FORM = re.compile(r"[\w.%+\-\[\]]{1,100}=[^&\s=]*=*(?:&[\w.%+\-\[\]]{1,100}=[^&\s=]*=*)*")
"""A pattern for the body of a form, which is redacted as a query."""
MULTIPART, BEGINNING_CHARS = "Content-Disposition:", 500
_NEEDLESS_ESCAPE = re.compile(r"\\u00(?:2[bd-f]|3[0-9d]|4[0-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])", re.IGNORECASE)
"""A pattern for escaped letters, digits and signs of ids: nothing could be found in a text that has them."""


class Redactor:
    """Redacts the traffic of one recording, with the same pseudonyms everywhere."""

    def __init__(self, pseudonyms: Pseudonyms | None = None) -> None:
        self.pseudonyms = pseudonyms or Pseudonyms()
        self._values: dict[tuple[str, str], str] = {}
        self._pairs: dict[str, str] = {}
        self._headers: dict[str, str] = {}

    def headers(self, headers: Iterable[tuple[bytes, bytes]]) -> list[list[str]]:
        """Return redacted headers as pairs.

        Values that are not public become empty; cookies and addresses are removed.
        """
        texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        kept = [(name, value) for name, value in texts if not name.lower().startswith(HEADERS_DROPPED)]
        return [[name, self._header(value) if name.lower() in HEADERS_KEPT else ""] for name, value in kept]

    def _header(self, value: str) -> str:
        """Return the value of a header as it was redacted before, since most of them repeat in every request."""
        found = self._headers.get(value)
        if found is None:
            if len(self._headers) >= HEADERS_REMEMBERED_MAX:
                self._headers.clear()
            found = self._headers[value] = self.text(value)
        return found

    def target(self, target: str) -> str:
        """Return a request target with pseudonyms in place of ids in path and query, and without secrets."""
        path, mark, query = target.partition("?")
        segments = "/".join(self._segment(segment) for segment in path.split("/"))
        return segments + mark + self._query(query)

    def _query(self, query: str) -> str:
        return "&".join(self._parameter(part) for part in query.split("&"))

    def body(self, raw: bytes) -> bytes | None:
        """Return a redacted body; None for one that cannot be redacted: parts of a form, or no UTF-8 text."""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return None
        if MULTIPART in text[:BEGINNING_CHARS]:
            return None
        if _FORM.fullmatch(text):
            return self._query(text).encode()
        return (
            self._json(text) if (text.lstrip()[:1] in ("{", "[", '"')) else self.text(text, is_public=False)
        ).encode()

    def leaks(self, text: str) -> list[str]:
        """Return descriptions of all that looks like a secret in redacted text; an empty list if nothing does."""
        found = [*self.pseudonyms.leaks(text)]
        return found + (["the shape of a secret"] if redact(text) != text else [])

    def _json(self, text: str) -> str:
        """Replace values token by token; the name of a value is the key before it, of a list too."""
        name, pairs = "", self._pairs

        def shown(found: re.Match[str]) -> str:
            nonlocal name
            text = found[0]
            known = pairs.get(text)
            if known is not None:
                return known
            if found[3] is not None:
                return self._pair(text, *found.groups()[:3])
            key, colon = found[4], found[5]
            if colon is None:
                return self._value_kept(name, text)
            name = key[1:-1]
            return self._key(key) + colon

        return _PAIRS.sub(shown, text)

    def _pair(self, text: str, key: str, colon: str, value: str) -> str:
        """Return a key with its value, and remember it: most of them repeat from frame to frame."""
        made = self._key(key) + colon + self._value_kept(key[1:-1], value)
        if len(text) <= VALUE_CHARS_KEPT_MAX:
            if len(self._pairs) >= VALUES_KEPT_MAX:
                self._pairs.clear()
            self._pairs[text] = made
        return made

    def _value_kept(self, name: str, token: str) -> str:
        """Return a value as it was redacted before; an id that was text until now is replaced at the end."""
        if len(token) > VALUE_CHARS_KEPT_MAX:
            return self._value(name, token)
        found = self._values.get((name, token))
        if found is None:
            if len(self._values) >= VALUES_KEPT_MAX:
                self._values.clear()
            found = self._values[name, token] = self._value(name, token)
        return found

    def _key(self, token: str) -> str:
        """Return a key, which is an id itself in objects by id."""
        inner = token[1:-1]
        return f'"{self._unknown(inner)}"' if len(inner) > UNKNOWN_CHARS_MAX and inner not in public_names() else token

    def _value(self, name: str, token: str) -> str:
        if not token.startswith('"'):
            is_number_of_account = is_id(name) and name != "id" and token.isdigit()
            return self.pseudonyms.number(token) if is_number_of_account else token
        inner = str(json.loads(token, strict=False)) if "\\" in token else token[1:-1]
        shown = self._text(name, inner)
        return token if shown == inner and not _NEEDLESS_ESCAPE.search(token) else json.dumps(shown)

    def _text(self, name: str, text: str) -> str:
        """Return the value of a field, redacted by what the name says."""
        if name in SECRETS:
            return HIDDEN if text else text
        if is_id(name):
            return self.pseudonyms.pseudonym_of(text)
        return self.text(text) if name in public_names() else self._unknown(text)

    def _unknown(self, text: str) -> str:
        if len(text) <= UNKNOWN_CHARS_MAX or _PUBLIC.fullmatch(text):
            return self.pseudonyms.in_text(text)
        return self.pseudonyms.pseudonym_of(text)

    def text(self, text: str, *, is_public: bool = True) -> str:
        """Return text for people: secrets by their shapes, UUIDs, known ids and long tokens replaced."""
        pattern, is_secret = (LONG_TOKEN, _is_mixed) if is_public else (_LONG, _has_digit)

        def shown(rest: str) -> str:
            return pattern.sub(lambda found: self._long(found[0]) if is_secret(found[0]) else found[0], rest)

        return self.pseudonyms.in_text(redact(text), shown)

    def _long(self, token: str) -> str:
        return token if self.pseudonyms.is_made(token) else self.pseudonyms.pseudonym_of(token)

    def _segment(self, segment: str) -> str:
        plain = unquote(segment)
        if len(plain) <= UNKNOWN_CHARS_MAX or _TICKER.fullmatch(plain) or _WORD.fullmatch(plain):
            shown = self.pseudonyms.in_text(plain)
        else:
            shown = self.pseudonyms.pseudonym_of(plain)
        return segment if shown == plain else quote(shown, safe="~")

    def _parameter(self, part: str) -> str:
        name, mark, value = part.partition("=")
        if not mark or (len(name) > UNKNOWN_CHARS_MAX and unquote(name) not in public_names()):
            name = self._name(name)
        plain = unquote(value.replace("+", " "))
        shown = ",".join(self._text(name, one) for one in plain.split(","))
        return f"{name}{mark}{value if shown == plain else quote(shown, safe=HIDDEN_MARKS)}"

    def _name(self, name: str) -> str:
        """Return the name of a parameter, which is a value itself if there is none."""
        plain = unquote(name)
        shown = self._unknown(plain)
        return name if shown == plain else quote(shown, safe="~")


def _has_digit(token: str) -> bool:
    return any(char.isdigit() for char in token) and not token.replace("-", "").isdigit()


def _is_mixed(token: str) -> bool:
    kinds = (str.islower, str.isupper, str.isdigit)
    return all(any(kind(char) for char in token) for kind in kinds)
