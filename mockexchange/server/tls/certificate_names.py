"""Collects the host names and addresses that a server's certificate has to contain."""

import ipaddress
import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

ALWAYS = ("localhost", "127.0.0.1", "::1")
UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104  # left out, never listened on here
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
NAME_CHARS_MAX = 253
"""The longest whole name; each part between dots has at most 63 characters (RFC 1035, section 2.3.4)."""


def names_for(host: str, names: Iterable[str] = (), public_url: str | None = None) -> list[str]:
    """Return the names for a certificate: those of this machine, the listening address, `public_url`, and `names`."""
    public = urlsplit(public_url).hostname if public_url else None
    further = [*names, *([public] if public else [])]
    with suppress(ValueError):  # the operating system accepts addresses that cannot be names in a certificate
        further.append(normalised(host))
    return [name for name in dict.fromkeys([*names_of_this_machine(), *further]) if name not in UNSPECIFIED]


def names_of_this_machine() -> tuple[str, ...]:
    """Return the names of the loopback address, and the host name of this machine if it is valid."""
    host = socket.gethostname()
    try:
        return *ALWAYS, normalised(host)
    except ValueError:
        return ALWAYS


def normalised(name: str) -> str:
    """Return a host name or an address in the form that certificates have. Raises ValueError if it is neither."""
    plain = name.strip().removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        pass
    try:
        spelt = plain if plain.isascii() else plain.encode("idna").decode("ascii")
    except UnicodeError:
        spelt = ""
    spelt = spelt.lower().removesuffix(".")
    labels = spelt.removeprefix("*.").split(".")
    if len(spelt) > NAME_CHARS_MAX or not all(LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValueError(f"expected a host name such as mock.test, *.mock.test or an IP address, got {name[:80]!r}")
    return spelt
