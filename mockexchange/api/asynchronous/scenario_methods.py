"""Defines the methods that list scenarios, read their text, and check them for errors."""

from typing import Any
from urllib.parse import quote

from mockexchange.api.asynchronous.inspection_methods import AsyncInspectionMethods
from mockexchange.api.values.arguments import require
from mockexchange.api.values.sandbox_settings import Scenario, sent_scenario


class AsyncScenarioMethods(AsyncInspectionMethods):
    """The methods for scenarios.

    A scenario is given as a built-in name, a file, YAML text or a mapping, as for `serve`.
    """

    async def list_scenarios(self) -> list[dict[str, Any]]:
        """Return the built-in scenarios and the files below the server's --scenario-dir: name, title and kind."""
        rows: list[dict[str, Any]] = await self._guarded("GET", "scenarios")
        return rows

    async def scenario_text(self, name: str | None = None) -> str | None:
        """Return the text of the scenario `name`; without a name, of this sandbox's own scenario.

        Returns None if this sandbox's scenario is a file of JSON lines that is gone or longer than 1 MiB. Raises
        WrongRequest for an unknown name.
        """
        require(name=name)
        path = f"{self._path}/scenario" if name is None else f"scenarios/{quote(name)}"
        text: str | None = (await self._guarded("GET", path))["text"]
        return text

    async def check_scenario(self, scenario: Scenario) -> list[dict[str, Any]]:
        """Return all errors of a scenario, each with `line`, `path` and `message`; an empty list if there are none."""
        shown = await self._guarded("POST", "scenarios/check", {"scenario": sent_scenario(scenario)})
        errors: list[dict[str, Any]] = shown["errors"]
        return errors

    async def scenario_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of scenarios; its property `history` describes every step and its fields."""
        schema: dict[str, Any] = await self._guarded("GET", "schema")
        return schema
