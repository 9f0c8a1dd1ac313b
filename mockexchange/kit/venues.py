"""Lists the venues that the contract kit supports, by name."""

from mockexchange.kit.deribit import DERIBIT
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.signalplus import SIGNALPLUS
from mockexchange.kit.venue import VenueKit

KITS: dict[str, VenueKit] = {kit.name: kit for kit in (KALSHI, DERIBIT, SIGNALPLUS)}
DEFAULT_KIT = next(iter(KITS.values()))
"""The kit of the default venue, which is used if the user names no venue."""
