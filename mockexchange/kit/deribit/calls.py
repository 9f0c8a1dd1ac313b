"""Calls methods of Deribit's API with their required parameters, signed by the right key."""

from collections.abc import Mapping
from typing import Any

from mockexchange.kit.jsonrpc import post, result_of
from mockexchange.kit.target import MEMBER, Answer, Target
from mockexchange.kit.venue import Signer

Params = Mapping[str, Any]
AUTH = "public/auth"


def methods_of(target: Target) -> list[str]:
    """Return the methods that the server answers over HTTP, except `public/auth`, which grants tokens."""
    operations = target.operations.values()
    return [one.id for one in operations if not one.node.get("x-never-carried-out") and one.id != AUTH]


def private_of(target: Target) -> list[str]:
    """Return the methods that require a key."""
    return [name for name in methods_of(target) if name.startswith("private/")]


def required_params(target: Target, method: str) -> dict[str, Any]:
    """Return values for the required parameters of a method, as JSON. Raises NotJudged if no value is known."""
    query = target.operations[method].query
    return {
        name: int(one) if query[name].schema["type"] == "integer" else one
        for name, one in target.needed(method).items()
    }


def signer_of(target: Target, method: str) -> Signer | None:
    """Return the key for a method; None if it is public. Raises NotJudged if there is no key."""
    return target.key(MEMBER) if method.startswith("private/") else None


def call(target: Target, method: str, params: Params | None = None, signer: Signer | None = None) -> Answer:
    """Call a method by POST, by default with the member's key if it is private. Raises NotJudged, Unreachable."""
    envelope = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
    return post(target, method, envelope, signer or signer_of(target, method))


def call_result(target: Target, method: str, params: Params | None = None, signer: Signer | None = None) -> Any:
    """Call a method and return its result, with numbers as `Decimal`. Raises NotJudged, Unreachable."""
    return result_of(call(target, method, params, signer))
