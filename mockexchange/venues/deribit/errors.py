"""The error object of Deribit, and the exception that carries its code, reason and parameter.

Every error is an HTTP 400, as recorded, except a wrong HTTP method, which is a 405 [choice].
"""

from mockexchange.venues.deribit.enumerations import ERRORS
from mockexchange.venues.jsonrpc.envelope import Defect, Malformed, Rejection, spell
from mockexchange.venues.request import Diagnose

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
BAD_REQUEST = 11050
INVALID_CREDENTIALS = 13004
UNAUTHORIZED = 13009
FORBIDDEN = 13021
RAW_UNAUTHORIZED = 13778
GENERAL_ERROR = 10001
UNAVAILABLE_IN_SUBACCOUNT = 13012
MUST_BE_WEBSOCKET = 10030
TOO_MANY_REQUESTS = 10028
QTY_TOO_LOW = 10002
ORDER_OVERLAP = 10003
ORDER_NOT_FOUND = 10004
PRICE_TOO_LOW = 10005
PRICE_TOO_HIGH = 10007
NOT_ENOUGH_FUNDS = 10009
TOO_MANY_ORDERS = 10013
INVALID_AMOUNT = 10021
NOT_OWNER = 10029
NOT_IMPLEMENTED = 10033
SETTLEMENT_IN_PROGRESS = 10041
TRIGGER_PRICE_WRONG_TICK = 10044
NO_POST_ONLY_PRICE = 11021
OTHER_REJECT = 11030
INVALID_TRIGGER_PRICE = 11036
NOT_OPEN_ORDER = 11044
UNSUPPORTED_COMBINATION = 11047
SYSTEM_MAINTENANCE = 11051
POST_ONLY_REJECT = 11054
ORDERBOOK_CLOSED = 13019
LABEL_NOT_UNIQUE = 13032
COMBO_BOOK = 13036
TIMED_OUT = 13888

BODY_BYTES_MAX = 32 * 1024
"""Largest body or frame that is accepted: the documented 32 kB, read as 32 KiB [doc]."""
BAD_STATUS = 400
NOT_ALLOWED_STATUS = 405


class Rejected(Rejection):
    """A rejection with an error code of the venue; `message` replaces the message that the table has for the code."""

    def __init__(
        self,
        code: int,
        diagnosis: str | Diagnose,
        reason: str | None = None,
        param: str | None = None,
        message: str | None = None,
        status: int = BAD_STATUS,
    ) -> None:
        super().__init__(code, diagnosis)
        self.code = code
        self.reason = reason
        self.param = param
        self.message = ERRORS[code] if message is None else message
        self.status = status


def error_object(rejected: Rejected) -> str:
    """Return the JSON of an error, with its keys in the recorded order."""
    details = (("reason", rejected.reason), ("param", rejected.param))
    data = ",".join(f'"{name}":{spell(text)}' for name, text in details if text is not None)
    shown = f'"data":{{{data}}},' if data else ""
    return f'{{"code":{rejected.code},{shown}"message":{spell(rejected.message)}}}'


# A body that is no envelope gets a code of JSON-RPC 2.0 [choice]; the code for a missing method is recorded [wire].
_CODES = {
    Defect.NOT_JSON: PARSE_ERROR,
    Defect.NOT_AN_OBJECT: INVALID_REQUEST,
    Defect.BATCH: INVALID_REQUEST,
    Defect.BAD_ID: INVALID_REQUEST,
    Defect.NO_METHOD: BAD_REQUEST,
    Defect.BAD_METHOD: BAD_REQUEST,
    Defect.BAD_PARAMS: INVALID_PARAMS,
}


def rejected_of(malformed: Malformed) -> Rejected:
    """Return the rejection for a malformed JSON-RPC envelope, with its id if that could be read."""
    code = _CODES[malformed.defect]
    if code == INVALID_PARAMS:
        rejected = invalid("params", "must be an object", malformed.message)
    else:
        # The table's message for -32600 belongs to the one known case: a body that is too large.
        rejected = Rejected(code, malformed.message, message="Invalid Request" if code == INVALID_REQUEST else None)
    rejected.request_id = malformed.id
    return rejected


def invalid(param: str, reason: str, diagnosis: str | Diagnose) -> Rejected:
    """Return the rejection of an invalid parameter, with the reason that the venue shows and a diagnosis."""
    return Rejected(INVALID_PARAMS, diagnosis, reason, param)


def missing(param: str, method: str) -> Rejected:
    return invalid(param, "value is required", f"{method} needs {param}")


def too_large() -> Rejected:
    """Return the rejection of a body or a frame above 32 kB."""
    message = f"a request of more than {BODY_BYTES_MAX:,} bytes is too large"
    return Rejected(INVALID_REQUEST, message, message="request entity too large")


def bare_error(code: int) -> bytes:
    """Return an error body for bytes that are not a request, such as invalid HTTP; its `usIn` and `usOut` are 0."""
    error = f'{{"code":{code},"message":"{ERRORS[code]}"}}'
    return f'{{"jsonrpc":"2.0","error":{error},"usIn":0,"usOut":0,"usDiff":0,"testnet":true}}'.encode()
