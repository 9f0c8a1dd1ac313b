"""Key pairs: drawn from the pool, each at most once and always the same, or read from files with clear errors."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from mockexchange.scenario.accounts import KeySpec
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import KeyPool, make_pair, new_pair
from mockexchange.scenario.located_text import Located
from mockexchange.venues.keys.development_keys import KeyPair, derive_ed25519, development_keys, free_place, rsa_pair
from tests.helpers.rows import each_row

POOL_SIZE = 128


def private_key(pair: KeyPair) -> PrivateKeyTypes:
    assert pair.private_pem is not None
    return serialization.load_pem_private_key(pair.private_pem.encode(), password=None)


def public_pem(key: PrivateKeyTypes) -> str:
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, shape).decode()


def test_the_pool_is_of_distinct_rsa_pairs_that_belong_together() -> None:
    pool = development_keys()
    assert len({pair.public_pem for pair in pool}) == len({pair.private_pem for pair in pool}) == POOL_SIZE
    for pair in (pool[0], pool[-1]):
        key = private_key(pair)
        assert isinstance(key, rsa.RSAPrivateKey)
        assert (key.key_size, public_pem(key)) == (2048, pair.public_pem)


def test_the_pool_file_warns_that_its_keys_are_public() -> None:
    path = Path(__file__).parents[2] / "mockexchange" / "venues" / "keys" / "development_keys.pem"
    assert path.read_text().startswith("DEVELOPMENT KEYS of the mockexchange package: published, worthless")


def test_drawing_is_the_same_every_time() -> None:
    specs = [KeySpec("alice", "main"), KeySpec("bob", "main"), KeySpec("alice", "other")]
    first, second = ([pool.pair_for(spec) for spec in specs] for pool in (KeyPool("s"), KeyPool("s")))
    assert first == second
    assert len({pair.public_pem for pair in first}) == len(specs)
    assert KeyPool("other").pair_for(specs[0]) != first[0]


def test_a_key_that_was_drawn_keeps_its_pair() -> None:
    pool = KeyPool("s")
    pair = pool.pair_for(KeySpec("alice", "main"))
    assert pool.pair_for(KeySpec("alice", "main")) is pair
    assert len(pool.taken) == 1


def test_combined_keys_are_distinct_valid_and_the_same_in_every_run() -> None:
    places = (POOL_SIZE, POOL_SIZE + 1, POOL_SIZE + 4, POOL_SIZE + 32_511)
    pairs = [rsa_pair(place) for place in places]
    assert len({pair.public_pem for pair in [*pairs, *development_keys()]}) == POOL_SIZE + len(places)
    for pair in pairs:
        key = private_key(pair)  # checks the primes
        assert isinstance(key, rsa.RSAPrivateKey)
        assert (key.key_size, public_pem(key)) == (2048, pair.public_pem)
    assert free_place("any", lambda place: place < POOL_SIZE + 32_511) == POOL_SIZE + 32_511
    assert free_place("any", lambda place: True) is None


def test_a_new_pair_is_none_in_use() -> None:
    one = new_pair("s/alice/new", "rsa", ())
    assert new_pair("s/alice/new", "rsa", {one.private_pem}) != one


def test_more_keys_than_the_pool_has_are_made_and_are_distinct() -> None:
    pool = KeyPool("crowd")
    pairs = [pool.pair_for(KeySpec(f"account-{number}", "main")) for number in range(POOL_SIZE + 1)]
    assert len({pair.public_pem for pair in pairs}) == POOL_SIZE + 1
    assert pairs[-1] not in development_keys()
    assert isinstance(private_key(pairs[-1]), rsa.RSAPrivateKey)
    assert pool.pair_for(KeySpec(f"account-{POOL_SIZE}", "main")) is pairs[-1]


def test_ed25519_keys_are_derived_from_their_names() -> None:
    pair = KeyPool("s").pair_for(KeySpec("alice", "main", algorithm="ed25519"))
    assert pair == derive_ed25519("s/alice/main") != derive_ed25519("s/alice/other")
    assert isinstance(private_key(pair), Ed25519PrivateKey)


def test_a_new_pair_is_new() -> None:
    first, second = make_pair("ed25519"), make_pair("ed25519")
    assert first.public_pem != second.public_pem == public_pem(private_key(second))
    assert isinstance(private_key(make_pair("rsa")), rsa.RSAPrivateKey)


# --- files


def node(field: str) -> Located:
    return Located({field: Located("x", "s.yaml", 6)}, "s.yaml", 5, {field: 6})


def from_private(path: Path) -> KeyPair:
    return KeyPool("s").pair_for(KeySpec("alice", "main", private_path=path, node=node("private_key")))


def from_public(path: Path) -> KeyPair:
    return KeyPool("s").pair_for(KeySpec("alice", "main", public_path=path, node=node("public_key")))


def pem(
    key: PrivateKeyTypes,
    shape: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
    password: bytes | None = None,
) -> str:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, shape, lock).decode()


@each_row("shape", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_a_private_key_file_is_taken_as_it_is(shape: serialization.PrivateFormat, tmp_path: Path) -> None:
    key = private_key(development_keys()[0])
    (tmp_path / "key.pem").write_text(pem(key, shape))
    pair = from_private(tmp_path / "key.pem")
    assert (pair.private_pem, pair.public_pem) == (pem(key, shape), development_keys()[0].public_pem)


def test_a_public_key_file_is_the_public_half_in_one_spelling(tmp_path: Path) -> None:
    written = development_keys()[0].public_pem
    (tmp_path / "key.pem").write_text(f"a note above\n{written}".replace("\n", "\r\n"), newline="")
    assert from_public(tmp_path / "key.pem") == KeyPair(written, None)


WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)
ELLIPTIC = ec.generate_private_key(ec.SECP256R1())

# reader, name of the file, content or None where there is none, error
UNUSABLE: list[tuple[Callable[[Path], KeyPair], str, str | None, str]] = [
    (
        from_private,
        "private_key",
        None,
        "cannot be read: No such file or directory; expected a file beside the scenario",
    ),
    (from_public, "public_key", None, "cannot be read: No such file or directory; expected a file beside the scenario"),
    (from_private, "private_key", "", "expected an unencrypted PEM private key: "),
    (from_private, "private_key", "hello", "expected an unencrypted PEM private key: "),
    (from_private, "private_key", "café", "expected a PEM file, which is ASCII text"),
    (from_private, "private_key", pem(ELLIPTIC, password=b"x"), "expected an unencrypted PEM private key: "),
    (from_private, "private_key", pem(ELLIPTIC), "expected an RSA or Ed25519 key, got "),
    (from_private, "private_key", pem(WEAK), "expected an RSA key of 2048 to 4096 bits, got 1024"),
    (from_private, "private_key", public_pem(WEAK), "expected an unencrypted PEM private key: "),
    (from_public, "public_key", "hello", "expected a PEM public key (-----BEGIN PUBLIC KEY-----): "),
    (from_public, "public_key", "café", "expected a PEM file, which is ASCII text"),
    (from_public, "public_key", pem(ELLIPTIC), "expected a PEM public key (-----BEGIN PUBLIC KEY-----): "),
    (from_public, "public_key", public_pem(ELLIPTIC), "expected an RSA or Ed25519 key, got "),
    (from_public, "public_key", public_pem(WEAK), "expected an RSA key of 2048 to 4096 bits, got 1024"),
]


@each_row(("read", "field", "content", "error"), UNUSABLE)
def test_the_error_of_an_unusable_key_file_has_reason_and_place(
    read: Callable[[Path], KeyPair], field: str, content: str | None, error: str, tmp_path: Path
) -> None:
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read(path)
    assert str(caught.value).startswith(f"s.yaml:6: accounts.alice.keys.main.{field}: {path}: {error}")


def test_a_folder_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: is a directory"):
        from_public(tmp_path)


def test_the_error_of_a_spec_without_a_place_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"^accounts\.alice\.keys\.main\.public_key: .*nowhere: cannot be read"):
        KeyPool("s").pair_for(KeySpec("alice", "main", public_path=tmp_path / "nowhere"))
