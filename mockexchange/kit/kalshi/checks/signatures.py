"""Checks that reads of an account refuse every wrong signature, and that public reads need none."""

import time
from collections.abc import Iterator, Mapping

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.roles import role_of
from mockexchange.kit.kalshi.signature_mistakes import (
    KEY,
    MISTAKES,
    NO_HEADERS,
    QUERY,
    SIGNATURE,
    Mistake,
    MistakenSigner,
)
from mockexchange.kit.kalshi.signing import Signer
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.rules.reads import require_found
from mockexchange.kit.target import OTHER, Answer, NotJudged, Target

REFUSED, EACH, OTHERS, AGAIN, PUBLIC, PUBLIC_WRONG = (
    f"signatures.{name}" for name in ("refused", "each_read", "another_key", "repeated", "public", "public_wrong")
)
OPERATION = "GetBalance"
"""The operation to which every wrong signature is sent; other reads get one wrong one, and one without headers."""
PLACE = "contracts/kalshi/README.md"
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
    Check(PUBLIC, "A public read needs no signature.", PLACE, _public, judge_public),
    Check(PUBLIC_WRONG, "A public read ignores wrong signatures.", PLACE, _ignoring, judge_public_wrong),
)
