"""The error bodies, by HTTP status, that faults send instead of an answer.

Each status has the error code that fits it; if several fit, one after which clients retry [code, choice].
"""

from collections.abc import Callable
from typing import Any

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deribit.context import DeribitContext, clock_of
from mockexchange.venues.deribit.errors import Rejected, bare_error
from mockexchange.venues.deribit.resources.envelope import error_text
from mockexchange.venues.deribit.rest import read
from mockexchange.venues.request import Request

CODES = {
    400: 11050,
    401: 13009,
    403: 13021,
    404: -32601,
    405: 11050,
    413: -32600,
    429: 10028,
    500: 11094,
    502: 13028,
    503: 11051,
    504: 13888,
}
OTHER_CODE = 10001


def outage_body(status: int, shape: str | None, api_date: ApiDate) -> bytes:
    """Return the error body of a status without knowledge of the request: `usIn`, `usOut` and `usDiff` are 0.

    `shape` is ignored: errors of this venue have one shape.
    """
    return bare_error(CODES.get(status, OTHER_CODE))


def answer_outage(context: DeribitContext, request: Request, status: int, at: int, host_at: int) -> bytes:
    """Return the error body of a status as the answer to a request; times are microseconds."""
    rejected = Rejected(CODES.get(status, OTHER_CODE), "")
    return error_text(context, _id_of(request), rejected, clock_of(context.settings, at, host_at))


def _id_of(request: Request) -> str | None:
    try:
        return read(request).id
    except Rejected as rejected:
        return rejected.request_id


def edit_legacy(body: object, operation: str | None, change: Callable[[Any], Any] | None) -> bool:
    """Return False: the venue has no legacy fields."""
    return False
