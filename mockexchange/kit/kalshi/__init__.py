"""Kalshi, as the kit knows it."""

from collections.abc import Mapping
from typing import Any

from mockexchange.kit.kalshi.signing import load_signer
from mockexchange.kit.target import FCM, MEMBER
from mockexchange.kit.venue import VenueKit

FCM_ONLY = "/portfolio/summary/total_resting_order_value"


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    if operation.get("security") == []:
        return None
    return FCM if path.startswith("/fcm/") or path == FCM_ONLY else MEMBER


KALSHI = VenueKit(
    name="kalshi",
    prefix="/trade-api/v2",
    stream_path="/trade-api/ws/v2",
    load_signer=load_signer,
    production_hosts=frozenset(
        {
            "api.elections.kalshi.com",
            "external-api.kalshi.com",
            "external-api-ws.kalshi.com",
            "trading-api.kalshi.com",
            "api.kalshi.com",
        }
    ),
    role_of=role_of,
    checks=(),
    stream_checks=(),
)
