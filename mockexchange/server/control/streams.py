"""The part of the control API that lists open streams, and sends a frame on them, closes them or cuts them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.core.instants import format_instant
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.streams import ABNORMAL, ANY, Connection
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.fault_effects import CLOSE_CODES
from mockexchange.scenario.literal_json import LITERAL_CHARS_MAX
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import (
    TEXT,
    TEXT_SHOWN_CHARS_MAX,
    Record,
    Scalar,
    below,
    integer,
    may,
    must,
    wrong,
)
from mockexchange.server.control.access import Access
from mockexchange.server.control.answers import ControlJson
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import read_body, read_object
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource
from mockexchange.server.server_state import ServerState
from mockexchange.venues.frame import Frame

CONTROL_FRAME = "literal"
"""The kind of a frame that the control API sent, and the fault name of that frame in the journal."""
NOTE = "asked for by the control API"
REASON_BYTES_MAX = 123
"""The most bytes of the reason in a close frame (RFC 6455, 5.5)."""
NAMED_MAX = 20
"""The most accounts or connections that an error message lists."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A reader of text that is sent byte for byte: a JSON string; it refuses numbers, true and false."""

    expected: str
    fits: Callable[[str], bool]
    schema: dict[str, Any]

    def read(self, node: Located, path: str) -> str:
        if not isinstance(node.value, str) or (node.is_quoted and not self.fits(node.value)):
            raise wrong(node, path, self.expected)
        if not node.is_quoted:
            message = f"expected {self.expected} in quotation marks, got {node.value[:TEXT_SHOWN_CHARS_MAX]}"
            raise ScenarioError(message, path=path)
        return node.value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", **self.schema}


def _code(text: str) -> int:
    code = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else 0  # exactly four: no 01000
    if code != ABNORMAL and code not in CLOSE_CODES:
        raise ValueError
    return code


CODE = Scalar(
    f"a close code from 1000 to 4999 that may be sent, or {ABNORMAL} for a cut without a close frame",
    _code,
    {"type": ["integer", "string"]},
)
FRAME_TEXT = _Text(
    f"text of 1 to {LITERAL_CHARS_MAX:,} characters",
    lambda text: 0 < len(text) <= LITERAL_CHARS_MAX,
    {"minLength": 1, "maxLength": LITERAL_CHARS_MAX},
)
REASON = _Text(
    f"a reason of at most {REASON_BYTES_MAX} bytes",
    lambda text: len(text.encode()) <= REASON_BYTES_MAX,
    {"maxLength": REASON_BYTES_MAX},
)
SEND = Record({"text": must(FRAME_TEXT)})
CLOSE = Record({"code": may(CODE, 1000), "reason": may(REASON, "")})
ACTION = Record({"send": may(SEND), "close": may(CLOSE), "account": may(TEXT), "connection": may(integer(1, 10**15))})


def stream_routes(server_state: ServerState) -> list[Resource]:
    async def show(request: Request) -> Response:
        return ControlJson(streams_of(await server_state.sandboxes.caught_up(request.path_params["name"])))

    async def act(request: Request) -> Response:
        wanted = await read_body(request, lambda body: read_action(read_object(body)))
        sandbox = await server_state.sandboxes.caught_up(request.path_params["name"])
        count = act_on_streams(sandbox, wanted)
        sandbox.streams.flush()
        return ControlJson({"connections": count})

    return [Resource(f"{ONE_SANDBOX}/streams", GET=(Access.LOOK, show), POST=(Access.CHANGE, act))]


def read_action(body: dict[str, Located]) -> dict[str, Any]:
    """Return which streams a body selects, and what it does to them: one of `send` and `close`. Raises ControlError."""
    try:
        values: dict[str, Any] = ACTION.read(Located(dict(body)), "")
        if ("send" in body) == ("close" in body):
            message = 'expected either "send", such as {"text": "..."}, or "close", such as {"code": 1006}'
            raise ScenarioError(message)
        if "send" in body and body["send"].value is None:  # null is read as {}, which has no text
            raise ScenarioError("expected the key 'text', which is missing", path=below("send", "text"))
    except ScenarioError as error:
        raise misread("bad_body", error) from None
    if "close" in body and values["close"] is None:  # null asks for the default close, as {} does
        values["close"] = CLOSE.read(Located(None), "")
    return values


def act_on_streams(sandbox: Sandbox, wanted: dict[str, Any]) -> int:
    """Act on the streams that `read_action` returned, and return their number: send a frame, close them, or cut them.

    Raises ControlError; then no stream is changed.
    """
    found, send, close = _connections(sandbox, wanted), wanted["send"], wanted["close"]
    for connection in found:
        if send is not None:
            connection.put(Frame(send["text"].encode(), CONTROL_FRAME, note=NOTE), CONTROL_FRAME)
        elif close["code"] == ABNORMAL:
            connection.abort(CONTROL_FRAME, NOTE)
        else:
            connection.close(close["code"], close["reason"], CONTROL_FRAME, NOTE)
    return len(found)


def _connections(sandbox: Sandbox, values: dict[str, Any]) -> list[Connection]:
    account, number = values["account"], values["connection"]
    accounts = sandbox.exchange.state.accounts
    if account not in (None, ANY) and account not in accounts:
        advice = did_you_mean(account, accounts) or f"; known: {', '.join(list(accounts)[:NAMED_MAX]) or 'none'}"
        raise ControlError(404, "unknown_account", f"no account {account!r}{advice}")
    found = sandbox.streams.matching(account or ANY)
    if number is None:
        return found
    meant = [one for one in found if one.number == number]
    if not meant:
        suffix = "" if account in (None, ANY) else f" of {account}"
        known = ", ".join(str(one.number) for one in found[:NAMED_MAX]) or "none"
        raise ControlError(404, "unknown_connection", f"no open connection {number}{suffix}; open: {known}")
    return meant


def streams_of(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the open streams, oldest first. `markets` of a stream is null if it covers all markets."""
    return [
        {
            "number": connection.number,
            "account": connection.account,
            "key": session.key.name if session.key else None,
            "api_date": session.api_date.name,
            "since": format_instant(connection.since),
            "waiting_bytes": connection.outbox.size_bytes,
            "subscriptions": [
                {"sid": one.sid, "channel": channel, "markets": None if one.markets is None else sorted(one.markets)}
                for channel, one in session.channels.items()
            ],
        }
        for connection in sandbox.streams
        for session in [connection.session]
    ]
