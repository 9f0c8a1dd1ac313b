# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/sandbox_client.py: change that.
"""Sends requests about one sandbox to the control API, until the exchange object has ended."""

from typing import Any
from urllib.parse import quote

from mockexchange.api.errors import Closed, NameAdvice, ShortTracebacks
from mockexchange.api.transport.connection import PATIENCE_S, ControlClient, Query
from mockexchange.api.values.accounts import Accounts, KeyFiles


class GuardedClient:
    """A client of the control API that raises Closed once the exchange has ended."""

    def __init__(self, ask: ControlClient, what: str) -> None:
        self._ask, self._what = ask, what
        self.is_open = True

    def __call__(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        self.require_open()
        return self._ask(method, path, body, query, patience_s)

    def require_open(self) -> None:
        """Raise Closed if the exchange has ended."""
        if not self.is_open:
            raise Closed(f"{self._what} has ended: use it inside its `with` block")


class SandboxClient(ShortTracebacks, NameAdvice):
    """The base class of Exchange, with the sandbox's name and accounts, and methods that call the control API."""

    def __init__(self, ask: ControlClient, name: str) -> None:
        self.name = name
        """The sandbox's name in the control API."""
        self._files = KeyFiles()
        self.accounts = Accounts(self._files)
        """The accounts by name, with their keys, including accounts and keys that are added later."""
        self._guarded = GuardedClient(ask, f"the exchange {name!r}")
        self._path = path_of(name)

    def _ask(self, method: str, path: str = "", body: Any = None) -> Any:
        """Call the control API with a path below the sandbox's."""
        return self._guarded(method, self._path + path, body)


def path_of(name: str) -> str:
    """Return the path of a sandbox in the control API."""
    return f"sandboxes/{quote(name, safe='')}"
