"""The documents of the stream for the tests of this folder."""

from functools import cache
from typing import Any

from mockexchange.kit.validation.frames import FrameJudge
from mockexchange.runtime import api_documents
from tests.contracts.documents import ALIASES, CONTRACTS

COMPAT = "compat"
SUBJECTS = (*ALIASES, COMPAT)

Node = dict[str, Any]


def document(alias: str) -> Node:
    return api_documents.parse(CONTRACTS / alias / "asyncapi.yaml")


@cache
def judge(alias: str) -> FrameJudge:
    return FrameJudge(document(alias), f"kalshi/{alias}")


def seen(alias: str, frame: str | bytes) -> list[str]:
    """Return what the document of a date finds wrong in a frame of the server."""
    return [finding.seen for finding in judge(alias).objections(frame, "a frame")]


def accepting(frame: str | bytes) -> set[str]:
    """Return the dates at which a frame may be sent."""
    return {alias for alias in SUBJECTS if not seen(alias, frame)}


def messages(alias: str, action: str) -> dict[str, Node]:
    """Return the messages that one side sends, by name."""
    every: Node = document(alias)["components"]["messages"]
    key = "type" if action == "send" else "cmd"
    return {name: node for name, node in every.items() if key in node["payload"]["properties"]}


def body(alias: str, message: str) -> Node:
    """Return the schema of a message's `msg`, or of a command's `params`."""
    properties = document(alias)["components"]["messages"][message]["payload"]["properties"]
    return schema(alias, properties.get("msg") or properties["params"])


def schema(alias: str, node: Node) -> Node:
    """Return the target of a reference to a schema; any other node as it is."""
    name = node.get("$ref", "").rpartition("/")[2]
    found: Node = document(alias)["components"]["schemas"][name] if name else node
    return found


def error_texts(alias: str) -> dict[int, str]:
    """Return the text of each error code."""
    rules = document(alias)["components"]["schemas"]["Error"]["allOf"]
    return {rule["if"]["properties"]["code"]["const"]: rule["then"]["properties"]["msg"]["const"] for rule in rules}


def terminal_codes(alias: str) -> set[int]:
    rules = document(alias)["components"]["schemas"]["Error"]["allOf"]
    return {rule["if"]["properties"]["code"]["const"] for rule in rules if rule.get("x-terminal")}
