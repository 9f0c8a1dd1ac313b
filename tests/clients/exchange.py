"""What these tests ask of a running server beside the venue's wire: sandboxes, the truth, the journal, the clock."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from tests.helpers.patience import PATIENCE_S

WAIT = "60s"
"""Longer than a program needs to start on a busy machine: it bounds silence only."""
MAIN_KEY = "main"
PRIMARY_SUBACCOUNT = "0"


class Credential(NamedTuple):
    key_id: str
    private_key_pem: str


class Secret(NamedTuple):
    """The credentials of a venue that has no key pairs."""

    key_id: str
    secret: str


class Control:
    """The control API of a running server, described by its ready file. It asks no proxy."""

    def __init__(self, ready: Mapping[str, Any]) -> None:
        self._where = urlsplit(ready["control_url"])
        self._headers = {"Authorization": f"Bearer {ready['control_token']}"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON answered for `path`, which is below /_mock; AssertionError unless it went well."""
        connection = HTTPConnection(self._where.hostname or "", self._where.port, timeout=PATIENCE_S)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"{self._where.path}/{path}", text, self._headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, f"{method} {path}: {answer.status} {content.decode()}"
        return json.loads(content or "null")

    def open(self, scenario: str, api_date: str, clock: str = "real") -> "Sandbox":
        """Make a sandbox on a port of its own."""
        wanted = {"scenario": scenario, "api_date": api_date, "clock": clock, "port": 0}
        made = self.ask("POST", "sandboxes", wanted)
        keys = {
            (one["name"], one["key"]): Credential(one["key_id"], one["private_key_pem"]) for one in made["accounts"]
        }
        subtraders = {one["name"]: one["subtraders"] for one in made["accounts"]}
        secrets = {(one["name"], one["key"]): Secret(one["key_id"], one["secret"]) for one in made["accounts"]}
        return Sandbox(self, made["id"], made["base_url"], made["ws_url"], keys, subtraders, made["venues"], secrets)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One exchange, where clients reach it, its keys by (account, key), and the ids of each account's subtraders."""

    control: Control
    name: str
    base_url: str
    ws_url: str
    keys: Mapping[tuple[str, str], Credential]
    subtraders: Mapping[str, list[str]]
    venues: Mapping[str, Mapping[str, str]]
    """The base_url and ws_url of each venue."""
    secrets: Mapping[tuple[str, str], Secret]

    def truth(self, account: str, book: str = PRIMARY_SUBACCOUNT) -> list[dict[str, Any]]:
        """Return every position of a book, settled ones included; amounts are decimal strings."""
        rows: list[dict[str, Any]] = self._ask("GET", f"accounts/{quote(account)}/positions")
        return [row for row in rows if row["book"] == book]

    def ledger(self, account: str) -> Mapping[str, Any]:
        """Return what happened to an account, in lists that are oldest first; amounts are decimal strings."""
        lists: Mapping[str, Any] = self._ask("GET", f"accounts/{quote(account)}/ledger")
        return lists

    def statuses(self) -> Counter[int]:
        """Return how many requests were answered with which status."""
        return Counter(entry["status"] for entry in self.journal())

    def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._ask("GET", "journal")
        return entries

    def frames(self) -> list[dict[str, Any]]:
        """Return what went each way on streams, in its order."""
        entries: list[dict[str, Any]] = self._ask("GET", "frames")
        return entries

    def last_answer(self) -> str:
        """Return the body of the last answer."""
        return str(self._ask("GET", "journal?last=1")[0]["answer"])

    def now(self) -> datetime:
        """Return the exchange's time."""
        return datetime.fromisoformat(self._ask("GET", "clock")["now"])

    def advance(self, duration: str) -> None:
        self._ask("POST", "clock", {"advance": duration})

    def do(self, *steps: Mapping[str, Any]) -> None:
        """Carry out steps of a scenario now; AssertionError if one is refused."""
        outcomes = self._ask("POST", "commands", steps)
        assert [outcome["refusal"] for outcome in outcomes if "refusal" in outcome] == []

    def install(self, rule: Mapping[str, Any]) -> None:
        """Put a fault rule in force."""
        self._ask("POST", "faults", rule)

    def stub(self, answer: Mapping[str, Any]) -> None:
        """Put a literal answer in force."""
        self._ask("POST", "stubs", answer)

    def wait_for(self, timeout: str = WAIT, **what: Mapping[str, Any]) -> None:
        """Wait until a client has done something; AssertionError where it does not come."""
        self._ask("POST", "wait", {"for": what, "timeout": timeout})

    def delete(self) -> None:
        self._ask("DELETE", "")

    def _ask(self, method: str, path: str, body: Iterable[Any] | None = None) -> Any:
        return self.control.ask(method, f"sandboxes/{quote(self.name)}/{path}".rstrip("/"), body)


class OpenSandbox(Protocol):
    """Makes a sandbox; see Control.open."""

    def __call__(self, scenario: str, api_date: str, clock: str = "real") -> Sandbox: ...


class Server(NamedTuple):
    """A running server; `home` is the home directory of its process."""

    control: Control
    ready_file: Path
    home: Path
