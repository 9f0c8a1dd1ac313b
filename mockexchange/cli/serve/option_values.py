"""Readers of the values of options of `serve`: a clock, URLs and names of hosts."""

from urllib.parse import urlsplit

import click

from mockexchange.sandbox.clock import parse_mode
from mockexchange.server.tls.certificate_names import normalised


def read_clock(text: str) -> str:
    """Return the mode of a clock as it was given. Raises ValueError."""
    parse_mode(text)
    return text


def read_public_url(text: str) -> str:
    """Return the URL by which clients reach the server. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected a URL such as https://mock.example.org, got {text!r}")
    return text


def read_certificate_names(
    context: click.Context, parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Read names and addresses that a certificate is for."""
    try:
        return tuple(map(normalised, names))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def read_host_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Read names that requests may have in Host. Raises ValueError."""
    wild = next((name for name in names if "*" in name), None)
    if wild is not None:
        raise ValueError(f"expected one host name, such as mock.test, got {wild!r}")
    return tuple(map(normalised, names))
