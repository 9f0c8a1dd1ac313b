"""The diagnosis of a wrong signature: its text, its secret and its spelling."""

import base64
import hashlib
import hmac
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.commands import AddKey
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.venues.signalplus.world import BASE, GET_POSITIONS, HOST, MILLISECOND, SECRETS, World, diagnosis_of, signed

TIMESTAMP = str(HOST // MILLISECOND)
NONCE = "n-1"
TEXT = f"{TIMESTAMP}\n{NONCE}"
PATH = f"{BASE}/{GET_POSITIONS}"
BODY = f'{{"rid":1,"method":"{GET_POSITIONS}"}}'
SECRET = SECRETS["gina-key"]
KEY = base64.b64decode(SECRET)


def mac(text: str, key: bytes = KEY, algorithm: str = "sha256") -> bytes:
    return hmac.digest(key, text.encode(), algorithm)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def explained(signature: str) -> str:
    headers = signed(instead={"signalplus-api-signature": signature})
    answer = World().send(Request("POST", PATH, headers=headers, body=BODY.encode()))
    assert answer.status == 401
    assert answer.diagnose is not None, "finding out takes work: it is left to a worker"
    return diagnosis_of(answer)


MISTAKES: list[tuple[str, Callable[[], str], str]] = [
    ("hex", lambda: mac(TEXT).hex(), "the signature is in hex: send standard base64"),
    ("hex in base64", lambda: b64(mac(TEXT).hex().encode()), "base64 of its hex digits"),
    ("url-safe", lambda: base64.urlsafe_b64encode(mac(TEXT)).decode().rstrip("="), "base64"),
    ("secret not decoded", lambda: b64(mac(TEXT, SECRET.encode())), "what the secret is the base64 of: decode it"),
    ("secret decoded to hex", lambda: b64(mac(TEXT, KEY.hex().encode())), "into bytes, not into hex digits"),
    ("no separator", lambda: b64(mac(TIMESTAMP + NONCE)), "one line feed between timestamp and nonce, not nothing"),
    ("escaped", lambda: b64(mac(f"{TIMESTAMP}\\n{NONCE}")), "not a backslash and an n"),
    ("windows", lambda: b64(mac(f"{TIMESTAMP}\r\n{NONCE}")), "not a carriage return and a line feed"),
    ("swapped", lambda: b64(mac(f"{NONCE}\n{TIMESTAMP}")), "sign the timestamp first, then the nonce"),
    ("line feed", lambda: b64(mac(TEXT + "\n")), "leave out the line feed at the end"),
    ("timestamp alone", lambda: b64(mac(TIMESTAMP)), "sign the nonce too"),
    ("nonce alone", lambda: b64(mac(NONCE)), "sign the timestamp too"),
    ("deribit", lambda: b64(mac(f"{TEXT}\nPOST\n{PATH}\n{BODY}\n")), "is how Deribit has it"),
    ("request", lambda: b64(mac(f"{TEXT}\nPOST\n{PATH}\n{BODY}")), "without method, path and body"),
    ("body", lambda: b64(mac(f"{TEXT}\n{BODY}")), "without the body"),
    ("path", lambda: b64(mac(f"{TEXT}\n{PATH}")), "without the path"),
    ("key", lambda: b64(mac(f"gina-key\n{TEXT}")), "without the API key"),
    ("seconds", lambda: b64(mac(f"{TIMESTAMP[:-3]}\n{NONCE}")), "not the seconds of it"),
    ("clock read twice", lambda: b64(mac(f"{int(TIMESTAMP) + 1}\n{NONCE}")), "read the clock once"),
    ("sha512", lambda: b64(mac(TEXT, KEY, "sha512")), "you took SHA512: take HMAC-SHA256"),
    ("sha1", lambda: b64(mac(TEXT, KEY, "sha1")), "you took SHA1"),
    ("plain hash", lambda: b64(hashlib.sha256(KEY + TEXT.encode()).digest()), "plain hash of the secret and the text"),
    ("another's", lambda: b64(mac(TEXT, base64.b64decode(SECRETS["hugo-key"]))), "made with hugo's key"),
    ("another venue's", lambda: b64(mac(TEXT, SECRETS["dora-key"].encode())), "made with dora's key"),
    ("nonsense", lambda: b64(b"x" * 32), "nothing known fits"),
    ("short", lambda: b64(b"x" * 5), "an HMAC-SHA256 has 32"),
    ("not base64", lambda: "%%%%", "is no base64"),
]


@each_row(("name", "signature", "words"), MISTAKES, ids=[name for name, _, _ in MISTAKES])
def test_a_mistake_is_found(name: str, signature: Callable[[], str], words: str) -> None:
    assert words in explained(signature())


def test_a_secret_that_was_read_as_hex() -> None:
    """These eight characters are base64 as well."""
    world = World()
    world.do(AddKey(account="hugo", key="hex", key_id="hex", secret="deadbeef", scopes=()))
    wrong = b64(mac(TEXT, bytes.fromhex("deadbeef")))
    headers = signed(instead={"authorization": "Bearer hex", "signalplus-api-signature": wrong})
    answer = world.send(Request("POST", PATH, headers=headers, body=BODY.encode()))
    assert diagnosis_of(answer) == "the secret is base64, not hex"


def test_two_mistakes_at_once() -> None:
    words = explained(mac(f"{NONCE}\n{TIMESTAMP}", SECRET.encode()).hex())
    assert "hex" in words
    both = explained(b64(mac(f"{NONCE}\n{TIMESTAMP}\n")))
    assert "sign the timestamp first, then the nonce" in both
    assert "leave out the line feed at the end" in both


def test_an_unexplained_signature_gets_the_text_to_sign() -> None:
    words = explained(b64(b"x" * 32))
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    assert f"sha256 {digest}" in words
    assert SECRET not in words


@given(st.text(max_size=60), st.text(st.characters(max_codepoint=255), max_size=40))
def test_any_signature_and_nonce_are_explained(signature: str, nonce: str) -> None:
    headers = [
        (
            name,
            {b"signalplus-api-signature": signature.encode(), b"signalplus-api-nonce": nonce.encode("latin-1")}.get(
                name, value
            ),
        )
        for name, value in signed()
    ]
    answer = World().send(Request("POST", BASE, headers=tuple(headers), body=BODY.encode()))
    assert answer.status == 401
    assert diagnosis_of(answer)
