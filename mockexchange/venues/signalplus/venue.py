"""The `Venue` value that describes SignalPlus to the rest of the package."""

from mockexchange.venues.jsonrpc.wire_sections import wire_of
from mockexchange.venues.signalplus import diagnosis, signatures
from mockexchange.venues.signalplus.catalogue import PREFIX
from mockexchange.venues.signalplus.context import NAME, SignalPlusContext, date_of
from mockexchange.venues.signalplus.dates import ALIASES, FIRST_DAY, SOURCES, api_date
from mockexchange.venues.signalplus.enumerations import CURRENCIES, SCOPES
from mockexchange.venues.signalplus.objects import OBJECTS
from mockexchange.venues.signalplus.outages import FAULTS
from mockexchange.venues.signalplus.rest import REST
from mockexchange.venues.signalplus.settings import SWITCHES, SignalPlusSettings
from mockexchange.venues.signalplus.stream.handshake import STREAM
from mockexchange.venues.venue import Authentication, ScenarioOptions, Secrets, VenueDefinition

SIGNALPLUS = VenueDefinition(
    name=NAME,
    title="SignalPlus",
    prefix=PREFIX,
    api_date=api_date,
    open_context=SignalPlusContext,
    date_of=date_of,
    rest=REST,
    stream=STREAM,
    wire=wire_of(ALIASES, FIRST_DAY, SOURCES, lambda: OBJECTS),
    auth=Authentication(
        scopes=SCOPES,
        scopes_default=SCOPES,
        claimed_key=signatures.claimed_key,
        secrets=Secrets(key_id_of=signatures.key_id_of, secret_of=signatures.secret_of, check=signatures.check_secret),
        explain_offline=diagnosis.explain_offline,
    ),
    scenario=ScenarioOptions(
        settings=SignalPlusSettings,
        switches=SWITCHES,
        vocabulary={"currency": CURRENCIES},
    ),
    faults=FAULTS,
)
