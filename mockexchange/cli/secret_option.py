"""Defines the option --show-secrets, and the filter that hides secrets in printed output."""

from typing import Any

import click

from mockexchange.cli.server_connection import Server
from mockexchange.runtime.redaction import HIDDEN, known_secrets, redact_entry

show_secrets_option = click.option("--show-secrets", is_flag=True, help="Show tokens, secrets and private keys, too.")


REDACTED = {"redact": "true"}
"""The query that has the server hide secrets of all its sandboxes."""


class SecretFilter:
    """Removes a sandbox's secrets, and texts that look like secrets, from journal entries and events."""

    def __init__(self, server: Server, sandbox: str) -> None:
        keys = server.ask_sandbox("GET", sandbox)["accounts"]
        secrets = [server.ready["control_token"], *(key["secret"] for key in keys)]
        self._known = known_secrets(secrets, [key["private_key_pem"] for key in keys])

    def clean(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of an entry or event in which secrets are hidden."""
        if "headers" in entry:
            entry = {
                **entry,
                "headers": [
                    [name, HIDDEN if name.lower() in ("cookie", "set-cookie") else value]
                    for name, value in entry["headers"]
                ],
            }
        return redact_entry(entry, self._known)
