"""The `Venue` value that describes Kalshi to the rest of the package."""

from mockexchange.venues.kalshi import signatures
from mockexchange.venues.kalshi.catalogue import PREFIX
from mockexchange.venues.kalshi.context import KalshiContext, date_of
from mockexchange.venues.kalshi.dates import api_date
from mockexchange.venues.kalshi.diagnosis import explain_offline
from mockexchange.venues.kalshi.enumerations import SCOPES, STRIKE_TYPES, TIERS
from mockexchange.venues.kalshi.objects.scenario_data.tables import DATA
from mockexchange.venues.kalshi.operations.row_owner import subtrader_ids
from mockexchange.venues.kalshi.outages import FAULTS
from mockexchange.venues.kalshi.rest import REST
from mockexchange.venues.kalshi.settings import SWITCHES, KalshiSettings
from mockexchange.venues.kalshi.stream.handshake import STREAM
from mockexchange.venues.kalshi.wire_sections import WIRE
from mockexchange.venues.venue import Authentication, ScenarioOptions, VenueDefinition

KALSHI = VenueDefinition(
    name="kalshi",
    title="Kalshi",
    prefix=PREFIX,
    api_date=api_date,
    open_context=KalshiContext,
    date_of=date_of,
    subtrader_ids=subtrader_ids,
    rest=REST,
    stream=STREAM,
    auth=Authentication(
        scopes=SCOPES,
        scopes_default=("read", "write"),
        claimed_key=signatures.claimed_key,
        explain_offline=explain_offline,
    ),
    scenario=ScenarioOptions(
        settings=KalshiSettings,
        switches=SWITCHES,
        data=DATA,
        vocabulary={"tier": TIERS, "strike_type": STRIKE_TYPES},
    ),
    faults=FAULTS,
    wire=WIRE,
)
