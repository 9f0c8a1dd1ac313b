"""Defines the methods for the script: steps that the sandbox executes itself, at a time or after a client's action."""

from typing import TypeVar

from mockexchange.api.asynchronous.sandbox_client import AsyncSandboxClient
from mockexchange.api.transport.settling import PredicateAsync, settle_async
from mockexchange.api.values.json_encoding import Duration, Step, read_step, to_json
from mockexchange.api.values.steps import ScriptStep, read_script_step

Found = TypeVar("Found")


class AsyncScriptMethods(AsyncSandboxClient):
    """The methods that add, list and remove the steps of the script. They raise WrongRequest for a wrong step."""

    async def script(self, *steps: Step | str) -> list[ScriptStep]:
        """Add steps to the script and return them. Each is a mapping, or YAML text, as under `script` in a scenario.

        `script({"every": "1s", "times": 5, "price": {"market": "M", "price": "0.5$n"}})`. Either all steps are added or
        none; their times count from now. Without arguments it returns the script's steps with their progress.
        """
        if not steps:
            return [read_script_step(row) for row in await self._ask("GET", "/script")]
        body = [
            read_step(each) if isinstance(each, str) else to_json(each, f"[{place}]")
            for place, each in enumerate(steps)
        ]
        return [read_script_step(row) for row in await self._ask("POST", "/script", body)]

    async def clear_script(self) -> None:
        """Remove all steps of the script, also those that have run only some of their `times`."""
        await self._ask("DELETE", "/script")

    async def settled(self, client_predicate: PredicateAsync[Found], within: Duration = "2s") -> Found:
        """Call `client_predicate` repeatedly until it returns a true value, and return that value.

        `settled(lambda: client.positions["KXRAIN-1"] == 3)`. Use this instead of an assertion, since a client needs
        time to process frames. AssertionError and LookupError in the predicate count as false. `within` is host time.
        Raises TimedOut with the last value or error.
        """
        return await settle_async(client_predicate, within)
