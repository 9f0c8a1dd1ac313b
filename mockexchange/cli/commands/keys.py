"""Defines `mockexchange keys`, which creates key pairs."""

import json
import os
import re
from pathlib import Path

import click

from mockexchange.cli.click_base import Failure, Group, UsageFailure, json_option, option
from mockexchange.cli.terminal import show_json_lines

ALGORITHMS = ("rsa", "ed25519")
PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o644
USAGE = """\
private key  {private}  (mode 0600: your client signs with it)
public key   {public}

In a scenario, the path as seen from its file:

  accounts:
    alice: {{keys: {{main: {{public_key: {public_yaml}}}}}}}
"""


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def keys(context: click.Context) -> None:
    """Create key pairs."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@keys.command()
@option(
    "--algorithm",
    type=click.Choice(ALGORITHMS),
    default="rsa",
    show_default=True,
    help="Algorithm of the keys; most clients take RSA alone.",
)
@option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("keys"),
    show_default=True,
    help="Folder for both files.",
)
@json_option("keys new")
def new(algorithm: str, out: Path, as_json: bool) -> None:
    """Create a key pair: private.pem and public.pem.

    Existing files are not overwritten.
    """
    from mockexchange.scenario.keys import make_pair

    private, public = out / "private.pem", out / "public.pem"
    taken = next((path for path in (private, public) if os.path.lexists(path)), None)
    if taken:
        raise UsageFailure(f"{taken} exists already: choose another place with --out")
    pair = make_pair(algorithm)
    try:
        out.mkdir(parents=True, exist_ok=True)
        _create(private, pair.private_pem or "", PRIVATE_MODE)
        _create(public, pair.public_pem, PUBLIC_MODE)
    except OSError as error:
        raise Failure(f"{error.filename} cannot be written: {error.strerror}") from None
    if as_json:
        show_json_lines([{"algorithm": algorithm, "private_key": str(private), "public_key": str(public)}])
    else:
        text = str(public)  # a plain scalar of YAML if it can be one in a flow mapping, else a quoted one
        public_yaml = text if re.fullmatch(r"[A-Za-z0-9_./~][\w./~-]*", text) else json.dumps(text)
        click.echo(USAGE.format(private=private, public=public, public_yaml=public_yaml), nl=False)


def _create(path: Path, text: str, mode: int) -> None:
    """Create a file with its final mode; never overwrite or follow an existing one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(text)
