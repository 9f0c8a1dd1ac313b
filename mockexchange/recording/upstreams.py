"""Selects the servers to which the recording proxy connects: the venues' demo servers, or one that the user names."""

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from mockexchange.guard.hosts import PRODUCTION, find_place
from mockexchange.guard.venue_data import VENUE_DATA
from mockexchange.venues.registry import STREAM_PATHS, venue_at

DEMO = "demo"
PORTS = {"http": 80, "https": 443}
SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


class WrongUpstream(ValueError):
    """Raised for a server that cannot be recorded; the message has what is expected."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The scheme, host and port of a server's URL."""

    scheme: str
    host: str
    port: int

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Return the value of the Host header for this server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_production(self) -> bool:
        place = find_place(self.host)
        return place is not None and place.kind == PRODUCTION

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Upstreams:
    """The servers for REST requests and for streams, by the venue's name.

    A server under the empty name gets the requests of all venues.
    """

    rest: dict[str, Origin]
    streams: dict[str, Origin]

    def of(self, path: str) -> Origin | None:
        """Return the server to which requests for a path go; None if the venue's demo has no such server."""
        kind = self.streams if path in STREAM_PATHS else self.rest
        return kind.get("") or kind.get(venue_at(path).name)

    @property
    def all(self) -> list[Origin]:
        return list(dict.fromkeys([*self.rest.values(), *self.streams.values()]))


def parse_upstreams(target: str, streams: str | None = None, *, allows_production: bool = False) -> Upstreams:
    """Return the servers for "demo", or for a URL. Raises WrongUpstream, whose message names the option."""
    if target == DEMO:
        known = {name: data["recorded"] for name, data in VENUE_DATA.items() if "recorded" in data}
        rest = {name: parse_origin(urls["rest"]) for name, urls in known.items()}
        own = {name: parse_origin(urls["stream"]) for name, urls in known.items()}
    else:
        rest = own = {"": _origin_of("--to", target)}
    found = Upstreams(rest, {"": _origin_of("--streams-to", streams)} if streams else own)
    production = [str(origin) for origin in found.all if origin.is_production]
    if production and not allows_production:
        raise WrongUpstream(f"{production[0]} is production: record the demo, or read it with --production-read-only")
    return found


def _origin_of(option: str, text: str) -> Origin:
    try:
        return parse_origin(text)
    except WrongUpstream as error:
        raise WrongUpstream(f"{option}: {error}") from None


def parse_origin(text: str) -> Origin:
    """Return the scheme, host and port in a URL. Raises WrongUpstream."""
    try:
        url: SplitResult = urlsplit(text)
        scheme, port = SCHEMES.get(url.scheme, ""), url.port
    except ValueError:
        raise WrongUpstream(f"expected demo or a URL such as https://api.example.com, got {text!r}") from None
    if not scheme or not url.hostname:
        raise WrongUpstream(f"expected demo or a URL such as https://api.example.com, got {text!r}")
    if url.username or url.password or url.query or url.fragment or url.path not in ("", "/"):
        raise WrongUpstream(f"expected only scheme, host and port: clients send the path. Got {text!r}")
    return Origin(scheme, url.hostname, port or PORTS[scheme])
