"""Credentials, keys and verification: exactly the inputs that the venue accepts."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues.kalshi.signatures import (
    Credentials,
    decode_signature,
    read_credentials,
    signed_message,
    verify,
)
from mockexchange.venues.keys.public_keys import UnusableKey, load_public_key
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.venues.kalshi.keyring import ed25519_key, public_pem, rsa_key, sign, sign_pkcs1, spell

PATH = "/trade-api/v2/portfolio/positions"
MESSAGE = b"1762300000123GET/trade-api/v2/portfolio/positions"
KEYS: dict[str, Any] = {
    "rsa-2048": lambda: rsa_key("alice"),
    "rsa-3072": lambda: rsa_key("alice", 3072),
    "rsa-4096": lambda: rsa_key("alice", 4096),
    "ed25519": lambda: ed25519_key("alice"),
}


def headers(**values: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((b"kalshi-access-" + name.encode(), value) for name, value in values.items())


def test_the_signed_text_is_timestamp_method_and_path_as_sent_without_query_or_body() -> None:
    request = Request("GET", PATH, "limit=2", ((b"host", b"127.0.0.1"),), b"{}")
    assert signed_message("1762300000123", request) == MESSAGE


def test_the_signed_path_keeps_its_percent_encoding_and_its_bytes() -> None:
    request = Request("DELETE", "/trade-api/v2/portfolio/orders/a%2fb c\xe9")
    assert signed_message("1", request) == b"1DELETE/trade-api/v2/portfolio/orders/a%2fb c\xe9"


CREDENTIALS = [
    # headers                                                   key id, timestamp, signature
    (headers(key=b"k", timestamp=b"1", signature=b"s"), ("k", "1", "s")),
    (headers(key=b" k ", timestamp=b"\t1", signature=b"s"), ("k", "1", "s")),
    (headers(key=b"k", timestamp=b"", signature=b" "), ("k", None, None)),
    (headers(timestamp=b"1"), (None, "1", None)),
    ((), (None, None, None)),
    ((*headers(key=b"first"), *headers(key=b"second")), ("first", None, None)),
    ((*headers(key=b""), *headers(key=b"second")), ("second", None, None)),
    (((b"authorization", b"Bearer k"),), (None, None, None)),
    (headers(key=b"\xff\x00"), ("\xff\x00", None, None)),
]


@each_row(("sent", "expected"), CREDENTIALS)
def test_credentials_are_the_first_header_with_a_value_without_white_space(
    sent: tuple[tuple[bytes, bytes], ...], expected: tuple[str | None, str | None, str | None]
) -> None:
    assert read_credentials(sent) == Credentials(*expected)


@each_row("kind", KEYS)
def test_a_right_signature_verifies_as_often_as_it_is_sent(kind: str) -> None:
    key = KEYS[kind]()
    public_key, signature = load_public_key(public_pem(key)), sign(key, MESSAGE)
    assert [verify(public_key, signature, MESSAGE) for _ in range(3)] == ["good"] * 3


@each_row("kind", KEYS)
@each_row(
    "other",
    [MESSAGE.lower(), MESSAGE + b"/", MESSAGE.replace(b"GET", b"POST"), MESSAGE + b"?limit=2", b""],
)
def test_a_signature_of_any_other_text_is_bad(kind: str, other: bytes) -> None:
    key = KEYS[kind]()
    assert verify(load_public_key(public_pem(key)), sign(key, other), MESSAGE) == "bad"


@each_row("kind", KEYS)
@each_row("signature", [b"", b"\x00", b"s" * 64, b"s" * 256, b"\xff" * 384, b"\x00" * 512, b"s" * 10_000])
def test_noise_is_bad_and_does_not_raise(kind: str, signature: bytes) -> None:
    assert verify(load_public_key(public_pem(KEYS[kind]())), signature, MESSAGE) == "bad"


@each_row("salt", [0, 20, 31, 33, 64, 2048 // 8 - 32 - 2])
def test_a_salt_of_another_length_verifies_but_is_told(salt: int) -> None:
    key = rsa_key("alice")
    signature = sign(key, MESSAGE, salt=salt)
    assert verify(load_public_key(public_pem(key)), signature, MESSAGE) == "other_salt"


def test_another_padding_hash_mask_or_key_is_bad() -> None:
    key = rsa_key("alice")
    wrong = [
        sign_pkcs1(key, MESSAGE.decode()),
        sign(key, MESSAGE, hashes.SHA512()),
        sign(key, MESSAGE, mask=hashes.SHA1()),
        sign(rsa_key("bob"), MESSAGE),
    ]
    assert {verify(load_public_key(public_pem(key)), signature, MESSAGE) for signature in wrong} == {"bad"}


def test_only_standard_padded_base64_is_a_signature() -> None:
    data = bytes(range(256)) + b"\xfb\xff"
    text = spell(data)
    assert decode_signature(text) == data
    url_safe, wrapped = text.replace("+", "-").replace("/", "_"), f"{text[:64]}\n{text[64:]}"
    for wrong in (url_safe, wrapped, "/w", "/w=", text + "=", text + "====", f"/w=={text}", "\xe9" * 4, f" {text}"):
        assert decode_signature(wrong) is None, wrong


@given(st.text())
def test_decoding_a_signature_never_raises(text: str) -> None:
    decode_signature(text)


UNUSABLE = [
    # the text                                                   what the error names
    (lambda: public_pem(rsa_key("small", 1024)), "2048 to 4096 bits, got 1024"),
    (lambda: public_pem(ec.generate_private_key(ec.SECP256R1())), "expected an RSA or Ed25519 key, got EC"),
    (lambda: public_pem(x25519.X25519PrivateKey.generate()), "expected an RSA or Ed25519 key, got X25519"),
    (lambda: "", "expected a PEM public key"),
    (lambda: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "expected a PEM public key"),
    (lambda: "\ud800", "expected a PEM public key"),
]


@each_row(("text", "words"), UNUSABLE)
def test_other_keys_are_refused_in_words(text: Any, words: str) -> None:
    with pytest.raises(UnusableKey, match=words):
        load_public_key(text())
