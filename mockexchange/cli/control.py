"""Talking to a server that runs: its ready file, its control API, and signed requests to its venue."""

import json
import os
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import click

from mockexchange.cli.frame import Failure, shared_option
from mockexchange.config import default_ready_file

TIMEOUT_S = 60.0
"""Far above any answer, and a server that is stopped in a debugger is told from one that is busy."""
START_ONE = "start one with `mockexchange serve`"
ANOTHER = "--ready-file names another"
ACCOUNT_NAMES = ("name", "key_id", "private_key_path")

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Reply(NamedTuple):
    status: int
    reason: str
    headers: Message
    body: bytes


class Unreachable(Exception):
    """Nothing answered in HTTP; the message says why."""


def send(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, patience_s: float = TIMEOUT_S
) -> Reply:
    """Send one request, past any proxy. Raises Unreachable."""
    parts = urlsplit(url)
    make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    target = parts._replace(scheme="", netloc="", fragment="").geturl()
    try:
        connection = make(parts.hostname or "", parts.port, timeout=patience_s)
        try:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            return Reply(answer.status, answer.reason, answer.headers, answer.read())
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(str(error) or type(error).__name__) from None


@dataclass(frozen=True, slots=True)
class Server:
    """A server as its ready file describes it."""

    ready_file: Path
    ready: dict[str, Any]

    @property
    def base_url(self) -> str:
        return str(self.ready["venues"]["kalshi"]["base_url"])

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, object] | None = None,
        patience_s: float = TIMEOUT_S,
    ) -> Any:
        """Call the control API; `path` is below /_mock. Raises Failure."""
        reply = self._send(method, path + (f"?{urlencode(query)}" if query else ""), body, patience_s)
        try:
            answer = json.loads(reply.body or b"null")
            if reply.status < 300:
                return answer
            message = f"{answer['error'].get('where', '')}: {answer['error']['message']}".removeprefix(": ")
        except (ValueError, KeyError, TypeError, AttributeError):
            message = f"expected the control API at {self.ready['control_url']}, got status {reply.status}"
        raise Failure(message)

    def download(self, path: str) -> bytes:
        """Fetch bytes that are no JSON document, such as a log. Raises Failure."""
        reply = self._send("GET", path, None)
        if reply.status != HTTPStatus.OK:
            raise Failure(f"{path}: expected bytes to download, got status {reply.status}: {reply.body[:200]!r}")
        return reply.body

    def _send(self, method: str, path: str, body: Any, patience_s: float = TIMEOUT_S) -> Reply:
        headers = {"Authorization": f"Bearer {self.ready['control_token']}", "Content-Type": "application/json"}
        raw = None if body is None else json.dumps(body).encode()
        try:
            reply = send(method, f"{self.ready['control_url']}/{path}", headers, raw, patience_s)
        except Unreachable as error:
            raise Failure(self._absence(str(error))) from None
        if reply.status == 401 and not is_running(self.ready["pid"]):
            raise Failure(self._absence("another server has its port"))
        return reply

    def ask_sandbox(self, method: str, name: str, path: str = "", **more: Any) -> Any:
        """Call the control API of one sandbox. Raises Failure."""
        return self.ask(method, f"sandboxes/{quote(name, safe='')}{path}", **more)

    def _absence(self, reason: str) -> str:
        pid = self.ready["pid"]
        if is_running(pid):
            return f"the server (pid {pid}) does not answer at {self.ready['control_url']}: {reason}"
        return f"the server that wrote {self.ready_file} (pid {pid}) is gone ({reason}): {START_ONE} ({ANOTHER})"


def find_server(ready_file: Path) -> Server:
    """Read a ready file. Raises Failure, which says how to start a server."""
    try:
        server = Server(ready_file, _checked_ready(ready_file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise Failure(f"no server is running: there is no {ready_file}; {START_ONE} ({ANOTHER})") from None
    except OSError as error:
        raise Failure(f"{ready_file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise Failure(f"{ready_file} is no ready file: expected what `mockexchange serve` writes") from None
    return server


def _checked_ready(text: str) -> dict[str, Any]:
    """Parse a ready file and touch all that is read of it later. Raises ValueError, KeyError or TypeError."""
    ready: dict[str, Any] = json.loads(text)
    _ = ready["pid"], ready["control_url"], ready["control_token"], ready["venues"]["kalshi"]["base_url"]
    _ = [account[name] for account in ready["accounts"] for name in ACCOUNT_NAMES]
    return ready


def is_running(pid: Any) -> bool:
    """Whether a process has this id. Windows cannot be asked without harm: there it is taken to run."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError, TypeError):
        return False
    except PermissionError:
        return True
    return True


def server_option(command: Decorated) -> Decorated:
    """Add --ready-file, by which a command finds the server."""
    return shared_option(
        "--ready-file",
        type=click.Path(path_type=Path),
        default=default_ready_file,
        help="The ready file of the server meant.  [default: the last one started without --ready-file]",
    )(command)


def sandbox_option(command: Decorated) -> Decorated:
    """Add --sandbox, by which a command picks an exchange of the server."""
    return shared_option("--sandbox", default="default", show_default=True, help="The exchange meant.")(command)


def signed_headers(
    key_id: str, private_pem: str, method: str, path: str, timestamp_ms: int | None = None
) -> dict[str, str]:
    """Return the three headers of a signed request. `path` is as sent, without the query; the time is now if not given.

    Raises ValueError when the PEM holds no usable private key.
    """
    timestamp = str(time.time_ns() // 1_000_000 if timestamp_ms is None else timestamp_ms)
    signature = sign(private_pem, f"{timestamp}{method}{path}".encode())
    return {
        "KALSHI-ACCESS-KEY": key_id,
        "KALSHI-ACCESS-TIMESTAMP": timestamp,
        "KALSHI-ACCESS-SIGNATURE": b64encode(signature).decode(),
    }


def sign(private_pem: str, message: bytes) -> bytes:
    """Sign as the venue wants it: PSS with SHA-256 and a salt of 32 bytes for RSA keys, plainly for Ed25519 keys."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, RSAPrivateKey):
        digest = hashes.SHA256()
        return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    raise ValueError(f"expected an RSA or Ed25519 key, got {type(key).__name__}")
