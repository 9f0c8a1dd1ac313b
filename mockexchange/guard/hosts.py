"""The venues' real hosts: by name where a document or a published client names them, and everything below the domains.

Demo and test hosts are real network too. They are told apart, since what helps differs, and since host emulation
answers for them.
"""

from __future__ import annotations

from typing import Mapping, NamedTuple  # noqa: UP035  # children of `run` load this with Pythons as old as 3.8

from mockexchange.guard.venue_data import VENUE_DATA

PRODUCTION, DEMO = "production", "demo"


class VenueHosts(NamedTuple):
    """`production` and `demo` are names, each with who names it.

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
    """A real host: of which venue, and whether it is where money is or the venue's demo."""

    name: str
    venue: str
    kind: str


_ENDINGS = tuple(domain for hosts in VENUE_HOSTS.values() for domain in hosts.domains)


def names_of(kind: str) -> dict[str, frozenset[str]]:
    """Return the names of all hosts of a kind, by venue."""
    return {venue: frozenset(hosts.demo if kind == DEMO else hosts.production) for venue, hosts in VENUE_HOSTS.items()}


def find_place(host: object) -> Place | None:
    """Return whose host this is; None for everybody else's. Anything that a socket takes for a host is understood."""
    name = spelt(host)
    if not name.endswith(_ENDINGS):  # of nearly every host this is all that is asked
        return None
    for venue, hosts in VENUE_HOSTS.items():
        if is_below(name, hosts.demo_domains):
            return Place(name, venue, DEMO)
        if is_below(name, hosts.domains):
            return Place(name, venue, PRODUCTION)
    return None


def is_below(name: str, domains: tuple[str, ...]) -> bool:
    """Say whether a name is one of the domains, or ends with one of them at a dot."""
    return any(name == domain or name.endswith("." + domain) for domain in domains)


def spelt(host: object) -> str:
    """The host as names are compared: text, in small letters, without the root's dot. Empty for what is no name."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("latin-1")
    return host.rstrip(".").lower() if isinstance(host, str) else ""
