"""Credentials: the private keys and secrets with which clients sign in to a sandbox."""

from msgspec import Struct

from mockexchange.core.ids import derived_id
from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import AccountKind
from mockexchange.venues.registry import DEFAULT, venue_of
from mockexchange.venues.venue import Venue


class Credential(Struct, frozen=True):
    """A key of an account, together with the private half with which a client signs.

    `private_pem` is None if the scenario gives only the public half, or if the venue uses shared secrets; then `secret`
    is set instead.
    """

    account: str
    key: str
    kind: AccountKind
    key_id: str
    private_pem: str | None
    subtraders: list[str]
    venue: str = DEFAULT.name
    secret: str | None = None


def credential_of(state: State, key: Key, private_pem: str | None) -> Credential:
    """Return the credential for a key; `private_pem` is the text of its private half, or None."""
    account = state.accounts[key.account]
    venue = venue_of(account.venue)
    return Credential(
        account=key.account,
        key=key.name,
        kind=account.kind,
        key_id=key.key_id,
        private_pem=private_pem,
        subtraders=list(venue.subtrader_ids(account).values()),
        venue=venue.name,
        secret=key.secret or None,
    )


def derive_key(venue: Venue, sandbox: str, account: str, key: str) -> tuple[str, str]:
    """Return a new key's id and its secret, which is "" if the venue uses key pairs.

    Both are derived from the names, so that they are the same in every run.
    """
    secrets = venue.auth.secrets
    if secrets is None:
        return derived_id("key", sandbox, account, key), ""
    seed = f"{sandbox}/{account}/{key}"
    return secrets.key_id_of(seed), secrets.secret_of(seed)
