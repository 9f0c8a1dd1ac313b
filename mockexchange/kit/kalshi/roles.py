"""Decides which of the given keys signs an operation: those of a member, an FCM, or another role."""

from collections.abc import Mapping
from typing import Any

from mockexchange.kit.target import FCM, MEMBER

FCM_ONLY = "/portfolio/summary/total_resting_order_value"


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    """Return the role (such as member or fcm) whose key an operation requires; None if the operation is public.

    `operation` is its node in the API document.
    """
    if operation.get("security") == []:
        return None
    return FCM if path.startswith("/fcm/") or path == FCM_ONLY else MEMBER
