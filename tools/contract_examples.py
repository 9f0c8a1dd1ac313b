"""Composes the examples of a date: of answers from the values in the facts, of refusals from their schemas."""

import re
from decimal import Decimal
from typing import Any

from tools.contract_facts import Life, Node, living, living_node

DECIMALS = re.compile(r"\\\.\[0-9\]\{(\d)\}(0*)")
"""The part of a pattern of an amount, price or count with the number of decimals and of trailing zeros."""

ANY_TEXT = "internal server error"
ANY_MESSAGE = {"type": "string", "minLength": 1}
"""The schema of a message whose wording is not known for every cause."""


class Examples:
    """The examples of one date."""

    def __init__(self, facts: Node, day: str) -> None:
        self.facts, self.day = facts, day
        self.values = facts["examples"]
        self.objects: Node = {**facts["objects"], **facts["requests"]}

    def of_parameter(self, fact: Node, name: str) -> Any:
        """Return a value for a parameter; `name` is its name in the table, which may differ from that on the wire."""
        values = self.values["parameters"]
        on_wire = fact["name"]
        return values[name] if name in values else values[on_wire] if on_wire in values else fact["choices"][0]

    def of_object(self, name: str, given: Node | None = None) -> Node:
        """Return an object of the facts as of the date; `given` are fields of this example only."""
        values = {**self.values["objects"].get(name, {}), **(given or {})}
        lives = {field: living(lines, self.day) for field, lines in self.objects[name].items()}
        fields = {field: self._field(life, self._dated(values.get(field))) for field, life in lives.items() if life}
        missing = {field for field, life in lives.items() if life and life.may_be_absent(self.day)}
        return {field: value for field, value in fields.items() if value is not None or field not in missing}

    def _dated(self, value: Any) -> Any:
        """Return the value of the date, if the value is dated."""
        if isinstance(value, list) and value and all(isinstance(one, dict) and "value" in one for one in value):
            found = living_node(value, self.day)
            return None if found is None else found["value"]
        return value

    def _field(self, life: Life, value: Any) -> Any:
        if value is None and life.empty is not None:
            return None
        if not life.is_list:
            return self._one(life.name, value)
        return [self._one(life.name, one) for one in (value or [None])]

    def _one(self, name: str, value: Any) -> Any:
        if name in self.objects:
            return self.of_object(name, value)
        schema = living_node(self.facts["types"][name], self.day)
        assert schema is not None
        return self._spelt(schema, self._dated(self.values["types"][name]) if value is None else value)

    def _spelt(self, schema: Node, value: Any) -> Any:
        """Return the value in the format of its type on that date."""
        if "prefixItems" in schema:
            return [self._one(name, one) for name, one in zip(schema["prefixItems"], value, strict=True)]
        decimals = DECIMALS.search(schema.get("pattern", ""))
        if schema["type"] == "integer" and isinstance(value, str):
            return int(value)
        return with_decimals(value, int(decimals[1]) + len(decimals[2])) if decimals else value


def with_decimals(amount: str, decimals: int) -> str:
    """Return an amount with as many decimals: "5.6" with four is "5.6000". Raises ValueError if it has more."""
    spelt = f"{Decimal(amount):.{decimals}f}"
    if Decimal(spelt) != Decimal(amount):
        raise ValueError(f"{amount} has more than {decimals} decimals")
    return spelt


def example_of(schema: Node, schemas: Node) -> Any:
    """Return an example of a refusal: the first that its schema allows."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    for words in ("oneOf", "anyOf"):
        if words in schema:
            return example_of(schema[words][0], schemas)
    if "properties" in schema:
        found = {name: example_of(schema["properties"][name], schemas) for name in schema["required"]}
        return _in_words(found) if schema["properties"].get("message") == ANY_MESSAGE else found
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    return ANY_TEXT


def _in_words(error: Node) -> Node:
    """Return an error with the words of its code as its message, as the venue has it mostly."""
    return {name: error["code"].replace("_", " ") if name == "message" else value for name, value in error.items()}
