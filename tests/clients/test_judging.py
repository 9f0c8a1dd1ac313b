"""What a cell of the page says of an answer, and of the orders that a write left."""

from typing import Any, cast

from tests.clients.exchange import Sandbox
from tests.clients.matrix import Cell, judge, missed_orders
from tests.clients.published import COMPAT, TRADERS
from tests.clients.truths import Question
from tests.helpers.rows import each_row

READ = Question("order", "alice", "main", {}, [{"order": "d1"}])
REFUSED = READ._replace(refused_with=409)
BROKEN = {"error": "ValueError: what is this?", "status": None}
LEFT = {"id": "d1", "client_order_id": "mine", "status": "canceled", "remaining": "0.00"}


@each_row(
    ("question", "answer", "cell"),
    [
        (READ, {"rows": [{"order": "d1"}]}, Cell.YES),
        (READ, {"rows": [{}]}, Cell.YES),
        (READ, {"rows": [{"order": "d2"}]}, Cell.NO),
        (READ, {"rows": []}, Cell.NO),
        (READ, BROKEN, Cell.NO),
        (READ, {"error": "ApiException", "status": 400}, Cell.NO),
        (READ, {"error": "ApiException", "status": 404}, Cell.UNKNOWN),
        (READ, {"error": "ApiException", "status": 405}, Cell.UNKNOWN),
        (READ, {"error": "ApiException", "status": 410}, Cell.GONE),
        (READ, {"unsupported": True}, Cell.NONE),
        (REFUSED, {"error": "ApiException", "status": 409}, Cell.YES),
        (REFUSED, {"error": "ApiException", "status": 400}, Cell.NO),
        (REFUSED, BROKEN, Cell.NO),
        (REFUSED, {"rows": []}, Cell.NO),
    ],
)
def test_an_answer_has_its_cell(question: Question, answer: dict[str, Any], cell: Cell) -> None:
    found = judge(TRADERS[0], COMPAT, question, answer)
    assert (found.cell, bool(found.mistakes)) == (cell, cell not in {Cell.YES, Cell.NONE})


@each_row(
    ("after", "count"),
    [
        ({"d1": ["canceled", "0.00"], "mine": ["canceled", "0.00"]}, 0),
        ({"d1": ["resting", "0.00"]}, 1),
        ({"mine": ["canceled", "1.00"]}, 1),
        ({"other": ["canceled", "0.00"]}, 1),
    ],
)
def test_an_order_is_as_a_write_should_have_left_it(after: dict[str, list[str]], count: int) -> None:
    class Ledgers:
        def ledger(self, _account: str) -> dict[str, Any]:
            return {"orders": [LEFT]}

    assert len(list(missed_orders(cast(Sandbox, Ledgers()), READ._replace(after=after)))) == count
