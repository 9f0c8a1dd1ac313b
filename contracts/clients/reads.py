"""Every read of a published client by the operation's id, with the values it has read: tasks and replies as neutral.py.

A reply has one row, `read`: the client's objects as JSON, under the client's own names.
"""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.clients.neutral import Driver, Method, plain, serve

Call = Callable[..., Any]


def as_json(found: Any) -> Any:
    """Return a client's objects as JSON: their fields, or those of the model that they wrap."""
    if isinstance(found, Mapping):
        return {str(name): as_json(value) for name, value in found.items()}
    if isinstance(found, list | tuple):
        return [as_json(one) for one in found]
    model: Any = found if hasattr(found, "model_dump") else getattr(found, "data", None)
    if hasattr(model, "model_dump"):
        return as_json(model.model_dump())
    return as_json(vars(found)) if hasattr(found, "__dict__") and not hasattr(found, "value") else plain(found)


def reading(call: Call) -> Method:
    """Return a method whose one row is what a call of the client has read."""
    return Method(lambda client, **arguments: [{"read": as_json(call(client, **arguments))}], None)


def serve_reads(connect: Callable[[str, str, str], Any], calls: Mapping[str, Call]) -> None:
    """Reply to tasks whose names are ids of operations."""
    serve(Driver(connect, {name: reading(call) for name, call in calls.items()}, lambda client: ()))
