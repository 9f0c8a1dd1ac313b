"""Provides the key pairs of a scenario's accounts: from its files, or from the pool of development keys in the package.

Generating an RSA key takes 20 to 50 ms, so accounts get pairs from a pool, chosen by sandbox and account name, and
beyond its 128 pairs from 32,512 that combine its primes. No pair is used twice in a sandbox. Ed25519 keys are always
derived from their names.
"""

from collections.abc import Container, Iterable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from msgspec import Struct, field

from mockexchange.named_files import KEY_BYTES_MAX, read_file
from mockexchange.scenario.accounts import KeySpec
from mockexchange.scenario.errors import ScenarioError
from mockexchange.venues.keys.development_keys import (
    KeyPair,
    derive_ed25519,
    free_place,
    pair_of,
    public_pem,
    rsa_pair,
)
from mockexchange.venues.keys.public_keys import UnusableKey, load_public_key

RSA_BITS = 2048


class KeyPool(Struct):
    """Chooses key pairs for one sandbox, each at most once; a key that already has a pair keeps it."""

    sandbox: str
    taken: set[int] = field(default_factory=set)
    drawn: dict[str, KeyPair] = field(default_factory=dict)

    def pair_for(self, spec: KeySpec) -> KeyPair:
        """Return the key pair for a key of the scenario, a new one or the one that the key already has.

        Raises ScenarioError if the key's files are unusable.
        """
        name = f"{self.sandbox}/{spec.account}/{spec.name}"
        if name in self.drawn:
            return self.drawn[name]
        if spec.private_path is not None:
            pair = read_private_key(spec.private_path, spec)
        elif spec.public_path is not None:
            pair = read_public_key(spec.public_path, spec)
        elif spec.algorithm == "ed25519":
            pair = derive_ed25519(name)
        elif (place := free_place(name, self.taken.__contains__)) is None:
            pair = make_pair("rsa")
        else:
            self.taken.add(place)
            pair = rsa_pair(place)
        self.drawn[name] = pair
        return pair

    def for_others(self, old: Iterable[KeySpec], new: Iterable[KeySpec]) -> "KeyPool":
        """Return a pool for another scenario in the same sandbox, in which unchanged keys keep their pairs.

        `old` and `new` are the keys of the two scenarios. Key files are read again, because they may have changed.
        """
        wanted = {(spec.account, spec.name): spec.source for spec in new}
        kept = [
            f"{self.sandbox}/{spec.account}/{spec.name}"
            for spec in old
            if spec.public_path is None
            and spec.private_path is None
            and wanted.get((spec.account, spec.name)) == spec.source
        ]
        return KeyPool(self.sandbox, set(self.taken), {name: self.drawn[name] for name in kept if name in self.drawn})


def new_pair(name: str, algorithm: str, used: Container[str | None]) -> KeyPair:
    """Return a key pair, "rsa" or "ed25519", that is chosen by a name and whose private key is not in `used`."""
    if algorithm == "ed25519":
        return derive_ed25519(name)
    place = free_place(name, lambda place: rsa_pair(place).private_pem in used)
    return make_pair("rsa") if place is None else rsa_pair(place)


def make_pair(algorithm: str) -> KeyPair:
    """Generate a new pair: "rsa" (2048 bits) or "ed25519"."""
    if algorithm == "ed25519":
        return pair_of(Ed25519PrivateKey.generate())
    return pair_of(generate_private_key(public_exponent=65537, key_size=RSA_BITS))


def read_private_key(path: Path, spec: KeySpec) -> KeyPair:
    """Read a PEM private key from a file and derive its public half. Raises ScenarioError."""
    text = _read(path, spec, "private_key")
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        message = f"{path}: expected an unencrypted PEM private key: {error}"
        raise _unusable(spec, message, "private_key") from None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise _unusable(spec, f"{path}: expected an RSA or Ed25519 key, got {type(key).__name__}", "private_key")
    return KeyPair(_checked(public_pem(key.public_key()), path, spec, "private_key"), text)


def read_public_key(path: Path, spec: KeySpec) -> KeyPair:
    """Read a PEM public key from a file. Raises ScenarioError."""
    return KeyPair(_checked(_read(path, spec, "public_key"), path, spec, "public_key"), None)


def _checked(pem: str, path: Path, spec: KeySpec, field: str) -> str:
    """Return the public key in canonical form, so that equal keys are equal texts."""
    try:
        return public_pem(load_public_key(pem))
    except UnusableKey as error:
        raise _unusable(spec, f"{path}: {error}", field) from None


def _read(path: Path, spec: KeySpec, field: str) -> str:
    try:
        return read_file(path, KEY_BYTES_MAX).decode("ascii")
    except UnicodeDecodeError:
        raise _unusable(spec, f"{path}: expected a PEM file, which is ASCII text", field) from None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror or error}; expected a file beside the scenario"
        raise _unusable(spec, message, field) from None


def _unusable(spec: KeySpec, message: str, field: str) -> ScenarioError:
    file, line = (spec.node.file, spec.node.line_of(field)) if spec.node else ("", 0)
    return ScenarioError(message, file, line, f"accounts.{spec.account}.keys.{spec.name}.{field}")
