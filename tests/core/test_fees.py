"""Fees: the formula, both roundings, and the cent that comes back."""

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.commands import FEE_MULTIPLIER_UNIT, NewOrder
from mockexchange.core.fees import ATTOS_PER_MICRO, MICROS_PER_CENTICENT, Charge, charge, exact_fee_attos
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import MICROS_PER_CENT, MICROS_PER_DOLLAR, FeeRounding, FeeType, SubaccountRef
from tests.core.tables import Line, centicents, centis, lines, micros, scaled
from tests.core.world import World, fill
from tests.helpers.rows import each_row

ATTOS_PER_DOLLAR = ATTOS_PER_MICRO * MICROS_PER_DOLLAR

UNROUNDED = lines("""
    fee type                        | multiplier | role  | count | price  | dollars
    quadratic                       | 1          | taker | 1     | 0.52   | 0.017472
    quadratic                       | 1          | taker | 1     | 0.99   | 0.000693
    quadratic                       | 1          | taker | 100   | 0.50   | 1.75
    quadratic                       | 0.5        | taker | 100   | 0.50   | 0.875
    quadratic                       | 0          | taker | 100   | 0.50   | 0
    quadratic                       | 1          | taker | 0.01  | 0.0001 | 0.000000069993
    quadratic                       | 1          | maker | 100   | 0.50   | 0
    quadratic_with_maker_fees       | 1          | taker | 100   | 0.50   | 1.75
    quadratic_with_maker_fees       | 1          | maker | 100   | 0.50   | 0.4375
    quadratic_with_combo_maker_fees | 1          | taker | 100   | 0.50   | 1.75
    quadratic_with_combo_maker_fees | 1          | maker | 100   | 0.50   | 0.875
""")

# One contract at 0.52 and 0.99 cost 0.0175 and 0.0007 on 2026-06-11. A customer of an FCM pays to the next cent of
# his balance: 0.52 + 0.0175 takes 0.5375, so 0.54.
ROUNDED = lines("""
    trade                 | rounding | purse    | fee
    buy yes 1 @ 0.52      | 2026     | alice    | 0.0175
    buy yes 1 @ 0.52      | 2025     | alice    | 0.02
    buy yes 1 @ 0.52      | 2026     | desk/st1 | 0.02
    buy yes 1 @ 0.52      | 2025     | desk/st1 | 0.02
    buy yes 1 @ 0.99      | 2026     | alice    | 0.0007
    buy yes 1 @ 0.99      | 2025     | alice    | 0.01
    buy yes 100 @ 0.50    | 2026     | alice    | 1.75
    buy yes 100 @ 0.50    | 2025     | alice    | 1.75
    buy yes 0.01 @ 0.5    | 2026     | alice    | 0.0002
    buy yes 0.01 @ 0.5    | 2025     | alice    | 0.01
    buy yes 0.01 @ 0.5    | 2026     | desk/st1 | 0.005
    buy yes 0.01 @ 0.5001 | 2026     | alice    | 0.000299
    buy yes 0.03 @ 0.3333 | 2026     | alice    | 0.000501
""")

# Every fill of the order charges a rounding; what was collected stands in the last column.
REBATES = lines("""
    fill             | fee  | collected
    buy yes 1 @ 0.52 | 0.02 | 0.002528
    buy yes 1 @ 0.52 | 0.02 | 0.005056
    buy yes 1 @ 0.52 | 0.02 | 0.007584
    buy yes 1 @ 0.52 | 0.01 | 0.000112
    buy yes 1 @ 0.52 | 0.02 | 0.00264
""")

# A fee of less than a cent cannot give a cent back: it waits for one that can.
REBATE_EDGES = lines("""
    exact  | collected | fee    | collected after
    0.02   | 0.01      | 0.02   | 0.01
    0.02   | 0.010001  | 0.01   | 0.000001
    0.03   | 0.02      | 0.02   | 0.01
    0.03   | 0.020001  | 0.01   | 0.000001
    0.0099 | 0.010001  | 0.0099 | 0.010001
    0.01   | 0.030001  | 0      | 0.020001
    0      | 0.030001  | 0      | 0.030001
""")

ATTOS = st.integers(min_value=0, max_value=10**17)
CHANGES = st.integers(min_value=-(10**7), max_value=10**7)
STEPS = st.sampled_from([MICROS_PER_CENTICENT, MICROS_PER_CENT])


@each_row("line", UNROUNDED, ids=lambda line: " ".join(line.values()))
def test_the_formula(line: Line) -> None:
    exact_attos = exact_fee_attos(
        FeeType(line["fee type"]),
        scaled(line["multiplier"], FEE_MULTIPLIER_UNIT),
        line["role"] == "taker",
        centis(line["count"]),
        centicents(line["price"]),
    )
    assert exact_attos == scaled(line["dollars"], ATTOS_PER_DOLLAR)


@each_row("line", ROUNDED, ids=lambda line: " ".join(line.values()))
def test_a_rounded_fee(line: Line) -> None:
    world = World(FeeRounding(line["rounding"]))
    (filled,) = world.fill(line["trade"], line["purse"], taker=True)
    assert filled.fee_micros == micros(line["fee"])
    assert world.row(subaccount_ref=line["purse"]).fees_micros == micros(line["fee"])


def test_what_rounding_took_from_an_order_comes_back_a_cent_at_a_time() -> None:
    world = World()
    for line in REBATES:
        order = "first" if "first" in world.exchange.state.orders else NewOrder("first")
        (filled,) = world.fill(line["fill"], "desk/st1", taker=True, order=order)
        collected_attos = world.exchange.state.orders["first"].accrued_attos
        assert (filled.fee_micros, collected_attos) == (micros(line["fee"]), _attos(line["collected"]))


def test_every_order_collects_for_itself() -> None:
    world = World()
    for order in [NewOrder("first"), NewOrder("second"), *["first", "second"] * 2]:
        world.fill("buy yes 1 @ 0.52", "desk/st1", taker=True, order=order)
    assert world.row(subaccount_ref="desk/st1").fees_micros == micros("0.12")
    collected = {name: order.accrued_attos for name, order in world.exchange.state.orders.items()}
    assert collected == {"first": _attos("0.007584"), "second": _attos("0.007584")}


def test_fills_that_name_no_order_have_each_its_own() -> None:
    world = World()
    fees = [world.fill("buy yes 1 @ 0.52", "desk/st1", taker=True)[0].fee_micros for _ in range(4)]
    assert fees == [micros("0.02")] * 4
    assert len(world.exchange.state.orders) == 4


@each_row("line", REBATE_EDGES, ids=lambda line: " ".join(line.values()))
def test_a_rebate_is_due_when_more_than_a_cent_is_collected(line: Line) -> None:
    charged = charge(_attos(line["exact"]), 0, FeeRounding.GRID, MICROS_PER_CENTICENT, _attos(line["collected"]))
    assert charged == Charge(micros(line["fee"]), _attos(line["collected after"]))


@given(exact_attos=ATTOS, change_micros=CHANGES, step_micros=STEPS, accrued_attos=ATTOS)
def test_a_fee_of_2026_lands_on_the_grid_and_loses_nothing(
    exact_attos: int, change_micros: int, step_micros: int, accrued_attos: int
) -> None:
    fee_micros, after_attos = charge(exact_attos, change_micros, FeeRounding.GRID, step_micros, accrued_attos)
    assert fee_micros >= 0
    assert (change_micros - fee_micros) % step_micros == 0
    assert after_attos - accrued_attos == fee_micros * ATTOS_PER_MICRO - exact_attos
    assert after_attos <= MICROS_PER_CENT * ATTOS_PER_MICRO or fee_micros < MICROS_PER_CENT


@given(exact_attos=ATTOS, change_micros=CHANGES, accrued_attos=ATTOS)
def test_a_fee_of_2025_is_the_next_whole_cent(exact_attos: int, change_micros: int, accrued_attos: int) -> None:
    fee_micros, after_attos = charge(exact_attos, change_micros, FeeRounding.CENT, MICROS_PER_CENT, accrued_attos)
    assert fee_micros % MICROS_PER_CENT == 0
    assert 0 <= fee_micros * ATTOS_PER_MICRO - exact_attos < MICROS_PER_CENT * ATTOS_PER_MICRO
    assert after_attos == accrued_attos


def test_each_side_of_a_trade_pays_for_its_role() -> None:
    world = World()
    world.list_market("MAKER-1", fee_type=FeeType.QUADRATIC_WITH_MAKER_FEES)
    taken, made = world.fill("buy yes 100 @ 0.50", market="MAKER-1", taker=True, against=SubaccountRef("bob"))
    assert (taken.taker, taken.fee_micros) == (True, micros("1.75"))
    assert (made.taker, made.fee_micros) == (False, micros("0.4375"))


def test_a_stated_fee_is_charged_as_stated_and_only_to_the_side_that_states_it() -> None:
    world = World()
    taken, made = world.fill("buy yes 1 @ 0.52", taker=True, fee_micros=3, against=SubaccountRef("bob"))
    assert (taken.fee_micros, made.fee_micros) == (3, 0)


def test_flat_has_no_formula_so_the_fee_must_be_stated() -> None:
    world = World()
    world.list_market("FLAT-1", fee_type=FeeType.FLAT)
    assert world.refuse(fill("buy yes 1 @ 0.52", market="FLAT-1")).code is RefusalCode.FEE_UNKNOWN
    (filled,) = world.fill("buy yes 1 @ 0.52", market="FLAT-1", fee_micros=20_000)
    assert filled.fee_micros == 20_000


def _attos(dollars: str) -> int:
    return scaled(dollars, ATTOS_PER_DOLLAR)
