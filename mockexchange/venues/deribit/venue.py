"""The `Venue` value that describes Deribit to the rest of the package."""

from collections.abc import Mapping
from http import HTTPStatus

from mockexchange.venues.dated_fields import Field
from mockexchange.venues.deferred import functions_of
from mockexchange.venues.deribit import signatures
from mockexchange.venues.deribit.catalogue import EMULATED, OPEN_STREAM, PREFIX, STREAM_PATH
from mockexchange.venues.deribit.context import DeribitContext, date_of
from mockexchange.venues.deribit.enumerations import SCOPES, SCOPES_DEFAULT, SUMMARY_CURRENCIES
from mockexchange.venues.deribit.errors import INVALID_CREDENTIALS, UNAUTHORIZED
from mockexchange.venues.deribit.named_days import ALIASES, FIRST_DAY, SOURCES, api_date
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.deribit.stream.channels import CHANNELS, QUIET_CHANNELS
from mockexchange.venues.jsonrpc.wire_sections import wire_of
from mockexchange.venues.switches import Choice, Count, Duration
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
_CREDENTIAL_CODES = tuple(f'"code":{code}'.encode() for code in (INVALID_CREDENTIALS, UNAUTHORIZED))


def _refuses_caller(status: int, body: bytes) -> bool:
    """Return whether an answer refuses the credentials: it is a 400 like other errors, so the error code decides."""
    return status == HTTPStatus.BAD_REQUEST and any(code in body for code in _CREDENTIAL_CODES)


def _objects() -> Mapping[str, tuple[Field, ...]]:
    from mockexchange.venues.deribit.resources.objects import OBJECTS  # for comparisons of dates alone

    return OBJECTS


DERIBIT = VenueDefinition(
    name="deribit",
    title="Deribit",
    prefix=PREFIX,
    api_date=api_date,
    open_context=DeribitContext,
    date_of=date_of,
    rest=RestApi(
        headers=((b"content-type", b"application/json"),),
        operations=(*EMULATED, OPEN_STREAM),
        operation_of=_function("rest.operation_of"),
        answer=_function("rest.answer"),
        authenticate_only=_function("rest.authenticate_only"),
        malformed_body=_function("rest.malformed_body"),
        rpc_call_of=_function("rest.rpc_call_of"),
        wrap_result=_function("rest.wrap_result"),
    ),
    stream=StreamApi(
        paths=(STREAM_PATH,),
        open_operation=OPEN_STREAM,
        shake_hands=_function("stream.session.shake_hands"),
        messages_of=_function("stream.feed.messages_of"),
        channels=CHANNELS,
        quiet_channels=QUIET_CHANNELS,
    ),
    wire=wire_of(ALIASES, FIRST_DAY, SOURCES, _objects),
    auth=Authentication(
        scopes=SCOPES,
        scopes_default=SCOPES_DEFAULT,
        claimed_key=_function("authentication.claimed_key"),
        refuses_caller=_refuses_caller,
        secrets=Secrets(key_id_of=signatures.key_id_of, secret_of=signatures.secret_of, check=signatures.check_secret),
        explain_offline=_function("diagnosis.explain_offline"),
    ),
    scenario=ScenarioOptions(
        settings=DeribitSettings,
        switches={
            "auth_clock": Choice("auth_clock", ("host", "exchange")),
            "testnet": Choice("testnet", ("yes", "no")),
            "flat_rows": Choice("flat_rows", ("show", "omit")),
            "fees": Choice("fees", ("show", "omit")),
            "liquidation_ratio": Choice("liquidation_ratio", ("zero", "omit")),
            "disconnect_orders": Choice("disconnect_orders", ("connection", "enabled")),
            "disconnect_scope": Choice("disconnect_scope", ("new", "all")),
            "signature_window": Duration("window_us"),
            "token_lifetime": Duration("token_lifetime_us"),
            "idle_close": Duration("stream_idle_us"),
            "processing_us": Count("processing_us", 0, 1_000_000),
        },
        vocabulary={"currency": SUMMARY_CURRENCIES},
    ),
    faults=FaultAnswers(
        outage_body=_function("fault_bodies.outage_body"),
        answer_outage=_function("fault_bodies.answer_outage"),
        # Every error is a 400 [wire]; the code 10028 marks this one.
        too_many_status=HTTPStatus.BAD_REQUEST,
        with_rows_max=_function("parameter_decoding.with_count"),
        edit_legacy=_function("fault_bodies.edit_legacy"),
        private_conditions={"private": "operation: private/*"},
    ),
)
