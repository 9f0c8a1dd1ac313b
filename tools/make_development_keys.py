"""Make the pool of development keys in the package. They are public and protect nothing."""

import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEYS = 128
BITS = 2048
HEADING = """DEVELOPMENT KEYS of the mockexchange package: published, worthless, never to be used with a real venue.
"""


def main(target: str) -> None:
    blocks = [HEADING, *(_pair() for _ in range(KEYS))]
    Path(target).write_text("".join(blocks))


def _pair() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return (private + public).decode()


if __name__ == "__main__":
    main(sys.argv[1])
