"""A table of the venue's errors for each API date: the status, code and message in every situation.

An error is {"rid", "error": {"code", "message"}} [doc]. One code is published; for the others those of Deribit, which
is behind the gateway, are used. Refused credentials are HTTP 401 [doc], all else is 400, as at Deribit.
"""

from enum import StrEnum
from functools import lru_cache

from mockexchange.venues.dated_fields import ApiDate, DatedRow, pick
from mockexchange.venues.jsonrpc.envelope import Defect, Malformed, Rejection, spell
from mockexchange.venues.request import Answer, Diagnose

NO_RID = "null"
"""The rid in an answer to an unreadable request, as in JSON-RPC 2.0, which the venue's pages refer to."""


class Situation(StrEnum):
    UNAUTHORIZED = "credentials refused"
    NO_JSON = "no JSON"
    NO_REQUEST = "JSON that is no request"
    NO_METHOD = "no usable method"
    WRONG_VERB = "HTTP method other than POST"
    TOO_LARGE = "body or frame too large"
    UNKNOWN_METHOD = "unknown method"
    BAD_PARAMS = "unusable params"
    FORBIDDEN = "scope missing"
    OTHER_BOOK = "book of another key"
    STREAM_ONLY = "method of streams alone"
    NOT_HTTP = "bytes that are not HTTP"
    NO_STREAM = "stream's path without an upgrade"


class ErrorRow(DatedRow, frozen=True, kw_only=True, eq=True):
    status: int = 400
    code: int
    message: str


class Rejected(Rejection):
    """An exception for a request that the venue answers with the error of a situation in its table."""

    def __init__(self, situation: Situation, diagnosis: str | Diagnose) -> None:
        super().__init__(situation, diagnosis)
        self.situation = situation


ERRORS: tuple[ErrorRow, ...] = (
    # The only documented code, for the streams of a sister section.
    ErrorRow(name=Situation.UNAUTHORIZED, status=401, code=403, message="token invalid", source="docs-sister"),
    ErrorRow(name=Situation.NO_JSON, code=-32700, message="Parse error", source="json-rpc"),
    ErrorRow(name=Situation.NO_REQUEST, code=-32600, message="Invalid Request", source="json-rpc"),
    ErrorRow(name=Situation.NO_METHOD, code=11050, message="bad_request", source="deribit"),
    ErrorRow(name=Situation.WRONG_VERB, status=405, code=11050, message="bad_request", source="choice"),
    ErrorRow(name=Situation.TOO_LARGE, code=-32600, message="request entity too large", source="deribit"),
    ErrorRow(name=Situation.UNKNOWN_METHOD, code=-32601, message="Method not found", source="deribit"),
    ErrorRow(name=Situation.BAD_PARAMS, code=-32602, message="Invalid params", source="deribit"),
    ErrorRow(name=Situation.FORBIDDEN, code=13021, message="forbidden", source="deribit"),
    ErrorRow(name=Situation.OTHER_BOOK, code=13012, message="unavailable_in_subaccount", source="deribit"),
    ErrorRow(name=Situation.STREAM_ONLY, code=10030, message="must_be_websocket_request", source="deribit"),
    ErrorRow(name=Situation.NOT_HTTP, code=11050, message="bad_request", source="choice"),
    ErrorRow(name=Situation.NO_STREAM, code=10030, message="must_be_websocket_request", source="choice"),
)

SITUATIONS = {
    Defect.NOT_JSON: Situation.NO_JSON,
    Defect.NO_METHOD: Situation.NO_METHOD,
    Defect.BAD_METHOD: Situation.NO_METHOD,
    Defect.BAD_PARAMS: Situation.BAD_PARAMS,
}
"""Situations for the defects of a malformed envelope; defects that are not listed are NO_REQUEST."""


def rejected_of(malformed: Malformed) -> Rejected:
    return Rejected(SITUATIONS.get(malformed.defect, Situation.NO_REQUEST), malformed.message)


def error_row(situation: Situation, api_date: ApiDate) -> ErrorRow:
    return _rows(api_date)[situation]


def error_body(code: int, message: str, rid: str | None = None) -> bytes:
    """Return the body of an error that repeats the request's rid (JSON text), or has none."""
    return f'{{"rid":{rid or NO_RID},"error":{{"code":{code},"message":{spell(message)}}}}}'.encode()


def body_of(rejected: Rejected, rid: str | None, api_date: ApiDate) -> bytes:
    row = error_row(rejected.situation, api_date)
    return error_body(row.code, row.message, rid)


def reject(reply: Answer, rejected: Rejected, rid: str | None, api_date: ApiDate) -> None:
    """Change an answer into the error of a rejection."""
    reply.status = error_row(rejected.situation, api_date).status
    reply.body = body_of(rejected, rid, api_date)
    reply.refusal = rejected.situation.name.lower()
    rejected.report(reply)


@lru_cache(maxsize=64)
def _rows(api_date: ApiDate) -> dict[str, ErrorRow]:
    return pick(ERRORS, api_date)
