"""Removes secrets from journal entries and events before people see them."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import copy
from typing import Any

from msgspec.structs import replace
from starlette.requests import Request

from mockexchange.runtime.redaction import HIDDEN, KnownSecrets, redact_entry, redact_values
from mockexchange.sandbox.journal import FrameEntry, JournalEntry, JournalItem
from mockexchange.sandbox.journal_json import frame_bytes, frame_to_json
from mockexchange.server.control.access import Grant, Role, grant_of
from mockexchange.server.control.answers import encode
from mockexchange.server.control.requests import REDACT, read_query, read_switch
from mockexchange.server.sandbox_secrets import SandboxSecrets

Row = dict[str, Any]
Clean = Callable[[Row], Row]
COOKIES = ("cookie", "set-cookie")
BINARY = "_base64"
"""The end of each JSON key whose value is bytes in base64."""


class SecretFilter:
    """Removes secrets from journal entries and events: those of all sandboxes, and texts that look like secrets.

    One with `is_of_tokens` removes the tokens of the control API alone: whoever may see the secrets of one sandbox may
    not see the tokens of others, which a client sent to it.
    """

    def __init__(self, known: Callable[[], KnownSecrets], *, is_of_tokens: bool = False) -> None:
        self._known, self._is_of_tokens = known, is_of_tokens

    @staticmethod
    def now(secrets: SandboxSecrets) -> "SecretFilter":
        """Return a filter that removes the secrets known at present. It is made for one answer."""
        known = secrets.known()
        return SecretFilter(lambda: known)

    def least_for(self, grant: Grant) -> "SecretFilter | None":
        """Return the filter of what a caller must not see, whatever it asks for; None if it may see all."""
        if grant.role is Role.ADMIN:
            return None
        return self if grant.is_viewer else SecretFilter(self._known, is_of_tokens=True)

    def clean(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON of a journal entry or an event without secrets."""
        if "headers" in entry and not self._is_of_tokens:  # a cookie is a secret as a whole
            entry = {
                **entry,
                "headers": [[name, HIDDEN if name.lower() in COOKIES else value] for name, value in entry["headers"]],
            }
        binary = [name for name in entry if name.endswith(BINARY)]
        entry = {**entry, **{name: b64decode(entry[name]).decode("latin-1") for name in binary}}
        cleaned: dict[str, Any]
        if self._is_of_tokens:
            cleaned = redact_values(entry, self._known().whole.hide)
        else:
            cleaned = redact_entry(entry, self._known())
        return {**cleaned, **{name: b64encode(cleaned[name].encode("latin-1")).decode() for name in binary}}

    def clean_item(self, item: JournalItem) -> JournalItem:
        """Return a journal item without secrets, in the target of a request or in the bytes of a frame.

        Items of other kinds are returned unchanged.
        """
        if isinstance(item, FrameEntry):
            return replace(item, raw=frame_bytes(self.clean(frame_to_json(0, item))))
        if isinstance(item, JournalEntry):
            cleaned = copy(item)
            cleaned.target = self.clean({"target": item.target})["target"]
            return cleaned
        return item

    def clean_line(self, line: bytes) -> bytes:
        """Return a line of JSON, with its newline, without secrets."""
        return encode(self.clean(json.loads(line))) + b"\n"


def read_redaction(request: Request, secrets: SecretFilter) -> Clean:
    """Return the function that removes what an answer hides: with `redact` all secrets, else as the role demands.

    Raises ControlError.
    """
    is_asked = read_switch(read_query(request, (REDACT,), ()), REDACT, default=False)
    hiding = secrets if is_asked else secrets.least_for(grant_of(request))
    return dict if hiding is None else hiding.clean
