"""Schema errors of the alternative that is nearest to a value."""

from typing import Any

import jsonschema_rs

from mockexchange.kit.validation.schemas import innermost
from tests.helpers.rows import each_row

TEXT, NUMBER = {"type": "string"}, {"type": "integer", "maximum": 5}
OBJECT = {"type": "object", "properties": {"a": TEXT}}


def paths(schema: dict[str, Any], value: Any) -> list[tuple[str, list[str | int]]]:
    errors = jsonschema_rs.Draft7Validator(schema).iter_errors(value)
    return [(one.kind.name, list(one.instance_path)) for error in errors for one in innermost(error)]


@each_row("keyword", ["oneOf", "anyOf"])
def test_the_alternative_of_the_right_type_is_the_nearest(keyword: str) -> None:
    assert paths({keyword: [TEXT, OBJECT]}, {"a": 1}) == [("type", ["a"])]
    assert paths({keyword: [TEXT, {keyword: [OBJECT, NUMBER]}]}, 7) == [("maximum", [])]
    assert paths({keyword: [TEXT, NUMBER]}, None) == [("type", [])]
