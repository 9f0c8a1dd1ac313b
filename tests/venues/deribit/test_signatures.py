"""The signed header, the texts to sign, tokens, and generated keys."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues.deribit import signatures
from mockexchange.venues.deribit.signatures import Credentials, Token
from tests.helpers.rows import each_row
from tests.venues.deribit.keyring import SECRET, hex_hmac, request

TOKEN = Token("access", "dora-key", "connection trade:read", 1_792_501_200_123_456, 3_600)


def test_the_text_of_a_request_has_five_lines() -> None:
    sent = request("POST", "/api/v2/private/get_positions?a=%20b", None, b'{"method":"x"}')
    wanted = b'1590484255886\nabcd\nPOST\n/api/v2/private/get_positions?a=%20b\n{"method":"x"}\n'
    assert signatures.request_text("1590484255886", "abcd", sent) == wanted


def test_a_request_without_a_body_ends_in_two_newlines() -> None:
    text = signatures.request_text("1", "n", request("GET", "/api/v2/public/test", None))
    assert text == b"1\nn\nGET\n/api/v2/public/test\n\n"


def test_the_text_of_a_stream_has_no_newline_at_its_end() -> None:
    assert signatures.stream_text("1", "n", "") == b"1\nn\n"
    assert signatures.stream_text("1", "n", "data") == b"1\nn\ndata"


def test_signatures_are_hex_of_hmac_sha256_with_the_secret_as_text() -> None:
    assert signatures.sign(SECRET, b"text") == hex_hmac(SECRET, b"text")
    assert signatures.verifies(SECRET, b"text", hex_hmac(SECRET, b"text"))
    assert signatures.verifies(SECRET, b"text", hex_hmac(SECRET, b"text").upper())
    assert not signatures.verifies(SECRET, b"text", hex_hmac(SECRET, b"test"))
    assert not signatures.verifies(SECRET, b"text", "\xfc\u20ac\udc80")


ORDERS = [
    "id=i,ts=1,sig=s,nonce=n",
    "id=i,ts=1,nonce=n,sig=s",
    "nonce=n, sig=s, ts=1, id=i",
    " sig = s ,id=i,id=j,ts=1,nonce=n,other=x,",
]


@each_row("text", ORDERS)
def test_the_parts_of_the_header_come_in_any_order(text: str) -> None:
    assert signatures.read_credentials(text) == Credentials("i", "1", "s", "n")


@given(st.text(max_size=60))
def test_any_header_is_read_without_an_error(text: str) -> None:
    assert all(isinstance(part, str) for part in signatures.read_credentials(text))


@each_row(("header", "scheme"), [("Bearer x", "bearer"), ("bearer  x ", "bearer"), ("BASIC x", "basic")])
def test_the_scheme_is_read_in_any_case(header: str, scheme: str) -> None:
    assert signatures.read_authorization(request("GET", "/", header)) == (scheme, "x")


def test_a_token_carries_its_grant_and_its_proof() -> None:
    text = signatures.write_token(TOKEN, SECRET)
    found = signatures.read_token(text)
    assert found is not None
    token, content, proof = found
    assert token == TOKEN
    assert signatures.is_authentic(SECRET, content, proof)
    assert not signatures.is_authentic(SECRET + "x", content, proof)
    assert text.startswith("1792501200123.1")
    assert text.count(".") == 2


@given(st.data())
def test_no_token_is_good_that_was_changed(data: st.DataObject) -> None:
    text = signatures.write_token(TOKEN, SECRET)
    place = data.draw(st.integers(text.rindex(".") + 1, len(text) - 1))
    letter = data.draw(st.sampled_from("abcXYZ019-_"))
    changed = text[:place] + letter + text[place + 1 :]
    found = signatures.read_token(changed)
    assert changed == text or found is None or not signatures.is_authentic(SECRET, found[1], found[2])


@given(st.text(max_size=80))
def test_any_text_is_read_as_a_token_without_an_error(text: str) -> None:
    assert signatures.read_token(text) is None


CONTENTS = ["[]", "{}", "[1,2,3,4,5]", '["access","k","s",1.5,2]', '["access","k","s",true,2]', "[" * 3_000, "nope"]


@each_row("content", CONTENTS)
def test_content_of_another_shape_is_no_token(content: str) -> None:
    body = base64.urlsafe_b64encode(bytes(32) + content.encode()).rstrip(b"=").decode()
    assert signatures.read_token(f"1.1234567.{body}") is None


def test_tokens_carry_no_secret() -> None:
    text = signatures.write_token(TOKEN, SECRET).rpartition(".")[2]
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert SECRET.encode() not in content
    assert json.loads(content[32:])[1] == "dora-key"


def test_keys_are_named_and_made_from_a_seed() -> None:
    assert len(signatures.key_id_of("default/dora/main")) == 8
    assert len(signatures.secret_of("default/dora/main")) == 43
    assert len({signatures.secret_of(seed) for seed in ("a", "b", "a")}) == 2
    signatures.check_secret(signatures.secret_of("a"))


@each_row("secret", ["", "x" * 201, "with space", "ümlaut", "line\n", 'quo"te', "a,b"])
def test_a_secret_that_no_header_could_carry_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="expected a client secret"):
        signatures.check_secret(secret)
