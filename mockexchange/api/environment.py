"""Sets variables in `os.environ` that point a published client at an exchange, and restores the old values."""

import os
import threading
from collections.abc import Mapping
from dataclasses import asdict

from mockexchange.api.errors import WrongRequest
from mockexchange.api.values.accounts import Account
from mockexchange.api.values.results import VenueUrls
from mockexchange.clients.published import (
    CLIENTS,
    AccountKey,
    UnusableAccount,
    choose,
    client_of,
    template_values,
    variables_of,
)
from mockexchange.scenario.errors import did_you_mean


class Environment:
    """A patch of `os.environ`: it sets variables, or unsets them (None), until the block ends or `undo` is called.

    Patches may overlap: a variable has the value of the newest patch that is not undone.
    """

    def __init__(self, variables: Mapping[str, str | None], account: str) -> None:
        self.variables = dict(variables)
        """The values of the variables by name; None for a variable that is unset."""
        self.account = account
        """The account whose key the client gets."""
        with _LOCK:
            self.before = {name: os.environ.get(name) for name in variables}
            """The values to restore, by name; None for a variable that was not set."""
            _set(variables)
            _ACTIVE.append(self)

    def __enter__(self) -> "Environment":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.undo()

    def undo(self) -> None:
        """Restore the values from before the patch; do nothing if that was done already.

        A variable that a newer patch has set since is left alone. Undoing that patch restores the original value.
        """
        with _LOCK:
            if self not in _ACTIVE:
                return
            place = _ACTIVE.index(self)
            del _ACTIVE[place]
            for name, before in self.before.items():
                above = next((each for each in _ACTIVE[place:] if name in each.before), None)
                if above is None:
                    _set({name: before})
                elif above.before[name] == self.variables[name]:  # not changed from outside in between
                    above.before[name] = before


_ACTIVE: list[Environment] = []
"""The patches in force in this process, the newest last."""
_LOCK = threading.Lock()


class EnvironmentPatches:
    """The patches of `os.environ` that one exchange has made.

    When the exchange ends they are undone, the newest first.
    """

    def __init__(self, ca_bundle: str | None) -> None:
        self._trust = ca_bundle or ""
        self._made: list[Environment] = []

    def apply(
        self, client: str, account: str | None, accounts: Mapping[str, Account], venues: Mapping[str, VenueUrls]
    ) -> Environment:
        """Point a client at the exchange by patching `os.environ`. Raises WrongRequest for an unknown client."""
        if client not in CLIENTS:
            message = f"no client {client!r}{did_you_mean(client, CLIENTS)} (known: {', '.join(CLIENTS)})"
            raise WrongRequest("unknown_client", message)
        asked = accounts.values() if account is None else [accounts[account]]
        try:
            chosen = choose([_holder(one) for one in asked], account, client)
        except UnusableAccount as error:
            raise WrongRequest("unusable_account", str(error)) from None
        path = accounts[chosen.name].private_key_path if chosen.read_pem else ""
        words = {**template_values(asdict(venues[chosen.venue]), chosen, path), "ca_bundle": self._trust}
        environment = Environment(variables_of(client_of(client, chosen.venue), words, os.environ), chosen.name)
        self._made.append(environment)
        return environment

    def undo(self) -> None:
        """Undo all patches."""
        while self._made:
            self._made.pop().undo()


def _holder(account: Account) -> AccountKey:
    key = next(iter(account.keys.values()), None)
    if key is None:
        return AccountKey(account.name, account.venue, "", None, None)
    pem = key.private_key_pem
    return AccountKey(account.name, account.venue, key.key_id, None if pem is None else lambda: pem, key.secret)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
