"""Collects the secrets of all sandboxes of a server, so that each is hidden wherever a client sends it.

A client may send the secret of one sandbox to another one.
"""

import weakref
from collections.abc import Callable, Iterable
from typing import NamedTuple

from mockexchange.runtime.redaction import KnownSecrets, WholeSecrets, values_of
from mockexchange.sandbox.sandbox import Sandbox

GONE_MAX = 16
"""How many more sandboxes than there are may have been read before those that are gone are forgotten."""


class _Read(NamedTuple):
    """What was read of a sandbox: the numbers of its secrets and private keys, and the last of each."""

    sandbox: "weakref.ref[Sandbox]"
    version: tuple[object, ...]


class SandboxSecrets:
    """The secrets of a server's sandboxes, which are read again from a sandbox when its keys have changed."""

    def __init__(self, sandboxes: Callable[[], Iterable[Sandbox]], tokens: WholeSecrets | None = None) -> None:
        """`tokens` are those of the control API."""
        self._sandboxes, self.tokens = sandboxes, tokens or WholeSecrets()
        self._read: dict[int, _Read] = {}
        self._known, self._tokens_read = KnownSecrets(whole=self.tokens), 0

    def known(self) -> KnownSecrets:
        """Return an object that recognizes the secrets of all sandboxes that exist now."""
        sandboxes = list(self._sandboxes())
        if len(self._read) > 2 * len(sandboxes) + GONE_MAX:
            self._read, self._known, self._tokens_read = {}, KnownSecrets(whole=self.tokens), 0
        tokens = self.tokens.values
        if len(tokens) > self._tokens_read:
            self._known.add(values_of(tokens))  # by which cut ones are recognized too
            self._tokens_read = len(tokens)
        for sandbox in sandboxes:
            version, read = _version_of(sandbox), self._read.get(id(sandbox))
            if read is None or read.version != version or read.sandbox() is not sandbox:
                self._read[id(sandbox)] = _Read(weakref.ref(sandbox), version)
                secrets = [key.secret for key in list(sandbox.exchange.state.secret_keys.values())]
                self._known.add(values_of(secrets, list(sandbox.private_pems.values())))
        return self._known


def _version_of(sandbox: Sandbox) -> tuple[object, ...]:
    secrets, pems = sandbox.exchange.state.secret_keys, sandbox.private_pems
    return len(secrets), next(reversed(secrets), None), len(pems), next(reversed(pems), None)
