"""What trades and settlements do to a stake, as ledgers: money in dollars, counts in contracts."""

from msgspec.structs import replace

from mockexchange.core.position_cost import Payout, Stake, settle, trade, value_micros
from mockexchange.core.vocabulary import Result
from tests.core import tables
from tests.core.tables import Line, centicents, centis, lines, micros, stories
from tests.helpers.rows import each_row

LEDGERS = stories("""
    story                      | trade                 | position | exposure | realized  | traded   | bought | cash
    YES is bought              | buy yes 10 @ 0.56     |  10      | 5.60     |  0        |  5.60    | 10     | -5.60
                               | buy yes 5 @ 0.60      |  15      | 8.60     |  0        |  8.60    | 15     | -3.00
    NO is bought               | buy no 10 @ 0.30      | -10      | 3.00     |  0        |  3.00    | 10     | -3.00
                               | buy no 5 @ 0.50       | -15      | 5.50     |  0        |  5.50    | 15     | -2.50
    YES closed by selling it   | buy yes 10 @ 0.50     |  10      | 5.00     |  0        |  5.00    | 10     | -5.00
                               | sell yes 4 @ 0.60     |   6      | 3.00     |  0.40     |  5.00    | 10     |  2.40
                               | sell yes 6 @ 0.40     |   0      | 0        | -0.20     |  5.00    | 10     |  2.40
    NO closed by selling it    | buy no 10 @ 0.50      | -10      | 5.00     |  0        |  5.00    | 10     | -5.00
                               | sell no 4 @ 0.60      |  -6      | 3.00     |  0.40     |  5.00    | 10     |  2.40
                               | sell no 6 @ 0.40      |   0      | 0        | -0.20     |  5.00    | 10     |  2.40
    YES closed by buying NO    | buy yes 10 @ 0.50     |  10      | 5.00     |  0        |  5.00    | 10     | -5.00
                               | buy no 4 @ 0.40       |   6      | 3.00     |  0.40     |  6.60    | 14     |  2.40
                               | buy no 6 @ 0.60       |   0      | 0        | -0.20     | 10.20    | 20     |  2.40
    NO closed by buying YES    | buy no 10 @ 0.50      | -10      | 5.00     |  0        |  5.00    | 10     | -5.00
                               | buy yes 4 @ 0.40      |  -6      | 3.00     |  0.40     |  6.60    | 14     |  2.40
                               | buy yes 6 @ 0.60      |   0      | 0        | -0.20     | 10.20    | 20     |  2.40
    YES flips by buying NO     | buy yes 4 @ 0.50      |   4      | 2.00     |  0        |  2.00    |  4     | -2.00
                               | buy no 10 @ 0.30      |  -6      | 1.80     |  0.80     |  5.00    | 14     |  1.00
    NO flips by buying YES     | buy no 4 @ 0.50       |  -4      | 2.00     |  0        |  2.00    |  4     | -2.00
                               | buy yes 10 @ 0.30     |   6      | 1.80     |  0.80     |  5.00    | 14     |  1.00
    YES flips by a sale beyond | buy yes 4 @ 0.50      |   4      | 2.00     |  0        |  2.00    |  4     | -2.00
                               | sell yes 10 @ 0.70    |  -6      | 1.80     |  0.80     |  3.80    | 10     |  1.00
    NO flips by a sale beyond  | buy no 4 @ 0.50       |  -4      | 2.00     |  0        |  2.00    |  4     | -2.00
                               | sell no 10 @ 0.70     |   6      | 1.80     |  0.80     |  3.80    | 10     |  1.00
    YES flips to NO and back   | buy yes 1 @ 0.10      |   1      | 0.10     |  0        |  0.10    |  1     | -0.10
                               | sell yes 2 @ 0.20     |  -1      | 0.80     |  0.10     |  0.90    |  2     | -0.60
                               | buy yes 2 @ 0.30      |   1      | 0.30     |  0        |  1.50    |  4     |  0.40
    YES sold out of nothing    | sell yes 10 @ 0.56    | -10      | 4.40     |  0        |  4.40    | 10     | -4.40
                               | sell yes 1 @ 0.50     | -11      | 4.90     |  0        |  4.90    | 11     | -0.50
    NO sold out of nothing     | sell no 10 @ 0.56     |  10      | 4.40     |  0        |  4.40    | 10     | -4.40
    a hundredth of a contract  | buy yes 0.01 @ 0.0001 |   0.01   | 0.000001 |  0        | 0.000001 |  0.01  | -0.000001
                               | buy no 0.03 @ 0.9999  |  -0.02   | 0.019998 |  0        | 0.029998 |  0.04  | -0.019997
    a fraction closes a part   | buy yes 1.5 @ 0.10    |   1.5    | 0.15     |  0        |  0.15    |  1.5   | -0.15
                               | sell yes 0.25 @ 0.20  |   1.25   | 0.125    |  0.025    |  0.15    |  1.5   |  0.05
    basis falls pro rata       | buy yes 1 @ 0.33      |   1      | 0.33     |  0        |  0.33    |  1     | -0.33
                               | buy yes 2 @ 0.335     |   3      | 1.00     |  0        |  1.00    |  3     | -0.67
                               | sell yes 1 @ 0.50     |   2      | 0.666667 |  0.166667 |  1.00    |  3     |  0.50
                               | sell yes 1 @ 0.50     |   1      | 0.333334 |  0.333334 |  1.00    |  3     |  0.50
                               | sell yes 1 @ 0.50     |   0      | 0        |  0.50     |  1.00    |  3     |  0.50
    basis falls so in pairs    | buy no 1 @ 0.33       |  -1      | 0.33     |  0        |  0.33    |  1     | -0.33
                               | buy no 2 @ 0.335      |  -3      | 1.00     |  0        |  1.00    |  3     | -0.67
                               | buy yes 1 @ 0.50      |  -2      | 0.666667 |  0.166667 |  1.50    |  4     |  0.50
                               | buy yes 1 @ 0.50      |  -1      | 0.333334 |  0.333334 |  2.00    |  5     |  0.50
                               | buy yes 1 @ 0.50      |   0      | 0        |  0.50     |  2.50    |  6     |  0.50
""")

SETTLEMENTS = lines("""
    trade                  | result | value  | revenue   | kept  | realized
    buy yes 10 @ 0.56      | yes    |        | 10       | 0     |  4.40
    buy yes 10 @ 0.56      | no     |        |  0       | 0     | -5.60
    buy yes 10 @ 0.56      | void   |        |  5.60    | 0     |  0
    buy yes 10 @ 0.56      | scalar | 0      |  0       | 0     | -5.60
    buy yes 10 @ 0.56      | scalar | 0.30   |  3.00    | 0     | -2.60
    buy yes 10 @ 0.56      | scalar | 0.2575 |  2.575   | 0.005 | -3.025
    buy yes 10 @ 0.56      | scalar | 1      | 10       | 0     |  4.40
    buy no 10 @ 0.56       | yes    |        |  0       | 0     | -5.60
    buy no 10 @ 0.56       | no     |        | 10       | 0     |  4.40
    buy no 10 @ 0.56       | void   |        |  5.60    | 0     |  0
    buy no 10 @ 0.56       | scalar | 0.30   |  7.00    | 0     |  1.40
    buy no 10 @ 0.56       | scalar | 0.2575 |  7.425   | 0.005 |  1.825
    buy yes 0.01 @ 0.50    | yes    |        |  0.01    | 0     |  0.005
    buy yes 0.01 @ 0.5001  | void   |        |  0.005001 | 0     |  0
    buy yes 0.01 @ 0.50    | scalar | 0.30   |  0.003   | 0.003 | -0.002
""")

VALUES = lines("""
    position | price | value
     10      | 0.56  | 5.60
    -10      | 0.56  | 4.40
      0      | 0.56  | 0
      0.01   | 0.56  | 0.0056
     -0.01   | 0.01  | 0.0099
      3      | 1     | 3
     -3      | 1     | 0
     -3      | 0     | 3
""")


@each_row("ledger", LEDGERS.values(), ids=list(LEDGERS))
def test_a_ledger(ledger: list[Line]) -> None:
    stake = Stake()
    for line in ledger:
        done = tables.trade(line["trade"])
        stake, cash_micros = trade(stake, done.side, done.action, done.count_centis, done.price_centicents)
        assert (stake, cash_micros) == (_stake(line), micros(line["cash"])), line["trade"]


@each_row("line", SETTLEMENTS, ids=lambda line: f"{line['trade']}, {line['result']} {line['value']}")
def test_a_settlement(line: Line) -> None:
    bought = _bought(line["trade"])
    value_centicents = centicents(line["value"]) if line["value"] else None
    flat, payout = settle(bought, Result(line["result"]), value_centicents)
    assert payout == Payout(micros(line["revenue"]), micros(line["kept"]))
    assert flat == replace(bought, quantity_centis=0, cost_micros=0, realized_micros=micros(line["realized"]))


@each_row("result", [Result.YES, Result.NO, Result.VOID])
def test_nothing_held_settles_to_nothing_and_keeps_what_was_realized(result: Result) -> None:
    over = Stake(0, 0, -350_000, 1_000_000, 300)
    assert settle(over, result, None) == (over, Payout(0, 0))


@each_row("line", VALUES, ids=lambda line: f"{line['position']} at {line['price']}")
def test_a_value(line: Line) -> None:
    assert value_micros(centis(line["position"]), centicents(line["price"])) == micros(line["value"])


def _bought(text: str) -> Stake:
    done = tables.trade(text)
    return trade(Stake(), done.side, done.action, done.count_centis, done.price_centicents)[0]


def _stake(line: Line) -> Stake:
    return Stake(
        centis(line["position"]),
        micros(line["exposure"]),
        micros(line["realized"]),
        micros(line["traded"]),
        centis(line["bought"]),
    )
