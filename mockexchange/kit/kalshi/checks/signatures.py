"""Checks that reads of an account refuse every wrong signature, and that public reads need none."""

import hmac
import re
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.signing import SCHEME, Signer, role_of
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.rules.reads import require_found
from mockexchange.kit.target import MEMBER, OTHER, Answer, NotJudged, Target

# Wrong ways to sign: for some, the body of the refusal was recorded


KEY, SIGNATURE, TIMESTAMP = (f"KALSHI-ACCESS-{name}" for name in ("KEY", "SIGNATURE", "TIMESTAMP"))
QUERY = {"limit": "2"}
"""The query of the request, which one mistake signs although it must not be signed."""
Headers = dict[str, str]


class SignedRequest(NamedTuple):
    """A request, with the key that signs it and its correctly signed headers."""

    signer: Signer
    method: str
    url: str
    right: Headers

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def with_text(self, text: str) -> Headers:
        """Return the headers with a signature of this text instead of the right text."""
        return self.with_bytes(self.signer.key.sign(text.encode(), SCHEME, hashes.SHA256()))

    def with_bytes(self, signature: bytes) -> Headers:
        return {**self.right, SIGNATURE: b64encode(signature).decode()}

    @property
    def at(self) -> str:
        return self.right[TIMESTAMP]

    @property
    def text(self) -> str:
        return f"{self.at}{self.method}{self.path}"


class Mistake(NamedTuple):
    """A wrong way to sign a request; `make` returns the headers with this mistake."""

    description: str
    make: Callable[[SignedRequest], Headers]
    error: Mapping[str, str] = {}
    """Members that the error had when it was recorded; empty if any documented 401 is right."""
    age_ms: int = 0
    """The age of the timestamp in milliseconds; negative for a timestamp in the future."""


class MistakenSigner(NamedTuple):
    """A signer that signs every request with the same mistake."""

    signer: Signer
    mistake: Mistake

    @property
    def key_id(self) -> str:
        return self.signer.key_id

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> Headers:
        right = self.signer.headers(method, url, age_ms + self.mistake.age_ms, body)
        return self.mistake.make(SignedRequest(self.signer, method, url, right))


def _without(name: str) -> Callable[[SignedRequest], Headers]:
    return lambda sent: {key: value for key, value in sent.right.items() if key != name}


def _with(name: str, value: str) -> Callable[[SignedRequest], Headers]:
    return lambda sent: {**sent.right, name: value}


def _signing(change: Callable[[SignedRequest], str]) -> Callable[[SignedRequest], Headers]:
    return lambda sent: sent.with_text(change(sent))


def _with_signature_text(change: Callable[[bytes], str]) -> Callable[[SignedRequest], Headers]:
    return lambda sent: {**sent.right, SIGNATURE: change(b64decode(sent.right[SIGNATURE]))}


def _at_seconds(sent: SignedRequest) -> Headers:
    seconds = sent.at[:-3]
    return {**sent.with_text(f"{seconds}{sent.method}{sent.path}"), TIMESTAMP: seconds}


def _at(text: str) -> Callable[[SignedRequest], Headers]:
    return lambda sent: {**sent.with_text(f"{text}{sent.method}{sent.path}"), TIMESTAMP: text}


def _hmac(sent: SignedRequest) -> Headers:
    secret = sent.signer.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sent.with_bytes(hmac.new(secret, sent.text.encode(), sha256).digest())


def _pkcs1(sent: SignedRequest) -> Headers:
    return sent.with_bytes(sent.signer.key.sign(sent.text.encode(), PKCS1v15(), hashes.SHA256()))


def _sha512(sent: SignedRequest) -> Headers:
    return sent.with_bytes(sent.signer.key.sign(sent.text.encode(), SCHEME, hashes.SHA512()))


def _query_signed(sent: SignedRequest) -> str:
    return f"{sent.text}?{'&'.join(f'{name}={value}' for name, value in QUERY.items())}"


NO_HEADERS = Mistake("no headers", lambda sent: {}, {"code": "token_authentication_failure"})
MISTAKES: tuple[Mistake, ...] = (
    NO_HEADERS,
    Mistake("no key", _without(KEY)),
    Mistake("an empty key", _with(KEY, "")),
    Mistake("an unknown key", _with(KEY, "6c5cb9a2-8d9f-4d0f-9d4e-000000000000"), {"details": "NOT_FOUND"}),
    Mistake("a key that is not a UUID", _with(KEY, "not-a-key")),
    Mistake("no signature", _without(SIGNATURE), {"code": "signature_is_missing_from_headers"}),
    Mistake("an empty signature", _with(SIGNATURE, "")),
    Mistake("an invalid signature", _with(SIGNATURE, "AAAA")),
    Mistake("a signature that is not base64", _with(SIGNATURE, "%%%")),
    Mistake("no timestamp", _without(TIMESTAMP)),
    Mistake("a timestamp that is not a number", _at("now")),
    Mistake("a timestamp of RFC 3339", _at("2026-10-31T12:00:00Z")),
    Mistake("a timestamp in seconds", _at_seconds),
    Mistake("a minute ago", lambda sent: sent.right, {"code": "header_timestamp_expired"}, 60_000),
    Mistake("five minutes ahead", lambda sent: sent.right, {"code": "header_timestamp_expired"}, -300_000),
    Mistake("a timestamp other than the signed one", lambda sent: {**sent.right, TIMESTAMP: str(int(sent.at) + 1)}),
    Mistake("the query signed", _signing(_query_signed)),
    Mistake("the prefix left out", _signing(lambda sent: sent.text.replace("/trade-api/v2", ""))),
    Mistake("the host signed", _signing(lambda sent: f"{sent.at}{sent.method}{sent.url}")),
    Mistake("a slash at the end", _signing(lambda sent: f"{sent.text}/")),
    Mistake("the method in lower case", _signing(lambda sent: f"{sent.at}{sent.method.lower()}{sent.path}")),
    Mistake("another method", _signing(lambda sent: f"{sent.at}POST{sent.path}")),
    Mistake("a body signed too", _signing(lambda sent: f"{sent.text}{{}}")),
    Mistake("newlines between the parts", _signing(lambda sent: f"{sent.at}\n{sent.method}\n{sent.path}")),
    Mistake("the parts in another order", _signing(lambda sent: f"{sent.method}{sent.path}{sent.at}")),
    Mistake("an empty text signed", _signing(lambda sent: "")),
    Mistake("PKCS #1 v1.5", _pkcs1),
    Mistake("SHA-512", _sha512),
    Mistake("an HMAC", _hmac),
    Mistake("hexadecimal digits", _with_signature_text(bytes.hex)),
    Mistake(
        "base64 for URLs", _with_signature_text(lambda signature: urlsafe_b64encode(b"\xff" + signature[1:]).decode())
    ),
    Mistake(
        "a byte changed",
        _with_signature_text(lambda signature: b64encode(bytes([signature[0] ^ 1]) + signature[1:]).decode()),
    ),
    Mistake("half of the signature", _with_signature_text(lambda signature: b64encode(signature[:128]).decode())),
)
ON_WRITES = (
    *(one for one in MISTAKES if one.age_ms),
    Mistake("the method of a read", _signing(lambda sent: f"{sent.at}GET{sent.path}")),
    Mistake("another path", _signing(lambda sent: f"{sent.at}{sent.method}{sent.path.rpartition('/')[0]}")),
    Mistake("no headers", NO_HEADERS.make),
)
"""What every write is sent: a mistake that one way of verifying notices, and a way of its own for writes may not."""


# The rules


REFUSED, EACH, OTHERS, AGAIN, PUBLIC, PUBLIC_WRONG, WRITES = (
    f"signatures.{name}"
    for name in ("refused", "each_read", "another_key", "repeated", "public", "public_wrong", "each_write")
)
OPERATION = "GetBalance"
"""The operation to which every wrong signature is sent; other reads get one wrong one, and one without headers."""
PLACE = "contracts/kalshi/README.md"
VARIABLE = re.compile(r"\{(\w+)\}")
VALID_S = 4.0
"""The time in seconds for which a signature is certainly valid."""


def _key(target: Target, operation_id: str) -> Signer:
    role = role_of(target.operations[operation_id].node, target.operations[operation_id].path)
    key = target.key(role or "")
    if not isinstance(key, Signer):
        raise NotJudged("the kit cannot sign wrongly with this kind of key")
    return key


def _refusal(target: Target, operation_id: str, mistake: Mistake) -> Answer:
    operation = target.operations[operation_id]
    names = dict.fromkeys(operation.names, "nobody")
    return target.ask(
        operation.path, names=names, query=QUERY, signer=MistakenSigner(_key(target, operation_id), mistake)
    )


def _objection(answer: Answer, error_members: Mapping[str, str]) -> str:
    """Return what a refusal should have been, "" if it is a 401 with the expected error members."""
    if answer.status != 401:
        return "status 401"
    error = answer.json().get("error", {}) if error_members else {}
    wrong = {name: value for name, value in error_members.items() if error.get(name) != value}
    return f"an error with {wrong}" if wrong else ""


def judge_refused(target: Target, description: str) -> Iterator[Finding]:
    mistake = next(one for one in MISTAKES if one.description == description)
    answer = _refusal(target, OPERATION, mistake)
    expected = _objection(answer, mistake.error)
    if expected:
        yield finding(target, REFUSED, f"{answer.where}, {description}", answer_text(answer), expected, OPERATION)


def judge_each(target: Target, operation_id: str) -> Iterator[Finding]:
    mistake = MISTAKES[1 + _signed(target).index(operation_id) % (len(MISTAKES) - 1)]
    for one in (NO_HEADERS, mistake):
        answer = _refusal(target, operation_id, one)
        expected = _objection(answer, one.error)
        if expected:
            yield finding(
                target, EACH, f"{answer.where}, {one.description}", answer_text(answer), expected, operation_id
            )


def judge_others(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a request under one key's id, signed with another account's key, is refused."""
    own, other = _key(target, operation_id), target.key(OTHER)
    answer = target.ask(
        target.operations[operation_id].path, signer=other, change=lambda headers: {**headers, KEY: own.key_id}
    )
    if answer.status != 401:
        yield finding(target, OTHERS, answer.where, answer_text(answer), "status 401", operation_id)


def judge_again(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a request with the same signed headers is accepted a second time."""
    path = target.operations[operation_id].path
    headers, signed_at_s = _key(target, operation_id).headers("GET", target.base_url + path), time.monotonic()
    for _ in range(2):
        answer = target.ask(path, change=lambda _: headers)
        if time.monotonic() - signed_at_s > VALID_S:
            raise NotJudged(f"the answers took more than {VALID_S:g} seconds, after which a signature may be too old")
        if answer.status != 200:
            yield finding(target, AGAIN, answer.where, answer_text(answer), "status 200, each time", operation_id)


def judge_writes(target: Target, subject: str) -> Iterator[Finding]:
    """Check that a write without a body is refused as unauthorized with each wrong signature."""
    method, path = subject.split()
    role = role_of(target.document["paths"][path][method.lower()], path)
    key = target.key(role or MEMBER)
    if not isinstance(key, Signer):
        raise NotJudged("the kit cannot sign wrongly with this kind of key")
    names = dict.fromkeys(VARIABLE.findall(path), "nobody")
    for mistake in ON_WRITES:
        answer = target.ask(path, names=names, method=method, signer=MistakenSigner(key, mistake))
        if answer.status != 401:
            where = f"{answer.where}, {mistake.description}"
            yield finding(target, WRITES, where, answer_text(answer), "status 401")


def judge_public(target: Target, operation_id: str) -> Iterator[Finding]:
    answer = target.read(operation_id, change=lambda headers: {})
    require_found(target, operation_id, answer)
    if answer.status != 200:
        yield finding(target, PUBLIC, answer.where, answer_text(answer), "status 200 without headers", operation_id)


def judge_public_wrong(target: Target, operation_id: str) -> Iterator[Finding]:
    answer = target.read(operation_id, change=lambda headers: {**headers, KEY: "nobody", SIGNATURE: "AAAA"})
    require_found(target, operation_id, answer)
    if answer.status != 200:
        yield finding(target, PUBLIC_WRONG, answer.where, answer_text(answer), "status 200", operation_id)


def _signed(target: Target) -> list[str]:
    return [name for name, operation in target.operations.items() if not operation.is_public]


def _writes(target: Target) -> list[str]:
    """Return the writes that are not retired: those are refused before their signature is verified."""
    return [
        f"{name.upper()} {path}"
        for path, item in target.document["paths"].items()
        for name, node in item.items()
        if name not in {"get", "parameters"} and "x-never-carried-out" not in node and "401" in node["responses"]
    ]


def _public(target: Target) -> list[str]:
    return [name for name, operation in target.operations.items() if operation.is_public]


def _ignoring(target: Target) -> list[str]:
    """Return the public reads but that of markets: an unknown key was reported to be refused there in early 2026."""
    return [name for name in _public(target) if name != "GetMarkets"]


CHECKS: tuple[Check[Target], ...] = (
    Check(
        REFUSED,
        "A request that is signed wrongly is refused.",
        PLACE,
        lambda target: [one.description for one in MISTAKES],
        judge_refused,
    ),
    Check(EACH, "Every read of an account needs a signature.", PLACE, _signed, judge_each),
    Check(OTHERS, "No key signs for another account.", PLACE, lambda target: [OPERATION], judge_others),
    Check(AGAIN, "A signature can be sent again.", PLACE, lambda target: [OPERATION], judge_again),
    Check(WRITES, "Every write needs a signature of its own.", PLACE, _writes, judge_writes, needs_writes=True),
    Check(PUBLIC, "A public read needs no signature.", PLACE, _public, judge_public),
    Check(PUBLIC_WRONG, "A public read ignores wrong signatures.", PLACE, _ignoring, judge_public_wrong),
)
