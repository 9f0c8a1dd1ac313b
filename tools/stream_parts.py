"""Makes the schemas of the stream's objects, types and errors for one date, and their examples."""

from typing import Any

from tools.contract_facts import Life, Node
from tools.stream_facts import COMPAT, alive_node, living_fields, living_nodes

CONST_OF = "type"
"""The key of a message whose fact is a constant, not a type."""
MARKET_LIFECYCLE = "MarketLifecycle"
ALWAYS_KEYS = ["market_ticker", "event_type"]


def reference(section: str, name: str) -> Node:
    return {"$ref": f"#/components/{section}/{name}"}


class Schemas:
    """The schemas of one date by name."""

    def __init__(self, facts: Node, day: str) -> None:
        self.facts, self.day = facts, day
        self.channels = living_nodes(facts["channels"], day)
        self.errors = living_nodes(facts["errors"], day)

    def every(self) -> Node:
        objects = {name: self.object(name, fields) for name, fields in self.facts["objects"].items()}
        types = {name: type_schema(node) for name, node in living_nodes(self.facts["types"], self.day).items()}
        words = {
            "Channel": {"type": "string", "enum": list(self.channels)},
            "ErrorCode": {"type": "integer", "enum": list(self.errors)},
        }
        return {**objects, **types, **words}

    def object(self, name: str, fields: Node) -> Node:
        living = living_fields(fields, self.day)
        seen = [key for key in self.facts["recorded_keys"].get(name, []) if key in living]
        rules = self.rules(name)
        return {
            **self._closed({key: self.field(life) for key, life in living.items()}, living),
            **({"allOf": rules} if rules else {}),
            **self._order(name, list(living)),
            **({"x-recorded": seen} if seen else {}),
        }

    def payload(self, node: Node) -> Node:
        """Return the schema of a message; its distinguishing key has a constant instead of a type."""
        left_out = node.get("not_in_compat", []) if self.day == COMPAT else []
        living = {key: life for key, life in living_fields(node["keys"], self.day).items() if key not in left_out}
        fields = {key: {"const": life.name} if key == CONST_OF else self.field(life) for key, life in living.items()}
        seen = [key for key, lives in node.get("recorded", {}).items() if key in living and self._is_news(lives)]
        return {
            **self._closed(fields, living),
            **({"x-key-order": list(living)} if node.get("ordered") else {}),
            **({"x-recorded": seen} if seen else {}),
        }

    def _is_news(self, lives: Node) -> bool:
        """Whether a key was not documented on the date."""
        return alive_node(lives, self.day) is not None and self.day != COMPAT

    @staticmethod
    def _closed(properties: Node, living: dict[str, Life]) -> Node:
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [key for key, life in living.items() if life.empty != "absent"],
            "properties": properties,
        }

    def field(self, life: Life) -> Node:
        schema = reference("schemas", life.name)
        found = {"type": "array", "items": schema} if life.is_list else schema
        return {"oneOf": [found, {"type": "null"}]} if life.empty == "null" else found

    def _order(self, name: str, keys: list[str]) -> Node:
        since = self.facts["ordered_objects"].get(name)
        return {"x-key-order": keys} if since and self.day >= str(since) and self.day != COMPAT else {}

    def rules(self, name: str) -> list[Node]:
        """Return the constraints of an object beyond its list of keys."""
        if name == MARKET_LIFECYCLE:
            return self._lifecycle_rules()
        if name == "Error":
            return [_text_rule(code, error) for code, error in self.errors.items()]
        found = [alive_node(rule, self.day) for rule in self.facts["rules"].get(name, [])]
        return [rule for rule in found if rule is not None]

    def _lifecycle_rules(self) -> list[Node]:
        words = alive_node(self.facts["types"]["MarketEvent"], self.day) or {}
        living = living_fields(self.facts["objects"][MARKET_LIFECYCLE], self.day)
        events = {name: node for name, node in self.facts["market_events"].items() if name in words["enum"]}
        return [_event_rule(name, node, set(living)) for name, node in events.items()]

    def example(self, value: Any, name: str) -> Any:
        """Return an example of an object or a type as of the date."""
        if isinstance(value, list):
            dated = all(isinstance(one, dict) and "value" in one for one in value)
            return (alive_node(value, self.day) or {})["value"] if dated else [self.example(one, name) for one in value]
        fields = self.facts["objects"].get(name)
        return self.example_of(value, fields) if fields and isinstance(value, dict) else value

    def example_of(self, value: Node, fields: Node) -> Node:
        living = living_fields(fields, self.day)
        return {key: self.example(value[key], life.name) for key, life in living.items() if key in value}


def type_schema(node: Node) -> Node:
    """Return the JSON schema of a type; its items are the name of one type, or of one type for each place."""
    items = node.get("items")
    if isinstance(items, list):
        return {**node, "items": [reference("schemas", name) for name in items], "additionalItems": False}
    return {**node, "items": reference("schemas", items)} if isinstance(items, str) else node


def _text_rule(code: Any, error: Node) -> Node:
    ends = {"x-terminal": True} if error.get("terminal") else {}
    return {
        "description": error["means"],
        "if": {"properties": {"code": {"const": code}}},
        "then": {"properties": {"msg": {"const": error["text"]}}},
        **ends,
    }


def _event_rule(event: str, node: Node, living: set[str]) -> Node:
    needs = [key for key in node["needs"] if key in living]
    known = [*ALWAYS_KEYS, *needs, *(key for key in node.get("may_have", []) if key in living)]
    return {
        "title": f"the keys of {event}",
        "if": {"properties": {"event_type": {"const": event}}},
        "then": {"required": needs, "propertyNames": {"enum": known}},
    }
