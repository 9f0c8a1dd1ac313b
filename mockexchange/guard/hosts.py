"""The venues' real hosts: by name where a document or a published client names them, and everything below the domains.

Demo and test hosts are real network too. They are a separate kind, since the advice differs, and since host emulation
answers for them.
"""

from __future__ import annotations

import unicodedata
from typing import Mapping, NamedTuple  # noqa: UP035  # children of `run` load this with Pythons as old as 3.8

from mockexchange.guard.venue_data import VENUE_DATA

INVISIBLE = frozenset(map(chr, (0x34F, 0x180B, 0x180C, 0x180D, *range(0xFE00, 0xFE10))))
"""Characters that names are mapped without, besides those of the category Cf, such as the soft hyphen."""
PRODUCTION, DEMO = "production", "demo"


class VenueHosts(NamedTuple):
    """The hosts of a venue. `production` and `demo` map names to their sources.

    Below `demo_domains` everything is demo, below the other `domains` everything is production.
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
    """A real host with its venue; `kind` is production or demo."""

    name: str
    venue: str
    kind: str


_ENDINGS = tuple(domain for hosts in VENUE_HOSTS.values() for domain in hosts.domains)


def names_of(kind: str) -> dict[str, frozenset[str]]:
    """Return the names of all hosts of a kind, by venue."""
    return {venue: frozenset(hosts.demo if kind == DEMO else hosts.production) for venue, hosts in VENUE_HOSTS.items()}


def find_place(host: object) -> Place | None:
    """Return the venue of a host; None for other hosts. Accepts all types that a socket accepts as a host."""
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
    """Return a host as lower-case text without the root's dot, for comparison; empty if it is no name."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("latin-1")
    if not isinstance(host, str):
        return ""
    return (host if host.isascii() else _mapped(host)).rstrip(".").lower()


def _mapped(host: str) -> str:
    """Return a name as resolvers map it (UTS 46): in compatible letters, with plain dots, without what is invisible."""
    shown = "".join(char for char in host if unicodedata.category(char) != "Cf" and char not in INVISIBLE)
    return unicodedata.normalize("NFKC", shown).casefold().replace("\u3002", ".")
