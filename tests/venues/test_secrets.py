"""Shared secrets: HMAC by a known vector, deterministic derivation, a round trip of url-safe base64."""

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues.keys.secrets import are_equal, decode_url_safe, derive_bytes, encode_url_safe, hmac_sha256
from tests.helpers.rows import each_row


def test_the_vector_of_rfc_4231() -> None:
    key, data = b"Jefe", b"what do ya want for nothing?"
    assert hmac_sha256(key, data).hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_equality_is_of_all_bytes() -> None:
    assert are_equal(b"secret", b"secret")
    assert not are_equal(b"secret", b"secreT")
    assert not are_equal(b"secret", b"secret ")


def test_what_is_derived_depends_on_seed_and_purpose_alone() -> None:
    assert derive_bytes("dora", "id", 6) == derive_bytes("dora", "id", 6)
    assert len({derive_bytes(seed, purpose, 32) for seed in ("dora", "gina") for purpose in ("id", "secret")}) == 4
    assert len(derive_bytes("dora", "id", 6)) == 6


@given(st.binary(max_size=80))
def test_url_safe_base64_comes_back(data: bytes) -> None:
    text = encode_url_safe(data)
    assert not {"+", "/", "="} & set(text)
    assert decode_url_safe(text) == data


@each_row("text", ["a", "ab+/", "abc=", "ab c", "abcd\n", "äb", "QR"])
def test_what_nobody_wrote_is_not_read(text: str) -> None:
    assert decode_url_safe(text) is None
