"""Decides whether a host is real: a name that documents and clients use, or any name below the venues' domains.

Demo and test hosts are on the internet too. They are a separate kind, since the advice differs, and since under
`mockexchange run --as demo` the sandbox answers in their place.
"""

from __future__ import annotations

import unicodedata
from typing import Mapping, NamedTuple  # noqa: UP035  # children of `run` load this with Pythons as old as 3.8

from mockexchange.guard.venue_data import VENUE_DATA

INVISIBLE = frozenset(map(chr, (0x34F, 0x180B, 0x180C, 0x180D, *range(0xFE00, 0xFE10))))
"""Characters that are removed from host names before a comparison, besides those of the category Cf."""
PRODUCTION, DEMO = "production", "demo"


class VenueHosts(NamedTuple):
    """The real hosts of a venue. `production` and `demo` map each host name to the source that documents it.

    A name below one of `demo_domains` is a demo host, a name below another of `domains` a production host.
    """

    title: str
    domains: tuple[str, ...]
    demo_domains: tuple[str, ...]
    production: Mapping[str, str]
    demo: Mapping[str, str]


VENUE_HOSTS = {
    name: VenueHosts(
        title=data["title"],
        domains=tuple(data["domains"]),
        demo_domains=tuple(data["demo_domains"]),
        production=data["production"],
        demo=data["demo"],
    )
    for name, data in VENUE_DATA.items()
}


class Place(NamedTuple):
    """A real host: its name, its venue, and its kind (production or demo)."""

    name: str
    venue: str
    kind: str


_ENDINGS = tuple(domain for hosts in VENUE_HOSTS.values() for domain in hosts.domains)


def names_of(kind: str) -> dict[str, frozenset[str]]:
    """Return the names of all real hosts of a kind (production or demo), by venue."""
    return {venue: frozenset(hosts.demo if kind == DEMO else hosts.production) for venue, hosts in VENUE_HOSTS.items()}


def find_place(host: object) -> Place | None:
    """Return the venue and the kind of a real host; None for other hosts.

    Accepts all types that a socket accepts as a host.
    """
    name = spelt(host)
    if not name.endswith(_ENDINGS):  # quick answer for nearly every host
        return None
    for venue, hosts in VENUE_HOSTS.items():
        if is_below(name, hosts.demo_domains):
            return Place(name, venue, DEMO)
        if is_below(name, hosts.domains):
            return Place(name, venue, PRODUCTION)
    return None


def is_below(name: str, domains: tuple[str, ...]) -> bool:
    """Return whether a name is one of the domains, or below one of them."""
    return any(name == domain or name.endswith("." + domain) for domain in domains)


def spelt(host: object) -> str:
    """Return a host as lower-case text without the final dot, for comparison; empty if the value is no host name."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("latin-1")
    if not isinstance(host, str):
        return ""
    return (host if host.isascii() else _mapped(host)).rstrip(".").lower()


def _mapped(host: str) -> str:
    """Return a name as resolvers map it (UTS 46): in compatible letters, with plain dots, without what is invisible."""
    shown = "".join(char for char in host if unicodedata.category(char) != "Cf" and char not in INVISIBLE)
    return unicodedata.normalize("NFKC", shown).casefold().replace("\u3002", ".")
