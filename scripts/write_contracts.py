"""Write the contract documents of the venue from the dated facts beside them.

The facts (contracts/kalshi/facts) come from recordings and dated documentation. Nothing here knows the server: a
difference between the two has to be able to show.
"""

import re
from itertools import chain
from pathlib import Path
from typing import Any

from scripts.contract_facts import API_DATES, CONTRACTS, Life, Node, living, living_node, node_holds, read_facts
from scripts.contract_parts import error_schemas, parameter_error, parameter_node, type_schema
from scripts.plain_yaml import render

HEADER = """\
# The Kalshi account reads as of the API date below, written by `python -m scripts.write_contracts` from the facts in
# ../facts, which come from recorded answers and dated documentation, never from the server. ../README.md grades what no
# source settles. Every date has the same order of sections and one fact a line, so a diff of two files is the list of
# what changed.
"""
SECURITY: list[Node] = [{"accessKey": [], "accessSignature": [], "accessTimestamp": []}]
"""One requirement with three members: all three headers go together."""
SCOPES_SINCE = "2025-12-18"
PATH_PARAMETER = re.compile(r"\{(\w+)\}")
LIST_ROWS_MAX = 1000
UNBOUNDED_SINCE = {"MarketPosition": "2026-10-01"}
"""Pages of settled or all are cut between events, so they can hold more markets than the limit."""


def reference(section: str, name: str) -> Node:
    return {"$ref": f"#/components/{section}/{name}"}


class Writer:
    """Makes the document of one day."""

    def __init__(self, facts: Node, day: str) -> None:
        self.facts, self.day = facts, day
        self.reads = {name: read for name, read in facts["reads"].items() if node_holds(read, day)}
        self.writes = {name: write for name, write in facts["writes"].items() if node_holds(write, day)}
        self.lives = {name: self._parameters(read) for name, read in self.reads.items()}

    def _parameters(self, read: Node) -> dict[str, Node]:
        """What may be asked by library name; those of the path last."""
        lives = [living(line, self.day) for line in read.get("parameters", [])]
        found = {one.name: living_node(self.facts["parameters"][one.name], self.day) for one in lives if one}
        return {name: {"name": name, **node} for name, node in found.items() if node is not None}

    def reader_of(self, read: Node) -> str:
        life = living(read.get("reader", "account"), self.day)
        assert life is not None
        return life.name

    def document(self) -> Node:
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Kalshi account reads",
                "version": self.day,
                "summary": "Reads of an account, and the public ones beside it, as answered on the day in `version`.",
            },
            "servers": [{"url": "/trade-api/v2"}],
            "security": SECURITY,
            "paths": self.paths(),
            "components": self.components(),
        }

    def paths(self) -> Node:
        paths: dict[str, Node] = {}
        for name, read in self.reads.items():
            paths.setdefault(read["path"], self._path_item(read["path"]))["get"] = self.read(name, read)
        for name, write in self.writes.items():
            method, path = write["at"].split()
            paths.setdefault(path, self._path_item(path))[method.lower()] = self.write(name, write)
        return paths

    @staticmethod
    def _path_item(path: str) -> Node:
        names = PATH_PARAMETER.findall(path)
        schema = {"type": "string", "minLength": 1}
        listed = [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]
        return {"parameters": listed} if listed else {}

    def read(self, name: str, read: Node) -> Node:
        security: Node = {"security": []} if self.reader_of(read) == "public" else {}
        return {
            "operationId": name,
            "summary": read["says"],
            **security,
            **self._times(name, read),
            "parameters": [reference("parameters", one) for one in self.lives[name]],
            "responses": {status: reference("responses", kind) for status, kind in self._answers(name, read).items()},
        }

    def _times(self, name: str, read: Node) -> Node:
        """The kinds of time that exclude each other, of those that the read has on that day."""
        kinds = living_node(read.get("times", []), self.day) or {}
        asked = {kind: words for kind, words in kinds.items() if f"min_{kind}_ts" in self.lives[name]}
        return {"x-times": asked} if asked else {}

    def _answers(self, name: str, read: Node) -> dict[str, str]:
        reader = self.reader_of(read)
        may_be_forbidden = reader == "fcm" or (reader == "account" and self.day >= SCOPES_SINCE)
        found = {
            "200": read["answer"],
            "400": f"{name}Refused" if self.lives[name] else None,
            "401": None if reader == "public" else "Unauthorized",
            "403": "Forbidden" if may_be_forbidden else None,
            "404": "NotFound" if "unknown" in read else None,
            "405": "MethodNotAllowed",
            "429": "TooManyRequests",
            "500": "InternalServerError",
        }
        return {status: kind for status, kind in found.items() if kind is not None}

    def write(self, name: str, write: Node) -> Node:
        is_retired = self.day >= str(write.get("retired", "9999"))
        refusal = {"410": "RetiredWrite"} if is_retired else {"403": "Forbidden"}
        answers = {"401": "Unauthorized", **refusal, "429": "TooManyRequests", "500": "InternalServerError"}
        return {
            "operationId": name,
            "x-never-carried-out": True,
            "responses": {status: reference("responses", kind) for status, kind in answers.items()},
        }

    def components(self) -> Node:
        asked = dict(chain.from_iterable(lives.items() for lives in self.lives.values()))
        return {
            "securitySchemes": SECURITY_SCHEMES,
            "parameters": {name: parameter_node(asked[name]) for name in self.facts["parameters"] if name in asked},
            "responses": self.responses(),
            "schemas": self.schemas(),
        }

    def responses(self) -> Node:
        answers = dict.fromkeys(read["answer"] for read in self.reads.values())
        found = {name: response("What was asked for.", reference("schemas", name)) for name in answers}
        for name in self.reads:
            if self.lives[name]:
                found[f"{name}Refused"] = response("A parameter is wrong.", self._refusal(name))
        is_used = any(self.day >= str(write.get("retired", "9999")) for write in self.writes.values())
        for name, (words, schema) in COMMON_RESPONSES.items():
            if name != "RetiredWrite" or is_used:
                found[name] = response(words, reference("schemas", schema))
        found["MethodNotAllowed"] |= {"headers": {"Allow": ALLOW}}
        return found

    def _refusal(self, name: str) -> Node:
        own = reference("schemas", f"{name}ParameterError")
        return {"oneOf": [reference("schemas", "BadRequestError"), own]} if self._may_be_bad(name) else own

    def _may_be_bad(self, name: str) -> bool:
        """Whether the older form is an answer: to unknown words until 2026, or to what only this read can clash in."""
        is_checked = any("choices" in node or "most" in node for node in self.lives[name].values())
        clash = self.reads[name].get("clash")
        return (is_checked and self.day < "2026-01-01") or (clash is not None and self.day >= str(clash["since"]))

    def schemas(self) -> Node:
        objects = {name: self._object(fields) for name, fields in self.facts["objects"].items()}
        lives = {name: living_node(nodes, self.day) for name, nodes in self.facts["types"].items()}
        types = {name: type_schema(node) for name, node in lives.items() if node is not None}
        refusals = {
            f"{name}ParameterError": parameter_error(name, list(self.lives[name].values()), self.day)
            for name in self.reads
            if self.lives[name]
        }
        errors = error_schemas(self.facts["errors"], self.day)
        every = {**objects, **types, **refusals, **errors}
        used = self._used(every)
        return {name: schema for name, schema in every.items() if name in used}

    def _used(self, every: Node) -> set[str]:
        """The schemas that some answer needs, through any number of others."""
        waiting, used = [self.paths(), self.responses()], set[str]()
        while waiting:
            for name in set(_references(waiting.pop())) & set(every) - used:
                used.add(name)
                waiting.append(every[name])
        return used

    def _object(self, fields: Node) -> Node:
        lives = {name: living(lines, self.day) for name, lines in fields.items()}
        living_ones = {name: life for name, life in lives.items() if life is not None}
        required = [name for name, life in living_ones.items() if not life.may_be_absent(self.day)]
        return {
            "type": "object",
            "additionalProperties": False,
            **({"required": required} if required else {}),
            "properties": {name: self._field(life) for name, life in living_ones.items()},
        }

    def _field(self, life: Life) -> Node:
        schema: Node = reference("schemas", life.name)
        if life.is_list:
            is_unbounded = self.day >= UNBOUNDED_SINCE.get(life.name, "9999")
            limit = {} if is_unbounded else {"maxItems": LIST_ROWS_MAX}
            schema = {"type": "array", **limit, "uniqueItems": True, "items": schema}
        return {"oneOf": [schema, {"type": "null"}]} if life.may_be_null(self.day) else schema


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"].rsplit("/", 1)[1]] if isinstance(node.get("$ref"), str) else []
        return own + [name for child in node.values() for name in _references(child)]
    return [name for child in node for name in _references(child)] if isinstance(node, list) else []


def response(words: str, schema: Node) -> Node:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


ALLOW = {"required": True, "schema": {"type": "string", "pattern": "(^|, *)GET($|,)"}}
COMMON_RESPONSES = {
    "Unauthorized": ("Headers, key, timestamp or signature were not accepted.", "AuthenticationError"),
    "Forbidden": ("The key is good but may not do this.", "PermissionDeniedError"),
    "NotFound": ("No such thing, or none of this account's.", "NotFoundError"),
    "UnknownRoute": ("No such route; belongs to no operation.", "UnknownRouteError"),
    "MethodNotAllowed": ("The path exists, the method does not.", "MethodNotAllowedError"),
    "RetiredWrite": ("There is a newer operation for this.", "RetiredWriteError"),
    "TooManyRequests": ("Over the rate limit. No Retry-After, no rate headers.", "TooManyRequestsError"),
    "InternalServerError": ("The venue failed. Documented for each operation, never recorded.", "InternalServerError"),
}
SIGNATURE_WORDS = (
    "Padded standard base64 of the signature over timestamp, upper-case method and raw path with the server's prefix, "
    "without query, nothing between them."
)
SECURITY_SCHEMES = {
    scheme: {"type": "apiKey", "in": "header", "name": f"KALSHI-ACCESS-{header}", "description": words}
    for scheme, header, words in (
        ("accessKey", "KEY", "The key id, a UUID."),
        (
            "accessSignature",
            "SIGNATURE",
            SIGNATURE_WORDS,
        ),
        ("accessTimestamp", "TIMESTAMP", "Unix milliseconds in decimal."),
    )
}


def target(alias: str) -> Path:
    return CONTRACTS / alias / "openapi.yaml"


def render_document(alias: str) -> str:
    """Return the text of the document of an alias such as "2026-10"."""
    return HEADER + render(Writer(read_facts(), API_DATES[alias]).document())


if __name__ == "__main__":
    for alias in API_DATES:
        target(alias).parent.mkdir(exist_ok=True)
        target(alias).write_text(render_document(alias), encoding="utf-8")
