"""Checks private keys: whether clients can read them, and their kind."""

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mockexchange.cli.doctor_checks.finding import FAIL, OK, WARN, CheckContext, Finding
from mockexchange.clients.published import CLIENT_SETUPS
from mockexchange.named_files import KEY_BYTES_MAX, read_file

TABLES = tuple(setup.checked for setup in CLIENT_SETUPS.values())
KEY_PATHS = tuple(name for table in TABLES for name in table.key_paths)
INLINE_KEYS = tuple(name for table in TABLES for name in table.inline_keys)
KEY_IDS = tuple(name for table in TABLES for name in table.key_ids)
RSA_BITS_MIN = 2_048
READABLE_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH
MAKE_KEY = "mockexchange keys new"
USE_ANOTHER_KEY = f"another file, or {MAKE_KEY}"
UNUSABLE_MARKS = (
    (b"PUBLIC KEY", "is the public half of a key: clients sign with the private one", USE_ANOTHER_KEY),
    (b"BEGIN CERTIFICATE-----", "is a certificate, and no key", USE_ANOTHER_KEY),
    (b"OPENSSH PRIVATE", "is in OpenSSH's own form, which clients cannot read", "ssh-keygen -p -m PEM -f {file}"),
    (b"ENCRYPTED", "is encrypted: most clients ask for no passphrase", "openssl pkey -in {file} -out PLAIN.pem"),
)
"""Byte strings that show that a file is no private key: each with a description and a remedy."""
Judgement = tuple[str, str, str]


def check_key_file(context: CheckContext) -> Iterator[Finding]:
    if context.key is not None:
        yield from judge_file(context.key, "--key")


def check_key_variables(context: CheckContext) -> Iterator[Finding]:
    environment = context.environment
    for name in KEY_PATHS:
        if environment.get(name):
            yield from judge_file(Path(environment[name]).expanduser(), name)
    for name in INLINE_KEYS:
        if environment.get(name):
            yield judge_inline(environment[name], name)
    for table in TABLES:
        pair = (*table.inline_keys[:1], *table.key_paths[:1])
        if table.key_conflict and all(environment.get(name) for name in pair):
            yield Finding("key", WARN, f"{' and '.join(pair)} are both set: {table.key_conflict}", f"unset {pair[0]}")


def judge_file(path: Path, named_by: str) -> Iterator[Finding]:
    """Yield findings about a private key's file: whether this user and others can read it, and its contents."""
    try:
        raw = read_file(path, KEY_BYTES_MAX, takes_pipes=True)
        mode = path.stat().st_mode
    except OSError as error:
        yield Finding(
            "key", FAIL, f"{named_by}: {path} cannot be read: {error.strerror or error}", f"look at {named_by}"
        )
        return
    verdict, message, remedy = judge_key(raw, str(path))
    yield Finding("key", verdict, f"{named_by}: {path} {message}", remedy)
    if sys.platform != "win32" and mode & READABLE_BY_OTHERS:
        yield Finding("key", WARN, f"{named_by}: others on this machine may read {path}", f"chmod 600 {path}")


def judge_inline(text: str, name: str) -> Finding:
    """Return a finding about a private key that is the value of a variable. The key itself is not printed."""
    if "\n" not in text and "\\n" in text:
        message = f"{name} has \\n in two letters for its line breaks: some clients remedy that, most do not"
        return Finding("key", WARN, message, f'export {name}="$(cat FILE)"')
    verdict, message, remedy = judge_key(text.encode("utf-8", "surrogateescape"), "FILE")
    return Finding("key", verdict, f"{name} {message}", remedy)


def judge_key(raw: bytes, file: str) -> Judgement:
    """Return a verdict about the bytes of a private key, a description of the key, and the remedy."""
    for mark, message, remedy in UNUSABLE_MARKS:
        if mark in raw:
            return FAIL, message, remedy.format(file=file)
    if b"-----BEGIN" not in raw:
        return FAIL, "is no PEM text", f"openssl pkey -inform DER -in {file}, if it is DER; or {MAKE_KEY}"
    try:
        key = load_pem_private_key(raw, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return FAIL, f"cannot be used: {error}", MAKE_KEY
    return judge_kind(key)


def judge_kind(key: object) -> Judgement:
    if isinstance(key, RSAPrivateKey):
        if key.key_size < RSA_BITS_MIN:
            return WARN, f"is an RSA key of {key.key_size} bits: expected {RSA_BITS_MIN} or more", MAKE_KEY
        return OK, f"is an RSA key of {key.key_size} bits", ""
    if isinstance(key, Ed25519PrivateKey):
        return OK, "is an Ed25519 key: some clients sign with RSA alone", ""
    return FAIL, f"is no RSA or Ed25519 key, but {type(key).__name__.removesuffix('PrivateKey')}", MAKE_KEY


def check_key_id(context: CheckContext) -> Iterator[Finding]:
    ready = context.server
    if ready is None:
        return
    known = {key["key_id"]: one["name"] for one in ready["accounts"] for key in one.get("keys") or [one]}
    for name in KEY_IDS:
        key_id = context.environment.get(name)
        if key_id in known:
            yield Finding("key id", OK, f"{name} is a key of {known[key_id]}")
        elif key_id:
            message = f"{name} is no key of the server's default exchange"
            yield Finding("key id", WARN, message, 'eval "$(mockexchange env)"')
