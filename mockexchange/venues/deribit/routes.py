"""Finds a method by its name and carries it out, over HTTP or on a stream."""

from collections.abc import Mapping
from typing import Any

from mockexchange.venues.deribit.catalogue import explain_unknown
from mockexchange.venues.deribit.context import DeribitContext, context_of
from mockexchange.venues.deribit.errors import (
    BODY_BYTES_MAX,
    FORBIDDEN,
    METHOD_NOT_FOUND,
    MUST_BE_WEBSOCKET,
    UNAUTHORIZED,
    Rejected,
    rejected_of,
    too_large,
)
from mockexchange.venues.deribit.parameter_decoding import decode
from mockexchange.venues.deribit.resources import (
    authentication,
    instruments,
    order_entry,
    orders,
    positions,
    streaming,
    summaries,
    supporting,
    trades,
)
from mockexchange.venues.deribit.resources.call import Call, Caller, Operation, Write
from mockexchange.venues.jsonrpc.envelope import Envelope, Malformed, read_envelope

OPERATIONS: tuple[Operation, ...] = (
    *authentication.OPERATIONS,
    *supporting.OPERATIONS,
    *instruments.OPERATIONS,
    *positions.OPERATIONS,
    *summaries.OPERATIONS,
    *trades.OPERATIONS,
    *orders.OPERATIONS,
    *order_entry.OPERATIONS,
    *streaming.OPERATIONS,
)
ROUTES = {operation.name: operation for operation in OPERATIONS}


def read_body(raw: bytes) -> Envelope:
    """Parse the JSON-RPC envelope of a body or a frame. Raises Rejected."""
    if len(raw) > BODY_BYTES_MAX:
        raise too_large()
    try:
        return read_envelope(raw)
    except Malformed as malformed:
        raise rejected_of(malformed) from None


def find(name: str) -> Operation:
    """Return the operation with this method name. Raises Rejected if no such method is emulated."""
    operation = ROUTES.get(name)
    if operation is None:
        raise Rejected(METHOD_NOT_FOUND, lambda pause: explain_unknown(name))
    return operation


def carry_out(
    context: DeribitContext,
    operation: Operation,
    params: Mapping[str, Any],
    caller: Caller | None,
    at: int,
    host_at: int,
    *,
    findings: list[str],
) -> str | bytes | Write:
    """Return the JSON of an operation's result, or for an operation that changes the exchange its write.

    `params` are as the client sent them. Raises Rejected. Checks come in this order: the transport, the caller, the
    parameters.
    """
    if operation.is_for_streams:
        message = f"{operation.name} is for a stream: send it over the WebSocket"
        raise Rejected(MUST_BE_WEBSOCKET, message)
    if operation.is_private:
        require_scope(operation, caller)
    seen = context_of(context, caller.key) if caller else context
    decoded = decode(operation.name, operation.parameters, params, seen.api_date, findings)
    call = Call(operation, seen, decoded, at, host_at, caller, findings)
    if operation.write is not None:
        return operation.write(call)
    assert operation.answer is not None, "a method that is not for streams has an answer or a write"
    return operation.answer(call)


def require_scope(operation: Operation, caller: Caller | None) -> None:
    """Raise Rejected if a request has no caller, or if its caller lacks the scope that the operation needs."""
    if caller is None:
        message = f"{operation.name} is private: sign the request, or send the access_token of public/auth"
        raise Rejected(UNAUTHORIZED, message, "invalid_token")
    if operation.scope and operation.scope not in caller.scopes:
        held = ", ".join(caller.scopes) or "none"
        key = f"key {caller.key.name} of {caller.key.account}"
        message = f"{key} has scopes {held}: {operation.name} needs {operation.scope}"
        raise Rejected(FORBIDDEN, message)
