"""The parts of a document for one method: its requests, answers and refusals."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from tools.contract_facts import Node
from tools.jsonrpc_facts import Schemas, closed, read, reference, type_of

OWN = "*"
"""The members of an envelope that depend on the method."""
REASON_CHOSEN = "^((value )?must be .+|invalid [a-z_]+)$"


def name_of(method: str) -> str:
    """Return the method's name among components: "private/get_positions" is GetPositions."""
    scope, _, own = method.rpartition("/")
    word = "".join(part.capitalize() for part in own.split("_"))
    return f"{scope.capitalize()}{word}" if "subscribe" in own else word


class Calls:
    """The methods of one venue's document."""

    def __init__(self, venue: str, schemas: Schemas) -> None:
        self.schemas = schemas
        self.facts, self.methods, self.errors = (read(venue, name) for name in ("venue", "methods", "refusals"))

    def parameters(self, method: str) -> Node:
        found: Node = self.methods[method].get("parameters", {})
        return found

    def is_streams_only(self, method: str) -> bool:
        return "result" not in self.methods[method]

    def is_write(self, method: str) -> bool:
        return bool(self.methods[method].get("writes"))

    def is_public(self, method: str) -> bool:
        return "scope" not in self.methods[method]

    def query(self, method: str) -> list[Node]:
        """Return the parameters of a GET."""
        return [
            {
                "name": name,
                "in": "query",
                **({} if type_of(words).is_optional else {"required": True}),
                "schema": self.schemas.field(words),
                "example": self._example(name, words),
            }
            for name, words in self.parameters(method).items()
        ]

    def _example(self, name: str, words: Any) -> Any:
        own = self.schemas.examples["parameters"]
        return own[name] if name in own else self.schemas.example(words)

    def body(self, method: str) -> Node:
        """Return the body of a POST."""
        params = self._params(method)
        properties, required = dict[str, Any](), []
        for key, words in self.facts["request"].items():
            is_optional = str(words).endswith("?")
            own = {"method": {"type": "string", "const": method}, "params": params}
            properties[key] = own[key] if key in own else self.schemas.field(words)
            if not is_optional or (key == "params" and "required" in params):
                required.append(key)
        schema = {"type": "object", "required": required, "properties": properties}
        example = {key: self._sent(method, key, words) for key, words in self.facts["request"].items()}
        return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}

    def _params(self, method: str) -> Node:
        fields = self.parameters(method)
        required = [name for name, words in fields.items() if not type_of(words).is_optional]
        properties = {name: self._param(name in required, words) for name, words in fields.items()}
        schema: Node = {"type": "object" if required else ["object", "null"]}
        return {
            **schema,
            **({"required": required} if required else {}),
            **({"properties": properties} if properties else {}),
        }

    def _param(self, is_required: bool, words: Any) -> Node:
        schema = self.schemas.field(words)
        return schema if is_required else {"oneOf": [schema, {"type": "null"}]}

    def _sent(self, method: str, key: str, words: Any) -> Any:
        if key == "params":
            return {name: self._example(name, one) for name, one in self.parameters(method).items()}
        return method if key == "method" else "2.0" if key == "jsonrpc" else self.schemas.example(words)

    def answer(self, method: str) -> Node:
        """Return the schema of an answer."""
        return self.envelope("answer", self.schemas.field(self.methods[method]["result"]))

    def answer_example(self, method: str) -> Node:
        return self._envelope_example("answer", self.schemas.example(self.methods[method]["result"]))

    def refusals(self, method: str, verb: str) -> dict[str, list[str]]:
        """Return the names of the refusals of a call, by status."""
        found = self.facts["refusals"]
        body = found["body"] if verb == "post" else {}
        is_silent = self.is_streams_only(method)
        parts = [found["every"], found["streams_only"], body] if is_silent else list(self._parts(method, verb))
        merged: dict[str, list[str]] = {}
        for status, names in chain.from_iterable(part.items() for part in parts):
            merged.setdefault(status, []).extend(name for name in names if name not in merged.get(status, []))
        return merged

    def _parts(self, method: str, verb: str) -> Iterator[Node]:
        found, node = self.facts["refusals"], self.methods[method]
        yield found["every"]
        yield {"400": node["refused"]} if "refused" in node else {}
        yield {} if self.is_public(method) else found["private"]
        yield found["parameters"] if self.parameters(method) or verb == "post" else {}
        yield found["body"] if verb == "post" else {}

    def refusal(self, names: list[str]) -> Node:
        """Return the schema of a refusal that is one of several."""
        schemas = [reference(name) for name in names]
        return self.envelope("refusal", schemas[0] if len(schemas) == 1 else {"oneOf": schemas})

    def refusal_example(self, names: list[str]) -> Node:
        return self._envelope_example("refusal", error_example(self.errors[names[0]]))

    def errors_by_name(self) -> Node:
        return {name: error_schema(node) for name, node in self.errors.items()}

    def envelope(self, kind: str, own: Node) -> Node:
        """Return the schema of the envelope of an answer or a refusal."""
        fields = self.facts[kind]
        properties = {key: own if words == OWN else self.schemas.field(words) for key, words in fields.items()}
        return closed(properties, [key for key, words in fields.items() if not str(words).endswith("?")])

    def _envelope_example(self, kind: str, own: Any) -> Node:
        fields = {key: words for key, words in self.facts[kind].items() if not str(words).endswith("?")}
        return {key: own if words == OWN else self._stamp(key, words) for key, words in fields.items()}

    def _stamp(self, key: str, words: Any) -> Any:
        return 0 if key == "usDiff" else self.schemas.example(words)


def error_schema(node: Node) -> Node:
    """Return the schema of an error object with constant texts."""
    properties: Node = {"code": {"type": "integer", "const": node["code"]}}
    fixed = {"pattern": node["pattern"]} if "pattern" in node else {"const": node["message"]}
    properties["message"] = {"type": "string", **fixed}
    if "data" in node:
        known = {name: {"type": "string", "const": text} for name, text in node["data"].items()}
        properties["data"] = closed(known, list(known))
    if "reasons" in node:
        known_reasons = {"type": "string", "enum": list(node["reasons"].values())}
        reason = {"anyOf": [known_reasons, {"type": "string", "pattern": REASON_CHOSEN}]}
        properties["data"] = closed(
            {"reason": reason, "param": {"type": "string", "minLength": 1}}, ["reason", "param"]
        )
    mark = {"x-recorded": node["recorded"]} if "recorded" in node else {}
    return {**closed(properties, list(properties)), **mark}


def error_example(node: Node) -> Node:
    example = {"code": node["code"], "message": node["message"]}
    if "reasons" in node:
        return {**example, "data": {"reason": node["reasons"]["missing"], "param": "instrument_name"}}
    return {**example, "data": dict(node["data"])} if "data" in node else example
