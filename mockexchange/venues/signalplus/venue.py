"""The `Venue` value that describes SignalPlus to the rest of the package."""

from collections.abc import Mapping
from http import HTTPStatus

from mockexchange.venues.dated_fields import Field
from mockexchange.venues.deferred import functions_of
from mockexchange.venues.jsonrpc.wire_sections import wire_of
from mockexchange.venues.signalplus import signatures
from mockexchange.venues.signalplus.catalogue import EMULATED, OPEN_STREAM, PREFIX, STREAM_PATHS
from mockexchange.venues.signalplus.context import NAME, SignalPlusContext, date_of
from mockexchange.venues.signalplus.enumerations import CURRENCIES, SCOPES
from mockexchange.venues.signalplus.named_days import ALIASES, FIRST_DAY, SOURCES, api_date
from mockexchange.venues.signalplus.settings import SWITCHES, SignalPlusSettings
from mockexchange.venues.signalplus.stream.feed import CHANGES
from mockexchange.venues.venue import (
    Authentication,
    FaultAnswers,
    RestApi,
    ScenarioOptions,
    Secrets,
    StreamApi,
    VenueDefinition,
)

_function = functions_of(__package__)


def _objects() -> Mapping[str, tuple[Field, ...]]:
    from mockexchange.venues.signalplus.resources import OBJECTS  # for comparisons of dates alone

    return OBJECTS


SIGNALPLUS = VenueDefinition(
    name=NAME,
    title="SignalPlus",
    prefix=PREFIX,
    api_date=api_date,
    open_context=SignalPlusContext,
    date_of=date_of,
    rest=RestApi(
        headers=((b"content-type", b"application/json; charset=utf-8"),),
        operations=(*EMULATED, OPEN_STREAM),
        operation_of=_function("rest.operation_of"),
        answer=_function("rest.answer"),
        authenticate_only=_function("rest.authenticate_only"),
        malformed_body=_function("rest.malformed_body"),
        rpc_call_of=_function("rest.rpc_call_of"),
        wrap_result=_function("rest.wrap_result"),
    ),
    stream=StreamApi(
        paths=STREAM_PATHS,
        open_operation=OPEN_STREAM,
        shake_hands=_function("stream.session.shake_hands"),
        messages_of=_function("stream.feed.messages_of"),
        channels=(CHANGES,),
    ),
    wire=wire_of(ALIASES, FIRST_DAY, SOURCES, _objects),
    auth=Authentication(
        scopes=SCOPES,
        scopes_default=SCOPES,
        claimed_key=signatures.claimed_key,
        secrets=Secrets(key_id_of=signatures.key_id_of, secret_of=signatures.secret_of, check=signatures.check_secret),
        explain_offline=_function("diagnosis.explain_offline"),
    ),
    scenario=ScenarioOptions(
        settings=SignalPlusSettings,
        switches=SWITCHES,
        vocabulary={"currency": CURRENCIES},
    ),
    faults=FaultAnswers(
        outage_body=_function("fault_bodies.outage_body"),
        answer_outage=_function("fault_bodies.answer_outage"),
        # Every error but 401 is a 400, as at Deribit, which is behind the gateway [choice].
        too_many_status=HTTPStatus.BAD_REQUEST,
        with_rows_max=_function("fault_bodies.with_rows_max"),
        edit_legacy=_function("fault_bodies.edit_legacy"),
        private_conditions={"private": "operation: private/*"},
    ),
)
