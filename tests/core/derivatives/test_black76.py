"""Greeks from implied volatility, against the textbook: slopes of the price, and known values of the distribution."""

import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.core.derivatives.black76 import density, greeks_of, normal
from mockexchange.core.derivatives.derivative import Greeks
from mockexchange.core.derivatives.vocabulary import OptionType
from mockexchange.core.instants import MICROSECONDS_PER_DAY
from tests.helpers.rows import each_row

BUMP = 1e-4


def price(is_call: bool, forward: float, strike: float, years: float, iv_percent: float) -> float:
    """Black's formula in plain floats."""
    deviation = iv_percent / 100 * math.sqrt(years)
    near = math.log(forward / strike) / deviation + deviation / 2
    up, down = (0.5 * math.erfc(-x / math.sqrt(2)) for x in (near, near - deviation))
    call = forward * up - strike * down
    return call if is_call else call - forward + strike


def slopes(is_call: bool, forward: float, strike: float, days: float, iv_percent: float) -> dict[str, float]:
    """Each Greek as what the price changes by, when one thing changes by a little."""

    def at(forward_up: float = 0, days_later: float = 0, points_up: float = 0) -> float:
        return price(is_call, forward + forward_up, strike, (days - days_later) / 365, iv_percent + points_up)

    step = forward * BUMP
    return {
        "delta": (at(step) - at(-step)) / (2 * step),
        "gamma": (at(step) - 2 * at() + at(-step)) / step**2,
        "vega": (at(points_up=BUMP) - at(points_up=-BUMP)) / (2 * BUMP),
        "theta": (at(days_later=BUMP) - at(days_later=-BUMP)) / (2 * BUMP),
    }


@given(st.sampled_from(OptionType), st.integers(50_000, 150_000), st.integers(2, 400), st.integers(20, 150))
@settings(deadline=None)
def test_greeks_are_the_slopes_of_the_price(option_type: OptionType, strike: int, days: int, iv_percent: int) -> None:
    made = greeks_of(option_type, Decimal(100_000), Decimal(strike), days * MICROSECONDS_PER_DAY, Decimal(iv_percent))
    wanted = slopes(option_type is OptionType.CALL, 100_000, strike, days, iv_percent)
    for name, slope in wanted.items():
        assert float(getattr(made, name)) == pytest.approx(slope, rel=1e-3, abs=1e-6 if name != "theta" else 1e-3)


@each_row(
    ("x", "probability"),
    [  # printed tables of the normal distribution
        ("0", "0.5"),
        ("1", "0.8413447460685429485852325456320379224779"),
        ("-1", "0.1586552539314570514147674543679620775221"),
        ("2.5", "0.993790334674223864"),
        ("-6", "0.000000000986587645"),
        ("12.5", "1"),
        ("-1000000", "0"),
    ],
)
def test_the_normal_distribution_is_that_of_the_tables(x: str, probability: str) -> None:
    assert abs(normal(Decimal(x)) - Decimal(probability)) < Decimal("1e-17")


def test_the_density_is_that_of_the_tables() -> None:
    assert density(Decimal(0)) == pytest.approx(Decimal("0.3989422804014326779399460599343819"), abs=Decimal("1e-27"))


@each_row(
    ("option_type", "strike", "left_us", "delta"),
    [
        (OptionType.CALL, "99999", 0, 1),
        (OptionType.CALL, "100001", 0, 0),
        (OptionType.PUT, "99999", 0, 0),
        (OptionType.PUT, "100001", 0, -1),
        (OptionType.PUT, "100001", -5, -1),
    ],
)
def test_an_expired_option_has_a_delta_alone(option_type: OptionType, strike: str, left_us: int, delta: int) -> None:
    made = greeks_of(option_type, Decimal(100_000), Decimal(strike), left_us, Decimal(50))
    assert made == Greeks(delta=Decimal(delta))


@each_row("iv_percent", ["0.000000000000000001", "999999999999999999"])
def test_no_volatility_is_too_small_or_too_great(iv_percent: str) -> None:
    for strike in ("0.000000000000000001", "100000", "999999999999999999"):
        made = greeks_of(OptionType.CALL, Decimal(100_000), Decimal(strike), 1, Decimal(iv_percent))
        assert 0 <= made.delta <= 1
        assert all(value.is_finite() for value in (made.gamma, made.vega, made.theta))
