"""Makes keys for accounts of a running sandbox. A key is derived from names, as in scenarios: the same in every run."""

from collections.abc import Iterable
from typing import NamedTuple

from mockexchange.api.errors import WrongRequest
from mockexchange.api.values.accounts import Account
from mockexchange.core.ids import derived_id
from mockexchange.scenario.keys import new_pair
from mockexchange.venues.registry import VENUES

ALGORITHMS = ("rsa", "ed25519")


class NewKey(NamedTuple):
    """A new key: its id, its public half for the exchange, and its private half or its secret for the client."""

    key_id: str
    public_pem: str | None
    private_pem: str | None
    secret: str | None


def make_key(sandbox: str, account: Account, name: str, algorithm: str, used: Iterable[str | None]) -> NewKey:
    """Make a key of the kind that the account's venue uses. Raises WrongRequest.

    `used` are the private keys that exist already, which are not made again.
    """
    secrets = VENUES[account.venue].auth.secrets
    seed = f"{sandbox}/{account.name}/{name}"
    if secrets:
        return NewKey(secrets.key_id_of(seed), None, None, secrets.secret_of(seed))
    if algorithm not in ALGORITHMS:
        raise WrongRequest("bad_algorithm", f"algorithm: expected {' or '.join(ALGORITHMS)}, got {algorithm!r}")
    pair = new_pair(seed, algorithm, set(used))
    return NewKey(derived_id("key", sandbox, account.name, name), pair.public_pem, pair.private_pem, None)
