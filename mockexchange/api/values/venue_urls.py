"""Where a sandbox's venues are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mockexchange.api.errors import UnknownVenue
from mockexchange.scenario.errors import did_you_mean


@dataclass(frozen=True, slots=True)
class VenueUrls:
    """What a client of a venue is pointed at."""

    base_url: str
    ws_url: str


class Venues(dict[str, VenueUrls]):
    """By name. Raises UnknownVenue, a KeyError, on other names."""

    def __missing__(self, name: object) -> VenueUrls:
        raise UnknownVenue(f"no venue {name!r}{did_you_mean(str(name), self)} (known: {', '.join(self)})")


def venues_of(shown: Mapping[str, Any], map_url: Callable[[str], str]) -> Venues:
    """Where each venue of a sandbox is, as it is reached from here."""
    urls = shown["venues"].items()
    return Venues({name: VenueUrls(map_url(one["base_url"]), map_url(one["ws_url"])) for name, one in urls})
