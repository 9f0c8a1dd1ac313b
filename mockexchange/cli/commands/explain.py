"""Defines `mockexchange explain`, which prints why a signature does not verify. It needs no running server."""

from pathlib import Path
from typing import Any

import click

from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import UsageFailure, json_option, option
from mockexchange.cli.terminal import fitted, show_json_lines
from mockexchange.named_files import KEY_BYTES_MAX, read_file
from mockexchange.venues.registry import client_setups, venue_of

VERIFIES_PREFIX = "verifies"
"""The beginning of the explanation of a valid signature."""
UNUSABLE_KEY_PREFIX = "the key cannot be used"
SETUPS = client_setups()
VENUE_DEFAULT = next(iter(SETUPS))
SUMMARY = "Print why a signature does not verify."


def _help_of(name: str) -> str:
    """Return the help of an option: its text at each venue that takes it."""
    titles: dict[str, list[str]] = {}
    for setup in SETUPS.values():
        text = {**setup.signature.required, **setup.signature.optional}.get(name)
        if text:
            titles.setdefault(text, []).append(setup.title)
    return "; ".join(f"{', '.join(names)}: {text}" for text, names in titles.items()) + "."


def _command_help() -> str:
    required = (
        f"{setup.title}: {', '.join(f'--{name}' for name in setup.signature.required)}." for setup in SETUPS.values()
    )
    text = "Neither the clock nor the key id is checked. The exit code is 0 if the signature verifies, else 1."
    return f"{SUMMARY}\n\n{text} Required options: {' '.join(required)}"


@click.command(help=_command_help())
@option(
    "--venue", type=click.Choice(list(SETUPS)), default=VENUE_DEFAULT, show_default=True, help="Venue of the signature."
)
@option("--method", help=_help_of("method"))
@option("--path", help=_help_of("path"))
@option("--query", default="", help="The query string that was sent, if any; it may stand in the path as well.")
@option("--timestamp", help=_help_of("timestamp"))
@option("--signature", help=_help_of("signature"))
@option("--nonce", help=_help_of("nonce"))
@option("--key", type=FileToRead(exists=False, takes_pipes=True), help=_help_of("key"))
@option("--authorization", help=_help_of("authorization"))
@option("--secret", help=_help_of("secret"))
@option("--body", default="", help=_help_of("body"))
@json_option("explain")
@click.pass_context
def explain(context: click.Context, /, venue: str, as_json: bool, **given: Any) -> None:
    options = SETUPS[venue].signature
    missing = [f"--{name}" for name in options.required if given[name] is None]
    if missing:
        raise UsageFailure(f"expected also {', '.join(missing)}: no signature of {venue} can be explained without")
    # The arguments of every venue's `explain_offline` by option name; `target` is the path with the query.
    query = given["query"]
    values = {
        **given,
        "method": (given["method"] or "").upper(),
        "target": f"{given['path']}?{query}" if query else given["path"],
        "body": given["body"].encode(errors="surrogateescape"),
        "key": _read(given["key"]) if given["key"] else None,
    }
    explain_offline = venue_of(venue).auth.explain_offline
    if explain_offline is None:
        raise UsageFailure(f"signatures of {venue} cannot be looked at offline")
    text = explain_offline(*(values[name] for name in options.arguments))
    if text.startswith(UNUSABLE_KEY_PREFIX):
        source = f"--key {given['key']}" if "key" in options.required else "--secret"
        raise UsageFailure(f"{source}: {text}")
    verifies = text.startswith(VERIFIES_PREFIX)
    if as_json:
        show_json_lines([{"verifies": verifies, "explanation": text}])
    else:
        click.secho(fitted(text, is_error=False), fg="green" if verifies else "yellow")
    context.exit(0 if verifies else 1)


def _read(key: Path) -> str:
    try:
        return read_file(key, KEY_BYTES_MAX, takes_pipes=True).decode()
    except OSError as error:
        raise UsageFailure(f"--key: {key} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageFailure(f"--key: {key} is no PEM file: it is not text") from None
