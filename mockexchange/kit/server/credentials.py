"""Loads private keys and secrets from files. An error is one line with the file, the defect and the remedy."""

from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm

from mockexchange.kit.target import MEMBER, ROLES
from mockexchange.kit.venue import Signer, VenueKit
from mockexchange.named_files import KEY_BYTES_MAX, read_file

EXPECTED = "expected a private key in PEM, which begins with -----BEGIN PRIVATE KEY----- or such"


class Credential(NamedTuple):
    """A key that the command line names: its role (such as member), its id, and the file of its private key."""

    role: str
    key_id: str
    path: Path


def parse_role(text: str) -> Credential:
    """Parse ROLE=KEY_ID:FILE into a credential. Raises ValueError."""
    role, _, rest = text.partition("=")
    key_id, _, path = rest.partition(":")
    known = [name for name in ROLES if name != MEMBER]
    if role not in known or not key_id or not path:
        raise ValueError(f"expected ROLE=KEY_ID:FILE with a role of {', '.join(known)}, got {text!r}")
    return Credential(role, key_id, Path(path))


def load_credential(credential: Credential, venue: VenueKit) -> Signer:
    """Load a private key or a secret from its file and return its signer. Raises ValueError."""
    path = credential.path
    text = _read(path)
    try:
        return venue.load_signer(credential.key_id, text)
    except TypeError:
        raise ValueError(f"{path}: the private key is encrypted: expected one without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        defect = str(error) if venue.key_is_secret else _defect(text, error)
        raise ValueError(f"{path}: {defect}") from None


def _read(path: Path) -> str:
    try:
        return read_file(path, KEY_BYTES_MAX, takes_pipes=True).decode("utf-8", "replace")
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from None


def _defect(text: str, error: Exception) -> str:
    if "PRIVATE KEY-----" in text:
        return f"no key that can sign here: {error}"
    return f"a public key: {EXPECTED}" if "PUBLIC KEY-----" in text else f"no key: {EXPECTED}"
