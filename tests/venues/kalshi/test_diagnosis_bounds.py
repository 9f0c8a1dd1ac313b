"""The bounds of a diagnosis, and that it never raises."""

from collections.abc import Callable, Generator, Sequence
from itertools import count as count_from_zero
from types import ModuleType
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mockexchange.venues.kalshi.diagnosis import (
    VERIFICATIONS_MAX,
    KnownKey,
    diagnose_steps,
    explain_signature,
    signature_reading,
    signature_search,
)
from mockexchange.venues.kalshi.diagnosis.mistakes import SignedParts, attempts_of
from mockexchange.venues.kalshi.signatures import Credentials
from mockexchange.venues.request import Request
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.venues.kalshi.keyring import API, GET, HOST, PATH, TEXT, TS, Signer, ed25519_key, known, rsa_key, sign, spell


class Cost(NamedTuple):
    steps: int
    verifications: int
    words: str


def next_words(driven: Generator[None, None, str]) -> str | None:
    """Take one step; return the result at the end."""
    try:
        next(driven)
    except StopIteration as done:
        return str(done.value)
    return None


@pytest.fixture
def count_cost(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Cost]:
    """Drive a diagnosis step by step, counting every operation with a public key."""
    operations: list[str] = []

    def counted(module: ModuleType, name: str) -> None:
        original = getattr(module, name)

        def note(*arguments: object) -> object:
            operations.append(name)
            return original(*arguments)

        monkeypatch.setattr(module, name, note)

    counted(signature_search, "open_signature")
    counted(signature_reading, "verifies_ed25519")

    def run(request: Request, signature: bytes, key: KnownKey, others: Sequence[KnownKey]) -> Cost:
        operations.clear()
        driven = diagnose_steps(request, Credentials(key.key_id, TS, spell(signature)), key, others, HOST)
        for count in count_from_zero():
            before = len(operations)
            words = next_words(driven)
            assert len(operations) - before <= 1
            if words is not None:
                return Cost(count, len(operations), words)
        raise AssertionError

    return run


RICH = Request("POST", f"{API}/markets/KX%2fA+B%20c", body=b"x" * 1_000, query="b=%20&a=+&c=%2c")
HUGE = replace(GET, path=f"{API}/{'%20x' * 16_000}", query="a=%20&" * 10_000, body=b"x" * 1_000_000)


@pytest.mark.parametrize("request_", [GET, RICH, HUGE], ids=["ordinary", "rich", "huge"])
@pytest.mark.parametrize("text", ["unknown", None])
@pytest.mark.parametrize("make", [rsa_key, ed25519_key])
def test_the_worst_diagnosis_stays_within_its_bounds(
    make: Callable[[str], Signer],
    text: str | None,
    request_: Request,
    count_cost: Callable[..., Cost],
) -> None:
    others = [known(f"user{number}", make("stranger")) for number in range(100)]
    signature = sign(make("alice"), text) if text else bytes(sign(make("nobody"), "unknown"))
    cost = count_cost(request_, signature, known("alice", make("alice")), others)
    assert 1 <= cost.verifications <= VERIFICATIONS_MAX
    assert cost.steps <= VERIFICATIONS_MAX
    assert "the text to sign is" in cost.words
    assert len(cost.words) < 4_000


def test_a_likely_mistake_takes_few_verifications(count_cost: Callable[..., Cost]) -> None:
    others = [known("bob", rsa_key("bob")), known("carol", ed25519_key("carol"))]
    for make, most in ((rsa_key, 1), (ed25519_key, 3)):
        cost = count_cost(GET, sign(make("alice"), f"{TEXT}?limit=2"), known("alice", make("alice")), others)
        assert cost.verifications <= most


def test_a_signature_that_cannot_be_of_a_key_costs_nothing(count_cost: Callable[..., Cost]) -> None:
    cost = count_cost(GET, sign(rsa_key("alice"), TEXT), known("alice", ed25519_key("alice")), [])
    assert cost.verifications == 0


def test_no_text_is_tried_twice_as_a_single_mistake() -> None:
    sent = SignedParts(TS, "POST", PATH, "limit=2", b"{}", HOST, "id")
    singles = [attempt for attempt in attempts_of(sent) if len(attempt.edits) == 1]
    assert all(attempt.text != f"{TS}POST{PATH}".encode() for attempt in singles)
    assert all(attempt.edits[0].advice for attempt in singles)


@each_row("timestamp", ["", "abc", "-1", "1.5", "9" * 24, "9" * 30, "\xb2"])
def test_a_timestamp_that_is_no_time_leaves_the_other_mistakes(timestamp: str) -> None:
    key, credentials = rsa_key("alice"), Credentials("id", timestamp, None)
    for text, words in ((f"{timestamp}GET{PATH}?limit=2", "sign the path without"), ("else", "none of the known")):
        signed = replace(credentials, signature=spell(sign(key, text.encode("latin-1"))))
        assert words in explain_signature(GET, signed, known("alice", key), [], HOST)


@each_row("request_", [GET, RICH], ids=["ordinary", "rich"])
def test_every_text_of_an_ordinary_request_is_within_the_bound(request_: Request) -> None:
    sent = SignedParts(TS, request_.method, request_.path, request_.query, request_.body, HOST, "id")
    assert sum(1 for _ in attempts_of(sent)) <= signature_search.TEXTS_MAX


# Hostile input.

WIRE = st.text(st.characters(max_codepoint=255), max_size=300)
BASE64 = st.binary(max_size=600).map(spell)


REQUESTS = st.builds(
    Request,
    method=WIRE,
    path=st.one_of(WIRE, WIRE.map(lambda text: f"{API}/{text}")),
    query=WIRE,
    headers=st.just(()),
    body=st.binary(max_size=300),
)
CREDENTIALS = st.builds(
    Credentials,
    key_id=st.one_of(WIRE, st.none()),
    timestamp=st.one_of(WIRE, st.integers().map(str), st.none()),
    signature=st.one_of(WIRE, BASE64, st.binary(min_size=256, max_size=256).map(spell), st.none()),
)


@settings(max_examples=examples(150), deadline=None)
@given(request=REQUESTS, credentials=CREDENTIALS, host=WIRE)
def test_nothing_that_crosses_the_wire_makes_the_diagnosis_raise(
    request: Request, credentials: Credentials, host: str
) -> None:
    for make in (rsa_key, ed25519_key):
        words = explain_signature(
            request, credentials, known("alice", make("alice")), [known("bob", make("bob"))], host
        )
        assert words.startswith("alice: ")
        assert words.isascii()
        assert words.isprintable()
