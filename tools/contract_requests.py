"""Makes the schemas of the bodies that writes send, and of their refusals by code."""

from tools.contract_examples import ANY_MESSAGE
from tools.contract_facts import COMPAT, Life, Node, living, living_node, node_holds
from tools.contract_parts import closed

NULL = {"type": "null"}


def request_schemas(facts: Node, day: str) -> Node:
    """Return the schemas of the request bodies by name."""
    return {name: _request(name, fields, facts, day) for name, fields in facts["requests"].items()}


def _request(name: str, fields: Node, facts: Node, day: str) -> Node:
    lives = {field: living(lines, day) for field, lines in fields.items()}
    known = {field: life for field, life in lives.items() if life is not None}
    required = [field for field, life in known.items() if not life.may_be_absent(day)]
    sizes = facts["list_sizes"]
    return {
        "type": "object",
        "additionalProperties": True,
        **({"required": required} if required else {}),
        "properties": {field: _sent(life, sizes.get(field, {}), day) for field, life in known.items()},
        **_alternatives(facts["alternatives"].get(name, []), known, day),
    }


def _sent(life: Life, size: Node, day: str) -> Node:
    schema: Node = {"$ref": f"#/components/schemas/{life.name}"}
    if life.is_list:
        schema = {"type": "array", **size, "items": schema}
    return {"oneOf": [schema, NULL]} if life.may_be_null(day) else schema


def _alternatives(every: list[Node], known: dict[str, Life], day: str) -> Node:
    """Return the keywords that demand one of several fields, exactly one (`oneOf`) or more (`anyOf`)."""
    found: Node = {}
    for alternative in every:
        if node_holds(alternative, day):
            names = alternative.get("one") or alternative["some"]
            keyword = "oneOf" if "one" in alternative else "anyOf"
            found[keyword] = [_having(name, known[name], day) for name in names if name in known]
    return found


def _having(name: str, life: Life, day: str) -> Node:
    """Return the schema of an object with a field; null is no value."""
    return {"required": [name], **({"properties": {name: {"not": NULL}}} if life.may_be_null(day) else {})}


def coded_error(node: Node, day: str) -> Node:
    """Return the schema of refusals known by their codes, nested in `error` or flat; in compat both at once."""
    codes = list(dict.fromkeys([*node["coded"], *(node.get("flat", []) if day == COMPAT else [])]))
    known: Node = {"code": {"enum": codes}, "message": ANY_MESSAGE, "details": {"type": "string"}}
    needed = ["code", "message"]
    more = {name: living_node(one, day) for name, one in node.get("may_have", {}).items()}
    error = closed({**known, **{name: one for name, one in more.items() if one is not None}}, needed)
    if day == COMPAT:
        return closed({"error": error, **known}, ["error", *needed])
    nested = closed({"error": error})
    if "flat" not in node:
        return nested
    return {"oneOf": [nested, closed({**known, "code": {"enum": node["flat"]}}, needed)]}
