"""Which role's key signs a call."""

from collections.abc import Mapping
from typing import Any

from mockexchange.kit.target import MEMBER

BASIC = "basic"
"""The role of the member's key when it is sent as id and secret (`signing.Basic`)."""


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    """Return the role whose key an operation (document node, path) needs; None if it is public."""
    return MEMBER if path.startswith("/private/") else None
