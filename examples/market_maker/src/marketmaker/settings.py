"""Settings of the bot, from environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

BASE_URL = "https://api.elections.kalshi.com/trade-api/v2"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The exchange and the key of the account."""

    base_url: str
    key_id: str
    key: RSAPrivateKey

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings. Raises KeyError without a key, TypeError for a key that is not RSA."""
        key = load_pem_private_key(Path(environment["KALSHI_PRIVATE_KEY_PATH"]).read_bytes(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("KALSHI_PRIVATE_KEY_PATH: expected an RSA key")
        return cls(
            base_url=environment.get("KALSHI_API_BASE_URL", BASE_URL), key_id=environment["KALSHI_API_KEY_ID"], key=key
        )
