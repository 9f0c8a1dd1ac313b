"""The secrets of an account that a client has printed, logged or reported."""

import json
from collections.abc import Iterable
from urllib.parse import quote

from mockexchange.kit.client.adapter.adapter import AdapterReply

SECRET_CHARS_MIN = 30
"""Shorter lines of a PEM text are its last ones."""


def secret_in(output: str, private_pem: str, signatures: Iterable[str]) -> str:
    """Return the name of a secret that a text has, "" if it has none."""
    lines = [line for line in private_pem.splitlines() if len(line) >= SECRET_CHARS_MIN and not line.startswith("-")]
    if any(line in output for line in lines):
        return "the private key"
    spelled = [form for text in signatures if len(text) >= SECRET_CHARS_MIN for form in (text, quote(text, safe=""))]
    return "a signature" if any(text in output for text in spelled) else ""


def text_of(reply: AdapterReply | None) -> str:
    """Return everything that a reply says."""
    return "" if reply is None else f"{reply.error}\n{json.dumps(reply.rows)}"
