"""The judge of requests: paths and bodies. Queries are those of contracts/suites/test_judge.py."""

from typing import Any

from mockexchange.kit.validation.requests import Objection, RequestJudge
from tests.helpers.rows import each_row

TEXT = {"type": "string"}
BODY = {"type": "object", "required": ["name"], "properties": {"name": TEXT, "flag": {"type": "boolean"}}}


def document(*, is_required: bool = True, is_open: bool = False, **schema: Any) -> dict[str, Any]:
    sent = {**BODY, "additionalProperties": is_open}
    body = {"required": is_required, "content": {"application/json": {"schema": sent}}}
    names = [{"in": "path", "name": "id", "required": True, "schema": {**TEXT, **schema}}]
    return {"paths": {"/x/{id}": {"parameters": names, "post": {"requestBody": body}, "get": {}}}, "components": {}}


# what is sent | what the document has against it: nothing, something, or it leaves that open
BODIES: list[tuple[bytes, Objection]] = [
    (b'{"name":"a"}', ""),
    (b'{"name":"a","flag":true}', None),
    (b'{"name":1}', None),
    (b'{"name":"a","flag":"yes"}', "the body does not fit its schema"),
    (b'{"flag":true}', "the body does not fit its schema"),
    (b"[]", "the body does not fit its schema"),
    (b"{", "the body is no JSON"),
    (b"\xff", "the body is no JSON"),
    (b"[" * 100_000, "the body is no JSON"),
    (b"", "there is no body"),
]


@each_row(("body", "wanted"), BODIES, ids=[repr(body[:24]) for body, _ in BODIES])
def test_bodies(body: bytes, wanted: Objection) -> None:
    assert RequestJudge(document()).objection_to("/x/{id}", "POST", {"id": "a"}, "", body) == wanted


# what is sent | what the document of an open body has against it
OPEN_BODIES: list[tuple[bytes, Objection]] = [
    (b'{"name":"a","other":1}', ""),
    (b'{"name":"a","flag":null}', None),
    (b'{"name":"a","flag":0}', None),
    (b'{"name":"a","flag":1}', "the body does not fit its schema"),
    (b'{"name":"a","flag":false}', None),
    (b'{"name":null}', "the body does not fit its schema"),
]


@each_row(("body", "wanted"), OPEN_BODIES, ids=[repr(body[:24]) for body, _ in OPEN_BODIES])
def test_empty_values_of_an_open_body_may_count_as_absent(body: bytes, wanted: Objection) -> None:
    assert RequestJudge(document(is_open=True)).objection_to("/x/{id}", "POST", {"id": "a"}, "", body) == wanted
    closed = RequestJudge(document()).objection_to("/x/{id}", "POST", {"id": "a"}, "", b'{"name":"a","flag":null}')
    assert closed == "the body does not fit its schema"


def test_a_body_may_be_left_out_where_it_need_not_be_there() -> None:
    assert RequestJudge(document(is_required=False)).objection_to("/x/{id}", "POST", {"id": "a"}, "") == ""


def test_a_body_where_none_belongs_is_no_matter() -> None:
    assert RequestJudge(document()).objection_to("/x/{id}", "GET", {"id": "a"}, "", b"{") == ""


@each_row(
    ("schema", "name", "wanted"),
    [
        ({"maxLength": 3}, "abc", ""),
        ({"maxLength": 3}, "abcd", "id is none"),
        ({"enum": ["abc"]}, "abc", ""),
        ({"enum": ["abc"]}, "another", None),
    ],
)
def test_names_in_paths_are_judged_and_those_that_are_listed_may_not_be_all(
    schema: dict[str, Any], name: str, wanted: Objection
) -> None:
    assert RequestJudge(document(**schema)).objection_to("/x/{id}", "GET", {"id": name}, "") == wanted


@each_row(
    ("text", "wanted"),
    [
        ("10", ""),
        ("113850.5", ""),
        ("-0.5", "price=-0.5 is out of bounds"),
        ("1e2", None),
        ("+5", None),
        ("ten", "price='ten' is no number"),
    ],
)
def test_a_number_in_a_query_may_have_decimals(text: str, wanted: Objection) -> None:
    price = {"in": "query", "name": "price", "schema": {"type": "number", "minimum": 0}}
    judge = RequestJudge({"paths": {"/x": {"get": {"parameters": [price]}}}, "components": {}})
    assert judge.objection_to("/x", "GET", {}, f"price={text.replace('+', '%2B')}") == wanted
