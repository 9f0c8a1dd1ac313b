"""Write the diagnoses of docs/signatures.md: send every mistake on the page to an exchange and record its diagnosis.

The exchange checks signatures by its own stopped clock, so that the page is the same every day.
"""

import base64
import hashlib
import hmac
import http.client
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import mockexchange
from tools.pages import DOCS, cell, with_parts

TARGET = DOCS / "signatures.md"
NOW_MS = 1_780_000_000_000
SCENARIO = """
scenario: signatures
start: 2026-05-28T20:26:40Z
auth: {clock: exchange}
accounts: {alice: {cash: 10}, bob: {cash: 10}}
"""
PATH = "/trade-api/v2/portfolio/positions"
SHA256 = hashes.SHA256()
PSS = padding.PSS(padding.MGF1(SHA256), padding.PSS.DIGEST_LENGTH)
Signing = padding.PSS | padding.PKCS1v15


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A request with mistakes; fields that are None have the right value."""

    key_id: str
    key: RSAPrivateKey
    timestamp: str = str(NOW_MS)
    query: str = ""
    text: str | None = None
    scheme: Signing | None = None
    digest: hashes.HashAlgorithm | None = None
    spell: Callable[[bytes], str] = lambda raw: base64.b64encode(raw).decode()
    raw: bytes | None = None
    headers: dict[str, str] | None = None

    def sent(self) -> dict[str, str]:
        if self.headers is not None:
            return self.headers
        text = self.text if self.text is not None else f"{self.timestamp}GET{PATH}"
        raw = self.raw or self.key.sign(text.encode(), self.scheme or PSS, self.digest or SHA256)
        return {
            "KALSHI-ACCESS-KEY": self.key_id,
            "KALSHI-ACCESS-TIMESTAMP": self.timestamp,
            "KALSHI-ACCESS-SIGNATURE": self.spell(raw),
        }


class Mistake(NamedTuple):
    description: str
    correction: str
    change: Mapping[str, Any] | Callable[[Attempt, Attempt], Mapping[str, Any]]
    """The wrong fields of an `Attempt`, or a function that makes them from the right requests of alice and bob."""


def _signed(text: str) -> dict[str, str]:
    return {"text": text}


def _spelt(spell: Callable[[bytes], str]) -> dict[str, Callable[[bytes], str]]:
    return {"spell": spell}


def _with_underscores(right: Attempt, _: Attempt) -> dict[str, Any]:
    return {"headers": {name.replace("-", "_"): value for name, value in right.sent().items()}}


PSS_LONGEST = padding.PSS(padding.MGF1(SHA256), padding.PSS.MAX_LENGTH)
HMAC = hmac.new(b"secret", f"{NOW_MS}GET{PATH}".encode(), hashlib.sha256).digest()
WHOLE_URL = f"https://api.elections.kalshi.com{PATH}"
ONE_TEXT = "make the text of the timestamp once, and use it twice"
TEXT = (
    Mistake(
        "the query is signed",
        "cut the URL at `?` before signing",
        {"query": "limit=2", "text": f"{NOW_MS}GET{PATH}?limit=2"},
    ),
    Mistake(
        "the path is signed without its prefix",
        "sign the path of the whole URL, not the part behind the base URL",
        _signed(f"{NOW_MS}GET/portfolio/positions"),
    ),
    Mistake("the whole URL is signed", "sign the path alone", _signed(f"{NOW_MS}GET{WHOLE_URL}")),
    Mistake("the method is in lower case", "`method.upper()`", _signed(f"{NOW_MS}get{PATH}")),
    Mistake("separators between the parts", "concatenate them without separators", _signed(f"{NOW_MS}\nGET\n{PATH}")),
    Mistake("the parts are in another order", "timestamp, method, path", _signed(f"GET{PATH}{NOW_MS}")),
    Mistake(
        "a body is signed where there is none", "leave bodies out, empty ones too", _signed(f"{NOW_MS}GET{PATH}{{}}")
    ),
    Mistake("seconds are signed and milliseconds sent", ONE_TEXT, _signed(f"{NOW_MS // 1000}GET{PATH}")),
    Mistake("the clock is read twice", ONE_TEXT, _signed(f"{NOW_MS + 3}GET{PATH}")),
    Mistake(
        "an entirely different text",
        "compare your text with the one in the diagnosis, by length and hash",
        _signed(f"v1{NOW_MS}{PATH}"),
    ),
)
WAY = (
    Mistake("PKCS#1 v1.5, the default of many libraries", "ask for PSS by name", {"scheme": padding.PKCS1v15()}),
    Mistake(
        "PSS with the longest salt",
        "salt length 32: `PSS.DIGEST_LENGTH`, not `MAX_LENGTH`. It is accepted, with this note in the journal",
        {"scheme": PSS_LONGEST},
    ),
    Mistake("SHA-512", "SHA-256, for the text and for MGF1", {"digest": hashes.SHA512()}),
    Mistake("an HMAC, as on other exchanges", "sign with the private key: there is no shared secret", {"raw": HMAC}),
    Mistake(
        "the key of another account",
        "key id and private key belong together: compare where each comes from",
        lambda _, other: {"key": other.key},
    ),
)
SPELLING = (
    Mistake("hex", "base64", _spelt(bytes.hex)),
    Mistake(
        "the url-safe alphabet",
        "`b64encode`, not `urlsafe_b64encode`",
        _spelt(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    ),
    Mistake(
        "Python's `str()` of bytes",
        "`.decode()` what `b64encode` returns",
        _spelt(lambda raw: str(base64.b64encode(raw))),
    ),
    Mistake(
        "base64 twice",
        "some libraries return base64 already",
        _spelt(lambda raw: base64.b64encode(base64.b64encode(raw)).decode()),
    ),
)
HEADERS = (
    Mistake(
        "no headers at all",
        "a proxy, a redirect or a second client has lost them; or the wrong client was called",
        {"headers": {}},
    ),
    Mistake("a token instead of a signature", "sign each request", {"headers": {"Authorization": "Bearer abc"}}),
    Mistake("underscores in the names of headers", "hyphens: gateways drop names with underscores", _with_underscores),
    Mistake("the name of the account", "the key's id", {"key_id": "alice"}),
    Mistake(
        "a key id with quotes around it",
        "strip what the shell or the `.env` file has left",
        lambda right, _: {"key_id": f'"{right.key_id}"'},
    ),
    Mistake(
        "a key of another exchange",
        "each sandbox has its own keys, and the real ones have others",
        {"key_id": "7e57ab1e-0000-4000-8000-000000000000"},
    ),
)
CLOCK = (
    Mistake("seconds", "milliseconds", {"timestamp": str(NOW_MS // 1000)}),
    Mistake(
        "a clock that is two minutes slow",
        "set the clock; `mockexchange doctor` measures it",
        {"timestamp": str(NOW_MS - 120_000)},
    ),
    Mistake(
        "a clock that is two minutes fast",
        "set the clock; do not sign long before you send",
        {"timestamp": str(NOW_MS + 120_000)},
    ),
    Mistake("a timestamp that is no number", "`str(int(time.time() * 1000))`", {"timestamp": "2026-05-28T20:26:40Z"}),
)
PARTS = {"text": TEXT, "way": WAY, "spelling": SPELLING, "headers": HEADERS, "clock": CLOCK}


def render(page: str) -> str:
    """Return the page with tables of the exchange's present diagnoses."""
    with mockexchange.serve(SCENARIO, clock="paused") as exchange:
        return with_parts(page, {name: table(exchange, mistakes) for name, mistakes in PARTS.items()})


def table(exchange: mockexchange.Exchange, mistakes: tuple[Mistake, ...]) -> Iterator[str]:
    yield "| mistake | diagnosis | correction |\n|---|---|---|"
    right, other = _right(exchange, "alice"), _right(exchange, "bob")
    for mistake in mistakes:
        change = mistake.change(right, other) if callable(mistake.change) else mistake.change
        diagnosis = ask(exchange, replace(right, **change))
        yield f"| {mistake.description} | {cell(diagnosis)} | {mistake.correction} |"


def ask(exchange: mockexchange.Exchange, attempt: Attempt) -> str:
    """Send a request and return the diagnosis. Raises AssertionError if there is none."""
    connection = http.client.HTTPConnection(urlsplit(exchange.base_url).netloc)
    try:
        target = f"{PATH}?{attempt.query}" if attempt.query else PATH
        connection.request("GET", target, headers=attempt.sent())
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    (entry,) = exchange.journal.last()
    told = [answer.headers.get("X-Mock-Diagnosis"), *entry.findings]
    assert any(told), f"nothing is said about {attempt}"
    return next(words for words in told if words)


def _right(exchange: mockexchange.Exchange, name: str) -> Attempt:
    account = exchange.accounts[name]
    key = load_pem_private_key((account.private_key_pem or "").encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return Attempt(key_id=account.key_id, key=key)


def main() -> None:
    TARGET.write_text(render(TARGET.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
