"""Writes what the venue's documentation of a day says of its reads, from a clone of a daily mirror of its pages.

`python -m tools.read_documented_reads CLONE DAY...`, where CLONE is a git directory of github.com/ammario/kalshi-docs.
Every page of an operation has a part of the day's OpenAPI document. Kept are names: paths, statuses, answers and the
keys of their objects; no prose.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mockexchange.runtime import api_documents

Node = dict[str, Any]
TARGET = Path(__file__).parents[1] / "fixtures" / "wire" / "kalshi"
DOCUMENT = re.compile(r"^````yaml.*?\n(.*?)^````", re.MULTILINE | re.DOTALL)
PAGES = "api-reference/"
MARGIN = "/margin"
"""Operations of another venue of the same operator, which are not emulated."""


def git(clone: str, *arguments: str) -> str:
    return subprocess.run(["git", "-C", clone, *arguments], check=True, capture_output=True, text=True).stdout


def documents(clone: str, day: str) -> Iterator[Node]:
    """Yield the documents in the pages as of the end of a day."""
    commit = git(clone, "rev-list", "-1", f"--before={day}T23:59:59Z", "HEAD").strip()
    for name in git(clone, "ls-tree", "-r", "--name-only", commit, PAGES).split():
        found = DOCUMENT.search(git(clone, "show", f"{commit}:{name}"))
        if found:
            yield api_documents.parse_text(found[1])


class Facts:
    """The reads of one day and the objects in their answers."""

    def __init__(self) -> None:
        self.reads: dict[str, Node] = {}
        self.objects: dict[str, Node] = {}

    def add(self, document: Node) -> None:
        for path, item in document["paths"].items():
            if isinstance(item, dict) and "get" in item and not path.startswith(MARGIN):
                self._add_read(document, path, item["get"])

    def _add_read(self, document: Node, path: str, operation: Node) -> None:
        answer = operation["responses"].get("200") or operation["responses"][200]
        schema = answer["content"]["application/json"]["schema"]
        self.reads[path] = {
            "answer": self._name(document, schema, operation["operationId"]),
            "statuses": sorted(int(status) for status in operation["responses"]),
            "signed": bool(operation.get("security", document.get("security"))),
        }

    def _name(self, document: Node, schema: Node, place: str) -> str:
        """Return the name of the object of a schema, which is added; "" for another type."""
        name = place
        while "$ref" in schema or "items" in schema or len(schema.get("allOf", ())) == 1:
            if "$ref" in schema:
                name = schema["$ref"].rsplit("/", 1)[1]
                schema = document["components"]["schemas"][name]
            else:
                schema = schema.get("items") or schema["allOf"][0]
        parts = [self._resolved(document, part) for part in schema.get("allOf", [schema])]
        properties = {key: node for part in parts for key, node in part.get("properties", {}).items()}
        if not properties:
            return ""
        if name not in self.objects:
            self.objects[name] = {}
            required = {key for part in parts for key in part.get("required", ())}
            nested = {key: self._name(document, node, f"{name}.{key}") for key, node in sorted(properties.items())}
            self.objects[name] = {
                "required": sorted(required & set(properties)),
                "optional": sorted(set(properties) - required),
                "of": {key: one for key, one in nested.items() if one},
            }
        return name

    def _resolved(self, document: Node, schema: Node) -> Node:
        name = schema.get("$ref", "").rpartition("/")[2]
        return document["components"]["schemas"][name] if name else schema


def write(clone: str, day: str) -> None:
    facts = Facts()
    for document in documents(clone, day):
        facts.add(document)
    reads = ",\n".join(f"{json.dumps(path)}:{_compact(node)}" for path, node in sorted(facts.reads.items()))
    objects = ",\n".join(f"{json.dumps(name)}:{_compact(node)}" for name, node in sorted(facts.objects.items()))
    text = f'{{"document":"docs.kalshi.com, the pages of {day}","reads":{{\n{reads}}},\n"objects":{{\n{objects}}}}}\n'
    Path(TARGET / f"documented_reads.{day}.json").write_text(text, encoding="utf-8")


def _compact(node: Node) -> str:
    return json.dumps(node, separators=(",", ":"))


if __name__ == "__main__":
    for each in sys.argv[2:]:
        write(sys.argv[1], each)
