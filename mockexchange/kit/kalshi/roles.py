"""Which role's key signs an operation."""

from collections.abc import Mapping
from typing import Any

from mockexchange.kit.target import FCM, MEMBER

FCM_ONLY = "/portfolio/summary/total_resting_order_value"


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    """Return the role whose key an operation (document node, path) needs; None if it is public."""
    if operation.get("security") == []:
        return None
    return FCM if path.startswith("/fcm/") or path == FCM_ONLY else MEMBER
