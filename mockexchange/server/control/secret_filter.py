"""The removal of secrets from entries of the journal and from events, for people who look at them."""

import json
from typing import Any

from mockexchange.runtime.redaction import HIDDEN, NO_SECRETS, KnownSecrets, known_secrets, redact_entry
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.control.json_text import encode


class SecretFilter:
    """Removes the secrets of a sandbox's keys, and texts that look like secrets."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._known = NO_SECRETS
        self._key_count = -1

    def clean(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return an entry or an event without secrets."""
        if "headers" in entry:
            entry = {**entry, "headers": [_without_cookie(name, value) for name, value in entry["headers"]]}
        return redact_entry(entry, self._secrets())

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
