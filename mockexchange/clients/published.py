"""How published clients are pointed at an exchange, from each venue's table of the variables that they read.

`.env` files count too: a client that loads one fills in variables that are unset, never those that are set, even to
nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from mockexchange.venues.client_setup import PublishedClient
from mockexchange.venues.registry import client_setups

GENERIC = "generic"
CLIENT_SETUPS = client_setups()
"""By venue, the default one first."""
CLIENTS: dict[str, PublishedClient] = {GENERIC: next(iter(CLIENT_SETUPS.values())).generic}
"""By name: the known clients of all venues; the generic one is that of the default venue."""
for _setup in CLIENT_SETUPS.values():
    CLIENTS |= _setup.clients
ED25519_MARK = "MC4CAQAwBQYDK2Vw"
"""How every Ed25519 key in PKCS #8 begins: its algorithm identifier is fixed and its length always the same."""
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Where clients of TLS look for whom to trust, each in place of what it trusted before: so they get a bundle."""
OWN_FILE = re.compile(r"[/\\]run-[^/\\]+[/\\]ca-(bundle|cert)\.crt$")
"""How the files end that `serve --tls` writes."""
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def client_of(name: str, venue: str) -> PublishedClient:
    """Return the client of that name; a generic one is that of the venue. Raises KeyError."""
    return CLIENT_SETUPS[venue].generic if name == GENERIC else CLIENTS[name]


def variables_of(
    client: PublishedClient, words: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, str | None]:
    """Return name to value, None for what is to be unset."""
    host = urlsplit(words["base_url"]).hostname or ""
    beyond = {} if host in LOOPBACK else client.exports_beyond_loopback
    exports = {name: template.format(**words) for name, template in {**client.exports, **beyond}.items()}
    trust = trust_of(words.get("ca_bundle")) or dict.fromkeys(_outlived(environment))
    return {**exports, **trust, **_past_proxies(host, environment), **dict.fromkeys(client.unset)}


def trust_of(ca_bundle: str | None) -> dict[str, str]:
    """Return the variables that have clients trust a server; none for one that has no authority of its own."""
    return dict.fromkeys(TRUST, ca_bundle) if ca_bundle else {}


def _outlived(environment: Mapping[str, str]) -> list[str]:
    """Variables left from a server that is gone: who does not find the file trusts nobody, or cannot start."""
    return [name for name in TRUST if OWN_FILE.search(environment.get(name, ""))]


def _past_proxies(host: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Where a proxy is set, most clients would ask it for this host too."""
    if not any(environment.get(spelt) for name in PROXIES for spelt in (name, name.upper())):
        return {}
    hosts = (environment.get("no_proxy") or environment.get("NO_PROXY") or "").split(",")
    value = ",".join(dict.fromkeys([*(entry.strip() for entry in hosts if entry.strip()), host]))
    return {"NO_PROXY": value, "no_proxy": value}


@dataclass(frozen=True, slots=True)
class AccountKey:
    """An account as a client could be it. `read_pem` is None where no private key is known here."""

    name: str
    venue: str
    key_id: str
    read_pem: Callable[[], str] | None
    secret: str | None


class UnusableAccount(ValueError):
    """A client cannot be any of the accounts; the message says why."""


def choose(holders: Sequence[AccountKey], name: str | None, client: str) -> AccountKey:
    """Return the account of that name, or the first that the client can use. Raises UnusableAccount."""
    asked = [holder for holder in holders if name in (None, holder.name)]
    if not asked:
        known = ", ".join(holder.name for holder in holders)
        raise UnusableAccount(f"no account {name!r}; known: {known}" if holders else "the scenario has no accounts")
    usable = next((holder for holder in asked if _problem(holder, client) is None), None)
    if usable is None:
        raise UnusableAccount(_problem(asked[0], client))
    return usable


def _problem(holder: AccountKey, client: str) -> str | None:
    known = client_of(client, holder.venue)
    if known.venue != holder.venue:
        return f"{client} is a client of {known.venue}: the account {holder.name} is on {holder.venue}"
    if not holder.key_id:
        return f"the account {holder.name} has no key"
    if holder.read_pem is None and holder.secret is None:
        return f"the scenario has only the public half of {holder.name}'s key: its private half is with you"
    if known.is_rsa_only and holder.read_pem and ED25519_MARK in holder.read_pem():
        return f"{client} signs with RSA keys only: {holder.name}'s is Ed25519"
    return None


def template_values(urls: Mapping[str, str], holder: AccountKey, key_path: str) -> dict[str, str]:
    """What the templates of exports are filled in with: where the account's venue is, and its key."""
    parts = urlsplit(urls["base_url"])
    return {
        "base_url": urls["base_url"],
        "ws_url": urls["ws_url"],
        "origin": f"{parts.scheme}://{parts.netloc}",
        "ws_origin": f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}",
        "key_id": holder.key_id,
        "key_path": key_path,
        "key_pem": holder.read_pem() if holder.read_pem else "",
        "secret": holder.secret or "",
    }
