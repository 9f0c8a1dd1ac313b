"""The venues' real hosts: by name where a document or a published client names them, and everything below the domains.

Demo and test hosts are real network too. They are told apart, since what helps differs, and since host emulation
answers for them.
"""

from __future__ import annotations

from typing import Mapping, NamedTuple  # noqa: UP035  # children of `run` load this with Pythons as old as 3.8

PRODUCTION, DEMO = "production", "demo"

_KALSHI_PAGES = "docs.kalshi.com"
_KALSHI_SDK = "kalshi-sdk 22.4.0"
_DERIBIT_PAGES = "docs.deribit.com"
_SIGNALPLUS_PAGES = "docs-rfq.signalplus.com"
_CCXT = "ccxt 4.5.90"


class VenueHosts(NamedTuple):
    """`production` and `demo` are names, each with who names it.

    Below `demo_domains` everything is demo, below the other `domains` everything is production.
    """

    title: str
    domains: tuple[str, ...]
    demo_domains: tuple[str, ...]
    production: Mapping[str, str]
    demo: Mapping[str, str]


VENUE_HOSTS: dict[str, VenueHosts] = {
    "kalshi": VenueHosts(
        title="Kalshi",
        domains=("kalshi.com", "kalshi.co"),
        demo_domains=("demo.kalshi.co", "demo-api.kalshi.co"),
        production={
            "api.elections.kalshi.com": _KALSHI_PAGES,
            "external-api.kalshi.com": _KALSHI_PAGES,
            "external-api-ws.kalshi.com": _KALSHI_PAGES,
            "trading-api.kalshi.com": "its pages of 2023: it answers with a plain 401 that names the new host",
            "trading.kalshi.com": "pykalshi 2.0.0",
            "api.kalshi.com": "clients of 2024",
            "kalshi.com": _KALSHI_PAGES,
            "external-api-margin-ws.kalshi.com": _KALSHI_SDK,
            "api.klear.kalshi.com": _KALSHI_SDK,
            "klearing.kalshi.com": _KALSHI_SDK,
            "mm.fix.elections.kalshi.com": _KALSHI_SDK,
            "margin-fix-api.fix.elections.kalshi.com": _KALSHI_SDK,
        },
        demo={
            "demo-api.kalshi.co": _KALSHI_PAGES,
            "external-api.demo.kalshi.co": _KALSHI_PAGES,
            "external-api-ws.demo.kalshi.co": _KALSHI_PAGES,
            "external-api-margin-ws.demo.kalshi.co": _KALSHI_SDK,
            "fix.demo.kalshi.co": _KALSHI_SDK,
            "marketdata.fix.demo.kalshi.co": _KALSHI_SDK,
            "margin-fix.demo.kalshi.co": _KALSHI_SDK,
            "margin-marketdata.fix.demo.kalshi.co": _KALSHI_SDK,
        },
    ),
    "deribit": VenueHosts(
        title="Deribit",
        domains=("deribit.com", "drb.coinbase.com"),
        demo_domains=("test.deribit.com",),
        production={
            "www.deribit.com": _DERIBIT_PAGES,
            "deribit.com": _DERIBIT_PAGES,
            "drb.coinbase.com": "the same methods for Coinbase's customers",
            "streams.drb.coinbase.com": _CCXT,
        },
        demo={"test.deribit.com": _DERIBIT_PAGES},
    ),
    "signalplus": VenueHosts(
        title="SignalPlus",
        domains=("signalplus.com", "signalplus.net"),
        demo_domains=("signalplus.net",),
        production={"tapi.signalplus.com": _SIGNALPLUS_PAGES, "tt-ws.signalplus.com": _SIGNALPLUS_PAGES},
        demo={"tapi.signalplus.net": _SIGNALPLUS_PAGES, "tt-ws.signalplus.net": _SIGNALPLUS_PAGES},
    ),
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
