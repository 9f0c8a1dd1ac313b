"""The environment that a command runs in: it points every known client at the sandbox, and nowhere else."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from mockexchange.clients.published import CLIENTS, variables_of
from mockexchange.kit.client.session import Session

OWN_PREFIX = "KALSHI_"
"""Whatever the user has under it would point a client elsewhere, or sign with a key of real money."""


def environment_of(session: Session, client: str, account: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return a whole environment for a known client (or "generic") as an account. Raises NoSuchAccount."""
    variables = variables_of(CLIENTS[client], _words(session, account), environment)
    kept = {name: value for name, value in environment.items() if not name.upper().startswith(OWN_PREFIX)}
    return {**kept, **{name: value for name, value in variables.items() if value is not None}}


def _words(session: Session, account: str) -> dict[str, str]:
    where, origin = session.where(account), urlsplit(session.base_url).netloc
    return {
        "base_url": where.base_url,
        "origin": f"http://{origin}",
        "ws_origin": f"ws://{origin}",
        "key_id": where.key_id,
        "key_path": where.private_key_path,
        "key_pem": session.credential(account).private_pem or "",
    }
