"""The facts of the JSON-RPC venues, and the schemas and examples made from them."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.runtime import api_documents
from tools.contract_facts import COMPAT, Node

CONTRACTS = Path(__file__).parents[1] / "contracts"
ALIASES = {"2026-10": "2026-10-31", COMPAT: COMPAT}
"""The version of each document, by the name of its folder."""
NOTHING = "null"


@cache
def read(venue: str, name: str) -> Node:
    """Read a table of a venue's folder `facts`."""
    facts: Node = api_documents.parse_text((CONTRACTS / venue / "facts" / f"{name}.yaml").read_text(encoding="utf-8"))
    return facts


class Type(NamedTuple):
    """The type of a field: the name of a type or an object; "" for a field that is always null."""

    name: str
    is_optional: bool
    is_list: bool
    may_be_null: bool


def type_of(words: Any) -> Type:
    """Read a type of the tables: "Name", "Name?", "[Name]", "Name|null"."""
    text = str(words)
    is_optional, text = text.endswith("?"), text.removesuffix("?")
    may_be_null, text = text.endswith(f"|{NOTHING}"), text.removesuffix(f"|{NOTHING}")
    return Type("" if text == NOTHING else text.strip("[]"), is_optional, text.startswith("["), may_be_null)


def reference(name: str, section: str = "schemas") -> Node:
    return {"$ref": f"#/components/{section}/{name}"}


class Schemas:
    """The schemas and examples of a venue's documents."""

    def __init__(self, venue: str) -> None:
        tables = read(venue, "objects")
        self.types, self.objects = tables["types"], tables["objects"]
        self.examples = read(venue, "examples")

    def every(self) -> Node:
        """Return every schema by its name."""
        return {**self.types, **{name: self._object(name) for name in self.objects}}

    def _object(self, name: str) -> Node:
        node = self.objects[name]
        if isinstance(node, list):
            return {"oneOf": [reference(one) for one in node]}
        return closed({field: self.field(words) for field, words in self.fields(name).items()}, self._required(name))

    def fields(self, name: str) -> Node:
        """Return the fields of an object with their types, including those of the objects that it extends."""
        node = self.objects[name]
        if not {"whole", "optional", "fields"} & set(node):
            return dict(node)
        whole = [self.fields(one) for one in node.get("whole", [])]
        optional = [_optional(self.fields(one)) for one in node.get("optional", [])]
        every = [line for part in (*whole, *optional, node.get("fields", {})) for line in part.items()]
        return {field: words for field, words in every if field not in node.get("without", [])}

    def _required(self, name: str) -> list[str]:
        return [field for field, words in self.fields(name).items() if not type_of(words).is_optional]

    def field(self, words: Any) -> Node:
        """Return the schema of a field, a parameter or a result."""
        kind = type_of(words)
        if not kind.name:
            return {"type": NOTHING}
        schema: Node = {"type": "array", "items": reference(kind.name)} if kind.is_list else reference(kind.name)
        return {"oneOf": [schema, {"type": NOTHING}]} if kind.may_be_null else schema

    def example(self, words: Any) -> Any:
        """Return an example of a field, a parameter or a result."""
        kind = type_of(words)
        if not kind.name:
            return None
        one = self._example_of(kind.name)
        return [one] if kind.is_list else one

    def _example_of(self, name: str) -> Any:
        if name in self.types:
            schema = self.types[name]
            first = schema["const"] if "const" in schema else schema.get("enum", [None])[0]
            return self.examples["types"].get(name, first)
        if isinstance(self.objects[name], list):
            return self._example_of(self.objects[name][0])
        values = self.examples["objects"].get(name, {})
        return {
            field: values[field] if field in values else self._example_of_field(words)
            for field, words in self.fields(name).items()
            if field in values or not type_of(words).is_optional
        }

    def _example_of_field(self, words: Any) -> Any:
        return None if type_of(words).may_be_null else self.example(words)


def _optional(fields: Node) -> Node:
    return {field: words if str(words).endswith("?") else f"{words}?" for field, words in fields.items()}


def closed(properties: Node, required: list[str]) -> Node:
    """Return the schema of an object without other fields."""
    needed = {"required": required} if required else {}
    return {"type": "object", "additionalProperties": False, **needed, "properties": properties}
