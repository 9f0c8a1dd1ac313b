"""The `Venue` value that describes Kalshi to the rest of the package."""

from mockexchange.venues.deferred import functions_of
from mockexchange.venues.kalshi import signatures
from mockexchange.venues.kalshi.catalogue import OPEN_STREAM, PREFIX, STREAM_PATH
from mockexchange.venues.kalshi.context import KalshiContext, date_of
from mockexchange.venues.kalshi.enumerations import SCOPES, STRIKE_TYPES, TIERS
from mockexchange.venues.kalshi.fault_bodies import FAULTS
from mockexchange.venues.kalshi.named_days import ALIASES, FIRST_DAY, SOURCES, api_date, fee_rounding
from mockexchange.venues.kalshi.resources import DATA
from mockexchange.venues.kalshi.resources.row_owner import subtrader_ids
from mockexchange.venues.kalshi.rest import REST
from mockexchange.venues.kalshi.settings import SWITCHES, KalshiSettings
from mockexchange.venues.kalshi.stream.channels import CHANNEL_NAMES, PUBLIC_CHANNELS, QUIET_CHANNELS
from mockexchange.venues.venue import Authentication, ScenarioOptions, StreamApi, VenueDefinition, WireTables

_function = functions_of(__package__)

KALSHI = VenueDefinition(
    name="kalshi",
    title="Kalshi",
    prefix=PREFIX,
    api_date=api_date,
    open_context=KalshiContext,
    date_of=date_of,
    fee_rounding=fee_rounding,
    subtrader_ids=subtrader_ids,
    rest=REST,
    stream=StreamApi(
        paths=(STREAM_PATH,),
        open_operation=OPEN_STREAM,
        shake_hands=_function("stream.session.shake_hands"),
        messages_of=_function("stream.feed.messages_of"),
        channels=CHANNEL_NAMES,
        quiet_channels=QUIET_CHANNELS,
        public_channels=PUBLIC_CHANNELS,
    ),
    auth=Authentication(
        scopes=SCOPES,
        scopes_default=("read", "write"),
        claimed_key=signatures.claimed_key,
        explain_offline=_function("diagnosis.explain_offline"),
    ),
    scenario=ScenarioOptions(
        settings=KalshiSettings,
        switches=SWITCHES,
        data=DATA,
        vocabulary={"tier": TIERS, "strike_type": STRIKE_TYPES},
    ),
    faults=FAULTS,
    wire=WireTables(
        aliases=ALIASES,
        first_day=FIRST_DAY,
        sources=SOURCES,
        sections=_function("wire_sections.sections"),
        count_removed_fields=_function("resources.count_removed_fields"),
        retired_by_request=_function("retired_fields.of_request"),
        retired_by_frame=_function("retired_fields.of_frame"),
        known_operations=_function("catalogue.known_operations"),
    ),
)
