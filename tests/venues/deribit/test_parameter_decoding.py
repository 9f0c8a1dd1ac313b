"""The decoder of parameters: texts of a query, types of JSON, unknown names and bad values."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deribit.errors import Rejected
from mockexchange.venues.deribit.parameter_decoding import REPEATED, cap_count, decode, read_query, with_count
from mockexchange.venues.deribit.resources.parameters import Parameter
from mockexchange.venues.jsonrpc.envelope import Number
from tests.helpers.rows import each_row
from tests.venues.deribit.exchange import DATED, DeribitExchange, trade
from tests.venues.deribit.keyring import signed

DAY = ApiDate("2026-10", "2026-10-01")
ROWS = (
    Parameter(name="word", kind="choice", choices=("a", "b"), reason="invalid word", default="a"),
    Parameter(name="text", kind="text"),
    Parameter(name="whole", kind="integer", minimum=-2, maximum=9, default=5),
    Parameter(name="flag", kind="boolean", default=False),
    Parameter(name="ids", kind="texts"),
)
DEFAULTS = {"word": "a", "text": None, "whole": 5, "flag": False, "ids": None}
GIVEN: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = [
    ({}, {}),
    ({"word": None, "whole": None, "flag": None}, {}),
    ({"word": "b", "text": "", "flag": True}, {"word": "b", "text": "", "flag": True}),
    ({"whole": Number("-2")}, {"whole": -2}),
    ({"ids": []}, {"ids": ()}),
    ({"ids": ["x", "y"]}, {"ids": ("x", "y")}),
    (read_query("word=b&whole=9&flag=true&text=5"), {"word": "b", "whole": 9, "flag": True, "text": "5"}),
    (read_query("ids[]=x&ids[]=y&flag=false"), {"ids": ("x", "y")}),
    (read_query("text=a%20b+c"), {"text": "a b c"}),
]


def decoded(params: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[str]]:
    findings: list[str] = []
    return decode("public/m", ROWS, params, DAY, findings), findings


@each_row(("params", "expected"), GIVEN)
def test_parameters_are_decoded(params: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert decoded(params) == (DEFAULTS | dict(expected), [])


WRONG: list[tuple[Mapping[str, Any], str, str, str]] = [
    ({"word": "c"}, "word", "invalid word", "expected one of a, b, got the string 'c'"),
    ({"word": Number("1")}, "word", "invalid word", "got the number 1"),
    ({"word": []}, "word", "invalid word", "got an array"),
    (read_query("word="), "word", "invalid word", "got the string ''"),
    (read_query("word=a&word=b"), "word", "invalid word", "got several values"),
    ({"text": Number("1")}, "text", "value must be a string", "got the number 1"),
    ({"text": {}}, "text", "value must be a string", "got an object"),
    ({"whole": "5"}, "whole", "value must be an integer", "got the string '5'"),
    ({"whole": Number("5.0")}, "whole", "value must be an integer", "got the number 5.0"),
    ({"whole": True}, "whole", "value must be an integer", "got a boolean"),
    ({"whole": Number("9" * 30)}, "whole", "value must be an integer", "got the number 999"),
    ({"whole": Number("10")}, "whole", "value must be at most 9", "whole=10"),
    ({"whole": Number("-3")}, "whole", "value must be at least -2", "whole=-3"),
    (read_query("whole=٣"), "whole", "value must be an integer", "got the string"),
    (read_query("whole=+1"), "whole", "value must be an integer", "got the string"),
    ({"flag": "true"}, "flag", "value must be a boolean", "got the string 'true'"),
    ({"flag": Number("1")}, "flag", "value must be a boolean", "got the number 1"),
    (read_query("flag=True"), "flag", "value must be a boolean", "got the string 'True'"),
    ({"ids": "x"}, "ids", "value must be a list", "got the string 'x'"),
    ({"ids": [Number("1")]}, "ids", "value must be a list of strings", "no string"),
    (read_query("ids=x"), "ids", "value must be a list", "got the string 'x'"),
    (read_query("ids=x&ids=y"), "ids", "value must be a list", "got several values"),
]


@each_row(("params", "param", "reason", "words"), WRONG)
def test_bad_parameters(params: Mapping[str, Any], param: str, reason: str, words: str) -> None:
    with pytest.raises(Rejected) as raised:
        decoded(params)
    rejected = raised.value
    assert (rejected.code, rejected.param, rejected.reason) == (-32602, param, reason)
    assert isinstance(rejected.diagnosis, str)
    assert words in rejected.diagnosis


def test_a_required_one_may_not_be_missing() -> None:
    """A name with an index in brackets is no list, so the parameter is missing [wire]."""
    row = (Parameter(name="ids", kind="texts", required=True),)
    for params in ({}, {"ids": None}, read_query("ids[0]=a")):
        with pytest.raises(Rejected) as raised:
            decode("public/m", row, params, DAY, [])
        assert (raised.value.reason, raised.value.param) == ("value is required", "ids")


def test_unknown_ones_are_ignored_with_a_finding_but_for_the_token() -> None:
    assert decoded({"speed": Number("1"), "access_token": "t"}) == (
        DEFAULTS,
        ["parameter 'speed' is unknown to public/m: ignored"],
    )
    _, findings = decoded({f"n{number}": "" for number in range(25)})
    assert (len(findings), findings[-1]) == (21, "and so are 5 more")


def test_a_bare_name_given_twice_is_no_list() -> None:
    assert read_query("a=1&a=2&b[]=3&b[]=4&c=5") == {"a": REPEATED, "b": ["3", "4"], "c": "5"}
    assert read_query("a=1&a[]=2") == {"a": ["1", "2"]}


# --- pages that a fault cuts

CAPPED: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = [
    ({}, {"count": Number("3")}),
    ({"count": Number("2")}, {"count": Number("2")}),
    ({"count": Number("9")}, {"count": Number("3")}),
    (read_query("count=9"), {"count": Number("3")}),
    (read_query("count=x"), read_query("count=x")),
    ({"count": Number("0")}, {"count": Number("0")}),
]


@each_row(("params", "expected"), CAPPED)
def test_a_page_is_cut_to_a_size_but_a_bad_count_stays_bad(
    params: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    assert cap_count(params, 3) == expected


def test_a_request_that_is_cut_is_still_the_one_that_was_signed() -> None:
    exchange = DeribitExchange()
    exchange.do(*(trade(DATED, "10", "110000") for _ in range(5)))
    target = "/api/v2/private/get_user_trades_by_currency?currency=BTC"
    answer = exchange.send(with_count(signed("GET", target), 3))
    result = json.loads(answer.body)["result"]
    assert (len(result["trades"]), result["has_more"]) == (3, True)
