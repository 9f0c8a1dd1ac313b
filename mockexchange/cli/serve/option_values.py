"""Parses the values of `serve` options: the clock, the token, the public URL, and host names."""

from urllib.parse import urlsplit

import click

from mockexchange.sandbox.clock import parse_mode
from mockexchange.server.tls.certificate_names import normalised


def read_clock(text: str) -> str:
    """Check the mode of a clock and return the text unchanged. Raises ValueError."""
    parse_mode(text)
    return text


def read_token(text: str) -> str:
    """Check a token and return it unchanged. Raises ValueError, without the token, for one that no header can have."""
    if not text:
        raise ValueError("expected a value, got an empty text")
    if not text.isprintable():
        raise ValueError("expected a text on one line, without control characters, as a header has it")
    return text


def read_public_url(text: str) -> str:
    """Check the URL by which clients reach the server and return it unchanged. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected a URL such as https://mock.example.org, got {text!r}")
    return text


def read_certificate_names(
    context: click.Context, parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the host names and addresses for which a certificate is to be issued, in normal form."""
    try:
        return tuple(map(normalised, names))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def read_host_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that the Host header of a request may have, in normal form. Raises ValueError for a wildcard."""
    wild = next((name for name in names if "*" in name), None)
    if wild is not None:
        raise ValueError(f"expected one host name, such as mock.test, got {wild!r}")
    return tuple(map(normalised, names))
