"""Write the API documents of the venue from the dated facts beside them.

The facts (contracts/kalshi/facts) come from recordings and dated documentation. Nothing here imports the server, so
that the documents and the server can be compared.
"""

import re
from itertools import chain
from pathlib import Path

from tools.contract_examples import Examples, example_of
from tools.contract_facts import API_DATES, COMPAT, CONTRACTS, Node, living, living_node, node_holds, read_facts
from tools.contract_links import Links
from tools.contract_parts import parameter_node, path_parameter
from tools.contract_responses import ALLOW, COMMON_RESPONSES, MORE_STATUSES, SECURITY, SECURITY_SCHEMES, response
from tools.contract_schemas import every_schema, used_schemas
from tools.contract_writes import (
    BODY,
    NO_BODY,
    only_refusal,
    recorded_statuses,
    refusals_of,
    refused_node,
    request_body,
    scopes_of,
    write_node,
)
from tools.plain_yaml import render

HEADER = """\
# The Kalshi account reads and writes as of the API date below, written by `python -m tools.write_contracts` from the
# facts in ../facts, which come from recorded answers and dated documentation, never from the server. ../README.md
# grades what no source settles. Every date has the same order of sections and one fact a line, so a diff of two files
# is the list of what changed.
"""
DAYS = {**API_DATES, COMPAT: COMPAT}
"""The date of each document, by the name of its folder."""
SCOPES_SINCE = "2025-12-18"
PATH_PARAMETER = re.compile(r"\{(\w+)\}")
SUMMARIES = {
    COMPAT: "Reads and writes of an account, and the public reads beside them, as clients of any year know them.",
}
SUMMARY = "Reads and writes of an account, and the public reads beside them, as of the day in `version`."


def reference(section: str, name: str) -> Node:
    return {"$ref": f"#/components/{section}/{name}"}


class Writer:
    """The document of one date, or of compat."""

    def __init__(self, facts: Node, day: str) -> None:
        self.facts, self.day = facts, day
        self.reads = {name: read for name, read in facts["reads"].items() if node_holds(read, day)}
        self.writes = {name: write for name, write in facts["writes"].items() if node_holds(write, day)}
        carried_out = {name: write for name, write in self.writes.items() if not only_refusal(write, day)}
        self.answered = {**self.reads, **carried_out}
        self.lives = {name: self._parameters(one) for name, one in self.answered.items()}
        self.examples = Examples(facts, day)
        self.links = Links(facts, day, {name: self._asked(name) for name in self.answered})
        asked = {name: list(lives.values()) for name, lives in self.lives.items() if lives}
        self.every_schema = every_schema(facts, day, asked)

    def _parameters(self, read: Node) -> dict[str, Node]:
        """Return the parameters by their names in the table; in compat the newest of those with one wire name."""
        found: dict[str, tuple[str, str, Node]] = {}
        for life in filter(None, (living(line, self.day) for line in read.get("parameters", []))):
            node = living_node(self.facts["parameters"][life.name], self.day)
            if node is not None:
                on_wire = node.get("name", life.name)
                rival = found.get(on_wire)
                assert rival is None or self.day == COMPAT, f"{read['path']} has two lives of {on_wire}"
                if rival is None or life.since >= rival[0]:
                    found[on_wire] = (life.since, life.name, {"name": on_wire, **node})
        return {name: node for _, name, node in found.values()}

    def _asked(self, name: str) -> set[str]:
        """Return the names of an operation's parameters on the wire."""
        return {
            *PATH_PARAMETER.findall(self.answered[name]["path"]),
            *(one["name"] for one in self.lives[name].values()),
        }

    def reader_of(self, read: Node) -> str:
        life = living(read.get("reader", "account"), self.day)
        assert life is not None
        return life.name

    def document(self) -> Node:
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Kalshi account reads and writes",
                "version": self.day,
                "summary": SUMMARIES.get(self.day, SUMMARY),
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
            paths.setdefault(write["path"], self._path_item(write["path"]))[write["method"]] = self.write(name, write)
        return paths

    def _path_item(self, path: str) -> Node:
        names = PATH_PARAMETER.findall(path)
        # The venue names the ticker of an event like that of a market.
        meant = {"ticker": "event_ticker"} if "/events/{ticker}" in path else {}
        examples = (meant.get(name, name) for name in names)
        listed = [
            path_parameter(name, self.examples.of_parameter({"name": one}, one))
            for name, one in zip(names, examples, strict=True)
        ]
        return {"parameters": listed} if listed else {}

    def read(self, name: str, read: Node) -> Node:
        security: Node = {"security": []} if self.reader_of(read) == "public" else {}
        return {
            "operationId": name,
            "summary": read["says"],
            **security,
            **self._times(name, read),
            **({"x-excludes": read["excludes"]} if "excludes" in read else {}),
            **recorded_statuses(read),
            "parameters": [reference("parameters", one) for one in self.lives[name]],
            "responses": _references(self._answers(name, read)),
        }

    def _times(self, name: str, read: Node) -> Node:
        """Return the kinds of time filters that exclude each other, of those that the read has on that date."""
        kinds = living_node(read.get("times", []), self.day) or {}
        asked = {kind: words for kind, words in kinds.items() if f"min_{kind}_ts" in self.lives[name]}
        return {"x-times": asked} if asked else {}

    def _answers(self, name: str, read: Node) -> dict[str, str]:
        reader = self.reader_of(read)
        may_be_forbidden = reader == "fcm" or (reader == "account" and self.day >= SCOPES_SINCE)
        found = {
            "200": name,
            "400": f"{name}Refused" if self.lives[name] else None,
            "401": None if reader == "public" else "Unauthorized",
            "403": "Forbidden" if may_be_forbidden else None,
            "404": "NotFound" if "unknown" in read else None,
            "405": "MethodNotAllowed",
            "429": "TooManyRequests",
            "500": "InternalServerError",
        }
        return {**_more_statuses(read), **{status: kind for status, kind in found.items() if kind}}

    def write(self, name: str, write: Node) -> Node:
        common = {"401": "Unauthorized", "429": "TooManyRequests", "500": "InternalServerError"}
        if refusal := only_refusal(write, self.day):
            return refused_node(name, _references({**common, **refusal}))
        refusals = refusals_of(name, write, bool(self.lives[name]), self.day)
        answers = _references({str(write["status"]): name, **common, **refusals})
        parameters = [reference("parameters", one) for one in self.lives[name]]
        body = request_body(write, self.examples.of_object(write["body"]) if "body" in write else None)
        return write_node(name, write, scopes_of(write, self.facts, self.day), parameters, body, answers)

    def components(self) -> Node:
        responses, paths = self.responses(), self.paths()
        return {
            "securitySchemes": SECURITY_SCHEMES,
            "parameters": self.parameters(),
            "responses": responses,
            "schemas": used_schemas(self.every_schema, paths, responses),
        }

    def parameters(self) -> Node:
        asked = dict(chain.from_iterable(lives.items() for lives in self.lives.values()))
        known = {name: asked[name] for name in self.facts["parameters"] if name in asked}
        return {name: parameter_node(node, self.examples.of_parameter(node, name)) for name, node in known.items()}

    def responses(self) -> Node:
        found = {name: self._answer(name, one) for name, one in self.answered.items()}
        for name in self.answered:
            if self.lives[name]:
                found[f"{name}Refused"] = self._refused("A parameter is wrong.", self._refusal(name))
        used = {node["$ref"].rsplit("/", 1)[1] for node in _responses_of(self.paths())}
        for name, (words, schema) in COMMON_RESPONSES.items():
            if name in {*used, "UnknownRoute"}:
                found[name] = self._refused(words, reference("schemas", schema)) if schema else {"description": words}
        found["MethodNotAllowed"] |= {"headers": {"Allow": ALLOW}}
        return found

    def _answer(self, name: str, operation: Node) -> Node:
        if "answer" not in operation:
            return {"description": NO_BODY}
        links, answer = self.links.of(name), operation["answer"]
        words = BODY[operation["status"]] if "status" in operation else "What was asked for."
        told = response(words, reference("schemas", answer), self.examples.of_object(answer))
        return {**told, "links": links} if links else told

    def _refused(self, words: str, schema: Node) -> Node:
        return response(words, schema, example_of(schema, self.every_schema))

    def _refusal(self, name: str) -> Node:
        own = reference("schemas", f"{name}ParameterError")
        if name in self.writes:
            body = COMMON_RESPONSES[self.writes[name]["unlike"][400]][1]
            return {"oneOf": [own, reference("schemas", body)]}
        special = living_node(self.reads[name].get("refused", []), self.day)
        others = ["BadRequestError"] if self._may_be_bad(name) else []
        others += [special["error"]] if special else []
        return {"oneOf": [own, *(reference("schemas", one) for one in others)]} if others else own

    def _may_be_bad(self, name: str) -> bool:
        """Whether the older form is possible: for unknown values until 2026, or for conflicts only of this read."""
        is_checked = any({"choices", "most", "numbers"} & node.keys() for node in self.lives[name].values())
        clash = living_node(self.reads[name].get("clash", []), self.day)
        return (is_checked and self.day < "2026-01-01") or clash is not None


def _more_statuses(operation: Node) -> Node:
    """Return the statuses of an operation that the facts list, beside those derived from the rest."""
    told = [*operation.get("also", []), *operation.get("recorded", {})]
    return {str(status): MORE_STATUSES[status] for status in told}


def _references(answers: dict[str, str]) -> Node:
    """Return the responses of an operation by status, in order."""
    return {status: reference("responses", kind) for status, kind in sorted(answers.items())}


def _responses_of(paths: Node) -> list[Node]:
    operations = [node for item in paths.values() for name, node in item.items() if name != "parameters"]
    return [node for operation in operations for node in operation["responses"].values()]


def target(alias: str) -> Path:
    return CONTRACTS / alias / "openapi.yaml"


def render_document(alias: str) -> str:
    """Return the text of the document of an alias such as "2026-10", or of compat."""
    return HEADER + render(Writer(read_facts(), DAYS[alias]).document())


if __name__ == "__main__":
    for alias in DAYS:
        target(alias).parent.mkdir(exist_ok=True)
        target(alias).write_text(render_document(alias), encoding="utf-8")
