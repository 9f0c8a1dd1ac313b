"""Write the documents of the venue's stream (AsyncAPI 3.0) from the dated facts beside them.

The facts come from recorded frames and dated documentation. Nothing here imports the server, so that the documents and
the server can be compared.
"""

from pathlib import Path

from tools.contract_facts import CONTRACTS, Node
from tools.plain_yaml import render
from tools.stream_facts import COMPAT, STREAM_DATES, alive_node, living_nodes, read_stream_facts
from tools.stream_parts import Schemas, reference

HEADER = """\
# Kalshi's stream as of the API date below, written by `python -m tools.write_stream_contracts` from the facts in
# ../facts, which come from recorded frames and dated documentation, never from the server. ../STREAM.md grades what no
# source settles. The venue is what is described: it sends what is a `send`, and a client sends what the venue receives.
"""
WORDS = (
    "JSON text frames, compact, each ended by a newline. Keys stand in the order of x-key-order where there is one; "
    "x-recorded names keys that were seen and are in no documentation of the day."
)
SIGNATURE = (
    "Padded standard base64 of the RSA-PSS signature (SHA-256, MGF1 with SHA-256, salt as long as the digest) over "
    "timestamp, GET and the path, with nothing between them."
)
HEADERS = {
    "KALSHI-ACCESS-KEY": "The key id, a UUID.",
    "KALSHI-ACCESS-SIGNATURE": SIGNATURE,
    "KALSHI-ACCESS-TIMESTAMP": "Unix milliseconds in decimal.",
}
SIGNED = {
    "type": "httpApiKey",
    "in": "header",
    "name": "KALSHI-ACCESS-SIGNATURE",
    "description": "Beside the two other headers of the handshake.",
}
CHANNEL = "#/channels/stream"


class Writer:
    """The document of one date."""

    def __init__(self, facts: Node, day: str) -> None:
        self.facts, self.day = facts, day
        self.schemas = Schemas(facts, day)
        self.messages = living_nodes(facts["messages"], day)
        self.commands = living_nodes(facts["commands"], day)

    def document(self) -> Node:
        servers = living_nodes(self.facts["servers"], self.day)
        return {
            "asyncapi": "3.0.0",
            "info": {"title": "Kalshi's stream", "version": self.day, "description": WORDS},
            "defaultContentType": "application/json",
            "servers": {name: self.server(server) for name, server in servers.items()},
            "channels": {"stream": self.channel()},
            "operations": {**self.receiving(), **self.sending()},
            "components": self.components(),
        }

    @staticmethod
    def server(node: Node) -> Node:
        security = [reference("securitySchemes", "signature")]
        return {"host": node["host"], "protocol": "wss", "description": node["says"], "security": security}

    def channel(self) -> Node:
        properties = {name: {"type": "string", "description": words} for name, words in HEADERS.items()}
        names = [*self.messages, *self.commands]
        return {
            "address": self.facts["address"],
            "description": "One connection for every channel of the venue. x-channels are what can be subscribed to.",
            "messages": {name: reference("messages", name) for name in names},
            "bindings": {
                "ws": {
                    "method": "GET",
                    "headers": {"type": "object", "required": list(HEADERS), "properties": properties},
                    "bindingVersion": "0.1.0",
                }
            },
            "x-keep-alive": self.facts["keep_alive"],
            "x-refusals": {str(status): node for status, node in self.facts["refusals"].items()},
            "x-limits": alive_node(self.facts["limits"], self.day),
            **({"x-anonymous": "public channels"} if self.day != COMPAT and self.is_anonymous() else {}),
            "x-channels": {name: self._channel_facts(name, node) for name, node in self.schemas.channels.items()},
        }

    def is_anonymous(self) -> bool:
        return alive_node(self.facts["anonymous"], self.day) is not None

    def _channel_facts(self, channel: str, node: Node) -> Node:
        messages = [name for name, one in self.messages.items() if one.get("channel") == channel]
        shown = {key: value for key, value in node.items() if key in {"private", "filter", "ids"}}
        return {"description": node["says"], **shown, "messages": messages}

    def receiving(self) -> Node:
        """Return the operations of commands and their replies."""
        return {
            name: {
                "action": "receive",
                "summary": node["says"],
                "channel": {"$ref": CHANNEL},
                "messages": [_message(name)],
                "reply": {"channel": {"$ref": CHANNEL}, "messages": list(map(_message, node["answers"]))},
            }
            for name, node in self.commands.items()
        }

    def sending(self) -> Node:
        """Return the operations of channel data and of errors that belong to no command."""
        told = {name: node["messages"] for name, node in self.channel()["x-channels"].items() if node["messages"]}
        return {
            f"tell_{name}": {
                "action": "send",
                "summary": f"What the channel {name} tells." if name in told else "A subscription has ended.",
                "channel": {"$ref": CHANNEL},
                "messages": list(map(_message, messages)),
            }
            for name, messages in {**told, "error": ["error"]}.items()
        }

    def components(self) -> Node:
        messages = {
            **{name: self.message(node) for name, node in self.messages.items()},
            **{name: self.command(name, node) for name, node in self.commands.items()},
        }
        every = self.schemas.every()
        used = _used(every, messages)
        return {
            "messages": messages,
            "schemas": {name: node for name, node in every.items() if name in used},
            "securitySchemes": {"signature": SIGNED},
        }

    def message(self, node: Node) -> Node:
        payload = self.schemas.payload(node)
        example = {
            key: value
            for key, value in self.schemas.example_of(node["example"], node["keys"]).items()
            if key in payload["properties"]
        }
        return {"summary": node["says"], "payload": payload, "examples": [{"payload": example}]}

    def command(self, name: str, node: Node) -> Node:
        properties = {"id": reference("schemas", "RequestId"), "cmd": {"const": name}}
        if "params" in node:
            properties["params"] = reference("schemas", node["params"])
        payload = {
            "type": "object",
            "additionalProperties": False,
            "required": [key for key in properties if key != "id"],
            "properties": properties,
        }
        return {"summary": node["says"], "payload": payload, "examples": [{"payload": node["example"]}]}


def _message(name: str) -> Node:
    return {"$ref": f"{CHANNEL}/messages/{name}"}


def _used(every: Node, messages: Node) -> set[str]:
    """Return the schemas that some message refers to, also through others."""
    waiting, used = [messages], set[str]()
    while waiting:
        for name in set(_references(waiting.pop())) & set(every) - used:
            used.add(name)
            waiting.append(every[name])
    return used


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"].rsplit("/", 1)[1]] if isinstance(node.get("$ref"), str) else []
        return own + [name for child in node.values() for name in _references(child)]
    return [name for child in node for name in _references(child)] if isinstance(node, list) else []


def target(alias: str) -> Path:
    return CONTRACTS / alias / "asyncapi.yaml"


def render_document(alias: str) -> str:
    """Return the text of the document of an alias such as "2026-10", or of "compat"."""
    return HEADER + render(Writer(read_stream_facts(), STREAM_DATES[alias]).document())


if __name__ == "__main__":
    for alias in STREAM_DATES:
        target(alias).parent.mkdir(exist_ok=True)
        target(alias).write_text(render_document(alias), encoding="utf-8")
