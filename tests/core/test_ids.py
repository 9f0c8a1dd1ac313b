"""Derived identifiers."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.ids import derived_id, row_id, serial_in
from tests.helpers.rows import each_row

UUID_SHAPE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_an_id_has_the_shape_of_a_uuid() -> None:
    assert UUID_SHAPE.fullmatch(derived_id(7, 1, "fill 0"))


def test_the_same_parts_give_the_same_id_in_every_process_and_version() -> None:
    assert derived_id(7, 1, "order") == "eb832df3-5222-ad6e-1bbc-b9dbc7663bcf"


def test_every_part_and_its_place_count() -> None:
    parts: list[tuple[object, ...]] = [(), (1,), (2,), (1, 2), (2, 1), (12,), (1, "2", ""), ("",), ("", "")]
    assert len({derived_id(*each) for each in parts}) == len(parts) - 1, "no parts and one empty part are one text"


def test_parts_count_by_their_text() -> None:
    assert derived_id(1, None) == derived_id("1", "None")


@given(seed=st.integers(), serial=st.integers(0, 2**64 - 1))
def test_the_id_of_a_row_contains_its_serial(seed: int, serial: int) -> None:
    text = row_id(seed, "order", serial)
    assert UUID_SHAPE.fullmatch(text)
    assert serial_in(text) == serial


def test_the_id_of_a_row_is_the_same_in_every_process_and_version() -> None:
    assert row_id(7, "order", 12) == "f193112d-0283-724c-c0fb-aa879e1d3030"


def test_ids_of_rows_differ_by_seed_kind_and_serial_in_both_halves() -> None:
    ids = [row_id(seed, kind, serial) for seed in (1, 2) for kind in ("order", "trade") for serial in (1, 2)]
    assert len({each[:18] for each in ids}) == len({each[19:] for each in ids}) == len(ids)


@each_row("text", ["", "mine", "7", "-" * 36, "7" * 35, "g" * 36, "\ud800" * 36, "é" * 36])
def test_a_text_of_another_shape_has_no_serial(text: str) -> None:
    assert serial_in(text) is None
