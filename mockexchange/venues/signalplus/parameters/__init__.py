"""What each method's params may hold, as dated rows; `kind` says how a value is decoded."""

from dataclasses import dataclass
from typing import Literal

from mockexchange.venues.dated import DatedRow
from mockexchange.venues.signalplus.enumerations import ANY, CURRENCIES, KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(DatedRow):
    kind: Literal["choice", "integer", "texts"]
    choices: tuple[str, ...] = ()
    required: bool = False


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
