"""The reader of envelopes: ids and numbers as written, and every defect."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues.jsonrpc.envelope import (
    Defect,
    Envelope,
    Malformed,
    Number,
    describe_value,
    read_envelope,
    read_integer,
    read_object,
    spell,
)
from tests.helpers.rows import each_row

IDS = ["0", "-0", "7", "1.50", "1e3", "12345678901234567890123", '"abc"', '"é"', '"a\\"b"', '""']


@each_row("written", IDS)
def test_an_id_is_kept_as_it_was_written(written: str) -> None:
    raw = f'{{"id": {written}, "method": "public/test"}}'.encode()
    assert read_envelope(raw) == Envelope(written, "public/test", {})


@each_row("raw", [b'{"method":"m"}', b'{"id":null,"method":"m"}'])
def test_there_may_be_no_id(raw: bytes) -> None:
    assert read_envelope(raw).id is None


def test_the_id_has_the_name_that_the_venue_gives_it() -> None:
    envelope = read_envelope(b'{"rid": 1234567890123456789, "id": 1, "method": "m"}', id_name="rid")
    assert (envelope.id, envelope.extra) == ("1234567890123456789", {"id": Number("1")})


@given(st.text(alphabet='{} \n"m:1x[,', max_size=12))
def test_a_text_is_read_as_json_reads_it(text: str) -> None:
    try:
        wanted = json.loads(text)
    except ValueError as error:
        with pytest.raises(Malformed, match=f"^{re.escape(f'no JSON: {error}')}$"):
            read_object(text.encode())
    else:
        for spaced in (text, f" {text}\n"):
            if isinstance(wanted, dict):
                assert json.dumps(read_object(spaced.encode()), default=lambda value: int(value.text)) == json.dumps(
                    wanted
                )
            else:
                with pytest.raises(Malformed, match=r"expected an object|an array"):
                    read_object(spaced.encode())


def test_half_a_surrogate_pair_stays_escaped() -> None:
    envelope = read_envelope(b'{"id": "\\ud800", "method": "m"}')
    assert envelope.id == '"\\ud800"'
    assert envelope.id.encode()


def test_parameters_keep_their_numbers() -> None:
    envelope = read_envelope(b'{"method":"m","params":{"a":1.10,"b":[1],"c":"1","d":true,"e":null}}')
    assert envelope.params == {"a": Number("1.10"), "b": [Number("1")], "c": "1", "d": True, "e": None}


@each_row("raw", [b'{"method":"m"}', b'{"method":"m","params":null}', b'{"method":"m","params":{}}'])
def test_parameters_may_be_left_out(raw: bytes) -> None:
    assert read_envelope(raw).params == {}


WRONG = [
    (b"", Defect.NOT_JSON, None, "no JSON"),
    (b"{", Defect.NOT_JSON, None, "line 1 column 2"),
    (b"\xff\xfe", Defect.NOT_JSON, None, "utf-8"),
    (b'{"id":1,"method":"m","params":{"a":NaN}}', Defect.NOT_JSON, None, "NaN"),
    (b"[" * 50_000, Defect.NOT_JSON, None, "nested too deep"),
    (b'[{"id":1,"method":"m"}]', Defect.BATCH, None, "one object for each call"),
    (b"7", Defect.NOT_AN_OBJECT, None, "the number 7"),
    (b'"a"', Defect.NOT_AN_OBJECT, None, "the string 'a'"),
    (b"null", Defect.NOT_AN_OBJECT, None, "null"),
    (b'{"id":true,"method":"m"}', Defect.BAD_ID, None, "a boolean"),
    (b'{"id":{},"method":"m"}', Defect.BAD_ID, None, "an object"),
    (b'{"id":%s,"method":"m"}' % (b"1" * 1_025), Defect.BAD_ID, None, "1,024"),
    (b'{"id":"%s","method":"m"}' % (b"a" * 1_025), Defect.BAD_ID, None, "1,024"),
    (b'{"id":5}', Defect.NO_METHOD, "5", "private/get_positions"),
    (b'{"id":5,"method":7}', Defect.BAD_METHOD, "5", "the number 7"),
    (b'{"id":"x","method":"m","params":[1]}', Defect.BAD_PARAMS, '"x"', "an array"),
    (b'{"id":"x","method":"m","params":"a"}', Defect.BAD_PARAMS, '"x"', "the string 'a'"),
]


@each_row(("raw", "defect", "id_text", "words"), WRONG)
def test_a_malformed_envelope_is_explained(raw: bytes, defect: Defect, id_text: str | None, words: str) -> None:
    with pytest.raises(Malformed) as raised:
        read_envelope(raw)
    assert (raised.value.defect, raised.value.id) == (defect, id_text)
    assert words in raised.value.message


def test_a_method_may_be_missing_where_the_path_has_it() -> None:
    assert read_envelope(b'{"id":5}', method_required=False).method is None


@given(st.binary(max_size=200))
def test_any_bytes_are_an_envelope_or_malformed(raw: bytes) -> None:
    try:
        read = read_envelope(raw).method or ""
    except Malformed as malformed:
        read = malformed.message
    assert isinstance(read, str)


@given(st.integers() | st.text())
def test_any_id_comes_back(value: int | str) -> None:
    raw = json.dumps({"id": value, "method": "m"}).encode()
    read = read_envelope(raw)
    assert read.id is not None
    assert json.loads(read.id) == value


@given(st.text())
def test_text_is_spelt_as_json(text: str) -> None:
    assert json.loads(spell(text)) == text


WHOLE = [(Number("7"), 7), (Number("-0"), 0), (Number("-12"), -12), (Number("9" * 18), 10**18 - 1)]
NOT_WHOLE: list[object] = [Number("9" * 19), Number("1.0"), Number("1e3"), "7", True, None, 7, [], {}]


@each_row(("value", "expected"), WHOLE)
def test_whole_numbers(value: Number, expected: int) -> None:
    assert read_integer(value) == expected


@each_row("value", NOT_WHOLE)
def test_other_values_are_no_whole_number(value: object) -> None:
    assert read_integer(value) is None


def test_values_are_described() -> None:
    values: list[object] = [None, True, Number("1"), "a", [], {}]
    kinds = [describe_value(value) for value in values]
    assert kinds == ["null", "a boolean", "the number 1", "the string 'a'", "an array", "an object"]
