"""Defines the accounts of a sandbox and their keys, with which a client signs requests."""

import os
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mockexchange.api.errors import NameAdvice, Unavailable, UnknownAccount, WrongRequest
from mockexchange.clients.request_signers import UnsignedRequest, sign
from mockexchange.core.vocabulary import AccountKind
from mockexchange.runtime.ready_file import RunDirectory
from mockexchange.sandbox.credentials import Credential, derive_key
from mockexchange.scenario.errors import did_you_mean
from mockexchange.scenario.keys import new_pair
from mockexchange.venues.registry import VENUES

MEMBER = AccountKind.MEMBER.value
NAMES_SHOWN_MAX = 20


class KeyFiles:
    """Writes private keys to files with mode 0600.

    A file is written when its path is first read; all files are removed with this object.
    """

    def __init__(self) -> None:
        self._directory: RunDirectory | None = None
        self._removal: Callable[[], object] | None = None
        self._paths: dict[str, str] = {}

    def path_of(self, key: "Key") -> str:
        """Return the path of a key's file, which is written if it does not exist.

        Raises Unavailable if the private key is unknown.
        """
        if key.private_key_pem is None:
            half = "it signs with a secret" if key.secret else "the scenario has only its public half"
            raise Unavailable(f"{key.account}'s key {key.name!r} has no private key: {half}")
        if key.key_id not in self._paths:
            if self._directory is None:
                self._directory = RunDirectory(Path(tempfile.gettempdir()))
                self._removal = weakref.finalize(self, _remove, self._directory, os.getpid())
            credential = Credential(
                account=key.account,
                key=key.name,
                kind=AccountKind.MEMBER,  # any kind will do: it is not written to the file
                key_id=key.key_id,
                private_pem=key.private_key_pem,
                subtraders=[],
            )
            self._paths[key.key_id] = str(self._directory.write_key(credential))
        return self._paths[key.key_id]

    def remove(self) -> None:
        """Remove all files; a file whose path is read later is written again."""
        self._paths = {}
        if self._removal is not None:
            self._removal()
        self._directory = self._removal = None


def _remove(directory: RunDirectory, pid: int) -> None:
    """Remove the files, unless this process is a fork of the one that wrote them."""
    if pid == os.getpid():
        directory.remove()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(NameAdvice):
    """One key of an account, with which a client signs requests.

    `private_key_pem` is None if only the public half is known, or if the key has a `secret` instead.
    """

    account: str
    venue: str
    name: str
    key_id: str
    private_key_pem: str | None = field(repr=False)
    secret: str | None = field(repr=False)
    _files: KeyFiles = field(repr=False, compare=False)

    @property
    def private_key_path(self) -> str:
        """Return the path of a file with the private key, of mode 0600, removed with the exchange.

        Raises Unavailable.
        """
        return self._files.path_of(self)

    def headers(self, method: str, url: object, body: bytes = b"") -> dict[str, str]:
        """Return the headers that authenticate one request, signed with this key at the present time.

        `url` is the URL as it will be sent: the whole of it, or from its path on, such as
        `/trade-api/v2/portfolio/positions?limit=5`. Raises Unavailable if neither the private key nor the secret is
        known here.
        """
        if self.private_key_pem is None and self.secret is None:
            raise Unavailable(f"{self.account}'s key {self.name!r} cannot sign: the scenario has only its public half")
        parts = urlsplit(str(url))
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        credential = {"key_id": self.key_id, "private_key_pem": self.private_key_pem, "secret": self.secret}
        return sign(self.venue, credential, UnsignedRequest(method.upper(), target, body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(NameAdvice):
    """An account of the exchange.

    `keys` includes keys added later; `key` is the first, with which `headers` signs requests.
    """

    name: str
    kind: str
    """The kind of account: member or fcm."""
    venue: str
    """The venue's name, a key of `Exchange.venues`."""
    subtraders: tuple[str, ...]
    """The names of the account's subtraders, as the venue's API shows them."""
    keys: Mapping[str, Key]
    """The keys by name; the first key of most accounts is `main`."""

    @property
    def key(self) -> Key:
        """Return the first key. Raises Unavailable if the account has none yet."""
        first = next(iter(self.keys.values()), None)
        if first is None:
            raise Unavailable(f"the account {self.name!r} has no key: make one with add_key({self.name!r}, NAME)")
        return first

    @property
    def key_id(self) -> str:
        return self.key.key_id

    @property
    def private_key_pem(self) -> str | None:
        return self.key.private_key_pem

    @property
    def private_key_path(self) -> str:
        """Return the path of a file with the first key's private key, mode 0600, removed with the exchange.

        Raises Unavailable.
        """
        return self.key.private_key_path

    @property
    def secret(self) -> str | None:
        return self.key.secret

    def headers(self, method: str, url: object, body: bytes = b"") -> dict[str, str]:
        """Return the headers of a request that is signed with the first key; see `Key.headers`."""
        return self.key.headers(method, url, body)


class Accounts(Mapping[str, Account]):
    """The accounts of a sandbox by name, in the scenario's order.

    An unknown name raises UnknownAccount, which is a KeyError.
    """

    def __init__(self, files: KeyFiles) -> None:
        self._files = files
        self._accounts: dict[str, Account] = {}
        self._keys: dict[str, dict[str, Key]] = {}
        self._pems: dict[str, str] = {}

    def __getitem__(self, name: str) -> Account:
        try:
            return self._accounts[name]
        except KeyError:
            raise UnknownAccount(unknown_account(name, self._accounts)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._accounts)

    def __len__(self) -> int:
        return len(self._accounts)

    def __contains__(self, name: object) -> bool:
        return name in self._accounts

    def __repr__(self) -> str:
        return f"<accounts {', '.join(self._accounts) or 'none'}>"

    def read_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace the keys of all accounts by those in the rows of the control API, one per key.

        Accounts that exist keep their objects; new ones are added.
        """
        self._pems.update({row["key_id"]: row["private_key_pem"] for row in rows if row["private_key_pem"]})
        for keys in self._keys.values():
            keys.clear()
        for row in rows:
            self.add(row["name"], row["kind"], row["venue"], row["subtraders"])
            self._keys[row["name"]][row["key"]] = Key(
                account=row["name"],
                venue=row["venue"],
                name=row["key"],
                key_id=row["key_id"],
                private_key_pem=self._pems.get(row["key_id"]),
                secret=row["secret"],
                _files=self._files,
            )

    def add(self, name: str, kind: str, venue: str, subtraders: Iterable[str] = ()) -> None:
        """Add an account, possibly without keys, unless it is known already."""
        if name not in self._accounts:
            keys = self._keys[name] = {}
            self._accounts[name] = Account(
                name=name, kind=kind, venue=venue, subtraders=tuple(subtraders), keys=MappingProxyType(keys)
            )

    def keep(self, names: Collection[str]) -> None:
        """Remove all accounts except those named in `names`."""
        for name in [name for name in self._accounts if name not in names]:
            del self._accounts[name], self._keys[name]

    def note_private_key(self, key_id: str, pem: str) -> None:
        """Keep the private half of a key for later requests, since the server has only the public half."""
        self._pems[key_id] = pem


def unknown_account(name: object, known: Iterable[str]) -> str:
    """Return the error text for an unknown account, with the nearest name and the known ones."""
    names = list(known)
    shown = ", ".join(islice(names, NAMES_SHOWN_MAX)) or "none"
    return f"no account {name!r}{did_you_mean(str(name), names)} (known: {shown})"


# New keys: a key is derived from names, as in scenarios, so that it is the same in every run


ALGORITHMS = ("rsa", "ed25519")


class NewKey(NamedTuple):
    """A new key: its id, its public half for the exchange, and its private half or its secret for the client."""

    key_id: str
    public_pem: str | None
    private_pem: str | None
    secret: str | None


def make_key(sandbox: str, account: Account, name: str, algorithm: str, used: Iterable[str | None]) -> NewKey:
    """Make a key of the kind that the account's venue uses. Raises WrongRequest.

    `algorithm` is ignored for secrets. `used` are the private keys that exist already, which are not made again.
    """
    names = (sandbox, account.name, name)
    key_id, secret = derive_key(VENUES[account.venue], *names)
    if secret:
        return NewKey(key_id, None, None, secret)
    if algorithm not in ALGORITHMS:
        raise WrongRequest("bad_algorithm", f"algorithm: expected {' or '.join(ALGORITHMS)}, got {algorithm!r}")
    pair = new_pair("/".join(names), algorithm, set(used))
    return NewKey(key_id, pair.public_pem, pair.private_pem, None)
