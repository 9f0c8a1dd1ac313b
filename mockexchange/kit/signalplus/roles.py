"""Which role's key signs a call."""

from collections.abc import Mapping
from typing import Any

from mockexchange.kit.target import MEMBER


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    """Return the role whose key an operation (document node, path) needs; every call needs one."""
    return MEMBER
