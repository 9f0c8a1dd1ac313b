"""Computes the environment variables that point published clients at an exchange, from each venue's table of clients.

`.env` files count too: a client that loads one fills in variables that are unset, and never changes those that are set,
even if they are empty.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from mockexchange.venues.client_setup import PublishedClient
from mockexchange.venues.registry import client_setups

GENERIC = "generic"
CLIENT_SETUPS = client_setups()
"""The clients of each venue and their set-up, by venue, the default venue first."""
CLIENTS: dict[str, PublishedClient] = {GENERIC: next(iter(CLIENT_SETUPS.values())).generic}
"""The known clients of all venues by name; GENERIC is the generic client of the default venue."""
for _setup in CLIENT_SETUPS.values():
    CLIENTS |= _setup.clients
ED25519_MARK = "MC4CAQAwBQYDK2Vw"
"""The text with which every Ed25519 key in PKCS #8 begins, since its algorithm identifier and length are fixed."""
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Variables from which TLS clients read trusted certificates; each replaces the defaults, so it names a bundle."""
OWN_FILE = re.compile(r"[/\\]run-[^/\\]+[/\\]ca-(bundle|cert)\.crt$")
"""A pattern for paths of the certificate files that `serve --tls` writes."""
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def client_of(name: str, venue: str) -> PublishedClient:
    """Return the published client called `name`, or for GENERIC the venue's generic client. Raises KeyError."""
    return CLIENT_SETUPS[venue].generic if name == GENERIC else CLIENTS[name]


def variables_of(
    client: PublishedClient, values: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, str | None]:
    """Return a client's environment variables with their values, by name; None stands for a variable to unset."""
    host = urlsplit(values["base_url"]).hostname or ""
    beyond = {} if host in LOOPBACK else client.exports_beyond_loopback
    exports = {name: template.format(**values) for name, template in {**client.exports, **beyond}.items()}
    trust: Mapping[str, str | None] = trust_of(values.get("ca_bundle"))
    if not trust:
        # What an earlier server with TLS left in this shell is unset: its file is gone, or other hosts are not in it.
        trust = dict.fromkeys(name for name in TRUST if OWN_FILE.search(environment.get(name, "")))
    return {**exports, **trust, **_past_proxies(host, environment), **dict.fromkeys(client.unset)}


def trust_of(ca_bundle: str | None) -> dict[str, str]:
    """Return the environment variables that make clients trust the certificate file `ca_bundle`; none if it is None."""
    return dict.fromkeys(TRUST, ca_bundle) if ca_bundle else {}


def _past_proxies(host: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return NO_PROXY with this host if a proxy is set, since most clients would use the proxy for it too."""
    if not any(environment.get(spelt) for name in PROXIES for spelt in (name, name.upper())):
        return {}
    hosts = (environment.get("no_proxy") or environment.get("NO_PROXY") or "").split(",")
    value = ",".join(dict.fromkeys([*(entry.strip() for entry in hosts if entry.strip()), host]))
    return {"NO_PROXY": value, "no_proxy": value}


@dataclass(frozen=True, slots=True)
class AccountKey:
    """An account and one of its keys, with which a client signs.

    `read_pem` returns the private key; it is None if the private key is not known.
    """

    name: str
    venue: str
    key_id: str
    read_pem: Callable[[], str] | None
    secret: str | None


class UnusableAccount(ValueError):
    """Raised if a client can use none of the accounts; the message gives the reason."""


def choose(account_keys: Sequence[AccountKey], name: str | None, client: str) -> AccountKey:
    """Return the key of the account named `name`, or without a name the first that the client can use.

    Raises UnusableAccount.
    """
    asked = [account_key for account_key in account_keys if name in (None, account_key.name)]
    if not asked:
        known = ", ".join(account_key.name for account_key in account_keys)
        raise UnusableAccount(
            f"no account {name!r}; known: {known}" if account_keys else "the scenario has no accounts"
        )
    usable = next((account_key for account_key in asked if _problem(account_key, client) is None), None)
    if usable is None:
        raise UnusableAccount(_problem(asked[0], client))
    return usable


def _problem(account_key: AccountKey, client: str) -> str | None:
    known = client_of(client, account_key.venue)
    if known.venue != account_key.venue:
        return f"{client} is a client of {known.venue}: the account {account_key.name} is on {account_key.venue}"
    if not account_key.key_id:
        return f"the account {account_key.name} has no key"
    if account_key.read_pem is None and account_key.secret is None:
        return f"the scenario has only the public half of {account_key.name}'s key: its private half is with you"
    if known.is_rsa_only and account_key.read_pem and ED25519_MARK in account_key.read_pem():
        return f"{client} signs with RSA keys only: {account_key.name}'s is Ed25519"
    return None


def template_values(urls: Mapping[str, str], account_key: AccountKey, key_path: str) -> dict[str, str]:
    """Return the values to fill into templates of environment variables: URLs of the account's venue, and its key."""
    parts = urlsplit(urls["base_url"])
    key_pem = account_key.read_pem() if account_key.read_pem else ""
    return {
        "base_url": urls["base_url"],
        "ws_url": urls["ws_url"],
        "origin": f"{parts.scheme}://{parts.netloc}",
        "ws_origin": f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}",
        "key_id": account_key.key_id,
        "key_path": key_path,
        "key_pem": key_pem,
        "key_base64": base64.b64encode(key_pem.encode()).decode(),
        "secret": account_key.secret or "",
    }
