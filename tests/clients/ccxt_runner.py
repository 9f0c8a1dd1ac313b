"""Drives ccxt in an interpreter of its own.

Reads a JSON task from each line of standard input, {origin, ws_url, key_id, secret, mode, call, arguments}, and prints
what the call returned as {result} or {error: {type, message}}. `mode` is sync, async, or pro for what comes over the
stream. Nothing of the client but its URLs is changed. Imports nothing but the standard library and the client.
"""

import asyncio
import faulthandler
import json
import sys
from importlib import import_module
from typing import Any

TASK_SECONDS_MAX = 100
MODULES = {"sync": "ccxt", "async": "ccxt.async_support", "pro": "ccxt.pro"}


def exchange_of(task: dict[str, Any]) -> Any:
    # By name, because the environment in which types are checked does not have it.
    module: Any = import_module(MODULES[task["mode"]])
    urls = {"api": {"rest": task["origin"], "ws": task["ws_url"]}}
    return module.deribit({"apiKey": task["key_id"], "secret": task["secret"], "urls": urls})


def perform(task: dict[str, Any]) -> dict[str, Any]:
    try:
        if task["mode"] == "sync":
            return {"result": getattr(exchange_of(task), task["call"])(**task["arguments"])}
        return {"result": asyncio.run(perform_in_loop(task))}
    except import_module("ccxt").BaseError as error:
        return {"error": {"type": type(error).__name__, "message": str(error)}}


async def perform_in_loop(task: dict[str, Any]) -> Any:
    exchange = exchange_of(task)
    try:
        return await getattr(exchange, task["call"])(**task["arguments"])
    finally:
        await exchange.close()


if __name__ == "__main__":
    for line in sys.stdin:
        faulthandler.dump_traceback_later(TASK_SECONDS_MAX, exit=True)
        answer = json.dumps(perform(json.loads(line)))
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
