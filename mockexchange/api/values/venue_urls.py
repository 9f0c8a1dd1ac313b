"""Defines the URLs at which clients reach the venues of a sandbox."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mockexchange.api.errors import UnknownVenue
from mockexchange.scenario.errors import did_you_mean


@dataclass(frozen=True, slots=True)
class VenueUrls:
    """The URLs for clients of one venue: for REST requests and for streams."""

    base_url: str
    ws_url: str


class Venues(dict[str, VenueUrls]):
    """The URLs of a sandbox by venue name. An unknown name raises UnknownVenue, which is a KeyError."""

    def __missing__(self, name: object) -> VenueUrls:
        raise UnknownVenue(f"no venue {name!r}{did_you_mean(str(name), self)} (known: {', '.join(self)})")


def venues_of(shown: Mapping[str, Any], map_url: Callable[[str], str]) -> Venues:
    """Return the URLs of each venue of a sandbox; `map_url` converts them to addresses that work from here."""
    urls = shown["venues"].items()
    return Venues({name: VenueUrls(map_url(one["base_url"]), map_url(one["ws_url"])) for name, one in urls})
