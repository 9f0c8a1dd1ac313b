"""Every scalar is text, every value has its line, and no file can harm the process that reads it."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.scenario import located_text, long_json
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import (
    DEPTH_MAX,
    VALUES_MAX,
    Located,
    locate,
    located_json,
    read_json_lines,
    read_yaml,
)
from tests.helpers.rows import each_row

Plain = str | None | dict[str, "Plain"] | list["Plain"]


def plain(node: Located) -> Plain:
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def child(node: Located, *steps: str | int) -> Located:
    for step in steps:
        value = node.value
        assert isinstance(value, dict if isinstance(step, str) else list)
        node = value[step]  # type: ignore[index]  # the step's type says which of the two it is
    return node


TRAPS = ["yes", "no", "on", "off", "True", "12:30:00", "0.56", "1e3", "0x10", "0o7", "007", "1_000", ".5", "2025-11-04"]


@each_row("scalar", TRAPS)
def test_a_scalar_is_the_text_it_is_written_as(scalar: str) -> None:
    assert plain(read_yaml(f"side: {scalar}\nlist: [{scalar}]\n{scalar}: key\n", "f")) == {
        "side": scalar,
        "list": [scalar],
        scalar: "key",
    }


@each_row(("scalar", "value"), [("", None), ("~", None), ("null", None), ("'~'", "~"), ('""', "")])
def test_nothing_is_nothing_only_when_it_is_not_quoted(scalar: str, value: str | None) -> None:
    assert plain(read_yaml(f"a: {scalar}", "f")) == {"a": value}


def test_values_and_keys_know_their_lines() -> None:
    root = read_yaml("# first\na:\n  b: [1,\n      2]\nc:\n\n  d: 5\n", "f")
    assert [child(root, *steps).line for steps in [(), ("a",), ("a", "b"), ("a", "b", 1), ("c", "d")]] == [
        2,
        3,
        3,
        4,
        7,
    ]
    assert [root.line_of("a"), root.line_of("c"), root.line_of("nowhere")] == [2, 5, 2]


def test_an_alias_is_what_it_stands_for() -> None:
    assert plain(read_yaml("a: &x {b: [1]}\nc: *x\nd: &y 2\ne: *y", "f")) == {
        "a": {"b": ["1"]},
        "c": {"b": ["1"]},
        "d": "2",
        "e": "2",
    }


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{place}: &a{place} [{', '.join([f'*a{place - 1}'] * 10)}]\n" for place in range(1, 12)
)
TOO_DEEP = f"too deep: expected at most {DEPTH_MAX} lists and mappings inside each other"
TOO_LARGE = f"too large: expected at most {VALUES_MAX:,} values, got"

# text, error
BROKEN_YAML = [
    ("", "f:1: expected a scenario, got an empty file"),
    ("# nothing\n", "f:1: expected a scenario, got an empty file"),
    ("a: 1\nb: 2\na: 3\n", "f:3: the key 'a' is there twice, first on line 1"),
    ("x:\n  {a: 1,\n   a: 2}\n", "f:3: the key 'a' is there twice, first on line 2"),
    ("x: 1\n[a]: 1\n", "f:2: expected a plain key, got a value"),
    ("a: 1\n---\nb: 2\n", "f:2: expected one document, got a second"),
    (
        "a: 1\nb: !!float 2\n",
        "f:2: expected no tag, got 'tag:yaml.org,2002:float': every value is text here, and its key",
    ),
    ("a: 1\nb: *c\n", "f:2: expected an anchor &c before its alias *c"),
    ("a: &a [*a]\n", "f:1: expected an anchor &a before its alias *a"),
    ("a: 1\nb: [2\n", "f:3: not valid YAML: did not find expected ',' or ']'"),
    ("a: 1\n\tb: 2\n", "f:2: not valid YAML: found a tab character that violates indentation"),
    ("a: 1\nb: \x01\n", "f:2: not valid YAML: control characters are not allowed (character #x0001)"),
    ("a: 1\nb: \ud800\n", "f:2: expected text, got half of a surrogate pair"),
    (
        '{"a": 1}\n{"b": 2}\n',
        "f:2: not valid YAML: did not find expected <document start>; JSON lines need a file name",
    ),
    (BOMB, f"f:6: {TOO_LARGE} 2,345,679 and more: send a long history in parts, or write it as JSON lines"),
    ("[" * 100_000, f"f:1: {TOO_DEEP}"),
    ("- " * 10_000, f"f:1: {TOO_DEEP}"),
    ("{a: " * 10_000, f"f:1: {TOO_DEEP}"),
]


@each_row(("text", "error"), BROKEN_YAML, ids=[error[:50] for _, error in BROKEN_YAML])
def test_the_error_of_unsupported_yaml_has_its_place(text: str, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_yaml(text, "f")
    assert str(caught.value).startswith(error)


def test_json_is_read_where_it_is_no_yaml() -> None:
    assert plain(read_yaml('{"a": "\\ud83d\\ude00", "b": 1.50}', "f")) == {"a": "\N{GRINNING FACE}", "b": "1.50"}


def test_json_with_tabs_keeps_its_lines() -> None:
    root = read_yaml('{\n\t"a":\t1.10,\n\t"b": [true, null, "yes"]\n}\n', "f")
    assert plain(root) == {"a": "1.10", "b": ["true", None, "yes"]}
    assert child(root, "b", 2).line == 3


def test_lines_of_json_are_numbered() -> None:
    lines = [b'\xef\xbb\xbf{"a": 1}\n', b"\n", b'{"b": [1e3, 0.10, true]}\r\n', b"{}"]
    assert [(node.line, plain(node)) for node in read_json_lines(lines, "f")] == [
        (1, {"a": "1"}),
        (3, {"b": ["1e3", "0.10", "true"]}),
        (4, {}),
    ]


def test_lines_of_json_are_read_one_at_a_time() -> None:
    nodes = read_json_lines([b"{}\n", b"broken"], "f")
    assert plain(next(nodes)) == {}
    with pytest.raises(ScenarioError, match="f:2: not valid JSON: Expecting value at character 1"):
        next(nodes)


BROKEN_JSON = [
    (b'{"a": 1', "f:2: not valid JSON: Expecting ',' delimiter at character 8"),
    (b'{"a": 1, "a": 2}', "f:2: not valid JSON: the key 'a' is there twice"),
    (b'{"a": "\xff"}', "f:2: not UTF-8 text: invalid start byte at byte 7 of the line"),
    (b'{"a": "\\ud800"}', "f:2: expected text, got half of a surrogate pair"),
    (b'{"\\ud800": 1}', "f:2: expected text, got half of a surrogate pair"),
    (b"[" * 100_000, f"f:2: {TOO_DEEP}"),
    (b"[" * 60 + b"]" * 60, f"f:2: {TOO_DEEP}"),
]


@each_row(("line", "error"), BROKEN_JSON)
def test_the_error_of_a_broken_json_line_has_its_number(line: bytes, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        list(read_json_lines([b"{}\n", line], "f"))
    assert str(caught.value).startswith(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text("aé😀~ "),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abé", max_size=3), inner, max_size=3),
    max_leaves=8,
)


def as_text(value: object) -> Plain:
    """Return a JSON value as scenarios read it."""
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


@given(json_values)
def test_json_reads_the_same_as_json_and_as_yaml(value: object) -> None:
    text = json.dumps({"v": value}, default=str, ensure_ascii=False)
    assert plain(located_json(text, "f", 1)) == {"v": as_text(value)}
    assert plain(read_yaml(text, "f")) == {"v": as_text(value)}


@given(json_values, st.integers(16, 64), st.booleans(), st.data())
def test_a_long_document_is_what_a_short_one_is(value: object, window: int, is_cut: bool, data: st.DataObject) -> None:
    """Read in windows of a few characters, which end inside texts, escapes, numbers and spaces."""
    text = json.dumps({"v": value, "w": [value]}, default=str, indent=data.draw(st.sampled_from([None, 3])))
    text = text[: data.draw(st.integers(1, len(text) - 1))] if is_cut else text
    with pytest.MonkeyPatch.context() as patch:
        whole = _located(text)
        patch.setattr(located_text, "WINDOW_CHARS", 0)
        patch.setattr(long_json, "WINDOW_CHARS", window)
        assert _located(text) == whole
        assert _located(text.encode()) == whole


def _located(text: str | bytes) -> Located | str:
    """Return what is read of a document, or the error; of a text that ends in an escape, one of two is told."""
    try:
        return located_json(text, "f", 1)
    except ScenarioError as error:
        return re.sub(r"(Invalid .uXXXX escape|Unterminated string).*", "a text without an end", str(error))


def test_a_value_from_elsewhere_is_located_as_if_it_were_written() -> None:
    assert plain(locate({"a": ["0.56", True, None, 3]}, "")) == {"a": ["0.56", "true", None, "3"]}
