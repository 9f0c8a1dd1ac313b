# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/script_methods.py: change that.
"""The methods for the script: steps that happen by themselves, at a time or when a client does something."""

from typing import TypeVar

from mockexchange.api.synchronous.sandbox_client import SandboxClient
from mockexchange.api.transport.settling import Predicate, settle
from mockexchange.api.values.json_encoding import Duration, Step, to_json
from mockexchange.api.values.script_steps import ScriptStep, read_script_step
from mockexchange.api.values.yaml_argument import read_step

Found = TypeVar("Found")


class ScriptMethods(SandboxClient):
    """Methods that add, list and remove the steps of the script. Raise WrongRequest for a wrong step."""

    def script(self, *steps: Step | str) -> list[ScriptStep]:
        """Add steps to the script, each a mapping or its YAML text as under a scenario's `script`.

        `script({"every": "1s", "times": 5, "price": {"market": "M", "price": "0.5$n"}})`. All are added or none,
        and their time begins now. Without steps it returns those that there are, with their progress.
        """
        if not steps:
            return [read_script_step(row) for row in self._ask("GET", "/script")]
        body = [
            read_step(each) if isinstance(each, str) else to_json(each, f"[{place}]")
            for place, each in enumerate(steps)
        ]
        return [read_script_step(row) for row in self._ask("POST", "/script", body)]

    def clear_script(self) -> None:
        """Remove all steps of the script with what they still had to do."""
        self._ask("DELETE", "/script")

    def settled(self, client_predicate: Predicate[Found], within: Duration = "2s") -> Found:
        """Wait until a predicate of the client holds, and return its value.

        `settled(lambda: client.positions["KXRAIN-1"] == 3)`. A client processes frames in its own time, so that a test
        cannot compare at once. The predicate holds if its value is true; one that raises AssertionError or LookupError
        does not hold yet. `within` is host time. Raises TimedOut with the last value or error.
        """
        return settle(client_predicate, within)
