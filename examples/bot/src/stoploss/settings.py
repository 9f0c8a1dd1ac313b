"""What the bot is told by its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

BASE_URL = "https://api.elections.kalshi.com/trade-api/v2"
WS_URL = "wss://api.elections.kalshi.com/trade-api/ws/v2"
LOSS_MAX = "0.30"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`loss_max` is the part of what was paid that may be lost: 0.3 is thirty percent."""

    base_url: str
    ws_url: str
    key_id: str
    key: RSAPrivateKey
    loss_max: Decimal

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises KeyError without a key, TypeError for one that is not RSA."""
        key = load_pem_private_key(Path(environment["KALSHI_PRIVATE_KEY_PATH"]).read_bytes(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("KALSHI_PRIVATE_KEY_PATH: expected an RSA key")
        return cls(
            base_url=environment.get("KALSHI_API_BASE_URL", BASE_URL),
            ws_url=environment.get("KALSHI_WS_URL", WS_URL),
            key_id=environment["KALSHI_API_KEY_ID"],
            key=key,
            loss_max=Decimal(environment.get("STOPLOSS_MAX", LOSS_MAX)),
        )
