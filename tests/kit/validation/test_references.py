"""References inside a document, and the schemas that hold them."""

from typing import Any

import pytest

from mockexchange.kit.validation import schemas
from mockexchange.kit.validation.schemas import pointer, resolved, validator
from tests.helpers.rows import each_row

DOCUMENT: dict[str, Any] = {
    "paths": {"/a~b": {"$ref": "#/components/schemas/Id"}},
    "components": {"schemas": {"Id": {"type": "string", "format": "uuid"}}},
}


@each_row("parts", [("paths", "/a~b"), ("components", "schemas", "Id")])
def test_a_reference_is_followed_to_its_end(parts: tuple[str, ...]) -> None:
    assert resolved(DOCUMENT, {"$ref": pointer(*parts)}) == {"type": "string", "format": "uuid"}


def test_what_is_no_reference_is_itself() -> None:
    assert resolved(DOCUMENT, {"type": "null"}) == {"type": "null"}


def test_a_pointer_is_one_part_after_the_other() -> None:
    assert pointer("paths", "/a~b", "get") == "#/paths/~1a~0b/get"


def test_formats_are_judged() -> None:
    judge = validator(DOCUMENT, {"type": "array", "items": {"$ref": "#/components/schemas/Id"}})
    assert judge.is_valid(["0c1f2a3e-5b11-4d53-9a3c-6f2f8a1f7d10"])
    assert not judge.is_valid(["no uuid"])


def test_a_validator_holds_what_its_schema_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    """One with all components takes megabytes, and a document has hundreds of schemas."""
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(schemas, "Validator", lambda schema, **_: made.append(schema))
    components = {
        "Tree": {"type": "array", "items": {"$ref": "#/components/schemas/Branch"}},
        "Branch": {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"$ref": "#/components/schemas/Leaf"}]},
        "Leaf": {"type": "null"},
        "Other": {"type": "string"},
    }

    validator({"components": {"schemas": components}}, {"$ref": "#/components/schemas/Tree"})

    assert made[0]["components"]["schemas"] == {name: components[name] for name in ("Tree", "Branch", "Leaf")}
