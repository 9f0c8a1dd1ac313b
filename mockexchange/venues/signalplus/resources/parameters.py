"""Defines the parameters of every method for each API date."""

from typing import Literal

from mockexchange.venues.parameter_decoding import ParameterRow
from mockexchange.venues.signalplus.enumerations import ANY, CURRENCIES, KINDS


class Parameter(ParameterRow, frozen=True, kw_only=True, eq=False):
    kind: Literal["choice", "integer", "texts"]


CHANNELS = (Parameter(name="channels", kind="texts", required=True, source="docs"),)
PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    "private/get_positions": (
        Parameter(name="currency", kind="choice", choices=(*CURRENCIES, ANY), source="docs"),
        Parameter(name="kind", kind="choice", choices=KINDS, source="docs"),
        Parameter(name="subaccountId", kind="integer", source="docs"),
    ),
    "private/subscribe": CHANNELS,
    "private/unsubscribe": CHANNELS,
}
