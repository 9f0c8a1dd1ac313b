"""Which key a call is asked with."""

from collections.abc import Mapping
from typing import Any

from mockexchange.kit.target import MEMBER

BASIC = "basic"
"""The member's key once more, told as it is (`signing.Basic`)."""


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    """Return the role whose key an operation (document node, path) is asked with; None where it is public."""
    return MEMBER if path.startswith("/private/") else None
