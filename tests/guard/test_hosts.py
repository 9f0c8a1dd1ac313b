"""Whose host a name is."""

import re

import pytest

from mockexchange.emulation.hosts import EMULATED
from mockexchange.guard.hosts import DEMO, PRODUCTION, VENUE_HOSTS, find_place, names_of
from tests.clients.processes import find_python
from tests.helpers.rows import each_row

PLACES = [
    ("api.elections.kalshi.com", "kalshi", PRODUCTION),
    ("API.Elections.Kalshi.COM.", "kalshi", PRODUCTION),
    (b"external-api-ws.kalshi.com", "kalshi", PRODUCTION),
    (bytearray(b"kalshi.com"), "kalshi", PRODUCTION),
    ("api.kalshi\u3002com", "kalshi", PRODUCTION),
    ("kalshi\uff61com\uff0e", "kalshi", PRODUCTION),
    ("\uff2b\uff21lshi.com", "kalshi", PRODUCTION),
    ("kal\u00adshi\ufe0f.co\u200bm..", "kalshi", PRODUCTION),
    ("www.deribit.com\u3002", "deribit", PRODUCTION),
    ("some.new.name.kalshi.com", "kalshi", PRODUCTION),
    ("demo-api.kalshi.com", "kalshi", PRODUCTION),  # there is no such host: the demo's domain is another
    ("www.kalshi.co", "kalshi", PRODUCTION),
    ("demo-api.kalshi.co", "kalshi", DEMO),
    ("external-api-ws.demo.kalshi.co", "kalshi", DEMO),
    ("new.demo.kalshi.co", "kalshi", DEMO),
    ("not-demo.kalshi.co", "kalshi", PRODUCTION),
    ("www.deribit.com", "deribit", PRODUCTION),
    ("streams.drb.coinbase.com", "deribit", PRODUCTION),
    ("test.deribit.com", "deribit", DEMO),
    ("tapi.signalplus.com", "signalplus", PRODUCTION),
    ("tapi.signalplus.net", "signalplus", DEMO),
]


@each_row(("host", "venue", "kind"), PLACES)
def test_a_real_host_is_known(host: object, venue: str, kind: str) -> None:
    place = find_place(host)
    assert place is not None
    assert (place.venue, place.kind) == (venue, kind)


@each_row(
    "host",
    [
        None,
        "",
        0,
        "127.0.0.1",
        "::1",
        "localhost",
        "notkalshi.com",
        "kalshi.com.example.org",
        "mykalshi.co",
        "xdrb.coinbase.com",
        "api.coinbase.com",
        b"\xff\xfe",
        "kalshi",
        ".com",
    ],
)
def test_everybody_else_is_not(host: object) -> None:
    assert find_place(host) is None


@each_row("kind", [PRODUCTION, DEMO])
def test_every_name_of_the_table_is_of_its_kind_and_has_a_source(kind: str) -> None:
    for venue, names in names_of(kind).items():
        hosts = VENUE_HOSTS[venue]
        for name in names:
            place = find_place(name)
            assert (place and place.venue, place and place.kind, name) == (venue, kind, name)
            assert {**hosts.production, **hosts.demo}[name]


def test_what_is_emulated_is_a_demo_of_the_table() -> None:
    assert set().union(*names_of(DEMO).values()) >= EMULATED


CLIENTS = [
    ("kalshi-sdk", "22.4.0", "kalshi"),
    ("pykalshi", "2.0.0", "pykalshi"),
    ("pykalshi-client", "1.3.0", "pykalshi"),
    ("kyro", "0.1.2", "kyro"),
    ("typed-deribit", "0.4.1", "typed_deribit/core"),
    ("kalshi-python-sync", "3.34.0", "kalshi_python_sync"),
]
ADDRESS = re.compile(r"(?:https|wss)://((?:[\w-]+\.)+(?:kalshi\.\w+|deribit\.com|drb\.coinbase\.com))\b")
PAGES = re.compile(r"^(docs|support)\.")


@pytest.mark.clients
@each_row(("client", "version", "package"), CLIENTS)
def test_every_host_in_a_published_client_is_in_the_table(client: str, version: str, package: str) -> None:
    folder = find_python(client, version).parent.parent / "lib" / "python3.13" / "site-packages" / package
    found = {host for path in folder.rglob("*.py") for host in ADDRESS.findall(path.read_text(encoding="utf-8"))}
    named = set().union(*names_of(PRODUCTION).values(), *names_of(DEMO).values())
    assert {host for host in found if not PAGES.match(host)} - named == set()
    assert found
