"""The dated facts of the stream, and the facts that hold on one day or in `compat`."""

from typing import Any

from mockexchange.runtime import api_documents
from tools.contract_facts import API_DATES, CONTRACTS, Life, Node, life_of, living, living_node

COMPAT = "compat"
"""The date of `compat`, which sorts after every day: the newest version of each name, also of retired ones."""
STREAM_DATES = {**API_DATES, COMPAT: COMPAT}
TABLES = ("schemas", "stream_messages", "stream_commands", "stream_errors")


def read_stream_facts() -> Node:
    """Read the tables of the stream and the types of REST."""
    rest, messages, commands, errors = map(_table, TABLES)
    types = {**rest["types"], **messages["types"], **commands["types"]}
    objects = {**messages["objects"], **commands["objects"]}
    every = messages.pop("every_message")
    named = {name: _with_keys_of_every(message, every) for name, message in messages["messages"].items()}
    return {**commands, **messages, "messages": named, "errors": errors, "types": types, "objects": objects}


def _with_keys_of_every(message: Node, every: Node) -> Node:
    return {**message, **{part: {**message[part], **every[part]} for part in ("keys", "example")}}


def _table(name: str) -> Node:
    table: Node = api_documents.parse_text((CONTRACTS / "facts" / f"{name}.yaml").read_text(encoding="utf-8"))
    return table


def alive(lines: str | list[str], day: str) -> Life | None:
    """Return the dated version of a fact that holds on the day; in compat the newest one."""
    if day != COMPAT:
        return living(lines, day)
    return max(map(life_of, [lines] if isinstance(lines, str) else lines), key=lambda life: life.since)


def alive_node(nodes: Node | list[Node], day: str) -> Node | None:
    """Return the version of a node that holds on the day, without its dates; in compat the newest one."""
    if day != COMPAT:
        return living_node(nodes, day)
    newest = max(nodes if isinstance(nodes, list) else [nodes], key=lambda node: str(node.get("since", "")))
    return {name: value for name, value in newest.items() if name not in {"since", "until"}}


def living_fields(fields: Node, day: str) -> dict[str, Life]:
    """Return the keys that an object has on the day."""
    lives = {name: alive(lines, day) for name, lines in fields.items()}
    return {name: life for name, life in lives.items() if life is not None}


def living_nodes(nodes: dict[Any, Node | list[Node]], day: str) -> Node:
    """Return the named nodes that exist on the day, without their dates."""
    found = {name: alive_node(node, day) for name, node in nodes.items()}
    return {name: node for name, node in found.items() if node is not None}
