"""Where a sandbox's venues are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class VenueUrls:
    """What a client of a venue is pointed at."""

    base_url: str
    ws_url: str


def venues_of(shown: Mapping[str, Any], reached: Callable[[str], str]) -> dict[str, VenueUrls]:
    """Where each venue of a sandbox is, as it is reached from here."""
    return {
        name: VenueUrls(reached(urls["base_url"]), reached(urls["ws_url"])) for name, urls in shown["venues"].items()
    }
