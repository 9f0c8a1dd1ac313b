"""Programs that are run: Python, of this interpreter, written for a venue."""

import asyncio
import os
import sys
import textwrap
from typing import Any

from mockexchange.emulation.run import RunResult, RunSettings, run
from mockexchange.venues.registry import DEFAULT

ASK = """
    import json, os, sys, urllib.error, urllib.request
    def ask(url):
        try:
            with urllib.request.urlopen(url) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
"""


def command_of(source: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(ASK) + textwrap.dedent(source), *arguments]


def settings_of(source: str, **words: Any) -> RunSettings:
    environment = {**os.environ, **words.pop("environment", {})}
    given = {"api_date": DEFAULT.api_date("latest"), "patience_s": 30.0, **words}
    return RunSettings(command=command_of(source), environment=environment, **given)


def ran(source: str, **words: Any) -> RunResult:
    """Run a Python program that has `ask(url)` to its end."""
    return asyncio.run(run(settings_of(source, **words)))
