"""Finds the running server by its ready file, calls its control API, and hides secrets in what commands print."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import click
from msgspec import Struct

from mockexchange.cli.click_base import Failure, checked, shared_option
from mockexchange.runtime.http_request import (
    TIMEOUT_S,
    ControlApi,
    ControlRefused,
    NotControlApi,
    Reply,
    Unreachable,
    answer_of,
    with_query,
)
from mockexchange.runtime.ready_file import START_ONE, NoServer, default_ready_file, is_running, read_ready
from mockexchange.runtime.redaction import HIDDEN, known_secrets, redact_entry

OTHER_SERVER_ADVICE = "--ready-file names another"

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Server(Struct, frozen=True):
    """A running server as its ready file describes it, with methods that call its control API."""

    ready_file: Path
    ready: dict[str, Any]

    @property
    def base_url(self) -> str:
        """Return the REST base URL of the default venue, which is the first in the ready file."""
        return str(next(iter(self.ready["venues"].values()))["base_url"])

    @property
    def ca_cert(self) -> str | None:
        """Return the path of the server's own CA certificate; None without TLS."""
        return self.ready.get("ca_cert")

    @property
    def control(self) -> ControlApi:
        return ControlApi(self.ready["control_url"], self.ready["control_token"], self.ca_cert)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, object] | None = None,
        patience_s: float = TIMEOUT_S,
    ) -> Any:
        """Call the control API and return the answer's JSON; `path` is relative to /_mock. Raises Failure."""
        return self._answer(self._send(method, with_query(path, query), body, patience_s))

    def download(self, path: str) -> bytes:
        """Download something from the control API that is not a JSON document, such as a log. Raises Failure."""
        reply = self._send("GET", path, None)
        if reply.status != HTTPStatus.OK:
            self._answer(reply)
        return reply.body

    def _answer(self, reply: Reply) -> Any:
        try:
            return answer_of(reply)
        except ControlRefused as refused:
            raise Failure(str(refused)) from None
        except NotControlApi as other:
            raise Failure(f"expected the control API at {self.control.url}, {other}") from None

    def _send(self, method: str, path: str, body: Any, patience_s: float = TIMEOUT_S) -> Reply:
        try:
            reply = self.control.send(method, path, body, patience_s)
        except Unreachable as error:
            raise Failure(self._absence(str(error))) from None
        if reply.status == 401 and not is_running(self.ready["pid"]):
            raise Failure(self._absence("another server has its port"))
        if reply.status == HTTPStatus.UNAUTHORIZED:
            what = f"the server at {self.control.url} refuses the control token in {self.ready_file}"
            raise Failure(f"{what}: expected the file as that server wrote it ({OTHER_SERVER_ADVICE})")
        return reply

    def ask_sandbox(self, method: str, name: str, path: str = "", **more: Any) -> Any:
        """Call the control API of the sandbox `name` and return the answer's JSON. Raises Failure."""
        return self.ask(method, f"sandboxes/{quote(name, safe='')}{path}", **more)

    def _absence(self, reason: str) -> str:
        pid = self.ready["pid"]
        if is_running(pid):
            return f"the server (pid {pid}) does not answer at {self.ready['control_url']}: {reason}"
        gone = f"the server that wrote {self.ready_file} (pid {pid}) is gone ({reason})"
        return f"{gone}: {START_ONE} ({OTHER_SERVER_ADVICE})"


def find_server(ready_file: Path) -> Server:
    """Return the server that wrote a ready file. Raises Failure with advice on how to start one."""
    try:
        return Server(ready_file, read_ready(ready_file))
    except NoServer as missing:
        what_to_do = f"; {START_ONE} ({OTHER_SERVER_ADVICE})" if missing.is_missing else ""
        raise Failure(f"{missing}{what_to_do}") from None


def server_option(command: Decorated) -> Decorated:
    """Add the option --ready-file, which names the file by which a command finds the server, to a command."""
    return shared_option(
        "--ready-file",
        type=click.Path(path_type=Path),
        default=default_ready_file,
        help="Ready file of the server.  [default: of the last one that was started without --ready-file]",
    )(command)


def sandbox_option(command: Decorated) -> Decorated:
    """Add the option --sandbox, which names the server's sandbox that a command uses, to a command."""
    return shared_option(
        "--sandbox", default="default", show_default=True, callback=checked(_sandbox_name), help="Name of the sandbox."
    )(command)


def _sandbox_name(text: str) -> str:
    if not text:  # such as a variable of a script that is not set
        raise ValueError("expected the name of a sandbox, got ''")
    return text


# Secrets in what a command prints


show_secrets_option = click.option("--show-secrets", is_flag=True, help="Show tokens, secrets and private keys, too.")


REDACTED = {"redact": "true"}
"""The query that has the server hide secrets of all its sandboxes."""


class SecretFilter:
    """Removes a sandbox's secrets, and texts that look like secrets, from journal entries and events."""

    def __init__(self, server: Server, sandbox: str) -> None:
        keys = server.ask_sandbox("GET", sandbox)["accounts"]
        secrets = [server.ready["control_token"], *(key["secret"] for key in keys)]
        self._known = known_secrets(secrets, [key["private_key_pem"] for key in keys])

    def clean(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of an entry or event in which secrets are hidden."""
        if "headers" in entry:
            entry = {
                **entry,
                "headers": [
                    [name, HIDDEN if name.lower() in ("cookie", "set-cookie") else value]
                    for name, value in entry["headers"]
                ],
            }
        return redact_entry(entry, self._known)
