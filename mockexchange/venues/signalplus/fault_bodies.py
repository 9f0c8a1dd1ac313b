"""The error bodies, by HTTP status, that faults send instead of an answer.

The codes are those of Deribit after which clients retry; the venue's own codes are not published.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.request import Request
from mockexchange.venues.signalplus.context import SignalPlusContext
from mockexchange.venues.signalplus.errors import error_body
from mockexchange.venues.signalplus.routes import rid_of


class Outage(NamedTuple):
    code: int
    message: str


OUTAGES = {
    400: Outage(11050, "bad_request"),
    401: Outage(403, "token invalid"),
    403: Outage(13021, "forbidden"),
    404: Outage(-32601, "Method not found"),
    429: Outage(10028, "too_many_requests"),
    500: Outage(11094, "internal_server_error"),
    502: Outage(13028, "temporarily_unavailable"),
    503: Outage(13028, "temporarily_unavailable"),
    504: Outage(10040, "retry"),
}


def outage_body(status: int, shape: str | None, api_date: ApiDate) -> bytes:
    """Return the error body of a status, without the rid of a request. The venue has only one shape."""
    return _body(status, None)


def answer_outage(context: SignalPlusContext, request: Request, status: int, at: int, host_at: int) -> bytes:
    """Return the error body of a status as the answer to a request."""
    return _body(status, rid_of(request.body))


def _body(status: int, rid: str | None) -> bytes:
    """Return the error body of a status; one without an entry in OUTAGES gets the phrase of HTTP as its message."""
    known = OUTAGES.get(status) or Outage(status, _phrase(status))
    return error_body(known.code, known.message, rid)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower().replace(" ", "_")
    except ValueError:
        return f"status_{status}"


def with_rows_max(request: Request, rows: int) -> Request:
    """Return the request unchanged: no operation answers in pages."""
    return request


def edit_legacy(body: object, operation: str | None, change: Callable[[Any], Any] | None) -> bool:
    """Return False: the venue has no legacy fields."""
    return False
