"""The environment of this process, patched so that a published client comes here, and put back."""

import os
import threading
from collections.abc import Mapping
from dataclasses import asdict

from mockexchange.api.errors import WrongRequest
from mockexchange.api.values.accounts import Account
from mockexchange.api.values.venue_urls import VenueUrls
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
    """Variables that were set, or unset (None), in `os.environ`; undone once, at the end of its block or before.

    Of several that set one variable the last one made, of those not undone, is in force, whoever's they are.
    """

    def __init__(self, variables: Mapping[str, str | None], account: str) -> None:
        self.variables = dict(variables)
        """Name to value; None for what is unset."""
        self.account = account
        """Whose key the client is given."""
        with _LOCK:
            self.before = {name: os.environ.get(name) for name in variables}
            """What is put back."""
            _set(variables)
            _ACTIVE.append(self)

    def __enter__(self) -> "Environment":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.undo()

    def undo(self) -> None:
        """Put back what was there before; what was done before need not be done again.

        Where another one has set a variable since, that one puts back, at its end, what this one would have.
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
                elif above.before[name] == self.variables[name]:  # and nobody else has set it in between
                    above.before[name] = before


_ACTIVE: list[Environment] = []
"""Those of this process that are not undone, the last one made last."""
_LOCK = threading.Lock()


class EnvironmentPatches:
    """The environments of one exchange, undone with it, the last one first."""

    def __init__(self, ca_bundle: str | None) -> None:
        self._trust = ca_bundle or ""
        self._made: list[Environment] = []

    def apply(
        self, client: str, account: str | None, accounts: Mapping[str, Account], venues: Mapping[str, VenueUrls]
    ) -> Environment:
        """Patch for one client. Raises WrongRequest."""
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
        """Put all back."""
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
