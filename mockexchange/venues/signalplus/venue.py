"""SignalPlus as the house knows it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from mockexchange.venues.dated import ApiDate
from mockexchange.venues.request import Request
from mockexchange.venues.signalplus import diagnosis, rest, signing
from mockexchange.venues.signalplus.catalogue import PREFIX
from mockexchange.venues.signalplus.context import NAME, SignalPlusContext, date_of
from mockexchange.venues.signalplus.dates import api_date
from mockexchange.venues.signalplus.enumerations import CURRENCIES, SCOPES
from mockexchange.venues.signalplus.errors import Rejected, Situation, body_of
from mockexchange.venues.signalplus.operations import OPERATIONS
from mockexchange.venues.signalplus.outages import answer_outage, outage_body
from mockexchange.venues.signalplus.settings import SWITCHES, SignalPlusSettings
from mockexchange.venues.signalplus.stream import handshake
from mockexchange.venues.signalplus.stream.channels import CHANGES
from mockexchange.venues.signalplus.stream.feed import messages_of
from mockexchange.venues.venue import Secrets, Venue


def _garbage_answer(diagnosis: str, date: ApiDate) -> bytes:
    return body_of(Rejected(Situation.NOT_HTTP, diagnosis), None, date)


def _with_rows_max(request: Request, rows: int) -> Request:
    """Nothing comes in pages."""
    return request


def _edit_legacy(body: Any, operation: str | None, change: Callable[[Any], Any] | None) -> bool:
    """Nothing has two spellings."""
    return False


SIGNALPLUS = Venue(
    name=NAME,
    title="SignalPlus",
    prefix=PREFIX,
    stream_paths=handshake.STREAM_PATHS,
    headers=((b"content-type", b"application/json; charset=utf-8"),),
    open_context=SignalPlusContext,
    settings=SignalPlusSettings,
    api_date=api_date,
    date_of=date_of,
    claimed_key=signing.claimed_key,
    operation_of=rest.operation_of,
    answer=rest.answer,
    authenticate_only=rest.authenticate_only,
    asked_of=rest.asked_of,
    wrap_result=rest.wrap_result,
    shake_hands=handshake.shake_hands,
    messages_of=messages_of,
    garbage_answer=_garbage_answer,
    outage_body=outage_body,
    answer_outage=answer_outage,
    with_rows_max=_with_rows_max,
    edit_legacy=_edit_legacy,
    operations=(*(operation.name for operation in OPERATIONS), handshake.OPEN_STREAM),
    paged_operations=(),
    private={"private": "operation: private/*"},
    channels=(CHANGES,),
    open_stream=handshake.OPEN_STREAM,
    scopes=SCOPES,
    scopes_default=SCOPES,
    secrets=Secrets(key_id_of=signing.key_id_of, secret_of=signing.secret_of, check=signing.check_secret),
    explain_offline=diagnosis.explain_offline,
    switches=SWITCHES,
    words={"currency": CURRENCIES},
    # As everything that is no 401: a choice, after Deribit, which the gateway asks.
    too_many_status=HTTPStatus.BAD_REQUEST,
)
