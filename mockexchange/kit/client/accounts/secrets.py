"""Searches the output of a client (printed, logged or reported) for its account's secrets."""

import json
from collections.abc import Iterable
from urllib.parse import quote

from mockexchange.kit.client.adapter.adapter import AdapterReply

SECRET_CHARS_MIN = 30
"""The shortest line of a private key's PEM text that is searched for."""


def secret_in(output: str, private_pem: str, signatures: Iterable[str]) -> str:
    """Return what kind of secret a client's output contains, such as its private key; empty if there is none."""
    lines = [line for line in private_pem.splitlines() if len(line) >= SECRET_CHARS_MIN and not line.startswith("-")]
    if any(line in output for line in lines):
        return "the private key"
    spelled = [form for text in signatures if len(text) >= SECRET_CHARS_MIN for form in (text, quote(text, safe=""))]
    return "a signature" if any(text in output for text in spelled) else ""


def text_of(reply: AdapterReply | None) -> str:
    """Return all text of an adapter's reply: its error message and its rows."""
    return "" if reply is None else f"{reply.error}\n{json.dumps(reply.rows)}"
