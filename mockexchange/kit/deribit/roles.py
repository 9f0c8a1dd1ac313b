"""Decides which of the given keys signs a call: those of a member, or of another role."""

from collections.abc import Mapping
from typing import Any

from mockexchange.kit.target import MEMBER

BASIC = "basic"
"""The role of the member's key when it is sent as id and secret (`signing.Basic`)."""


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    """Return the role (such as member) whose key an operation requires; None if the operation is public.

    `operation` is its node in the API document.
    """
    return MEMBER if path.startswith("/private/") else None
