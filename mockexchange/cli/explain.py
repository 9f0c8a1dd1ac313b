"""`mockexchange explain`: a signature looked at without a server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mockexchange.cli.click_base import UsageFailure, option

VERIFIES_PREFIX = "verifies"
UNUSABLE_KEY_PREFIX = "the key cannot be used"
"""How the words begin where there is nothing to change, and where there is nothing to say."""
NEEDED = {
    "kalshi": ("method", "path", "timestamp", "signature", "key"),
    "deribit": ("method", "path", "authorization", "secret"),
    "signalplus": ("timestamp", "nonce", "signature", "secret"),
}
"""By venue, what there has to be."""


@click.command()
@option("--venue", type=click.Choice(list(NEEDED)), default="kalshi", show_default=True, help="Whose signature it is.")
@option("--method", help="Kalshi, Deribit: the method that was sent, such as GET.")
@option("--path", help="Kalshi, Deribit: the path that was sent, with /trade-api/v2 or /api/v2; a whole URL will do.")
@option("--query", default="", help="The query string that was sent, if any; it may stand in the path as well.")
@option("--timestamp", help="KALSHI-ACCESS-TIMESTAMP or Signalplus-API-Timestamp as sent.")
@option("--signature", help="KALSHI-ACCESS-SIGNATURE or Signalplus-API-Signature as sent.")
@option("--nonce", help="SignalPlus: Signalplus-API-Nonce as sent.")
@option("--key", type=click.Path(dir_okay=False, path_type=Path), help="Kalshi: PEM file, public or private half.")
@option("--authorization", help="Deribit: the header Authorization as sent.")
@option("--secret", help="Deribit, SignalPlus: the secret of the key.")
@option("--body", default="", help="Deribit: the body that was sent, if any.")
@click.pass_context
def explain(context: click.Context, /, venue: str, **given: Any) -> None:
    """Say why a signature does not verify.

    Neither a clock nor whether there is such a key is looked at. The exit code is 0 if it verifies, else 1. Kalshi:
    --method, --path, --timestamp, --signature and --key. Deribit: --method, --path, --authorization and --secret.
    SignalPlus: --timestamp, --nonce, --signature and --secret.
    """
    missing = [f"--{name}" for name in NEEDED[venue] if given[name] is None]
    if missing:
        raise UsageFailure(f"a signature of {venue} cannot be looked at without {' and '.join(missing)}")
    words = READERS[venue](_explainer(venue), **given)
    verifies = words.startswith(VERIFIES_PREFIX)
    click.secho(words, fg="green" if verifies else "yellow")
    context.exit(0 if verifies else 1)


def _explainer(venue: str) -> Callable[..., str]:
    from mockexchange.venues.registry import VENUES

    explain_offline = VENUES[venue].auth.explain_offline
    if explain_offline is None:
        raise UsageFailure(f"signatures of {venue} cannot be looked at offline")
    return explain_offline


def _read_pair(
    explain_offline: Callable[..., str],
    *,
    method: str,
    path: str,
    query: str,
    timestamp: str,
    signature: str,
    key: Path,
    **_: Any,
) -> str:
    words = explain_offline(method, path, query, timestamp, signature, _read(key))
    if words.startswith(UNUSABLE_KEY_PREFIX):
        raise UsageFailure(f"--key {key}: {words}")
    return words


def _read_secret(
    explain_offline: Callable[..., str],
    *,
    method: str,
    path: str,
    query: str,
    authorization: str,
    secret: str,
    body: str,
    **_: Any,
) -> str:
    target = f"{path}?{query}" if query else path
    return explain_offline(method.upper(), target, body.encode(errors="surrogateescape"), authorization, secret)


def _read_nonce(
    explain_offline: Callable[..., str], *, timestamp: str, nonce: str, signature: str, secret: str, **_: Any
) -> str:
    words = explain_offline(timestamp, nonce, signature, secret)
    if words.startswith(UNUSABLE_KEY_PREFIX):
        raise UsageFailure(f"--secret: {words}")
    return words


READERS: dict[str, Callable[..., str]] = {"kalshi": _read_pair, "deribit": _read_secret, "signalplus": _read_nonce}


def _read(key: Path) -> str:
    try:
        return key.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageFailure(f"--key: {key} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageFailure(f"--key: {key} is no PEM file: it is not text") from None
