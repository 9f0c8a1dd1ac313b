"""The type of a parameter's table row, and parameters that several methods share."""

from typing import Literal

from mockexchange.venues.deribit.enumerations import ANY, CURRENCIES, KINDS, SORTINGS, SUMMARY_CURRENCIES, TRADE_KINDS
from mockexchange.venues.parameter_decoding import ParameterRow

Kind = Literal["text", "texts", "integer", "number", "boolean", "choice", "label"]


COUNT_MAX = 1_000


class Parameter(ParameterRow, frozen=True, kw_only=True, eq=False):
    """A parameter of a method.

    If a value is not one of the choices, the venue's error shows `reason`.
    """

    kind: Kind
    reason: str = ""


def currency(*choices: str, required: bool = False) -> Parameter:
    return Parameter(
        name="currency",
        kind="choice",
        choices=choices,
        reason="invalid currency",
        required=required,
        source="openapi-2.1.1",
    )


def kind(choices: tuple[str, ...]) -> Parameter:
    return Parameter(name="kind", kind="choice", choices=choices, reason="invalid kind", source="openapi-2.1.1")


def integer(name: str, *, required: bool = False) -> Parameter:
    return Parameter(name=name, kind="integer", required=required, source="openapi-2.1.1")


def text(name: str, *, required: bool = False) -> Parameter:
    return Parameter(name=name, kind="text", required=required, source="openapi-2.1.1")


def number(name: str) -> Parameter:
    return Parameter(name=name, kind="number", source="openapi-2.1.1")


def flag(name: str) -> Parameter:
    """Return the definition of a boolean parameter; its value is None if it is absent."""
    return Parameter(name=name, kind="boolean", source="openapi-2.1.1")


def boolean(name: str, source: str = "openapi-2.1.1") -> Parameter:
    return Parameter(name=name, kind="boolean", default=False, source=source)


DEPTH_MAX = 10_000


SUBACCOUNT_ID = integer("subaccount_id")


INSTRUMENT_NAME = text("instrument_name", required=True)


CURRENCY = currency(*CURRENCIES, required=True)


CURRENCY_OR_ANY = currency(*CURRENCIES, ANY)


SUMMARY_CURRENCY = currency(*SUMMARY_CURRENCIES, required=True)


EXTENDED = boolean("extended")


INSTRUMENT_KIND = kind(KINDS)
"""The parameter `kind`. Newer documents omit spot for positions, but there are never positions in spot."""


TRADE_KIND = kind(TRADE_KINDS)


COUNT = Parameter(name="count", kind="integer", minimum=1, maximum=COUNT_MAX, default=10, source="openapi-2.1.1")


DEPTH = Parameter(name="depth", kind="integer", minimum=1, maximum=DEPTH_MAX, default=5, source="openapi-2.1.1")


SORTING = Parameter(
    name="sorting",
    kind="choice",
    choices=SORTINGS,
    default="default",
    reason="invalid sorting",
    source="openapi-2.1.1",
)


HISTORICAL = (boolean("historical"), boolean("include_old", "docs-2025"))
"""Parameters without effect in the mock, which keeps and lists all trades."""


LABEL_CHARS_MAX = 64


ORDER_ID = text("order_id", required=True)


HISTORY_COUNT = Parameter(
    name="count", kind="integer", minimum=1, maximum=COUNT_MAX, default=20, source="openapi-2.1.1"
)


OFFSET = Parameter(name="offset", kind="integer", minimum=0, default=0, source="openapi-2.1.1")


def label(*, required: bool = False) -> Parameter:
    return Parameter(name="label", kind="label", required=required, source="openapi-2.1.1")


def choice(name: str, choices: tuple[str, ...], default: str | None = None) -> Parameter:
    """Return the definition of a parameter whose value must be one of several words."""
    return Parameter(
        name=name, kind="choice", choices=choices, default=default, reason=f"invalid {name}", source="openapi-2.1.1"
    )
