"""Defines the options of commands that read an account on a real server: its URL, the key, and the request rate."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import checked, option
from mockexchange.kit.server.arguments import Address, Credential, load_credential, read_address
from mockexchange.kit.target import MEMBER
from mockexchange.kit.venue import LATEST, read_alias
from mockexchange.kit.venues import DEFAULT_KIT, KITS
from mockexchange.snapshot.run import SnapshotSettings

POLITE_PER_S = 5.0
"""The default rate, in requests per second, for a server on another machine."""
NO_LIMIT = "none"
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def parse_rate(text: str) -> float:
    """Parse a number of requests per second; 0 means no limit. Raises ValueError."""
    if text == NO_LIMIT:
        return 0.0
    try:
        rate = float(text.removesuffix("/s"))
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise ValueError(f"expected requests a second such as 5 or 0.5/s, or {NO_LIMIT}, got {text!r}")
    return rate


def parse_names(texts: Sequence[str]) -> dict[str, str]:
    """Return a dictionary of texts of the form NAME=VALUE. Raises ValueError."""
    pairs = [text.partition("=") for text in texts]
    wrong = next((text for text, (name, _, value) in zip(texts, pairs, strict=True) if not name or not value), None)
    if wrong is not None:
        raise ValueError(f"expected NAME=VALUE, such as subtrader_id=abc, got {wrong!r}")
    return {name: value for name, _, value in pairs}


def rate_of(address: Address, rate: float | None) -> float:
    """Return the request rate per second: `rate` if given, else no limit (0) for this machine and 5 for others."""
    return (0.0 if address.is_loopback else POLITE_PER_S) if rate is None else rate


rate_option = option(
    "--rate",
    callback=checked(parse_rate),
    metavar="N/s",
    help="Largest number of requests a second.  [default: 5/s; without a limit on loopback]",
)
name_option = option(
    "--name",
    multiple=True,
    metavar="NAME=VALUE",
    callback=checked(parse_names),
    help="Name to ask for, such as subtrader_id=a; repeatable.",
)


def account_options(*, is_required: bool) -> Callable[[Decorated], Decorated]:
    """Return a decorator that adds the options for reading an account on a server: URL, key and rate.

    `account_settings` turns their values into settings.
    """

    def declare(command: Decorated) -> Decorated:
        options = (
            option(
                "--venue", type=click.Choice(list(KITS)), default=DEFAULT_KIT.name, show_default=True, help="Venue."
            ),
            option("--url", required=is_required, help="URL of the API, with or without the venue's prefix."),
            option("--key-id", required=is_required, help="The id of your key."),
            option(
                "--key",
                required=is_required,
                type=FileToRead(exists=False, takes_pipes=True),
                help="The file of your private key, PEM, or of your secret.",
            ),
            name_option,
            rate_option,
            option("--production-read-only", is_flag=True, help="Read a production host."),
        )
        for declared in reversed(options):
            command = declared(command)
        return command

    return declare


def account_settings(given: Mapping[str, Any], api_date: str | None) -> SnapshotSettings:
    """Return the settings for reading an account, from the values of `account_options`.

    Raises ValueError.
    """
    kit = KITS[given["venue"]]
    address = read_address(given["url"], None, kit)
    if address.is_production and not given["production_read_only"]:
        host = address.production_host
        raise ValueError(f"{host} is a production host: read the venue's demo, or add --production-read-only")
    return SnapshotSettings(
        venue=kit,
        address=address,
        alias=read_alias(api_date or LATEST, kit.name),
        signer=load_credential(Credential(MEMBER, given["key_id"], given["key"]), kit),
        rate_per_s=rate_of(address, given["rate"]),
        names=given["name"],
    )
