"""What the command line knows of venues by itself: no venue is without it, and each takes what it signs."""

from mockexchange.clients.request_signers import REQUEST_SIGNERS
from mockexchange.venues.registry import VENUES, client_setups


def test_every_venue_is_spoken() -> None:
    assert {name: dialect.prefix for name, dialect in REQUEST_SIGNERS.items()} == {
        name: venue.prefix for name, venue in VENUES.items()
    }
    assert client_setups().keys() == VENUES.keys()
