"""Public keys with which anyone could sign are refused, in the core and over the control API."""

import math
from base64 import b64encode
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import mockexchange
from mockexchange.api.errors import WrongRequest
from mockexchange.venues.keys.development_keys import derive_ed25519
from mockexchange.venues.keys.public_keys import FIELD, UnusableKey, load_public_key
from tests.helpers.rows import each_row
from tests.venues.kalshi.keyring import EXPONENT, rsa_key

ED25519_HEAD = bytes.fromhex("302a300506032b6570032100")
ORDER_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
OTHER_ORDER_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
SIGN = 1 << 255


def ed25519_pem(raw: bytes) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{b64encode(ED25519_HEAD + raw).decode()}\n-----END PUBLIC KEY-----\n"


def little(number: int) -> bytes:
    return number.to_bytes(32, "little")


SMALL_ORDER = {
    "order 1": little(1),
    "order 2": little(FIELD - 1),
    "order 4": little(0),
    "order 8": bytes.fromhex(ORDER_8),
    "the other of order 8": bytes.fromhex(OTHER_ORDER_8),
    "order 8 with the other sign": little(int.from_bytes(bytes.fromhex(ORDER_8), "little") + SIGN),
    "order 4 beyond the field": little(FIELD),
    "order 1 beyond the field": little(FIELD + 1),
    "order 1 with a sign": little(1 + SIGN),
}


@each_row("case", SMALL_ORDER)
def test_a_point_of_small_order_is_no_key(case: str) -> None:
    with pytest.raises(UnusableKey, match=r"^expected an Ed25519 key of large order, got a point of order 8 or less$"):
        load_public_key(ed25519_pem(SMALL_ORDER[case]))


@each_row("factor", [2, 3, 997])
def test_an_rsa_modulus_with_a_small_factor_is_no_key(factor: int) -> None:
    modulus = rsa_key("weak").public_key().public_numbers().n
    multiples = count(modulus - modulus % factor, factor)
    smaller = math.prod(range(2, factor))
    number = next(one for one in multiples if math.gcd(one, smaller) == 1)
    weak = RSAPublicNumbers(EXPONENT, number).public_key()
    pem = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(UnusableKey, match="factor below 1,000"):
        load_public_key(pem)


def test_ordinary_keys_stay_keys() -> None:
    for number in range(50):
        load_public_key(derive_ed25519(f"key {number}").public_pem)
    load_public_key(rsa_key("weak").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def test_a_weak_key_cannot_be_added() -> None:
    step = {"key": {"account": "alice", "key": "k", "key_id": "k", "public_key": ed25519_pem(little(1))}}
    with mockexchange.serve("demo") as exchange, pytest.raises(WrongRequest, match="order 8 or less"):
        exchange.do(step)
