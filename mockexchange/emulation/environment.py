"""Makes the environment of a program: the user's, with a sandbox's keys and URLs in place of those of real venues."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from mockexchange.clients.own_variables import is_choice, replacements, venue_of
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
from mockexchange.guard.venue_data import VENUE_DATA
from mockexchange.named_files import read_file
from mockexchange.venues.client_setup import PublishedClient

PROXY_USER = "run"
PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy")


class TrustFiles(NamedTuple):
    """The paths of the certificate of the sandbox's authority, and of a bundle of it with the system's authorities."""

    certificate: str
    bundle: str


class ClientVariables(NamedTuple):
    """Environment variables to set (None: to unset), and for each venue the account whose key is in the variables.

    `keys` has the values of that key, by venue.
    """

    variables: dict[str, str | None]
    accounts: dict[str, str]
    keys: dict[str, dict[str, str]]


class ProgramEnvironment(NamedTuple):
    """The variables of a program, and a line about what they have in place of the user's own; empty if nothing."""

    variables: dict[str, str]
    changed: str


def for_program(
    environment: Mapping[str, str],
    dotenv: Mapping[str, str],
    found: ClientVariables,
    origins: Mapping[str, str],
    emulated: frozenset[str],
) -> ProgramEnvironment:
    """Return the user's environment, with a sandbox's keys and URLs instead of the user's, and those of `found`.

    `dotenv` are variables of `.env` files, which the program adds for names that it lacks: what is replaced in them is
    set here. What a user's variable has in a form of its own, such as a URL without a path, keeps that form.
    """
    given = {**dotenv, **environment}
    new = replacements(given, found.keys, origins, emulated)
    for name, value in found.variables.items():
        has_own_form = value is not None and new.get(name) is not None
        is_kept_choice = value is not None and bool(given.get(name)) and name not in new and is_choice(name)
        if not has_own_form and not is_kept_choice:
            new[name] = value
    if dotenv:  # a variable that is unset would be read from the file
        new |= {name: "false" if is_choice(name) else "" for name in dotenv if name in new and new[name] is None}
    kept = {name: value for name, value in environment.items() if name not in new}
    variables = {**kept, **{name: value for name, value in new.items() if value is not None}}
    own = sorted(name for name, value in given.items() if (value and venue_of(name)) or name in new)
    changed = [name for name in own if variables.get(name) and variables[name] != given.get(name) and given.get(name)]
    removed = [name for name in own if not variables.get(name) and given.get(name) and name in new]
    passed = [name for name in own if name in environment and variables.get(name) == given[name] and given[name]]
    parts = [("replaced", changed), ("removed", removed), ("passed", passed)]
    line = "; ".join(f"{what} {', '.join(names)}" for what, names in parts if names)
    return ProgramEnvironment(variables, line if changed or removed else "")


def origins_of(venues: Iterable[str], origin: str, *, is_demo: bool) -> dict[str, str]:
    """Return the URL without a path of each venue: of its demo, or of the sandbox, where no demo is emulated."""
    demos = {venue: next(iter(data["emulated"]), "") for venue, data in VENUE_DATA.items()}
    return {venue: f"https://{demos[venue]}" if is_demo and demos.get(venue) else origin for venue in venues}


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
    keys: dict[str, dict[str, str]] = {}
    for known, holder in _chosen(client, account, [holder for holder, _ in accounts.values()]):
        urls = dict(venues[holder.venue])
        if is_demo:
            sandbox = urlsplit(urls["base_url"])
            origins = origins_of([holder.venue], f"{sandbox.scheme}://{sandbox.netloc}", is_demo=True)
            demo = urlsplit(origins[holder.venue])
            stream = urlsplit(urls["ws_url"])._replace(scheme="wss" if demo.scheme == "https" else "ws")
            urls["base_url"] = sandbox._replace(scheme=demo.scheme, netloc=demo.netloc).geturl()
            urls["ws_url"] = stream._replace(netloc=demo.netloc).geturl()
        values = template_values(urls, holder, accounts[holder.name][1])
        setup = CLIENT_SETUPS[holder.venue]
        choices = setup.demo_choices if is_demo else {}
        more = {name: template.format(**values) for name, template in {**setup.bot_keys, **choices}.items()}
        variables |= {**more, **variables_of(known, values, {}), **choices}
        chosen[holder.venue] = holder.name
        keys[holder.venue] = values
    return ClientVariables(variables, chosen, keys)


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
