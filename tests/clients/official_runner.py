"""Drives the official client in an interpreter of its own, since it needs a newer Python than the server does.

Reads a JSON task from each line of standard input and prints, in a line of JSON, what the client understood. A task is
{host, key_id, private_key_pem, call, arguments}, and `all_pages` where cursors are to be followed, which this client
leaves to its user. The answer is {pages: [...]} or {error: {type, status, body}}; an answer that the client cannot read
has no status. Imports nothing but the standard library and the client.
"""

import faulthandler
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from typing import Any

PAGES_MAX = 1_000
TASK_SECONDS_MAX = 100
"""This client waits for ever; a task that takes longer ends the process with a traceback."""

# By name, because the environment in which types are checked does not have it.
sdk: Any = import_module("kalshi_python_sync")


def perform(task: dict[str, Any]) -> dict[str, Any]:
    configuration = sdk.Configuration(host=task["host"])
    configuration.api_key_id = task["key_id"]
    configuration.private_key_pem = task["private_key_pem"]
    call = getattr(sdk.KalshiClient(configuration), task["call"])
    try:
        return {"pages": list(read_pages(call, task["arguments"], task.get("all_pages", False)))}
    except sdk.ApiException as error:
        return {"error": {"type": type(error).__name__, "status": error.status, "body": json.loads(error.body)}}
    except ValueError as error:
        return {"error": {"type": type(error).__name__, "status": None, "body": str(error)}}


def read_pages(call: Any, arguments: dict[str, Any], all_pages: bool) -> Iterator[dict[str, Any]]:
    cursor = None
    for _ in range(PAGES_MAX):
        page = call(**arguments, **({"cursor": cursor} if cursor else {}))
        yield page.to_dict()
        cursor = page.cursor if all_pages else None
        if not cursor:
            return
    raise AssertionError(f"more than {PAGES_MAX} pages: do the cursors go in circles?")


def write_plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"the client made a {type(value).__name__}")


if __name__ == "__main__":
    for line in sys.stdin:
        faulthandler.dump_traceback_later(TASK_SECONDS_MAX, exit=True)
        answer = json.dumps(perform(json.loads(line)), default=write_plain)
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
