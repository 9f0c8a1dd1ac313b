"""Removes secrets from journal entries and events before people see them."""

import json
from base64 import b64decode, b64encode
from copy import copy
from typing import Any

from mockexchange.runtime.redaction import HIDDEN, NO_SECRETS, KnownSecrets, known_secrets, redact_entry
from mockexchange.sandbox.journal.journal import FrameEntry, JournalEntry, JournalItem
from mockexchange.sandbox.journal.journal_json import frame_bytes, frame_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.control.json_text import encode

BINARY = "_base64"
"""The end of each JSON key whose value is bytes in base64."""


class SecretFilter:
    """Removes secrets from journal entries and events: one sandbox's keys, and texts that look like secrets."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._known = NO_SECRETS
        self._key_count = -1

    def clean(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON of a journal entry or an event without secrets."""
        if "headers" in entry:
            entry = {**entry, "headers": [_without_cookie(name, value) for name, value in entry["headers"]]}
        binary = [name for name in entry if name.endswith(BINARY)]
        if not binary:
            return redact_entry(entry, self._secrets())
        texts = {name: b64decode(entry[name]).decode("latin-1") for name in binary}
        cleaned = redact_entry({**entry, **texts}, self._secrets())
        return {**cleaned, **{name: b64encode(cleaned[name].encode("latin-1")).decode() for name in binary}}

    def clean_item(self, item: JournalItem) -> JournalItem:
        """Return a journal item without secrets, in the target of a request or in the bytes of a frame.

        Items of other kinds are returned unchanged.
        """
        if isinstance(item, FrameEntry):
            return item._replace(raw=frame_bytes(self.clean(frame_to_json(0, item))))
        if isinstance(item, JournalEntry):
            cleaned = copy(item)
            cleaned.target = self.clean({"target": item.target})["target"]
            return cleaned
        return item

    def clean_line(self, line: bytes) -> bytes:
        """Return a line of JSON, with its newline, without secrets."""
        return encode(self.clean(json.loads(line))) + b"\n"

    def _secrets(self) -> KnownSecrets:
        keys = self._sandbox.exchange.state.secret_keys
        count = len(keys) + len(self._sandbox.private_pems)
        if count != self._key_count:
            secrets = (key.secret for key in keys.values())
            self._known, self._key_count = known_secrets(secrets, self._sandbox.private_pems.values()), count
        return self._known


def _without_cookie(name: str, value: str) -> list[str]:
    """Return a header; a cookie is a secret as a whole."""
    return [name, HIDDEN if name.lower() in ("cookie", "set-cookie") else value]
