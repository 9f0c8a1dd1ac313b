"""The `Venue` value that describes Deribit to the rest of the package."""

from http import HTTPStatus

from mockexchange.venues.deribit import diagnosis, signatures
from mockexchange.venues.deribit.authentication import claimed_key
from mockexchange.venues.deribit.catalogue import PREFIX
from mockexchange.venues.deribit.context import DeribitContext, date_of
from mockexchange.venues.deribit.dates import ALIASES, FIRST_DAY, SOURCES, api_date
from mockexchange.venues.deribit.enumerations import SUMMARY_CURRENCIES
from mockexchange.venues.deribit.errors import INVALID_CREDENTIALS, UNAUTHORIZED
from mockexchange.venues.deribit.objects import OBJECTS
from mockexchange.venues.deribit.operations.authentication import SCOPES, SCOPES_DEFAULT
from mockexchange.venues.deribit.outages import FAULTS
from mockexchange.venues.deribit.rest import REST
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.deribit.stream.handshake import STREAM
from mockexchange.venues.jsonrpc.wire_sections import wire_of
from mockexchange.venues.switches import Choice, Count, Duration
from mockexchange.venues.venue import Authentication, ScenarioOptions, Secrets, VenueDefinition

_CREDENTIAL_CODES = tuple(f'"code":{code}'.encode() for code in (INVALID_CREDENTIALS, UNAUTHORIZED))


def _refuses_caller(status: int, body: bytes) -> bool:
    """Return whether an answer refuses the credentials: it is a 400 like other errors, so the error code decides."""
    return status == HTTPStatus.BAD_REQUEST and any(code in body for code in _CREDENTIAL_CODES)


DERIBIT = VenueDefinition(
    name="deribit",
    title="Deribit",
    prefix=PREFIX,
    api_date=api_date,
    open_context=DeribitContext,
    date_of=date_of,
    rest=REST,
    stream=STREAM,
    wire=wire_of(ALIASES, FIRST_DAY, SOURCES, lambda: OBJECTS),
    auth=Authentication(
        scopes=SCOPES,
        scopes_default=SCOPES_DEFAULT,
        claimed_key=claimed_key,
        refuses_caller=_refuses_caller,
        secrets=Secrets(key_id_of=signatures.key_id_of, secret_of=signatures.secret_of, check=signatures.check_secret),
        explain_offline=diagnosis.explain_offline,
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
    faults=FAULTS,
)
