"""The diagnosis of other paddings, hashes, salts, spellings and keys than the right ones."""

import hashlib
import hmac
import os
import textwrap
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from itertools import count
from urllib.parse import quote as percent_encode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.venues.kalshi.diagnosis import OTHER_KEYS_MAX, KnownKey, explain_salt, signature_reading
from mockexchange.venues.kalshi.diagnosis.signature_reading import PssReading, open_signature, read_signature
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.venues.kalshi.keyring import (
    ALGORITHMS,
    API,
    GET,
    PATH,
    SHA256,
    TEXT,
    TS,
    Signer,
    ed25519_key,
    explain,
    known,
    odd_rsa_key,
    rsa_key,
    sign,
    sign_pkcs1,
    signer,
    spell,
)

EC_KEY = ec.generate_private_key(ec.SECP256R1())
Way = Callable[[str], bytes]
RIGHT_SCHEME = "use RSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes"
RIGHT_TEXT = "you signed the right text with the right key"


def salted(length: int, algorithm: hashes.HashAlgorithm = SHA256, mask: hashes.HashAlgorithm | None = None) -> Way:
    return lambda text: sign(rsa_key("alice"), text, algorithm, mask, length)


def padded(algorithm: hashes.HashAlgorithm) -> Way:
    return lambda text: sign_pkcs1(rsa_key("alice"), text, algorithm)


PSS_WITH = "the signature is RSA-PSS with"
PKCS1_WITH = "the signature has PKCS#1 v1.5 padding and"
WRONG_WAYS = {
    # signature, advice on the scheme
    f"{PKCS1_WITH} SHA-256": padded(SHA256),
    f"{PKCS1_WITH} SHA-1": padded(hashes.SHA1()),
    f"{PKCS1_WITH} SHA-224": padded(hashes.SHA224()),
    f"{PKCS1_WITH} SHA-384": padded(hashes.SHA384()),
    f"{PKCS1_WITH} SHA-512": padded(hashes.SHA512()),
    f"{PSS_WITH} a salt of 0 bytes (none)": salted(0),
    f"{PSS_WITH} a salt of 20 bytes (the digest of SHA-1)": salted(20),
    f"{PSS_WITH} a salt of 31 bytes": salted(31),
    f"{PSS_WITH} a salt of 222 bytes (the maximum, MAX_LENGTH)": salted(222),
    f"{PSS_WITH} SHA-1, MGF1-SHA-1, a salt of 20 bytes (the digest of SHA-1)": salted(20, hashes.SHA1()),
    f"{PSS_WITH} SHA-384, MGF1-SHA-384, a salt of 48 bytes (the digest of SHA-384)": salted(48, hashes.SHA384()),
    f"{PSS_WITH} SHA-512, MGF1-SHA-512": salted(32, hashes.SHA512()),
    f"{PSS_WITH} MGF1-SHA-1": salted(32, SHA256, hashes.SHA1()),
    f"{PSS_WITH} MGF1-SHA-1, a salt of 20 bytes (the digest of SHA-1)": salted(20, SHA256, hashes.SHA1()),
    f"{PSS_WITH} SHA-512": salted(32, hashes.SHA512(), SHA256),
    f"{PSS_WITH} SHA-512, MGF1-SHA-512, a salt of 190 bytes (the maximum, MAX_LENGTH)": salted(190, hashes.SHA512()),
}


@each_row("words", WRONG_WAYS)
def test_another_padding_hash_or_salt_is_named(words: str) -> None:
    explained = explain(GET, spell(WRONG_WAYS[words](TEXT)))
    assert explained == f"alice: {RIGHT_TEXT}; {words}: {RIGHT_SCHEME}"


WRONG_PATHS = {
    f"{PATH}?limit=2": 'sign the path without "?limit=2"',
    "/portfolio/positions": f'put "{API}" in front of the path',
    "/portfolio/positions?limit=2": f'sign the path without "?limit=2", and put "{API}" in front of the path',
}


@each_row("path", WRONG_PATHS)
@each_row("words", WRONG_WAYS)
def test_a_wrong_text_signed_in_a_wrong_way_is_explained(words: str, path: str) -> None:
    explained = explain(GET, spell(WRONG_WAYS[words](f"{TS}GET{path}")))
    assert explained == f'alice: you signed "{path}"; {WRONG_PATHS[path]}; {words}: {RIGHT_SCHEME}'


def test_a_digest_padded_without_the_name_of_its_hash_is_recognised() -> None:
    key = rsa_key("alice")
    numbers = key.private_numbers()
    digest = hashlib.sha256(TEXT.encode()).digest()
    block = b"\x00\x01" + b"\xff" * (253 - len(digest)) + b"\x00" + digest
    signature = pow(int.from_bytes(block), numbers.d, numbers.public_numbers.n).to_bytes(256)
    said = "the signature has PKCS#1 v1.5 padding, and the padding names no hash"
    assert explain(GET, spell(signature)) == f"alice: {RIGHT_TEXT}; {said}: {RIGHT_SCHEME}"


STANDARD = "send standard base64 on one line, padded with ="
URL_SAFE = 'the url-safe alphabet ("-" and "_" for "+" and "/")'
SPELLINGS: dict[str, Callable[[bytes], str]] = {
    # spelling of the right signature, advice
    "is in hex": lambda data: data.hex(),
    "is in base64 twice: encode it once": lambda data: spell(spell(data).encode()),
    f"is base64 with {URL_SAFE}": lambda data: urlsafe_b64encode(data).decode(),
    f"is base64 with {URL_SAFE} and missing or wrong padding": lambda data: (
        urlsafe_b64encode(data).decode().rstrip("=")
    ),
    "is base64 with missing or wrong padding": lambda data: spell(data).rstrip("="),
    "is base64 with quotes around it": lambda data: f'"{spell(data)}"',
    "is base64 with Python's b'...' around it": lambda data: f"b'{spell(data)}'",
    "is base64 with white space around it": lambda data: f"{spell(data)}\n",
    "is base64 with line breaks": lambda data: "\n".join(textwrap.wrap(spell(data), 76)),
    "is base64 with escaped newlines and line breaks": lambda data: "\\n".join(textwrap.wrap(spell(data), 64)),
    "is base64 with percent-encoding": lambda data: percent_encode(spell(data), safe=""),
    "is base64 with spaces in place of +": lambda data: spell(data).replace("+", " "),
}


def spellable(text: str) -> bytes:
    """Return a signature with all letters in which the alphabets of base64 differ, but not at its ends."""
    signatures = (sign(rsa_key("alice"), text) for _ in range(1_000))
    return next(signature for signature in signatures if is_spellable(spell(signature)))


def is_spellable(text: str) -> bool:
    return {"+", "/"} <= set(text) and not text.startswith("+")


@each_row("words", SPELLINGS)
def test_another_spelling_of_a_right_signature_is_named(words: str) -> None:
    advice = words if "encode it" in words else f"{words}: {STANDARD}"
    explained = explain(GET, SPELLINGS[words](spellable(TEXT)))
    assert explained == f"alice: {RIGHT_TEXT}; the signature {advice}"


def test_a_wrong_text_a_wrong_way_and_a_wrong_spelling_are_explained_together() -> None:
    explained = explain(GET, sign_pkcs1(rsa_key("alice"), f"{TEXT}?limit=2").hex())
    assert explained.startswith(f'alice: you signed "{PATH}?limit=2"; sign the path without "?limit=2"; ')
    assert f"{PKCS1_WITH} SHA-256: {RIGHT_SCHEME}; the signature is in hex" in explained


OTHER_KINDS = [
    # a signature of no use to an RSA-2048 key, part of the diagnosis
    (
        lambda: hmac.digest(b"secret", TEXT.encode(), "sha1"),
        "has 20 bytes, as an HMAC-SHA1 has (there is no shared secret",
    ),
    (
        lambda: hmac.digest(b"secret", TEXT.encode(), "sha256"),
        "has 32 bytes, as an HMAC-SHA256 has (there is no shared",
    ),
    (
        lambda: hmac.digest(b"secret", TEXT.encode(), "sha384"),
        "has 48 bytes, as an HMAC-SHA384 has (there is no shared",
    ),
    (
        lambda: hmac.digest(b"secret", TEXT.encode(), "sha512"),
        "has 64 bytes, as an Ed25519 signature or an HMAC-SHA512",
    ),
    (lambda: sign(ed25519_key("alice"), TEXT), "has 64 bytes, as an Ed25519 signature or an HMAC-SHA512"),
    (lambda: sign(rsa_key("alice", 3072), TEXT), "has 384 bytes, made with a 3072-bit RSA key"),
    (lambda: sign(rsa_key("alice", 4096), TEXT), "has 512 bytes, made with a 4096-bit RSA key"),
    (lambda: sign(rsa_key("alice", 1024), TEXT), "has 128 bytes, made with a 1024-bit RSA key"),
    (lambda: EC_KEY.sign(TEXT.encode(), ec.ECDSA(SHA256)), "made with ECDSA (an EC key)"),
    (lambda: b"\x30", "has 1 byte, which no signature has (cut off?)"),
    (lambda: b"\x30" + bytes(99), "has 100 bytes, which no signature has (cut off?)"),
    (lambda: bytes(1_025), "has 1,025 bytes, which no signature has (cut off?)"),
    (lambda: sign(rsa_key("alice"), TEXT)[:-1], "has 255 bytes, which no signature has (cut off?)"),
]


@each_row(("make", "words"), OTHER_KINDS)
def test_a_signature_of_another_length_is_named_in_base64_and_in_hex(make: Callable[[], bytes], words: str) -> None:
    signature = make()
    wanted = f"this key id has an RSA key of 2048 bits, whose signatures have 256: sign with {RIGHT_SCHEME[4:]}"
    for spelled in (spell(signature), signature.hex())[: len(signature)]:
        explained = explain(GET, spelled)
        assert explained.startswith("alice: the signature has ")
        assert words in explained
        assert wanted in explained


def test_an_rsa_signature_for_an_ed25519_key_is_named() -> None:
    explained = explain(GET, spell(sign(rsa_key("alice"), TEXT)), key=known("alice", ed25519_key("alice")))
    made = "the signature has 256 bytes, made with a 2048-bit RSA key"
    assert explained == f"alice: {made}; this key id has an Ed25519 key, whose signatures have 64: sign with Ed25519"


def test_short_texts_are_taken_for_what_they_most_likely_are() -> None:
    assert read_signature(spell(b"QUJD")) == (b"QUJD", None)
    lost_plus = f"the signature is base64 with spaces in place of +: {STANDARD}"
    assert read_signature("abc defg") == (b64decode("abc+defg"), lost_plus)
    assert read_signature("A" * 80 + " " + "A" * 7) == (b64decode("A" * 80 + "+" + "A" * 7), lost_plus)
    two_lines = read_signature("A" * 80 + " " + "A" * 8)
    assert two_lines == (bytes(66), f"the signature is base64 with line breaks: {STANDARD}")


UNREADABLE = [
    # header, part of the diagnosis
    ("", f"the signature is empty: {STANDARD}"),
    ("!", f'the signature is no base64, "!" at character 1: {STANDARD}'),
    ("AAAA AAAA\xe9", f'the signature is no base64, "\\xe9" at character 10: {STANDARD}'),
    ("AAAAA", f"the signature is no base64, its 5 characters cannot be decoded (cut off?): {STANDARD}"),
    ("A" * 20_000, "the signature has 20,000 characters: even an RSA-4096 key makes only 684"),
]


@each_row(("signature", "words"), UNREADABLE)
def test_an_unreadable_signature_is_explained(signature: str, words: str) -> None:
    assert explain(GET, signature) == f"alice: {words}"


def made_with(signer: KnownKey, mine: KnownKey) -> str:
    return (
        f"alice: this signature was made with {signer.label}; you sent the id of {mine.label}: "
        f'send "{signer.key_id}" or sign with the private key of {mine.label}'
    )


OTHER_SIGNERS = [
    # whose signature
    ("bob", rsa_key),
    ("alice-ro", rsa_key),
    ("bob", ed25519_key),
    ("bob", lambda owner: rsa_key(owner, 4096)),
]


@each_row(("owner", "make"), OTHER_SIGNERS)
@each_row("mine", ALGORITHMS)
def test_the_key_that_made_a_signature_is_named(owner: str, make: Callable[[str], Signer], mine: str) -> None:
    account, _, name = owner.partition("-")
    key, signing_key = known("alice", signer(mine)), known(account, make(owner), name or "main")
    others = [known("carol", rsa_key("carol")), signing_key, known("dave", ed25519_key("dave"))]
    assert explain(GET, spell(sign(make(owner), TEXT)), others, key) == made_with(signing_key, key)


def test_another_key_a_wrong_text_and_a_wrong_way_are_explained_together() -> None:
    key, bob = known("alice", rsa_key("alice")), known("bob", rsa_key("bob"))
    explained = explain(GET, spell(sign_pkcs1(rsa_key("bob"), f"{TEXT}?limit=2")), [bob])
    told = f'you signed "{PATH}?limit=2"; sign the path without "?limit=2"; {PKCS1_WITH} SHA-256: {RIGHT_SCHEME}'
    assert explained == f"{made_with(bob, key)}; {told}"


def test_another_key_with_the_longest_salt_is_only_believed_with_the_right_text() -> None:
    key, bob = known("alice", rsa_key("alice")), known("bob", rsa_key("bob"))
    right = explain(GET, spell(sign(rsa_key("bob"), TEXT, salt=222)), [bob])
    assert right.startswith(f"{made_with(bob, key)}; {PSS_WITH} a salt of 222 bytes")
    wrong = explain(GET, spell(sign(rsa_key("bob"), "else", salt=222)), [bob])
    assert wrong.startswith("alice: nothing known fits")


def test_keys_of_the_same_account_are_tried_first_and_no_more_than_the_bound() -> None:
    strangers = [known(f"user{number}", rsa_key("stranger")) for number in range(OTHER_KEYS_MAX)]
    own, bob = known("alice", rsa_key("alice-ro"), "ro"), known("bob", rsa_key("bob"))
    mine = known("alice", rsa_key("alice"))
    assert explain(GET, spell(sign(rsa_key("alice-ro"), TEXT)), [*strangers, own]) == made_with(own, mine)
    untried = explain(GET, spell(sign(rsa_key("bob"), TEXT)), [*strangers, bob])
    assert "nor did 64 other keys (of 65) of this sandbox" in untried


EXPECTED = f'the text to sign is "{TEXT}" (49 bytes, sha256 {hashlib.sha256(TEXT.encode()).hexdigest()})'


def test_when_nothing_fits_the_expected_text_is_given_verbatim() -> None:
    signature = spell(sign(rsa_key("stranger"), TEXT))
    alone = explain(GET, signature)
    assert alone == f'alice: nothing known fits: alice\'s key "main" did not make this signature; {EXPECTED}'
    with_bob = explain(GET, signature, [known("bob", rsa_key("bob"))])
    assert 'alice\'s key "main" did not make this signature, nor did 1 other key of this sandbox; ' in with_bob


def test_when_nothing_fits_an_ed25519_key_the_expected_text_is_given_verbatim() -> None:
    key, bob = known("alice", ed25519_key("alice")), known("bob", ed25519_key("bob"))
    explained = explain(GET, spell(sign(ed25519_key("stranger"), TEXT)), [bob], key)
    said = 'no known text fits alice\'s key "main", nor the right one 1 other key of this sandbox'
    assert explained == f"alice: nothing known fits: {said}; {EXPECTED}"


def test_an_unknown_text_of_the_right_key_gets_the_expected_text() -> None:
    said = 'alice\'s key "main" made this signature, but you signed a text that is none of the known mistakes'
    assert explain(GET, spell(sign(rsa_key("alice"), "something else"))) == f"alice: {said}; {EXPECTED}"


def test_an_unknown_text_of_another_key_names_the_key_too() -> None:
    key, bob = known("alice", rsa_key("alice")), known("bob", rsa_key("bob"))
    explained = explain(GET, spell(sign(rsa_key("bob"), "something else")), [bob])
    assert explained == f"{made_with(bob, key)}; you signed a text that is none of the known mistakes; {EXPECTED}"


def test_a_right_signature_verifies() -> None:
    assert explain(GET, spell(sign(rsa_key("alice"), TEXT))) == "alice: verifies"


def test_an_unusable_key_is_explained_or_skipped() -> None:
    broken = KnownKey("id", "alice", "main", "no PEM")
    signature = spell(sign(rsa_key("alice"), TEXT))
    assert explain(GET, signature, key=broken).startswith("alice: its public key cannot be used: expected a PEM")
    assert "nor did 1 other key" in explain(GET, signature, [broken], known("bob", rsa_key("bob")))


SALTS = {
    0: "0 bytes (none)",
    20: "20 bytes (the digest of SHA-1)",
    33: "33 bytes",
    222: "222 bytes (the maximum, MAX_LENGTH)",
}


@each_row("length", SALTS)
def test_the_salt_of_a_signature_that_verifies_is_named(length: int) -> None:
    key = rsa_key("alice")
    words = explain_salt(key.public_key(), sign(key, TEXT, salt=length), TEXT.encode())
    assert words == f"the signature verifies with a salt of {SALTS[length]}; the documented length is 32"


def test_the_salt_of_a_signature_that_does_not_verify_is_not_named() -> None:
    key, other = rsa_key("alice"), ed25519_key("alice")
    said = "the signature does not verify, with a salt of any length"
    assert explain_salt(key.public_key(), sign(key, "else"), TEXT.encode()) == said
    assert explain_salt(key.public_key(), b"", TEXT.encode()) == said
    assert explain_salt(other.public_key(), sign(other, TEXT), TEXT.encode()) == said


# The opening of a signature is checked against the library that made it: odd key sizes move the padding by bits.

PSS_HASHES = {"SHA-1": hashes.SHA1(), "SHA-224": hashes.SHA224(), "SHA-256": SHA256, "SHA-512": hashes.SHA512()}


@settings(max_examples=examples(60), deadline=None)
@given(
    key=st.sampled_from([2048, 2050, 3072, 4096]).map(lambda bits: rsa_key("alice", bits)) | st.builds(odd_rsa_key),
    name=st.sampled_from(sorted(PSS_HASHES)),
    mask=st.sampled_from(sorted(PSS_HASHES)),
    salt=st.integers(0, 180),
    text=st.binary(max_size=100),
)
def test_an_opened_signature_shows_its_scheme(key: RSAPrivateKey, name: str, mask: str, salt: int, text: bytes) -> None:
    readings = open_signature(key.public_key(), sign(key, text, PSS_HASHES[name], PSS_HASHES[mask], salt))
    reading = readings[0]
    assert isinstance(reading, PssReading)
    assert (reading.hash_name, reading.mask_hash_name, len(reading.salt)) == (name, mask, salt)
    assert (reading.is_certain, reading.fits(text), reading.fits(text + b"x")) == (True, True, False)


def test_a_signature_opens_to_nothing_under_another_key_or_beyond_the_modulus() -> None:
    signature, other = sign(rsa_key("alice"), TEXT), rsa_key("bob").public_key()
    assert not any(reading.is_certain for reading in open_signature(other, signature))
    assert open_signature(other, b"\xff" * 256) == []
    assert open_signature(other, b"\x00" * 256) == []
    assert open_signature(other, b"") == []
    assert open_signature(other, b"\x00" + sign(rsa_key("bob"), TEXT)) == []


def test_a_signature_with_the_modulus_added_opens_to_nothing() -> None:
    """It is the same number to the arithmetic, but no implementation takes it."""
    key = rsa_key("alice")
    modulus = key.private_numbers().public_numbers.n
    values = (int.from_bytes(sign(key, TEXT)) for _ in count())  # one in a few, but in a thousand for some keys
    small = next(value for value in values if value + modulus < 2**2048)
    assert open_signature(key.public_key(), small.to_bytes(256))
    assert open_signature(key.public_key(), (small + modulus).to_bytes(256)) == []


def test_random_bytes_of_the_right_length_are_explained() -> None:
    for _ in range(20):
        explained = explain(GET, spell(os.urandom(256)), [known("bob", rsa_key("bob"))])
        assert explained.startswith("alice: nothing known fits")


def test_noise_that_looks_like_pss_with_the_longest_salt_proves_no_signer() -> None:
    """One in some thousand noises does; it is made here by running the public operation backwards."""
    numbers = rsa_key("bob").private_numbers()
    block = next(block for block in map(noise, range(100_000)) if list(signature_reading._read_pss(block, 2047)))
    signature = pow(int.from_bytes(block), numbers.d, numbers.public_numbers.n).to_bytes(256)
    for key, others in (
        (known("alice", rsa_key("alice")), [known("bob", rsa_key("bob"))]),
        (known("bob", rsa_key("bob")), []),
    ):
        assert "nothing known fits" in explain(GET, spell(signature), others, key)


def noise(number: int) -> bytes:
    return b"\x00" + hashlib.shake_256(number.to_bytes(4)).digest(254) + b"\xbc"
