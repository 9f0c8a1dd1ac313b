"""The venue of a path and of a name; no two venues have the same path."""

from itertools import permutations

import pytest

from mockexchange.venues.registry import DEFAULT, STREAM_PATHS, VENUES, known_paths_hint, venue_at, venue_of
from mockexchange.venues.venue import Venue
from tests.helpers.rows import each_row


@each_row(
    ("path", "name"),
    [
        ("/trade-api/v2/portfolio/balance", "kalshi"),
        ("/trade-api/ws/v2", "kalshi"),
        ("/api/v2", "deribit"),
        ("/api/v2/", "deribit"),
        ("/api/v2/private/get_positions", "deribit"),
        ("/ws/api/v2", "deribit"),
        ("/signalplus/api", "signalplus"),
        ("/signalplus/api/private/get_positions", "signalplus"),
        ("/signalplus/ws/api", "signalplus"),
        ("/signalplus/ws/private", "signalplus"),
        # With a method behind it, as over HTTP.
        ("/signalplus/ws/api/private/get_positions", "signalplus"),
        ("/signalplus/ws/private/private/subscribe", "signalplus"),
        ("/signalplus/ws/api/private/nothing", "kalshi"),
        # What only begins like another's, or is spelt otherwise, is nobody's.
        ("/api/v20", "kalshi"),
        ("/api", "kalshi"),
        ("/API/v2", "kalshi"),
        ("/api%2fv2", "kalshi"),
        ("/ws/api/v2/", "kalshi"),
        ("/signalplus", "kalshi"),
        ("/signalplus/ws", "kalshi"),
        ("", "kalshi"),
        ("*", "kalshi"),
        ("http://host/api/v2", "kalshi"),
    ],
)
def test_a_path_belongs_to_one_venue(path: str, name: str) -> None:
    assert venue_at(path).name == name


def test_who_calls_nobody_is_told_where_everybody_is() -> None:
    everywhere = "; served here: Kalshi at /trade-api/v2, Deribit at /api/v2, SignalPlus at /signalplus/api"
    assert {known_paths_hint(path) for path in ("/", "/api/v1/x", "/ws/api/v2/", "/trade-api/v2", "/x/api/v2")} == {
        everywhere
    }
    for path in ("/trade-api/v2/x", "/api/v2", "/api/v2/x", "/signalplus/api", *STREAM_PATHS):
        assert known_paths_hint(path) == ""


def test_a_venue_is_found_by_its_name() -> None:
    assert {venue_of(name).name for name in VENUES} == set(VENUES)
    assert venue_of("") is DEFAULT is next(iter(VENUES.values()))
    with pytest.raises(KeyError):
        venue_of("nobody")


def test_no_two_venues_claim_the_same_path() -> None:
    assert len(STREAM_PATHS) == sum(len(venue.stream.paths) for venue in VENUES.values())
    for one, other in permutations(VENUES.values(), 2):
        assert not f"{one.prefix}/".startswith(f"{other.prefix}/")
        assert not any(path.startswith(f"{other.prefix}/") for path in one.stream.paths)


@each_row("venue", VENUES.values(), ids=VENUES)
def test_what_a_venue_says_of_itself_is_whole(venue: Venue) -> None:
    assert venue.stream.open_operation in venue.rest.operations
    assert set(venue.rest.paged_operations) <= set(venue.rest.operations)
    assert set(venue.stream.quiet_channels) <= set(venue.stream.channels)
    assert set(venue.auth.scopes_default) <= set(venue.auth.scopes)
    assert venue.scenario.settings() == venue.scenario.settings()
    assert {switch.setting for switch in venue.scenario.switches.values()} <= set(dir(venue.scenario.settings()))
    assert venue.api_date("compat").is_compat
