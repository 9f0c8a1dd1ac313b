"""Parses what a user gives `verify server`: the address of the server, keys, and patterns of rules.

An error is one line with the defect and the remedy.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm

from mockexchange.guard.hosts import PRODUCTION, find_place
from mockexchange.kit.target import MEMBER, ROLES
from mockexchange.kit.venue import Signer, VenueKit
from mockexchange.named_files import KEY_BYTES_MAX, read_file

# The address of the server under verification


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


# Keys and secrets


EXPECTED = "expected a private key in PEM, which begins with -----BEGIN PRIVATE KEY----- or such"


class Credential(NamedTuple):
    """A key that the command line names: its role (such as member), its id, and the file of its private key."""

    role: str
    key_id: str
    path: Path


def parse_role(text: str) -> Credential:
    """Parse ROLE=KEY_ID:FILE into a credential. Raises ValueError."""
    role, _, rest = text.partition("=")
    key_id, _, path = rest.partition(":")
    known = [name for name in ROLES if name != MEMBER]
    if role not in known or not key_id or not path:
        raise ValueError(f"expected ROLE=KEY_ID:FILE with a role of {', '.join(known)}, got {text!r}")
    return Credential(role, key_id, Path(path))


def load_credential(credential: Credential, venue: VenueKit) -> Signer:
    """Load a private key or a secret from its file and return its signer. Raises ValueError."""
    path = credential.path
    text = _read(path)
    try:
        return venue.load_signer(credential.key_id, text)
    except TypeError:
        raise ValueError(f"{path}: the private key is encrypted: expected one without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        defect = str(error) if venue.key_is_secret else _defect(text, error)
        raise ValueError(f"{path}: {defect}") from None


def _read(path: Path) -> str:
    try:
        return read_file(path, KEY_BYTES_MAX, takes_pipes=True).decode("utf-8", "replace")
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from None


def _defect(text: str, error: Exception) -> str:
    if "PRIVATE KEY-----" in text:
        return f"no key that can sign here: {error}"
    return f"a public key: {EXPECTED}" if "PUBLIC KEY-----" in text else f"no key: {EXPECTED}"


# The rules that a run checks


class Selection(NamedTuple):
    """A selection of rules by patterns of ids, such as "pages.*". An empty `only` selects all; `skip` excludes some."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def takes(self, rule: str) -> bool:
        if any(fnmatchcase(rule, pattern) for pattern in self.skip):
            return False
        return not self.only or any(fnmatchcase(rule, pattern) for pattern in self.only)

    def require_known(self, rules: Iterable[str]) -> None:
        """Raise ValueError for a pattern that matches no rule, and if no rule is selected."""
        known = sorted(set(rules))
        for option, patterns in (("--only", self.only), ("--skip", self.skip)):
            for pattern in patterns:
                if not any(fnmatchcase(rule, pattern) for rule in known):
                    raise ValueError(f"{option} {pattern}: no such rule: {_suggestion(pattern, known)}")
        if not any(self.takes(rule) for rule in known):
            named = "every rule that --only does" if self.only else "every one"
            raise ValueError(f"no rule is left to judge: --skip names {named}")


def _suggestion(pattern: str, known: Sequence[str]) -> str:
    """Return a suggestion for an unknown pattern: a similar group, a similar rule, or all groups."""
    groups = {rule.partition(".")[0] for rule in known}
    near = get_close_matches(pattern.partition(".")[0], groups, 1)
    if near and "." not in pattern:
        return f"did you mean '{near[0]}.*'?"
    nearest = get_close_matches(pattern, known, 1)
    return (
        f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(f'{group}.*' for group in sorted(groups))}"
    )


EVERYTHING = Selection()
