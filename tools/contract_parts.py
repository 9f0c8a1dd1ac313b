"""Makes the schemas of parameters, types and refusals for one date."""

from itertools import chain
from typing import Any

from tools.contract_facts import COMPAT, Node, living_node

WIDE_MAX = 10**18 - 1
"""choice: the numbers of 18 digits, of those of 64 bits."""
MESSAGES_RECORDED = "2026-06-11"
MESSAGES_SINCE = "2026-01-01"
"""From then on an unknown value is refused in the message form (recorded before and after; the day is a choice)."""


def parameter_node(fact: Node, example: Any) -> Node:
    """Return the OpenAPI node of a query parameter."""
    words = {"list": "Comma list. "}.get(fact.get("kind", ""), "") + fact["says"]
    return {
        "name": fact["name"],
        "in": "query",
        **({"required": True} if fact.get("required") else {}),
        "description": words,
        **recorded(fact),
        "schema": parameter_schema(fact),
        "example": example,
    }


def path_parameter(name: str, example: Any) -> Node:
    schema = {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "schema": schema, "example": example}


def recorded(fact: Node) -> Node:
    """Return the mark of an undocumented recording: its day, or true if the day is unknown."""
    day = fact.get("recorded")
    return {} if day is None else {"x-recorded": day if day is True else str(day)}


def parameter_schema(fact: Node) -> Node:
    default = {"default": fact["default"]} if "default" in fact else {}
    match fact.get("kind", "text"):
        case "repeated":
            return {"type": "array", **_sizes(fact), "items": _item(fact)}
        case "instant":
            return {"type": "string", "format": "date-time"}
        case "integer":
            return {"type": "integer", **_bounds(fact), **default}
        case "boolean":
            return {"type": "boolean", **default}
        case "list":
            return {"type": "string", **({"minLength": 1} if fact.get("required") else {}), **_list_pattern(fact)}
        case _:
            choices = {"enum": fact["choices"]} if "choices" in fact else {}
            least = {"minLength": 1} if fact.get("required") else {}
            return {"type": "string", **choices, **least, **default}


def _sizes(fact: Node) -> Node:
    return {**({"minItems": 1} if fact.get("required") else {}), "maxItems": fact["most"]}


def _item(fact: Node) -> Node:
    """Return the schema of one value of a repeated parameter."""
    return {"type": "integer", **_bounds(fact)} if "to" in fact else {"type": "string"}


def _bounds(fact: Node) -> Node:
    if "numbers" in fact:
        return {"enum": fact["numbers"]}
    if fact.get("wide"):
        return {"format": "int64", "minimum": -WIDE_MAX, "maximum": WIDE_MAX}
    return {"minimum": fact["from"], "maximum": fact["to"]}


def _list_pattern(fact: Node) -> Node:
    if "choices" in fact:
        one = f"({'|'.join(fact['choices'])})"
        return {"pattern": f"^{one}(,{one})*$"}
    return {"pattern": f"^[^,]*(,[^,]*){{0,{fact['most'] - 1}}}$"} if "most" in fact else {}


def go_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _tags(fact: Node, day: str) -> list[str]:
    """Return the tags of the checks that a value of the right type can fail, as in the venue's messages."""
    if "numbers" in fact:
        return ["oneof"] if day >= MESSAGES_SINCE else []
    if fact.get("kind") == "integer":
        return [] if fact.get("wide") else ["gte", "lte"]
    if fact.get("kind") == "repeated":
        return ["max", *(["gte", "lte"] if "to" in fact else [])]
    if "most" in fact:
        return ["lte", "max"]  # neither the shape nor the tag of an eleventh name was ever seen
    return ["oneof"] if "choices" in fact and day >= MESSAGES_SINCE else []


def parameter_error(operation: str, facts: list[Node], day: str) -> Node:
    """Return the schemas of messages about the parameters of an operation by name, first that of the answer."""
    name, message = f"{operation}ParameterError", _message(operation, facts, day)
    mark = {"x-recorded": MESSAGES_RECORDED}
    if day != COMPAT:
        return {name: {**mark, **closed({"msg": message})}}
    same = {"$ref": f"#/components/schemas/{operation}ParameterMessage"}
    error = {"code": {"const": "bad_request"}, "message": same}
    everywhere = closed({"error": closed(error), **error, "msg": same})
    return {name: {**mark, **everywhere}, f"{operation}ParameterMessage": message}


def _message(operation: str, facts: list[Node], day: str) -> Node:
    wrong = "Invalid format for parameter {0}: "
    needed = [one for one in facts if one.get("required") or one.get("needed")]
    typed = [one for one in facts if one.get("kind") in {"integer", "boolean", "instant"} or "to" in one]
    single = [one for one in facts if one.get("kind") != "repeated"]
    failures = [_failure(operation, one["name"], tag) for one in facts for tag in _tags(one, day)]
    texts = chain(
        (f"Query argument {one['name']} is required, but not found" for one in needed),
        (f"{wrong.format(one['name'])}error binding string parameter" for one in typed),
        (_multiple(wrong, one["name"]) for one in single),
        (f"Parameter validation failed for {operation}: {failure}" for failure in failures),
    )
    every: list[Node] = [{"enum": list(texts)}, *_several(operation, facts, day)]
    return {"type": "string", "anyOf": every}


def _multiple(wrong: str, name: str) -> str:
    return f"{wrong.format(name)}multiple values for single value parameter '{name}'"


def _failure(operation: str, name: str, tag: str) -> str:
    field = go_name(name)
    return f"Key: '{operation}Params.{field}' Error:Field validation for '{field}' failed on the '{tag}' tag"


def _several(operation: str, facts: list[Node], day: str) -> list[Node]:
    """choice: several failed checks are one line each."""
    checked = {go_name(one["name"]): _tags(one, day) for one in facts if _tags(one, day)}
    if len(checked) < 2:
        return []
    names, tags = "|".join(checked), "|".join(sorted(set(chain.from_iterable(checked.values()))))
    line = rf"Key: '{operation}Params\.({names})' Error:Field validation for '({names})' failed on the '({tags})' tag"
    return [{"pattern": rf"^Parameter validation failed for {operation}: {line}(\n{line})+$"}]


def closed(properties: Node, required: list[str] | None = None) -> Node:
    """Return an object schema without other members; all are required by default."""
    listed = list(properties) if required is None else required
    return {"type": "object", "additionalProperties": False, "required": listed, "properties": properties}


def type_schema(node: Node) -> Node:
    """Return the JSON schema of a type; the members of a tuple are names of other types."""
    items = [{"$ref": f"#/components/schemas/{name}"} for name in node.get("prefixItems", [])]
    return {**node, "prefixItems": items} if items else node


def error_schemas(errors: Node, day: str) -> Node:
    found = {name: living_node(lives, day) for name, lives in errors.items()}
    return {name: _error_schema(node, day) for name, node in found.items() if node is not None}


def _error_schema(node: Node, day: str) -> Node:
    mark = recorded(node)
    if "text" in node:
        return {**mark, **closed({"error": {"const": node["text"]}})}
    if "nested" in node:
        return {**mark, **_nested(node["nested"], node.get("may_have", {}), day)}
    found = (living_node(one, day) for one in node["nested_one_of"])
    one_of = [(recorded(one), {name: one[name] for name in one if name != "recorded"}) for one in found if one]
    return {"oneOf": [{**own, **_nested(one, {}, day)} for own, one in one_of]}


def _nested(members: Node, optional: dict[str, Any], day: str) -> Node:
    """Return an object in `error`; in compat with the members beside it that clients of any year read."""
    told = _members(members)
    beside = told if day == COMPAT else {}
    return closed({"error": _with_optional(told, optional, day), **beside})


def _members(node: Node) -> Node:
    return {name: value if isinstance(value, dict) else {"const": value} for name, value in node.items()}


def _with_optional(members: Node, optional: dict[str, Any], day: str) -> Node:
    lives = {name: living_node(node, day) for name, node in optional.items()}
    more = {name: node for name, node in lives.items() if node is not None}
    return closed({**members, **more}, list(members))
