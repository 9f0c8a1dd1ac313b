"""Decides which of the given keys signs a call."""

from collections.abc import Mapping
from typing import Any

from mockexchange.kit.target import MEMBER


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    """Return the role (such as member) whose key an operation requires; every call requires one.

    `operation` is its node in the API document.
    """
    return MEMBER
