"""Small adapters for the tests: Python programs given as text."""

import sys
from textwrap import dedent

LOOP = """
import json, sys
def tell(task, **answer):
    print(json.dumps({"id": task["id"], **answer}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
"""


def program(text: str) -> list[str]:
    """Return the command that runs a program."""
    return [sys.executable, "-c", text]


def answering(body: str) -> list[str]:
    """Return the command of an adapter whose loop over the tasks has this body: `task` is one, `tell` answers it."""
    return program(LOOP + "".join(f"    {line}\n" for line in dedent(body).strip().splitlines()))
