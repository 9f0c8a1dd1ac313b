"""JSON text of amounts, counts and instants: tables from the recordings, and properties against Decimal."""

import json
from decimal import ROUND_DOWN, Decimal
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.instants import parse_instant
from mockexchange.venues.kalshi import formatting
from tests.helpers.rows import each_row

AMOUNTS = st.integers(-(10**18), 10**18)

# micro-dollars, and how they are spelt as cents, as 2025's dollars, with six decimals and with four
TABLE = """
           0 |          0 |          "0.0000" |          "0.000000" |          "0.0000"
           1 |          0 |          "0.0000" |          "0.000001" |          "0.0000"
          -1 |          0 |          "0.0000" |         "-0.000001" |          "0.0000"
         100 |          0 |          "0.0000" |          "0.000100" |          "0.0001"
        -100 |          0 |          "0.0000" |         "-0.000100" |         "-0.0001"
        9999 |          0 |          "0.0000" |          "0.009999" |          "0.0099"
       -9999 |          0 |          "0.0000" |         "-0.009999" |         "-0.0099"
       10000 |          1 |          "0.0100" |          "0.010000" |          "0.0100"
      -10000 |         -1 |         "-0.0100" |         "-0.010000" |         "-0.0100"
       18900 |          1 |          "0.0100" |          "0.018900" |          "0.0189"
     -465800 |        -46 |         "-0.4600" |         "-0.465800" |         "-0.4658"
     2500000 |        250 |          "2.5000" |          "2.500000" |          "2.5000"
    98018600 |       9801 |         "98.0100" |         "98.018600" |         "98.0186"
   136190000 |      13619 |        "136.1900" |        "136.190000" |        "136.1900"
999999999999 |   99999999 |     "999999.9900" |     "999999.999999" |     "999999.9999"
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]


@each_row(("micros", "cents", "of_cents", "six", "four"), ROWS)
def test_amounts(micros: str, cents: str, of_cents: str, six: str, four: str) -> None:
    amount = int(micros)
    assert formatting.CENTS.write(amount) == cents
    assert formatting.DOLLARS_OF_CENTS.write(amount) == of_cents
    assert formatting.DOLLARS_6.write(amount) == six
    assert formatting.DOLLARS_4.write(amount) == four


@each_row(
    ("centis", "whole", "exact"),
    [
        (0, "0", '"0.00"'),
        (1, "0", '"0.01"'),
        (-1, "0", '"-0.01"'),
        (99, "0", '"0.99"'),
        (-137, "-1", '"-1.37"'),
        (300, "3", '"3.00"'),
        (-13700, "-137", '"-137.00"'),
        (12345678912, "123456789", '"123456789.12"'),
    ],
)
def test_counts(centis: int, whole: str, exact: str) -> None:
    assert (formatting.CONTRACTS.write(centis), formatting.COUNT_2.write(centis)) == (whole, exact)


@each_row(
    ("instant", "rfc3339", "seconds"),
    [
        ("2025-11-04T12:00:00Z", '"2025-11-04T12:00:00Z"', "1762257600"),
        ("2026-06-11T06:29:30.165032Z", '"2026-06-11T06:29:30.165032Z"', "1781159370"),
        ("2026-01-10T16:11:11.100000Z", '"2026-01-10T16:11:11.1Z"', "1768061471"),
        ("2026-01-10T16:11:11.000001Z", '"2026-01-10T16:11:11.000001Z"', "1768061471"),
        ("2026-01-10T16:11:11.999999Z", '"2026-01-10T16:11:11.999999Z"', "1768061471"),
    ],
)
def test_instants(instant: str, rfc3339: str, seconds: str) -> None:
    at = parse_instant(instant)
    assert (formatting.INSTANT.write(at), formatting.UNIX_SECONDS.write(at)) == (rfc3339, seconds)


@each_row("text", ["", "KX-1", 'a "quote"', "back\\slash", "tab\t\n\x00", "Zürich 日本 💩", "</script>"])
def test_text_is_json(text: str) -> None:
    written = formatting.TEXT.write(text)
    assert json.loads(written) == text
    assert all(ord(char) >= 32 for char in written)
    assert "\\u" not in written.replace("\\u0000", "")


def test_integers_are_plain() -> None:
    assert [formatting.INTEGER.write(number) for number in (0, -1, 10**18)] == ["0", "-1", "1000000000000000000"]


@each_row(("value", "unit", "wanted"), [(7, 2, 3), (-7, 2, -3), (-6, 2, -3), (0, 5, 0), (-1, 100, 0)])
def test_division_goes_toward_zero(value: int, unit: int, wanted: int) -> None:
    assert formatting.truncate(value, unit) == wanted


# --- against Decimal


def truncated(micros: int, places: str) -> Decimal:
    with_room = Decimal(micros).scaleb(-6)
    return with_room.quantize(Decimal(places), ROUND_DOWN)


@given(AMOUNTS)
def test_cents_are_truncated_toward_zero(micros: int) -> None:
    assert int(formatting.cents(micros)) == int(truncated(micros, "0.01") * 100)
    assert int(formatting.cents(-micros)) == -int(formatting.cents(micros))


@given(AMOUNTS)
def test_dollars_of_2025_are_those_cents(micros: int) -> None:
    text = json.loads(formatting.dollars_of_cents(micros))
    assert Decimal(text) * 100 == int(formatting.cents(micros))
    assert text.endswith("00")


@given(AMOUNTS)
def test_six_decimals_are_exact(micros: int) -> None:
    assert Decimal(json.loads(formatting.dollars_6(micros))).scaleb(6) == micros


@given(AMOUNTS)
def test_four_decimals_are_truncated_toward_zero(micros: int) -> None:
    assert Decimal(json.loads(formatting.dollars_4(micros))) == truncated(micros, "0.0001")


@given(AMOUNTS)
def test_counts_are_exact_and_whole_contracts_truncated(centis: int) -> None:
    exact = Decimal(json.loads(formatting.count_2(centis)))
    assert exact * 100 == centis
    assert int(formatting.whole_contracts(centis)) == int(exact)


@given(AMOUNTS)
def test_every_spelling_has_its_decimals_and_no_negative_zero(value: int) -> None:
    dollars = [formatting.dollars_of_cents(value), formatting.dollars_6(value), formatting.dollars_4(value)]
    for text, decimals in chain(zip(dollars, (4, 6, 4), strict=True), [(formatting.count_2(value), 2)]):
        plain = json.loads(text)
        assert len(plain.partition(".")[2]) == decimals
        assert not plain.startswith("-") or Decimal(plain) != 0
    assert "-0" not in (formatting.cents(value), formatting.whole_contracts(value))


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    assert json.loads(formatting.text(text)) == text


@given(st.integers(0, 250_000_000_000_000_000))
def test_instants_come_back_and_never_end_in_a_zero_fraction(at: int) -> None:
    text = json.loads(formatting.instant(at))
    assert parse_instant(text) == at
    assert not ("." in text and text.endswith("0Z"))
    assert int(formatting.unix_seconds(at)) == at // 1_000_000
