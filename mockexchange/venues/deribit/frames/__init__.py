"""The data of notifications, built from the objects of REST; that of a portfolio is such an object."""

from mockexchange.venues.dated import Field
from mockexchange.venues.deribit.frames import positions

NESTED: dict[str, tuple[Field, ...]] = {
    "ChangedFuturePosition": positions.FUTURE_POSITION,
    "ChangedPerpetualPosition": positions.PERPETUAL_POSITION,
    "ChangedOptionPosition": positions.OPTION_POSITION,
}
"""Objects of notifications alone, by names of this project."""
