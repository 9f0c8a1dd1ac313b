"""The diagnosis of missing headers, key ids and timestamps, and the diagnosis without a server."""

from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.venues.diagnosis.credentials import KEYS_COMPARED_MAX
from mockexchange.venues.kalshi.diagnosis import (
    KnownKey,
    explain_missing,
    explain_offline,
    explain_timestamp,
    explain_unknown_key,
)
from mockexchange.venues.quoting import QUOTED_CHARS_MAX, quote
from mockexchange.venues.request import Request
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.venues.kalshi.keyring import ed25519_key, private_pem, public_pem, rsa_key, sign, sign_pkcs1, spell

PATH = "/trade-api/v2/portfolio/positions"
KEY, TIMESTAMP, SIGNATURE = b"kalshi-access-key", b"kalshi-access-timestamp", b"kalshi-access-signature"
NEEDED = (
    "send KALSHI-ACCESS-KEY (the key id), KALSHI-ACCESS-TIMESTAMP (Unix milliseconds), "
    "KALSHI-ACCESS-SIGNATURE (base64 of the signature over timestamp + METHOD + path)"
)
ALL = "missing: KALSHI-ACCESS-KEY, KALSHI-ACCESS-TIMESTAMP, KALSHI-ACCESS-SIGNATURE; sent: none of the three"

MISSING: list[tuple[tuple[tuple[bytes, bytes], ...], str]] = [
    # headers, start of the diagnosis
    ((), ALL),
    (((b"host", b"x"),), ALL),
    (((b"authorization", b"Bearer abc"),), f"{ALL}; Authorization: Bearer is not read, each request is signed"),
    (((b"authorization", b"\xff" * 99),), f"{ALL}; Authorization: "),
    (
        ((KEY, b"k"), (TIMESTAMP, b"1")),
        "missing: KALSHI-ACCESS-SIGNATURE; sent: KALSHI-ACCESS-KEY, KALSHI-ACCESS-TIMESTAMP",
    ),
    (
        ((KEY, b"k"), (TIMESTAMP, b"1"), (SIGNATURE, b" ")),
        "missing: KALSHI-ACCESS-SIGNATURE (sent empty); sent: KALSHI-",
    ),
    (
        ((KEY, b"k"), (KEY, b""), (SIGNATURE, b"s")),
        "missing: KALSHI-ACCESS-TIMESTAMP; sent: KALSHI-ACCESS-KEY, KALSHI-ACC",
    ),
    (((KEY, b"\xa0"),), "missing: KALSHI-ACCESS-KEY (sent empty), KALSHI-ACCESS-TIMESTAMP, KALSHI-ACCESS-SIG"),
    (
        ((KEY, b""), (KEY, b"k"), (SIGNATURE, b"s")),
        "missing: KALSHI-ACCESS-TIMESTAMP; sent: KALSHI-ACCESS-KEY, KALSHI-ACC",
    ),
    (((b"kalshi_access_key", b"k"),), f'{ALL}; "KALSHI_ACCESS_KEY" is not KALSHI-ACCESS-KEY'),
    (((b"kalshi-access-sign", b"k"),), f'{ALL}; "KALSHI-ACCESS-SIGN" is not KALSHI-ACCESS-SIGNATURE'),
    (((b"kalshi-access-time\xe9", b"k"),), f'{ALL}; "KALSHI-ACCESS-TIME\\xe9" is not KALSHI-ACCESS-TIMESTAMP'),
]


@each_row(("headers", "words"), MISSING)
def test_missing_headers_are_named_with_what_was_sent_instead(
    headers: tuple[tuple[bytes, bytes], ...], words: str
) -> None:
    explained = explain_missing(Request("GET", PATH, headers=headers))
    assert explained.startswith(words)
    assert explained.endswith(f"; {NEEDED}")


ALICE = KnownKey("3f0c1b7e-1111-4a4a-9c9c-0123456789ab", "alice", "main", "")
READER = KnownKey("77777777-2222-4b4b-8d8d-0123456789ab", "alice", "ro", "")
BOB = KnownKey("c0ffee00-3333-4c4c-bebe-ba9876543210", "bob", "main", "")
CAROL = KnownKey("e1e1e1e1-4444-4d4d-afaf-a1b2c3d4e5f6", "carol", "main", "")
KEYS = [ALICE, READER, BOB, CAROL]
ID = ALICE.key_id

UNKNOWN = [
    # key id, part of the diagnosis
    (f'"{ID}"', f'it has quotes around the id of alice\'s key "main": send "{ID}"'),
    (f"'{ID}'", f'it has quotes around the id of alice\'s key "main": send "{ID}"'),
    (f"{ID}\\n", f'it has a line break around the id of alice\'s key "main": send "{ID}"'),
    (f"{ID} ", f'it has stray characters around the id of alice\'s key "main": send "{ID}"'),
    (f"<{ID}>", f'it has stray characters around the id of alice\'s key "main": send "{ID}"'),
    (ID.upper(), f'send the id of alice\'s key "main" as it is spelled, "{ID}"'),
    (ID.replace("-", ""), f'send the id of alice\'s key "main" as it is spelled, "{ID}"'),
    ("alice", f'it is a name: send the id of alice\'s key "main", "{ID}"'),
    ("alice/ro", f'it is a name: send the id of alice\'s key "ro", "{READER.key_id}"'),
    (ID.replace("3f", "4f"), f'did you mean "{ID}" (alice\'s key "main")?'),
    ("alise", f'did you mean "{READER.key_id}" (alice\'s key "ro")?'),
    ("zzz", f'this sandbox has 4 keys, such as "{ID}" (alice\'s key "main"), "{READER.key_id}"'),
]


@each_row(("key_id", "words"), UNKNOWN)
def test_an_unknown_key_id_is_named_with_the_nearest(key_id: str, words: str) -> None:
    explained = explain_unknown_key(key_id, iter(KEYS))
    assert explained.startswith(f"no key has the id {quote(key_id)}: {words}")


def test_a_key_in_place_of_its_id_is_explained() -> None:
    explained = explain_unknown_key("-----BEGIN PRIVATE KEY----- MII", KEYS)
    assert explained == '"-----BEGIN PRIVATE KEY----- MII" is a key, not its id: send the key id'


def test_few_keys_are_all_named_and_so_is_their_absence() -> None:
    only = f'this sandbox has 1 key, "{ID}" (alice\'s key "main")'
    assert explain_unknown_key("zzz", [ALICE]) == f'no key has the id "zzz": {only}'
    assert explain_unknown_key("zzz", []) == 'no key has the id "zzz": this sandbox has no keys'


def test_an_exact_key_is_found_beyond_those_that_are_compared() -> None:
    many = [KnownKey(f"{number:032x}", f"user{number}", "main", "") for number in range(KEYS_COMPARED_MAX)]
    assert "alice" in explain_unknown_key(f'"{ID}"', [*many, ALICE])
    assert "alice" not in explain_unknown_key(ID[:-1], [*many, ALICE])


NOW = 1_762_300_000_123
NUMBER = "send Unix milliseconds in digits,"
WINDOW = "the window is 15 s back, 45 s ahead"
SEND = f"send Unix milliseconds in digits, now {NOW}"
TIMESTAMPS = [
    # timestamp, part of the diagnosis
    (str(NOW - 62_000), f"your clock is 62.0 s behind the server's; {WINDOW}"),
    (str(NOW + 62_049), f"your clock is 62.0 s ahead of the server's; {WINDOW}"),
    (str(NOW - 303_000), f"your clock is 5 min 3 s behind the server's; {WINDOW}"),
    (str(NOW + 7_200_000), f"your clock is 2 h 0 min ahead of the server's; {WINDOW} (is local time taken for UTC?)"),
    (str(NOW - 18_000_400), f"your clock is 5 h 0 min behind the server's; {WINDOW} (is local time taken for UTC?)"),
    (str(NOW + 19_800_000), f"your clock is 5 h 30 min ahead of the server's; {WINDOW} (is local time taken for UTC?)"),
    (str(NOW - 8_000_000), f"your clock is 2 h 13 min behind the server's; {WINDOW}"),
    (str(NOW + 86_400_000 * 12), f"your clock is 12 days ahead of the server's; {WINDOW}"),
    ("0", f"your clock is 20,396 days behind the server's; {WINDOW}"),
    ("1762300000", f"the timestamp 1762300000 is in seconds: {SEND}"),
    (f"{NOW}456", f"the timestamp {NOW}456 is in microseconds: {SEND}"),
    (f"{NOW}000000", f"the timestamp {NOW}000000 is in nanoseconds: {SEND}"),
    (f"{NOW}456.5", f'the timestamp "{NOW}456.5" is not a whole number in microseconds: {NUMBER} {NOW}'),
    (f"0{NOW}", f"the timestamp 0{NOW} has leading zeros: {SEND}"),
    (f"000000{NOW}", f"the timestamp 000000{NOW} has leading zeros: {SEND}"),
    ("1762300000.123", f'the timestamp "1762300000.123" is not a whole number in seconds: {NUMBER} {NOW}'),
    (f"{NOW}.5", f'the timestamp "{NOW}.5" is not a whole number: {NUMBER} {NOW}'),
    ("1.762300000123e12", f'the timestamp "1.762300000123e12" is not a whole number: {NUMBER} {NOW}'),
    ("1e99", f'the timestamp "1e99" is no time: {SEND}'),
    ("9" * 30, f'the timestamp "{"9" * 30}" is no time: {SEND}'),
    ("9" * 5_000, "the timestamp "),
    ("-5", f'the timestamp "-5" is negative: {SEND}'),
    (f'"{NOW}"', f'the timestamp "\\"{NOW}\\"" is not digits alone: send {NOW}'),
    ("2025-11-04T23:46:40.123Z", f'the timestamp "2025-11-04T23:46:40.123Z" is ISO 8601 text: {NUMBER} {NOW}'),
    ("2025-11-04T23:46:40.123", f'the timestamp "2025-11-04T23:46:40.123" is ISO 8601 text: {NUMBER} {NOW}'),
    ("0001-01-01T00:00+23:59", "the timestamp "),
    ("abc", f'the timestamp "abc" is no number: {SEND}'),
    ("\xb2\xb3", f'the timestamp "\\xb2\\xb3" is no number: {SEND}'),
    ("", f"the timestamp is empty: {SEND}"),
]  # fmt: skip


@each_row(("timestamp", "words"), TIMESTAMPS)
def test_a_refused_timestamp_is_explained_by_unit_spelling_or_offset(timestamp: str, words: str) -> None:
    explained = explain_timestamp(timestamp, NOW, 15_000, 45_000)
    assert explained == words or (words == "the timestamp " and explained.startswith(words))


def test_the_clock_of_these_rows_is_the_moment_they_spell() -> None:
    assert (
        datetime.fromtimestamp(NOW / 1_000, UTC).isoformat(timespec="milliseconds") == "2025-11-04T23:46:40.123+00:00"
    )


TS = "1762300000123"
TEXT = f"{TS}GET{PATH}"


def offline(signature: bytes | str, pem: str, **changes: str) -> str:
    spelled = signature if isinstance(signature, str) else spell(signature)
    sent = {"method": "GET", "path": PATH, "query": "", "timestamp": TS} | changes
    return explain_offline(**sent, signature_b64=spelled, pem_text=pem)


RSA = rsa_key("alice")
PEMS: dict[str, Any] = {
    "public": lambda: public_pem(RSA),
    "public, PKCS#1": lambda: RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode(),
    "private, PKCS#8": lambda: private_pem(RSA),
    "private, PKCS#1": lambda: private_pem(RSA, PrivateFormat.TraditionalOpenSSL),
    "private, OpenSSH": lambda: private_pem(RSA, PrivateFormat.OpenSSH),
    "with escaped newlines": lambda: private_pem(RSA).replace("\n", "\\n"),
    "with quotes and Windows line ends": lambda: '"' + private_pem(RSA).replace("\n", "\r\n") + '"',
    "private, without armour": lambda: "".join(private_pem(RSA).splitlines()[1:-1]),
    "private, without armour, in quotes": lambda: f"'{''.join(private_pem(RSA).splitlines()[1:-1])}'",
    "public, without armour": lambda: "\n".join(public_pem(RSA).splitlines()[1:-1]),
}


@each_row("pem", PEMS)
def test_a_right_signature_verifies_offline_with_any_spelling_of_its_key(pem: str) -> None:
    assert offline(sign(RSA, TEXT), PEMS[pem]()) == "verifies"


TARGETS = [
    {"path": f"{PATH}?limit=2"},
    {"path": PATH, "query": "limit=2"},
    {"path": PATH, "query": "?limit=2"},
    {"path": f"http://127.0.0.1:8600{PATH}?limit=2#top"},
    {"path": f" {PATH} ", "method": "get", "query": "limit=2"},
]


@each_row("target", TARGETS)
def test_the_target_may_be_given_as_it_is_at_hand(target: dict[str, str]) -> None:
    assert offline(sign(RSA, TEXT), public_pem(RSA), **target) == "verifies"
    wrong = offline(sign(RSA, f"{TEXT}?limit=2"), public_pem(RSA), **target)
    assert wrong == f'you signed "{PATH}?limit=2"; sign the path without "?limit=2"'


def test_a_wrong_signature_is_explained_offline_without_an_account() -> None:
    explained = offline(sign_pkcs1(RSA, TEXT), public_pem(RSA))
    assert explained.startswith("you signed the right text with the right key; the signature has PKCS#1 v1.5 padding")
    with_host = offline(sign(RSA, f"{TS}GEThttp://h:1{PATH}"), public_pem(RSA), path=f"http://h:1{PATH}")
    assert with_host == f'you signed "http://h:1{PATH}"; sign the path alone, without "http://h:1"'
    other = offline(sign(rsa_key("bob"), TEXT), public_pem(RSA))
    assert other.startswith("nothing known fits: the key given did not make this signature; the text to sign is ")


def test_a_right_signature_with_another_salt_or_an_odd_timestamp_verifies_with_a_doubt() -> None:
    salted = offline(sign(RSA, TEXT, salt=0), public_pem(RSA))
    assert salted == "verifies; the signature verifies with a salt of 0 bytes (none); the documented length is 32"
    seconds = offline(sign(RSA, f"1762300000GET{PATH}"), public_pem(RSA), timestamp="1762300000")
    assert seconds == 'verifies; the timestamp "1762300000" is not Unix milliseconds in 13 digits'
    reverse = offline(sign(RSA, f"1762300000987GET{PATH}"), public_pem(RSA), timestamp="1762300000")
    assert reverse.startswith(
        f'you signed "1762300000987GET{PATH}"; sign exactly the timestamp you send, "1762300000", not'
    )


def test_ed25519_is_verified_and_explained_offline() -> None:
    key = ed25519_key("alice")
    assert offline(sign(key, TEXT), private_pem(key)) == "verifies"
    assert offline(sign(key, f"{TEXT}/"), private_pem(key)).endswith('sign the path as sent, without "/" at its end')


def test_non_latin_paths_are_the_bytes_a_client_sends() -> None:
    assert offline(sign(RSA, f"{TS}GET/é漢"), public_pem(RSA), path="/é漢") == "verifies"


UNUSABLE: list[tuple[Any, str]] = [
    # key, part of the diagnosis
    (lambda: "", "expected a PEM"),
    (lambda: "hello", "expected a PEM"),
    (lambda: "\ud800", "expected a PEM"),
    (lambda: "-----BEGIN PRIVATE KEY-----", "expected a PEM"),
    (lambda: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "expected a PEM"),
    (lambda: private_pem(rsa_key("small", 1024)), "expected an RSA key of 2048 to 4096 bits, got 1024"),
    (lambda: public_pem(ec.generate_private_key(ec.SECP256R1())), "expected an RSA or Ed25519 key, got EC"),
    (
        lambda: RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")).decode(),
        "it is encrypted: give it without a password, or its public key",
    ),
    (lambda: spell(RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())[:-9]), "expected a PEM"),
]


@each_row(("make", "words"), UNUSABLE)
def test_an_unusable_key_is_explained(make: Any, words: str) -> None:
    assert offline(sign(RSA, TEXT), make()).startswith(f"the key cannot be used: {words}")


def test_what_is_quoted_is_printable_and_bounded() -> None:
    assert quote('a"b\\n\n\xe9') == '"a\\"b\\n\\n\\xe9"'
    assert quote("é".encode().decode("latin-1")) == '"\\xe9"'
    long = quote("x" * 100_000)
    assert len(long) < QUOTED_CHARS_MAX + 60
    assert "99600 characters left out" in long


WIRE = st.text(st.characters(max_codepoint=255), max_size=200)


@settings(max_examples=examples(100), deadline=None)
@given(
    headers=st.lists(st.tuples(st.sampled_from([KEY, TIMESTAMP, b"x", b"authorization"]) | st.binary(), st.binary()))
)
def test_no_header_makes_it_raise(headers: list[tuple[bytes, bytes]]) -> None:
    assert explain_missing(Request("GET", PATH, headers=tuple(headers))).startswith("missing: ")


@settings(max_examples=examples(100), deadline=None)
@given(text=WIRE | st.from_regex(r"[+-]?[0-9.eE:TZ-]{1,30}"), now=st.integers(0, 10**16))
def test_no_timestamp_or_key_id_makes_it_raise(text: str, now: int) -> None:
    assert explain_timestamp(text, now, 15_000, 45_000).isprintable()
    assert explain_unknown_key(text, KEYS).isprintable()


@settings(max_examples=examples(100), deadline=None)
@given(
    method=st.text(max_size=60),
    path=st.text(max_size=60),
    query=st.text(max_size=60),
    timestamp=st.text(max_size=60),
    signature=st.text(max_size=60),
    pem=st.one_of(st.text(), st.just(public_pem(RSA)), st.just(private_pem(RSA)[:-60])),
)
def test_no_argument_makes_the_offline_diagnosis_raise(
    method: str, path: str, query: str, timestamp: str, signature: str, pem: str
) -> None:
    assert explain_offline(method, path, query, timestamp, signature, pem)
