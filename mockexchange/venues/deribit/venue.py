"""Deribit as the house knows it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from mockexchange.venues.dated import ApiDate
from mockexchange.venues.deribit import diagnosis, rest, signing
from mockexchange.venues.deribit.authentication import claimed_key
from mockexchange.venues.deribit.catalogue import PREFIX, STREAM_PATH
from mockexchange.venues.deribit.context import DeribitContext, date_of
from mockexchange.venues.deribit.dates import api_date
from mockexchange.venues.deribit.enumerations import SUMMARY_CURRENCIES
from mockexchange.venues.deribit.errors import INVALID_CREDENTIALS, UNAUTHORIZED, Rejected
from mockexchange.venues.deribit.operations.authentication import SCOPES, SCOPES_DEFAULT
from mockexchange.venues.deribit.outages import answer_outage, outage_body
from mockexchange.venues.deribit.parameters.decoding import with_count
from mockexchange.venues.deribit.routes import OPERATIONS, ROUTES
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.deribit.stream import handshake
from mockexchange.venues.deribit.stream.channels import CHANNELS, QUIET_CHANNELS
from mockexchange.venues.deribit.stream.feed import messages_of
from mockexchange.venues.request import Request
from mockexchange.venues.switches import Count, Duration, Words
from mockexchange.venues.venue import Secrets, Venue

CODES_OF_CALLERS = tuple(f'"code":{code}'.encode() for code in (INVALID_CREDENTIALS, UNAUTHORIZED))


def _operation_of(context: DeribitContext, request: Request) -> str | None:
    if request.path == STREAM_PATH:
        return handshake.OPERATION
    try:
        asked = rest.read(request)
    except Rejected:
        return None
    return asked.method if asked.method in ROUTES else None


def _garbage_answer(words: str, date: ApiDate) -> bytes:
    return outage_body(400, None, date)


def _edit_legacy(body: Any, operation: str | None, change: Callable[[Any], Any] | None) -> bool:
    """Nothing of this venue's is legacy."""
    return False


def _refuses_caller(status: int, body: bytes) -> bool:
    """Its refusals of credentials are a 400 like the others, told by their codes."""
    return status == HTTPStatus.BAD_REQUEST and any(code in body for code in CODES_OF_CALLERS)


DERIBIT = Venue(
    name="deribit",
    title="Deribit",
    prefix=PREFIX,
    stream_paths=(STREAM_PATH,),
    headers=((b"content-type", b"application/json"),),
    open_context=DeribitContext,
    settings=DeribitSettings,
    api_date=api_date,
    date_of=date_of,
    claimed_key=claimed_key,
    operation_of=_operation_of,
    answer=rest.answer,
    authenticate_only=rest.authenticate_only,
    asked_of=rest.asked_of,
    wrap_result=rest.wrap_result,
    shake_hands=handshake.shake_hands,
    messages_of=messages_of,
    garbage_answer=_garbage_answer,
    outage_body=outage_body,
    answer_outage=answer_outage,
    with_rows_max=with_count,
    edit_legacy=_edit_legacy,
    operations=(*(operation.name for operation in OPERATIONS), handshake.OPERATION),
    paged_operations=(),
    private={"private": "operation: private/*"},
    channels=CHANNELS,
    quiet_channels=QUIET_CHANNELS,
    open_stream=handshake.OPERATION,
    scopes=SCOPES,
    scopes_default=SCOPES_DEFAULT,
    secrets=Secrets(key_id_of=signing.key_id_of, secret_of=signing.secret_of, check=signing.check_secret),
    explain_offline=diagnosis.explain_offline,
    words={"currency": SUMMARY_CURRENCIES},
    refuses_caller=_refuses_caller,
    # Every error is a 400 [wire]; 10028 tells this one.
    too_many_status=HTTPStatus.BAD_REQUEST,
    switches={
        "auth_clock": Words("auth_clock", ("host", "exchange")),
        "testnet": Words("testnet", ("yes", "no")),
        "flat_rows": Words("flat_rows", ("show", "omit")),
        "signature_window": Duration("window_us"),
        "token_lifetime": Duration("token_lifetime_us"),
        "idle_close": Duration("stream_idle_us"),
        "processing_us": Count("processing_us", 0, 1_000_000),
    },
)
