"""Keys in files: an error has the file, the defect and what was expected in one line."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from mockexchange.kit.deribit import DERIBIT
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.server.arguments import Credential, load_credential, parse_role
from mockexchange.named_files import KEY_BYTES_MAX
from mockexchange.scenario.keys import make_pair
from tests.helpers.rows import each_row

PAIR = make_pair("rsa")


def elliptic(passphrase: bytes | None) -> str:
    how = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


def load(path: Path, text: str) -> str:
    path.write_text(text)
    return load_credential(Credential("member", "my-id", path), KALSHI).key_id


def test_a_role_has_a_name_an_id_and_a_file() -> None:
    assert parse_role("fcm=my-id:keys/a:b.pem") == Credential("fcm", "my-id", Path("keys/a:b.pem"))


@each_row("text", ["", "fcm", "fcm=", "fcm=id", "fcm=id:", "fcm=:x.pem", "member=id:x.pem", "boss=id:x.pem"])
def test_another_role_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected ROLE=KEY_ID:FILE with a role of fcm, bound, "):
        parse_role(text)


def test_a_key_is_loaded(tmp_path: Path) -> None:
    assert load(tmp_path / "key.pem", PAIR.private_pem or "") == "my-id"


@each_row(
    ("text", "complaint"),
    [
        ("hello", "no key: expected a private key in PEM, which begins with -----BEGIN PRIVATE KEY-----"),
        ("", "no key: expected"),
        (PAIR.public_pem, "a public key: expected"),
        ((PAIR.private_pem or "")[:200], "no key that can sign here: "),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", "no key that can sign here: "),
        (elliptic(None), "no key that can sign here: "),
        (elliptic(b"secret"), "the private key is encrypted: expected one without a passphrase"),
        ("x" * (KEY_BYTES_MAX + 1), "cannot be read: is too large: expected at most 65,536 bytes"),
    ],
)
def test_what_is_no_key_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with pytest.raises(ValueError, match=r"key\.pem: ") as error:
        load(path, text)
    assert str(error.value).startswith(f"{path}: {complaint}")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read: No such file or directory"):
        load_credential(Credential("member", "my-id", tmp_path / "none.pem"), KALSHI)
    with pytest.raises(ValueError, match="cannot be read: is a directory"):
        load_credential(Credential("member", "my-id", tmp_path), KALSHI)


def test_a_file_without_a_secret_is_no_key_of_a_venue_of_secrets(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("abc\n")
    assert load_credential(Credential("member", "my-id", path), DERIBIT).key_id == "my-id"
    path.write_text("\n")
    with pytest.raises(ValueError, match=r"secret: the key my-id has no secret$"):
        load_credential(Credential("member", "my-id", path), DERIBIT)
