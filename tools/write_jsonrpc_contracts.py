"""Write the API documents of the JSON-RPC venues, Deribit and SignalPlus, from the facts beside them.

The facts (contracts/VENUE/facts) come from the venue's documents and from recordings. Nothing here imports the server,
so that the documents and the server can be compared.
"""

from pathlib import Path

from tools.contract_facts import COMPAT, Node
from tools.contract_responses import response
from tools.contract_schemas import used_schemas
from tools.jsonrpc_calls import Calls, name_of
from tools.jsonrpc_facts import ALIASES, CONTRACTS, Schemas, reference
from tools.jsonrpc_streams import stream_document
from tools.plain_yaml import render

HEADER = """\
# {title}, written by `python -m tools.write_jsonrpc_contracts` from the facts in ../facts, which
# come from documents and recordings, never from the server. ../README.md grades what no source settles.
"""
VENUES = ("deribit", "signalplus")
UNKNOWN, VERB, BASE = "UnknownRoute", "MethodNotAllowed", "Base"


class Writer:
    """The document of one venue and alias."""

    def __init__(self, venue: str, alias: str) -> None:
        self.alias = alias
        self.schemas = Schemas(venue)
        self.calls = Calls(venue, self.schemas)
        self.facts = self.calls.facts
        self.responses: Node = {}
        self.answers: Node = {}
        """Return the schemas of answers and refusals, by name."""
        self.paths = {f"/{method}": self._path(method) for method in self.calls.methods}

    def document(self) -> Node:
        responses = {**self.responses, **self._others()}
        every = {**self.answers, **self.schemas.every(), **self.calls.errors_by_name()}
        return {
            "openapi": "3.1.0",
            "info": {"title": self.facts["title"], "version": ALIASES[self.alias], "summary": self._summary()},
            "servers": [{"url": self.facts["server"]}],
            "security": self.facts["security"],
            "paths": self.paths,
            "components": {
                "securitySchemes": self.facts["securitySchemes"],
                "responses": responses,
                "schemas": used_schemas(every, self.paths, responses),
            },
        }

    def _summary(self) -> str:
        return str(self.facts["summary_compat" if self.alias == COMPAT else "summary"])

    def _path(self, method: str) -> Node:
        return {verb: self._operation(method, verb) for verb in self.facts["verbs"]}

    def _operation(self, method: str, verb: str) -> Node:
        node = self.calls.methods[method]
        parameters = {"parameters": self.calls.query(method)} if verb == "get" else {}
        return {
            "operationId": method if verb == self.facts["verbs"][0] else f"{method}.{verb}",
            "summary": node["says"],
            **({"x-never-carried-out": True} if self.calls.is_streams_only(method) else {}),
            **({"x-write": True} if self.calls.is_write(method) else {}),
            **({"x-recorded": node["recorded"]} if "recorded" in node else {}),
            **({"security": []} if self.calls.is_public(method) else {"x-scope": node["scope"]}),
            **parameters,
            **({"requestBody": self.calls.body(method)} if verb == "post" else {}),
            "responses": self._answers(method, verb),
        }

    def _answers(self, method: str, verb: str) -> Node:
        name = name_of(method)
        found: Node = {}
        if not self.calls.is_streams_only(method):
            self.answers[f"{name}Answer"] = self.calls.answer(method)
            schema, example = reference(f"{name}Answer"), self.calls.answer_example(method)
            self.responses[name] = response("What was asked for.", schema, example)
            found["200"] = reference(name, "responses")
        for status, names in self.calls.refusals(method, verb).items():
            found[status] = reference(self._refused(name, verb, status, names), "responses")
        return {**found, "405": reference(VERB, "responses")}

    def _refused(self, name: str, verb: str, status: str, names: list[str]) -> str:
        """Add the response of a refusal, unless there is an equal one, and return its name."""
        words = {"400": "Refused", "401": "Unauthorized"}[status]
        known = f"{name}{words}" if verb == self.facts["verbs"][0] else f"{name}{words}{verb.capitalize()}"
        schema = self.calls.refusal(names)
        alike = next((other for other, found in self.answers.items() if found == schema), known)
        self.answers[alike] = schema
        self.responses[alike] = response("It is refused.", reference(alike), self.calls.refusal_example(names))
        return alike

    def _others(self) -> Node:
        """Return the responses that belong to no method, or to all."""
        unknown = self.facts["refusals"]["unknown"]["400"]
        verb = self.facts["refusals"]["verb"]["405"]
        allowed = ", ".join(one.upper() for one in self.facts["verbs"])
        pattern = "".join(f"(?=.*\\b{one.upper()}\\b)" for one in self.facts["verbs"])
        allow = {"required": True, "schema": {"type": "string", "pattern": f"^{pattern}"}, "example": allowed}
        refused = response("It is asked by another verb.", self.calls.refusal(verb), self.calls.refusal_example(verb))
        words = "No such method; belongs to no path."
        return {
            UNKNOWN: response(words, self.calls.refusal(unknown), self.calls.refusal_example(unknown)),
            BASE: self._base(),
            VERB: {**refused, "headers": {"Allow": allow}},
        }

    def _base(self) -> Node:
        """Return the responses to a call of the base URL, which names its method only in the body."""
        schemas = [reference(name) for name in self.answers if name.endswith("Answer")]
        refusal = self.calls.refusal(list(self.calls.errors))
        example = next(iter(self.responses.values()))["content"]["application/json"]["example"]
        return response("A call to the base, as one to the method's path.", {"anyOf": [*schemas, refusal]}, example)


def target(venue: str, alias: str, kind: str = "openapi") -> Path:
    return CONTRACTS / venue / alias / f"{kind}.yaml"


def render_document(venue: str, alias: str) -> str:
    """Return the text of a venue's document of an alias."""
    writer = Writer(venue, alias)
    return HEADER.format(title=writer.facts["title"]) + render(writer.document())


def render_stream(venue: str, alias: str) -> str:
    """Return the text of the document of a venue's stream."""
    document = stream_document(venue, alias)
    return HEADER.format(title=document["info"]["title"]) + render(document)


if __name__ == "__main__":
    for one in VENUES:
        for folder in ALIASES:
            target(one, folder).parent.mkdir(exist_ok=True, parents=True)
            target(one, folder).write_text(render_document(one, folder), encoding="utf-8")
            target(one, folder, "asyncapi").write_text(render_stream(one, folder), encoding="utf-8")
