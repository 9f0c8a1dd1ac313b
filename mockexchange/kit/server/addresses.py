"""Parses the address of the server under verification, as given on the command line."""

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from mockexchange.guard.hosts import PRODUCTION, find_place
from mockexchange.kit.venue import VenueKit

STREAM_SCHEMES = {"http": "ws", "https": "wss"}
LOCAL_NAMES = ("localhost",)


class Address(NamedTuple):
    """The URLs of a server under verification. `base_url` ends in the venue's prefix, without a slash.

    `production_host` is the real venue's host if one of the URLs has it, else "".
    """

    base_url: str
    ws_url: str
    host: str
    production_host: str = ""

    @property
    def is_production(self) -> bool:
        return bool(self.production_host)

    @property
    def is_loopback(self) -> bool:
        if self.host in LOCAL_NAMES:
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_address(url: str, ws: str | None, venue: VenueKit) -> Address:
    """Parse the base URL, with or without the venue's prefix, and the URL of the stream. Raises ValueError."""
    parts = _split("--url", url, tuple(STREAM_SCHEMES), f"https://example.com{venue.prefix}")
    before = parts.path.rstrip("/").removesuffix(venue.prefix)
    streams = _split("--ws", ws, ("ws", "wss"), f"wss://example.com{venue.stream_path}") if ws else None
    hosts = [one.hostname or "" for one in (parts, streams) if one]
    return Address(
        f"{parts.scheme}://{parts.netloc}{before}{venue.prefix}",
        streams.geturl() if streams else _stream_url(parts, before, venue),
        parts.hostname or "",
        next(filter(_is_production, hosts), ""),
    )


def _stream_url(parts: SplitResult, before: str, venue: VenueKit) -> str:
    hosts: Mapping[str, str] = venue.stream_hosts
    netloc = hosts.get(parts.hostname or "", parts.netloc)
    return f"{STREAM_SCHEMES[parts.scheme]}://{netloc}{before}{venue.stream_path}"


def _is_production(host: str) -> bool:
    """Return whether a host belongs to the production of any venue, so that it needs `--production-read-only`."""
    place = find_place(host)
    return place is not None and place.kind == PRODUCTION


def _split(option: str, text: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    try:
        parts = urlsplit(text.strip())
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, has_place = urlsplit(""), False
    if not has_place or parts.scheme not in schemes:
        raise ValueError(f"{option}: expected a URL such as {example}, got {text!r}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"{option}: expected host and path alone, such as {example}, got {text!r}")
    return parts
