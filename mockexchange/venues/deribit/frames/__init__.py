"""Defines the data of notifications, which are built from the JSON objects of REST answers.

`objects.summaries` has the data of user.portfolio.
"""

from mockexchange.venues.dated import Field
from mockexchange.venues.deribit.frames import positions

NESTED: dict[str, tuple[Field, ...]] = {
    "ChangedFuturePosition": positions.FUTURE_POSITION,
    "ChangedPerpetualPosition": positions.PERPETUAL_POSITION,
    "ChangedOptionPosition": positions.OPTION_POSITION,
}
"""Tables of the objects that only notifications have; their names are not the venue's."""
