"""The URL of a PostgreSQL database, in the format of libpq; no message shows its password."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode

SCHEMES = ("postgresql://", "postgres://")
SECRETS = frozenset({"password", "sslpassword"})
"""The parameters in a URL's query that are secret."""
HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """A URL such as postgresql://mock@db.example/mock; the password may be in PGPASSWORD or a password file."""

    text: str = field(repr=False)

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return masked(self.text)

    def without_secrets(self, message: str) -> str:
        """Return a message of the driver on one line, without the passwords of this URL."""
        hidden = message.replace(self.text, self.shown)
        for secret in sorted(_secrets_of(self.text), key=len, reverse=True):
            hidden = hidden.replace(secret, HIDDEN)
        return " ".join(hidden.split())


def masked(text: str) -> str:
    """Return a URL without its passwords; a text that is no URL is returned unchanged."""
    scheme, divider, rest = text.partition("://")
    if not divider:
        return text
    before, query_divider, query = rest.partition("?")
    credentials, at, place = before.rpartition("@")
    user, colon, _ = credentials.partition(":")
    kept = [(name, HIDDEN if name in SECRETS else value) for name, value in parse_qsl(query, keep_blank_values=True)]
    hidden = f"{user}:{HIDDEN}" if colon else user
    return f"{scheme}://{hidden}{at}{place}{query_divider}{urlencode(kept, safe='*/,:')}"


def _secrets_of(text: str) -> set[str]:
    """Return the passwords in a URL, as they are written and as they are meant."""
    before, _, query = text.partition("://")[2].partition("?")
    written = {before.rpartition("@")[0].partition(":")[2]}
    written |= {part.partition("=")[2] for part in query.split("&") if part.partition("=")[0] in SECRETS}
    return {secret for one in written for secret in (one, unquote(one)) if secret}
