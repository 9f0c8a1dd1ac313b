"""Parses requests, and finds methods by their names, over HTTP and on streams."""

import re

from mockexchange.core.model.accounts import Key
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.jsonrpc.envelope import Envelope, Malformed, read_envelope
from mockexchange.venues.signalplus.catalogue import explain_unknown_method
from mockexchange.venues.signalplus.context import SignalPlusContext
from mockexchange.venues.signalplus.errors import Rejected, Situation, rejected_of
from mockexchange.venues.signalplus.parameter_decoding import decode
from mockexchange.venues.signalplus.resources import OPERATIONS
from mockexchange.venues.signalplus.resources.call import Call, Operation

BODY_BYTES_MAX = 32 * 1024
"""Largest body or frame that is accepted: Deribit's 32 kB [doc], read as 32 KiB."""
RID = re.compile(r"-?[0-9]+")
BY_NAME = {operation.name: operation for operation in OPERATIONS}


def read(raw: bytes) -> Envelope:
    """Parse the JSON-RPC request in a body or a frame. Raises Rejected.

    A rid is an integer [doc] of any length; the answer repeats its digits exactly.
    """
    if len(raw) > BODY_BYTES_MAX:
        message = f"{len(raw):,} bytes are too many: expected at most {BODY_BYTES_MAX:,}"
        raise Rejected(Situation.TOO_LARGE, message)
    try:
        envelope = read_envelope(raw, "rid")
    except Malformed as malformed:
        rejected = rejected_of(malformed)
        rejected.request_id = malformed.id if malformed.id and RID.fullmatch(malformed.id) else None
        raise rejected from None
    if envelope.id is None or not RID.fullmatch(envelope.id):
        message = f'rid: expected an integer, such as {{"rid": 50002}}, got {envelope.id or "none"}'
        raise Rejected(Situation.NO_REQUEST, message[:400])
    return envelope


def rid_of(raw: bytes) -> str | None:
    """Return the rid of a body or a frame as it was written; None if it cannot be read."""
    try:
        return read(raw).id
    except Rejected as rejected:
        return rejected.request_id


def find(name: str) -> Operation:
    """Return the method with this name. Raises Rejected if there is none."""
    operation = BY_NAME.get(name)
    if operation is None:
        raise Rejected(Situation.UNKNOWN_METHOD, lambda pause: explain_unknown_method(name, list(BY_NAME)))
    return operation


def call_of(
    context: SignalPlusContext,
    operation: Operation,
    envelope: Envelope,
    key: Key,
    api_date: ApiDate,
    findings: list[str],
) -> Call:
    """Return the call of an operation that a JSON-RPC request asks for, with decoded params. Raises Rejected."""
    if operation.scopes and set(operation.scopes).isdisjoint(key.scopes):
        held, needed = ", ".join(key.scopes) or "none", " or ".join(operation.scopes)
        message = f"key {key.name} of {key.account} has scopes {held}: {operation.name} needs {needed}"
        raise Rejected(Situation.FORBIDDEN, message)
    params = decode(operation.name, envelope.params, api_date, findings)
    return Call(operation, context, key, api_date, params, findings)


def result_body(rid: str | None, result: bytes) -> bytes:
    """Return the body of an answer with a result [doc]; `rid` is the request's id as it was written."""
    return b'{"rid":%b,"result":%b}' % ((rid or "null").encode(), result)
