"""Positions as venues showed them: every number that follows from the others is what the core makes of them.

A printed price stands for every price that prints so. What follows from it is right where it lies between what the
least and the greatest of them give.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from itertools import product
from typing import NamedTuple

import pytest

from mockexchange.core.commands import ListDerivative, SetIndex
from mockexchange.core.derivatives.derivative import MarginTerms
from mockexchange.core.derivatives.valuation import PositionView
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Form, OptionType, Period
from tests.core.derivatives_world import DORA, DerivativesWorld, terms
from tests.helpers.rows import each_row

pytestmark = pytest.mark.untraced

NINE = Decimal("1e-9")
INVERSE = {"form": Form.INVERSE}
LINEAR = {"form": Form.LINEAR, "quote": "USDC"}
OPTION = {"kind": DerivativeKind.OPTION, "strike": Decimal(28_000), "option_type": OptionType.PUT}
RETAIL = MarginTerms(initial=Decimal("0.02"), maintenance=Decimal("0.01"))


class Vector(NamedTuple):
    """`given` are printed prices, `seen` what followed from them. A price that is not printed is exact."""

    derivative: Mapping[str, object]
    size: str
    given: dict[str, str]
    seen: dict[str, str]
    exact: tuple[str, ...] = ()


VECTORS = {
    "source-docs/004": Vector(
        INVERSE,
        "110970",
        {"average": "110957.5", "settlement": "115600.09", "mark": "113882.95", "index": "113853.63"},
        {
            "total": "0.025691112",
            "floating": "-0.014474194",
            "size_currency": "0.974421544",
            "delta": "0.974421544",
            "initial_margin": "0.039024337",
            "maintenance_margin": "0.019535906",
            "leverage": "25",
            "size": "110970",
            "average_price": "110957.5",
        },
        ("average", "mark"),
    ),
    "official example of user.changes": Vector(
        INVERSE,
        "185160",
        {"average": "15000", "settlement": "16025.83", "mark": "17391"},
        {"total": "1.69711368", "floating": "0.906961435", "size_currency": "10.646886321"},
        ("average", "mark"),
    ),
    "ccxt#26913": Vector(
        INVERSE | {"margin": RETAIL},
        "40",
        {"average": "112585.87", "settlement": "109351.31", "mark": "109266.97"},
        {
            "total": "-0.000010792",
            "floating": "-0.000000282",
            "initial_margin": "0.000007322",
            "maintenance_margin": "0.000003661",
        },
    ),
    "short of ETH": Vector(
        INVERSE | {"base": "ETH"},
        "-120",
        {"average": "2559.92", "mark": "2613.27"},
        {"total": "-0.000957063", "size_currency": "-0.04591948", "delta": "-0.04591948"},
    ),
    "ccxt#20880, linear": Vector(
        LINEAR | {"margin": RETAIL},
        "0.003",
        {"average": "38420", "settlement": "41257.2", "mark": "40823.7167"},
        {
            "initial_margin": "2.449441373",
            "maintenance_margin": "1.224729872",
            "floating": "-1.3004711",
            "size_currency": "0.003",
        },
        ("mark",),
    ),
    "ccxt#13374, opened in the session": Vector(
        INVERSE | {"base": "SOL"},
        "30",
        {"average": "49.81", "mark": "49.7166"},
        {"total": "-0.001131489", "floating": "-0.001131489"},
        ("average", "mark"),
    ),
    "ccxt#13313, linear": Vector(
        LINEAR, "0.001", {"average": "30000", "mark": "30015.878"}, {"size": "30.015878", "size_currency": "0.001"}
    ),
    "BTC-25JUN21-28000-P": Vector(
        OPTION,
        "0.1",
        {"average": "0.0175", "settlement": "0.13975074", "mark": "0.1401105", "index": "54151.77", "usd": "947.22"},
        {"total": "0.01226105", "floating": "0.000035976", "floating_usd": "664"},
    ),
    "ETH-29DEC23-1500-P": Vector(
        OPTION,
        "1",
        {"average": "0.421", "settlement": "0.051924", "mark": "0.051529", "index": "1558.11", "usd": "656.76"},
        {"total": "-0.369470928", "floating": "-0.000394576", "floating_usd": "-576.472038"},
    ),
    "BTC-22APR22-38000-P, short": Vector(
        OPTION,
        "-0.3",
        {
            "average": "0.00966667",
            "settlement": "0.00094622",
            "mark": "0.0003993",
            "index": "41590.34",
            "usd": "380.67",
        },
        {"total": "0.002780211", "floating": "0.000164078", "floating_usd": "109.22"},
    ),
    "ETH-25AUG23-2100-C, short": Vector(
        OPTION,
        "-1",
        {"average": "0.037", "settlement": "0.015945", "mark": "0.017497", "index": "1882.4", "usd": "67.90573"},
        {"total": "0.019502577", "floating": "-0.001552855", "floating_usd": "34.968581"},
    ),
}


def seen(vector: Vector, prices: dict[str, Decimal]) -> PositionView:
    """The position that a book with these prices has."""
    world = DerivativesWorld()
    mark, average = prices["mark"], prices["average"]
    settlement = prices.get("settlement", Decimal(0))
    world.do(SetIndex(index="btc_usd", price=prices.get("index", mark)))
    period = {"period": Period.PERPETUAL} if "kind" not in vector.derivative else {}
    world.do(ListDerivative(terms=terms("X", **vector.derivative, **period), mark=mark, settlement=settlement))
    world.hold(vector.size, str(average), "X", average_price_usd=prices.get("usd"))
    return world.view("X", DORA)


def corners(vector: Vector) -> list[dict[str, Decimal]]:
    """The printed prices, and every combination of the least and the greatest that print so."""
    printed = {name: Decimal(text) for name, text in vector.given.items()}
    ranges = [
        [(name, price)] if name in vector.exact else [(name, price - half(price)), (name, price + half(price))]
        for name, price in printed.items()
    ]
    return [printed, *(dict(corner) for corner in product(*ranges))]


def half(number: Decimal) -> Decimal:
    """Half a unit of the last digit."""
    return Decimal((0, (5,), int(number.as_tuple().exponent) - 1))


PRINTED = {"total": "printed_total", "floating": "printed_floating"}
CASES = [(name, field) for name, vector in VECTORS.items() for field in vector.seen]


@cache
def views(name: str) -> list[PositionView]:
    return [seen(VECTORS[name], prices) for prices in corners(VECTORS[name])]


@each_row(("name", "field"), CASES, ids=[f"{name}: {field}" for name, field in CASES])
def test_what_a_venue_showed_is_what_the_core_makes_of_its_prices(name: str, field: str) -> None:
    shown = Decimal(VECTORS[name].seen[field])
    made = [Decimal(getattr(view, PRINTED.get(field, field))) for view in views(name)]
    assert min(made) - half(shown) <= shown <= max(made) + half(shown)


DERIVED = ("total", "floating", "size_currency", "delta", "initial_margin", "maintenance_margin")


def test_the_six_derived_numbers_of_source_docs_004_to_9_decimals() -> None:
    vector, view = VECTORS["source-docs/004"], views("source-docs/004")[0]
    assert {name: getattr(view, PRINTED.get(name, name)).quantize(NINE) for name in DERIVED} == {
        name: Decimal(vector.seen[name]) for name in DERIVED
    }


def test_a_printed_profit_is_the_difference_of_rounded_worths() -> None:
    """The exact one is -0.00001079149 (ccxt#26913), and that of source-docs/004 -0.01447419470."""
    short, page = views("ccxt#26913")[0], views("source-docs/004")[0]
    assert (short.printed_total, page.printed_floating) == (Decimal("-0.000010792"), Decimal("-0.014474194"))
    assert (short.total.quantize(NINE), page.floating.quantize(NINE)) == (
        Decimal("-0.000010791"),
        Decimal("-0.014474195"),
    )


def test_the_real_short_that_changed_in_its_session_is_not_what_its_settlement_price_makes() -> None:
    """Its floating was 0.000140281, and from the settlement price alone it would be 0.000159."""
    vector = Vector(INVERSE, "-120", {"average": "2559.92", "settlement": "2622.37", "mark": "2613.27"}, {})
    assert seen(vector, corners(vector)[0]).floating.quantize(Decimal("1e-6")) == Decimal("0.000159")
