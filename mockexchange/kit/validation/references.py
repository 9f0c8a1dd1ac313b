"""Resolves the references inside a document."""

from typing import Any

import jsonschema_rs

from mockexchange.runtime.api_documents import Document

Validator = jsonschema_rs.Draft202012Validator


def resolved(document: Document, node: Any) -> Any:
    """Follow local references (`$ref`) to a node without one, and return it; other nodes are returned as they are."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def validator(document: Document, schema: Any) -> Validator:
    """Return the validator of a schema that may refer to the components of its document."""
    return Validator({**schema, "components": document["components"]}, validate_formats=True)


def pointer(*parts: str) -> str:
    """Return a JSON pointer as a URL fragment: "#/paths/~1portfolio~1fills/get"."""
    return "#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)
