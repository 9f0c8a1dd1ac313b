"""Makes the environment of a program: the user's, without variables of real venues, with those of the sandbox."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from mockexchange.clients.published import (
    CLIENT_SETUPS,
    GENERIC,
    LOOPBACK,
    AccountKey,
    UnusableAccount,
    choose,
    client_of,
    template_values,
    variables_of,
)
from mockexchange.named_files import read_file
from mockexchange.venues.client_setup import PublishedClient

OWN_PREFIXES = tuple(prefix for setup in CLIENT_SETUPS.values() for prefix in setup.variable_prefixes)
"""Prefixes of variables to remove, since they point a client to another server, or have keys to real money."""
PROXY_USER = "run"
PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy")
WHERE = ("{base_url}", "{ws_url}", "{origin}", "{ws_origin}")
"""Templates of URLs, which are not set for a program that is written for a venue's demo: it has the demo's URLs."""


class TrustFiles(NamedTuple):
    """The paths of the certificate of the sandbox's authority, and of a bundle of it with the system's authorities."""

    certificate: str
    bundle: str


class ClientVariables(NamedTuple):
    """Environment variables to set (None: to unset), and for each venue the account whose key is in the variables."""

    variables: dict[str, str | None]
    accounts: dict[str, str]


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the variables that the venues' published clients read."""
    return {name: value for name, value in environment.items() if not name.upper().startswith(OWN_PREFIXES)}


def pointing(
    client: str,
    account: str | None,
    accounts: Mapping[str, tuple[AccountKey, str]],
    venues: Mapping[str, Mapping[str, str]],
    *,
    is_demo: bool,
) -> ClientVariables:
    """Return the variables that point a client to the sandbox, or to the emulated demo. Raises UnusableAccount.

    `accounts` has each account with the path of its key file, by name; `venues` has the URLs of each venue. The generic
    client covers every venue: it uses `account` at its own venue, and the first usable account at the others.
    """
    variables: dict[str, str | None] = {}
    chosen: dict[str, str] = {}
    for known, holder in _chosen(client, account, [holder for holder, _ in accounts.values()]):
        values = template_values(venues[holder.venue], holder, accounts[holder.name][1])
        shown = _for_demo(known) if is_demo else known
        variables |= variables_of(shown, values, {})
        chosen[holder.venue] = holder.name
    return ClientVariables(variables, chosen)


def _chosen(client: str, account: str | None, holders: list[AccountKey]) -> list[tuple[PublishedClient, AccountKey]]:
    if client != GENERIC:
        holder = choose(holders, account, client)
        return [(client_of(client, holder.venue), holder)]
    found = {} if account is None else {(asked := choose(holders, account, client)).venue: asked}
    for venue in dict.fromkeys(holder.venue for holder in holders):
        try:
            found.setdefault(venue, choose([one for one in holders if one.venue == venue], None, client))
        except UnusableAccount:
            continue  # the venue's accounts have only the public halves of keys
    return [(client_of(client, venue), holder) for venue, holder in found.items()]


def _for_demo(client: PublishedClient) -> PublishedClient:
    """Return the client with the variables of its key and its demo switches, but without its variables of URLs."""
    kept = {name: text for name, text in client.exports.items() if not any(template in text for template in WHERE)}
    switches = CLIENT_SETUPS[client.venue].demo_switches
    unset = tuple(name for name in client.unset if name not in switches)
    return PublishedClient(version=client.version, venue=client.venue, exports={**kept, **switches}, unset=unset)


def proxied(port: int, password: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that send a program's connections through the run's proxy, except those to this machine."""
    url = f"http://{PROXY_USER}:{password}@127.0.0.1:{port}"
    is_all = bool(environment.get("all_proxy") or environment.get("ALL_PROXY"))
    names = PROXY_NAMES if is_all else PROXY_NAMES[:2]
    bypassed = ",".join(sorted(LOOPBACK))
    both = {spelt: url for name in names for spelt in (name, name.upper())}
    return {**both, "no_proxy": bypassed, "NO_PROXY": bypassed, "NODE_USE_ENV_PROXY": "1"}


def trusting(trust: TrustFiles, environment: Mapping[str, str], parent: Path) -> dict[str, str]:
    """Return the variables that make programs trust the sandbox's authority, beside the system's authorities.

    For Node, the certificates of the user's own NODE_EXTRA_CA_CERTS are kept.
    """
    extra = trust.certificate
    before = environment.get("NODE_EXTRA_CA_CERTS")
    if before and Path(before).is_file():
        both = parent / "node-extra.crt"
        texts = [read_file(path).decode("utf-8", "replace") for path in (before, trust.certificate)]
        both.write_text("\n".join(texts), encoding="utf-8")
        extra = str(both)
    names: Iterable[str] = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return {**dict.fromkeys(names, trust.bundle), "NODE_EXTRA_CA_CERTS": extra}
