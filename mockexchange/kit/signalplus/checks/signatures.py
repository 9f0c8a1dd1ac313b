"""Checks that requests signed as documented are accepted, and that all others are refused with 401."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.jsonrpc import encode_json
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.signalplus.calls import POSITIONS, envelope
from mockexchange.kit.signalplus.signing import KEY, NONCE, SIGNATURE, TIMESTAMP, Signer
from mockexchange.kit.target import MEMBER, OTHER, Answer, Headers, Target

REFUSED, TAKEN, OTHERS = (f"signatures.{name}" for name in ("refused", "taken", "another_key"))
WINDOW_MS, MARGIN_MS = 15_000, 2_000
Make = Callable[[Signer, Headers], Headers]


def _without(name: str) -> Make:
    return lambda key, right: {header: value for header, value in right.items() if header != name}


def _with(name: str, value: str) -> Make:
    return lambda key, right: {**right, name: value}


def _signing(text: Callable[[Headers], str]) -> Make:
    return lambda key, right: {**right, SIGNATURE: key.signature(text(right).encode())}


def _by_secret_text(key: Signer, right: Headers) -> Headers:
    other = key._replace(secret=b64encode(key.secret.encode()).decode())
    return {**right, SIGNATURE: other.signature(f"{right[TIMESTAMP]}\n{right[NONCE]}".encode())}


def _unchanged(key: Signer, right: Headers) -> Headers:
    return right


MISTAKES: dict[str, Make] = {
    "no headers": lambda key, right: {},
    "no key": _without(KEY),
    "no timestamp": _without(TIMESTAMP),
    "no nonce": _without(NONCE),
    "no signature": _without(SIGNATURE),
    "an unknown key": _with(KEY, "Bearer no-such-key"),
    "a key without Bearer": lambda key, right: {**right, KEY: key.key_id},
    "an invalid signature": _with(SIGNATURE, "AAAA"),
    "a signature in hexadecimal digits": lambda key, right: {**right, SIGNATURE: right[SIGNATURE].encode().hex()},
    "another nonce": _with(NONCE, "another"),
    "a later timestamp": lambda key, right: {**right, TIMESTAMP: str(int(right[TIMESTAMP]) + 1)},
    "a timestamp in seconds": lambda key, right: key.signed(right[TIMESTAMP][:-3], right[NONCE]),
    "nonce before timestamp": _signing(lambda right: f"{right[NONCE]}\n{right[TIMESTAMP]}"),
    "no newline": _signing(lambda right: f"{right[TIMESTAMP]}{right[NONCE]}"),
    "a newline at the end": _signing(lambda right: f"{right[TIMESTAMP]}\n{right[NONCE]}\n"),
    "the path signed too": _signing(lambda right: f"{right[TIMESTAMP]}\n{right[NONCE]}\n/{POSITIONS}"),
    "the secret used without decoding": _by_secret_text,
}
AGES_MS: Mapping[str, int] = {"too old": WINDOW_MS + MARGIN_MS, "too early": -WINDOW_MS - MARGIN_MS}


def _key(target: Target, role: str = MEMBER) -> Signer:
    key = target.key(role)
    if not isinstance(key, Signer):
        raise NotJudged("the kit cannot sign wrongly with this kind of key")
    return key


def _call(target: Target, make: Callable[[Headers], Headers], age_ms: int = 0) -> Answer:
    return target.post(f"/{POSITIONS}", encode_json(envelope()), _key(target), age_ms=age_ms, change=make)


def judge_refused(target: Target, description: str) -> Iterator[Finding]:
    make, key = MISTAKES.get(description, _unchanged), _key(target)
    answer = _call(target, lambda right: make(key, right), AGES_MS.get(description, 0))
    if answer.status != 401:
        yield finding(target, REFUSED, f"{answer.where}, {description}", answer_text(answer), "status 401", POSITIONS)


def judge_accepted(target: Target, description: str) -> Iterator[Finding]:
    age_ms = WINDOW_MS - MARGIN_MS
    answer = _call(target, dict, {"now": 0, "within the window": age_ms, "from a clock ahead": -age_ms}[description])
    if answer.status != 200:
        yield finding(target, TAKEN, f"{answer.where}, {description}", answer_text(answer), "status 200", POSITIONS)


def judge_others(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a request with the id of one key and the signature of another is refused."""
    other = _key(target, OTHER)
    answer = _call(target, lambda right: {**right, KEY: f"Bearer {other.key_id}"})
    if answer.status != 401:
        yield finding(target, OTHERS, answer.where, answer_text(answer), "status 401", operation_id)


PLACE = "contracts/signalplus/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(REFUSED, "A wrongly signed request is a 401.", PLACE, lambda target: [*MISTAKES, *AGES_MS], judge_refused),
    Check(
        TAKEN,
        "A request signed in time is accepted.",
        PLACE,
        lambda target: ["now", "within the window", "from a clock ahead"],
        judge_accepted,
    ),
    Check(OTHERS, "No key signs for another account.", PLACE, lambda target: [POSITIONS], judge_others),
)
