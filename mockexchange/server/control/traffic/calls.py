"""Signs requests as an account and sends them to the sandbox, so that a caller needs no private key."""

import asyncio
import time
from typing import Any

from starlette.types import Message

from mockexchange.sandbox.credentials import Credential
from mockexchange.sandbox.journal.journal import JournalEntry
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import TEXT, Record, Scalar, may, must
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.http import rest_endpoint
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.venues.client_setup import UnsignedRequest
from mockexchange.venues.registry import request_signers

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TARGET_CHARS_MAX = 8_000
"""The longest request target (path and query), as in usual servers."""
ACCOUNTS_NAMED_MAX = 20
Header = tuple[bytes, bytes]


def _target(text: str) -> str:
    if not text.startswith("/") or len(text) > TARGET_CHARS_MAX or not text.isascii() or not text.isprintable():
        raise ValueError
    if " " in text or "#" in text:
        raise ValueError
    return text


def _method(text: str) -> str:
    if text not in METHODS:
        raise ValueError
    return text


METHOD = Scalar(f"one of {', '.join(METHODS)}", _method, {"enum": list(METHODS)})
TARGET = Scalar(
    f"a path with its query, from / on, encoded, of at most {TARGET_CHARS_MAX:,} characters",
    _target,
    {"type": "string", "pattern": "^/[!-~]*$", "maxLength": TARGET_CHARS_MAX},
)
CALL = Record(
    {"account": must(TEXT), "key": may(TEXT), "method": must(METHOD), "target": must(TARGET), "body": may(TEXT, "")}
)


def read_call(body: dict[str, Located]) -> dict[str, Any]:
    """Parse the body of a request to the control API that describes which request to sign and send.

    Raises ControlError.
    """
    try:
        values: dict[str, Any] = CALL.read(Located(dict(body)), "")
    except ScenarioError as error:
        raise misread("bad_body", error) from None
    if len(values["body"].encode()) > rest_endpoint.BODY_BYTES_MAX:
        raise ControlError(400, "bad_body", f"body: expected at most {rest_endpoint.BODY_BYTES_MAX:,} bytes", "body")
    return values


async def send_call(
    sandbox: Sandbox, diagnosis_worker: DiagnosisWorker, origin: str, values: dict[str, Any]
) -> JournalEntry:
    """Sign a request as an account, let the sandbox answer it, and return its journal entry. Raises ControlError.

    `values` describe the request, as `read_call` returns them.
    """
    credential = _credential(sandbox, values["account"], values["key"])
    body = values["body"].encode()
    signed = UnsignedRequest(values["method"], values["target"], body)
    scheme, _, host = origin.partition("://")
    content = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))] if body else []
    headers: list[Header] = [(b"host", host.encode()), *content, *_signature(credential, signed)]
    path, _, query = values["target"].partition("?")
    scope = {
        "type": "http",
        "scheme": scheme,
        "method": values["method"],
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
    }
    return await _answered(sandbox, diagnosis_worker, scope, body)


async def _answered(
    sandbox: Sandbox, diagnosis_worker: DiagnosisWorker, scope: dict[str, Any], body: bytes
) -> JournalEntry:
    entry = await rest_endpoint.serve(lambda key_id: sandbox, diagnosis_worker, scope, _Body(body).receive, _discard)
    assert entry is not None, "the body arrives completely"
    return entry


class _Body:
    """The body of a request, and after it a client that stays until it has its answer."""

    def __init__(self, body: bytes) -> None:
        self._messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive(self) -> Message:
        if not self._messages:
            await asyncio.get_running_loop().create_future()  # cancelled when the answer is complete
        return self._messages.pop()


async def _discard(message: Message) -> None:
    """Take the answer, which the journal has."""


def _signature(credential: Credential, request: UnsignedRequest) -> list[Header]:
    given = {
        "key_id": credential.key_id,
        "private_key_pem": credential.private_pem,
        "secret": credential.secret,
    }
    signer = request_signers()[credential.venue]
    signed = signer.headers_of(given, request, time.time_ns())
    return [(name.lower().encode(), value.encode()) for name, value in signed.items()]


def _credential(sandbox: Sandbox, account: str, key: str | None) -> Credential:
    """Return the credential of an account's key. Raises ControlError if it is unknown or cannot sign."""
    names = list(sandbox.exchange.state.accounts)
    if account not in sandbox.exchange.state.accounts:
        known = ", ".join(names[:ACCOUNTS_NAMED_MAX]) or "none"
        advice = did_you_mean(account, names[:300]) or ";"
        raise ControlError(404, "unknown_account", f"no account {account!r}{advice} known: {known}")
    own = [one for one in sandbox.credentials() if one.account == account and key in (None, one.key)]
    if not own:
        raise ControlError(400, "bad_body", f"{account} has no key" + (f" {key!r}" if key else ""), "key")
    usable = [one for one in own if one.private_pem or one.secret]
    if not usable:
        raise ControlError(
            400, "bad_body", f"only the public half of {account}'s key {own[0].key!r} is known: it cannot sign", "key"
        )
    return usable[0]
