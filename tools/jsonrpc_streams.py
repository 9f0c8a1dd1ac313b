"""The AsyncAPI document of a JSON-RPC venue's stream."""

from typing import Any

from tools.contract_facts import Node
from tools.contract_schemas import used_schemas
from tools.jsonrpc_calls import Calls
from tools.jsonrpc_facts import ALIASES, Schemas, closed, read, reference

MAIN = "stream"
"""The channel with all messages; other channels have the same messages at other addresses."""
ANSWERS = ("result", "refusal")


def stream_document(venue: str, alias: str) -> Node:
    """Return the document of a venue's stream."""
    facts, schemas = read(venue, "stream"), Schemas(venue)
    calls = Calls(venue, schemas)
    messages = {name: _message(schemas, node) for name, node in facts["messages"].items()}
    messages |= {name: {"summary": words, "payload": payload} for name, words, payload in _calls(calls)}
    every = {**schemas.every(), **calls.errors_by_name()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": facts["title"], "version": ALIASES[alias], "description": facts["description"]},
        "defaultContentType": "application/json",
        "servers": {name: _server(node) for name, node in facts["servers"].items()},
        "channels": {name: _channel(facts, name, address, messages) for name, address in facts["addresses"].items()},
        "operations": _operations(facts),
        "components": {"messages": messages, "schemas": used_schemas(every, messages)},
    }


def _server(node: Node) -> Node:
    return {"host": node["host"], "protocol": "wss", "description": node["says"]}


METHOD = {"method": {"description": "Any; what is asked is in the frames."}}


def _channel(facts: Node, name: str, address: str, messages: Node) -> Node:
    more = {"x-frame-end": facts["frame_end"], "x-refusals": facts["refusals"]} if name == MAIN else {}
    told = {one: node["channel"] for one, node in facts["messages"].items() if "channel" in node}
    return {
        "address": address,
        **({"parameters": METHOD} if "{method}" in address else {}),
        "messages": {one: reference(one, "messages") for one in messages},
        **more,
        **({"x-channels": {words: {"messages": [one]} for one, words in told.items()}} if name == MAIN else {}),
    }


def _operations(facts: Node) -> Node:
    channel = {"$ref": f"#/channels/{MAIN}"}
    telling = {
        f"tell_{name}": {
            "action": "send",
            "summary": node["says"],
            "channel": channel,
            "messages": [_of_channel(name)],
        }
        for name, node in facts["messages"].items()
    }
    call = {"action": "receive", "summary": "Ask for something.", "channel": channel, "messages": [_of_channel("call")]}
    reply = {"channel": channel, "messages": [_of_channel(name) for name in ANSWERS]}
    return {"call": {**call, "reply": reply}, **telling}


def _of_channel(name: str) -> Node:
    return {"$ref": f"#/channels/{MAIN}/messages/{name}"}


def _message(schemas: Schemas, node: Node) -> Node:
    return {"summary": node["says"], "payload": _payload(schemas, node["fields"])}


def _payload(schemas: Schemas, fields: Node) -> Node:
    return closed({name: _field(schemas, words) for name, words in fields.items()}, list(fields))


def _field(schemas: Schemas, words: Any) -> Node:
    if not isinstance(words, dict):
        return schemas.field(words)
    if {"const", "pattern"} & set(words):
        return {"type": "string", **words}
    return _payload(schemas, words)


def _calls(calls: Calls) -> list[tuple[str, str, Node]]:
    """Return the calls of clients, and the two kinds of answers."""
    facts = calls.facts
    properties = {key: calls.schemas.field(words) for key, words in facts["request"].items() if "*" not in str(words)}
    own: Node = {"method": {"type": "string"}, "params": {"type": ["object", "null"]}}
    call = {"type": "object", "required": ["method"], "properties": {**properties, **own}}
    return [
        ("call", "A call of any method.", call),
        ("result", "What was asked for.", calls.envelope("answer", {})),
        ("refusal", "It is refused.", calls.refusal(list(calls.errors))),
    ]
