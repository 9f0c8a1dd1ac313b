"""The data of notifications, made of the objects that REST answers with; a portfolio's is one of them as it is."""

from mockexchange.venues.dated import Field
from mockexchange.venues.deribit.frames import positions

NESTED: dict[str, tuple[Field, ...]] = {
    "ChangedFuturePosition": positions.FUTURE_POSITION,
    "ChangedPerpetualPosition": positions.PERPETUAL_POSITION,
    "ChangedOptionPosition": positions.OPTION_POSITION,
}
"""Objects that notifications alone have; the names are of this project."""
