"""`mockexchange explain`: a signature looked at without a server."""

from pathlib import Path

import click

from mockexchange.cli.frame import Misuse, option

VERIFIES = "verifies"
UNUSABLE = "the key cannot be used"
"""How the words begin where there is nothing to change, and where there is nothing to say."""


@click.command()
@option("--method", required=True, help="The method that was sent, such as GET.")
@option("--path", required=True, help="The path that was sent, with /trade-api/v2; a whole URL will do.")
@option("--timestamp", required=True, help="KALSHI-ACCESS-TIMESTAMP as sent.")
@option("--signature", required=True, help="KALSHI-ACCESS-SIGNATURE as sent.")
@option(
    "--key", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PEM file, public or private half."
)
@option("--query", default="", help="The query string that was sent, if any.")
@click.pass_context
def explain(
    context: click.Context, method: str, path: str, timestamp: str, signature: str, key: Path, query: str
) -> None:
    """Say why a signature does not verify.

    The exit code is 0 if it does, else 1.
    """
    from mockexchange.venues.kalshi.diagnosis import explain_offline

    words = explain_offline(method, path, query, timestamp, signature, _read(key))
    if words.startswith(UNUSABLE):
        raise Misuse(f"--key {key}: {words}")
    verifies = words.startswith(VERIFIES)
    click.secho(words, fg="green" if verifies else "yellow")
    context.exit(0 if verifies else 1)


def _read(key: Path) -> str:
    try:
        return key.read_text(encoding="utf-8")
    except OSError as error:
        raise Misuse(f"--key: {key} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Misuse(f"--key: {key} is no PEM file: it is not text") from None
