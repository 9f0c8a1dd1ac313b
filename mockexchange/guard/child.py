"""Starts the guard in a Python program that `mockexchange run` started.

`mockexchange run` copies this package beside a `sitecustomize` that calls `begin`, since the program may use any Python
with any packages.
"""

from __future__ import annotations

import json
import os
from typing import Any, Mapping  # noqa: UP035  # children of `run` load this with Pythons as old as 3.8

from mockexchange.guard import Dial, Guard, guard
from mockexchange.guard.patching import Patches
from mockexchange.guard.redirects import Redirection

SETTINGS = "MOCKEXCHANGE_RUN_CHILD"
"""The environment variable with the settings, as a JSON object."""
PYTHON, NODE, DIAL = "python", "node", "dial"
"""Kinds of lines in the report file: a guarded Python or Node process, or an attempt to reach a real host."""


def begin(environment: Mapping[str, str] = os.environ) -> tuple[Patches, Guard] | None:
    """Guard this process until its end with the settings of `mockexchange run`.

    Returns the patches and the guard, or None without settings in `environment`; then nothing is patched.
    """
    text = environment.get(SETTINGS)
    if not text:
        return None
    settings = json.loads(text)
    report = settings["report"]
    names = frozenset(settings["names"])

    def report_dial(dial: Dial) -> None:
        write_line(report, DIAL, dial._asdict())

    wrapping = Redirection(names, settings["port"], settings["bundle"], settings["proxies"]).install()
    guarded = guard(report_dial, allow=names)
    guarded.start()
    write_line(report, PYTHON, {})
    return wrapping, guarded


def write_line(report: str, kind: str, words: Mapping[str, Any]) -> None:
    """Append a JSON line to the report file, in one write, so that lines of several processes do not mix."""
    line = json.dumps({"kind": kind, "pid": os.getpid(), "words": words}) + "\n"
    file = os.open(report, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)
