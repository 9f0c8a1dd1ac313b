"""What the comparison of clients must notice, and what it must not mind."""

from typing import Any

import pytest

from tests.clients.published import COMPAT
from tests.clients.truths import NEWEST, Question, derived, differences, read_questions, truth_at
from tests.helpers.rows import each_row

TRUE = {
    "order": "d1",
    "chosen": "*",
    "fee": "1.2345",
    "count": "7.50",
    "at": "2025-11-03T11:00:00.5Z",
    "group": None,
    "breakdown": [{"shard": "0", "balance": "2.00"}],
}
QUESTION = Question("fills", "alice", "main", {}, rows=[TRUE])


def mistakes(*reported: dict[str, Any], may_omit: bool = False) -> list[str]:
    return list(differences(list(reported), [TRUE], may_omit, "fills"))


@each_row(
    "reported",
    [
        {"order": "d1", "fee": "1.234500", "count": "7.5", "group": None},
        {"fee_cents": "123", "count_whole": "7", "at_seconds": "1762167600", "group_cents": None},
        {"at": "2025-11-03T11:00:00.500000+00:00", "chosen": "anything"},
        {"breakdown": [{"balance": "2.0000"}]},
    ],
)
def test_the_same_in_other_words_is_no_mistake(reported: dict[str, Any]) -> None:
    assert mistakes(reported) == []


@each_row(
    "reported",
    [
        {"order": "d2"},
        {"chosen": ""},
        {"fee": "1.2344"},
        {"fee_cents": "124"},
        {"count_whole": "8"},
        {"at": "2025-11-03T11:00:00Z"},
        {"at_seconds": "1762167601"},
        {"group": "c1"},
        {"order": None},
        {"breakdown": [{"balance": "2.01"}]},
        {"breakdown": []},
        {"breakdown": None},
    ],
)
def test_a_wrong_value_is_a_mistake(reported: dict[str, Any]) -> None:
    (line,) = mistakes(reported)
    assert line.startswith(f"fills[0].{next(iter(reported))}")


def test_rows_too_few_or_too_many_are_a_mistake() -> None:
    assert len(mistakes()) == len(mistakes(TRUE, TRUE)) == 1


def test_nothing_told_is_a_mistake_unless_it_may_be_left_out() -> None:
    assert mistakes({"order": None}, may_omit=True) == []
    assert mistakes({"order": "d2"}, may_omit=True) != []


def test_a_name_that_the_truth_lacks_is_an_error() -> None:
    with pytest.raises(KeyError):
        derived(TRUE, "price_cents")


def test_dollars_were_cut_to_cents_once() -> None:
    (early,), (late,) = truth_at(QUESTION, "2026-02"), truth_at(QUESTION, "2026-04")
    assert (early["fee"], late["fee"]) == ("1.23", "1.2345")
    assert early["at"] == late["at"]


def test_old_rows_are_listed_until_there_is_an_archive_and_under_compat() -> None:
    question = QUESTION._replace(old_rows=[TRUE])
    counts = [len(truth_at(question, api_date)) for api_date in ("2025-11", "2026-02", "2026-04", "latest", "compat")]
    assert counts == [2, 2, 1, 1, 2]


def test_rows_that_were_true_earlier_are_so_until_their_day() -> None:
    question = QUESTION._replace(earlier={"2026-04-21": []})
    assert [len(truth_at(question, api_date)) for api_date in ("2026-02", "2026-04", "compat")] == [0, 1, 1]


def test_every_method_is_asked_once() -> None:
    methods = [question.method for question in read_questions()]
    assert sorted(set(methods)) == sorted(methods)
    days = {day for question in read_questions() for day in question.earlier}
    assert all(day < NEWEST for day in days - {COMPAT})
