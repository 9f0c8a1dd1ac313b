"""Derived identifiers."""

import re

from mockexchange.core.ids import derived_id

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
