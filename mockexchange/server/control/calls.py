"""The part of the control API that signs a request as an account and sends it: a caller needs no private key."""

import asyncio
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from mockexchange.sandbox.journal import JournalEntry
from mockexchange.sandbox.journal_json import request_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import TEXT, Record, Scalar, may, must
from mockexchange.server.control.access import Access
from mockexchange.server.control.answers import ControlJson
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import read_body, read_object
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource
from mockexchange.server.control.sandboxes import known_account
from mockexchange.server.control.secret_filter import SecretFilter
from mockexchange.server.http.rest_endpoint import BODY_BYTES_MAX, DiagnosisWorker, RestEndpoint
from mockexchange.server.server_state import ServerState
from mockexchange.venues.client_setup import UnsignedRequest
from mockexchange.venues.registry import request_signers

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TARGET_CHARS_MAX = 8_000
"""The longest request target (path and query), as in usual servers."""


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


def call_routes(server_state: ServerState) -> list[Resource]:
    async def call(request: Request) -> Response:
        values = await read_body(request, lambda body: read_call(read_object(body)))
        sandbox = await server_state.sandboxes.caught_up(request.path_params["name"])
        origin = server_state.origin(sandbox.name)
        entry = await send_call(sandbox, server_state.diagnosis_worker, origin, values)
        return ControlJson(SecretFilter.now(server_state.secrets).clean(request_to_json(entry)))

    return [Resource(f"{ONE_SANDBOX}/call", POST=(Access.CHANGE, call))]


def read_call(body: dict[str, Located]) -> dict[str, Any]:
    """Parse the body of a request to the control API that describes which request to sign and send.

    Raises ControlError.
    """
    try:
        values: dict[str, Any] = CALL.read(Located(dict(body)), "")
    except ScenarioError as error:
        raise misread("bad_body", error) from None
    if len(values["body"].encode()) > BODY_BYTES_MAX:
        raise ControlError(400, "bad_body", f"body: expected at most {BODY_BYTES_MAX:,} bytes", "body")
    return values


async def send_call(
    sandbox: Sandbox, diagnosis_worker: DiagnosisWorker, origin: str, values: dict[str, Any]
) -> JournalEntry:
    """Sign a request as an account, let the sandbox answer it, and return its journal entry. Raises ControlError.

    `values` describe the request, as `read_call` returns them.
    """
    account, key = known_account(sandbox, values["account"]), values["key"]
    own = [one for one in sandbox.credentials() if one.account == account and key in (None, one.key)]
    if not own:
        raise ControlError(400, "bad_body", f"{account} has no key" + (f" {key!r}" if key else ""), "key")
    credential = next((one for one in own if one.private_pem or one.secret), None)
    if credential is None:
        message = f"only the public half of {account}'s key {own[0].key!r} is known: it cannot sign"
        raise ControlError(400, "bad_body", message, "key")
    given = {"key_id": credential.key_id, "private_key_pem": credential.private_pem, "secret": credential.secret}
    body = values["body"].encode()
    request = UnsignedRequest(values["method"], values["target"], body)
    signature = request_signers()[credential.venue].headers_of(given, request, time.time_ns())
    scheme, _, host = origin.partition("://")
    headers = [(b"host", host.encode())]
    headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))] if body else []
    headers += [(name.lower().encode(), value.encode()) for name, value in signature.items()]
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
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not messages:  # the client stays until it has its answer
            await asyncio.get_running_loop().create_future()  # cancelled when the answer is complete
        return messages.pop()

    async def discard(message: Message) -> None:
        """Take the answer, which the journal has."""

    entry = await RestEndpoint(lambda key_id: sandbox, diagnosis_worker).serve(scope, receive, discard)
    assert entry is not None, "the body arrives completely"
    return entry
