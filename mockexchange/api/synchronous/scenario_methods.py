# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/scenario_methods.py: change that.
"""Defines the methods that list scenarios, read their text, and check them for errors."""

from typing import Any
from urllib.parse import quote

from mockexchange.api.synchronous.inspection_methods import InspectionMethods
from mockexchange.api.values.arguments import require
from mockexchange.api.values.sandbox_settings import Scenario, sent_scenario


class ScenarioMethods(InspectionMethods):
    """The methods for scenarios.

    A scenario is given as a built-in name, a file, YAML text or a mapping, as for `serve`.
    """

    def list_scenarios(self) -> list[dict[str, Any]]:
        """Return the built-in scenarios and the files below the server's --scenario-dir: name, title and kind."""
        rows: list[dict[str, Any]] = self._guarded("GET", "scenarios")
        return rows

    def scenario_text(self, name: str | None = None) -> str | None:
        """Return the text of the scenario `name`; without a name, of this sandbox's own scenario.

        Returns None if this sandbox's scenario is a file of JSON lines that is gone or longer than 1 MiB. Raises
        WrongRequest for an unknown name.
        """
        require(name=name)
        path = f"{self._path}/scenario" if name is None else f"scenarios/{quote(name)}"
        text: str | None = (self._guarded("GET", path))["text"]
        return text

    def check_scenario(self, scenario: Scenario) -> list[dict[str, Any]]:
        """Return all errors of a scenario, each with `line`, `path` and `message`; an empty list if there are none."""
        shown = self._guarded("POST", "scenarios/check", {"scenario": sent_scenario(scenario)})
        errors: list[dict[str, Any]] = shown["errors"]
        return errors

    def scenario_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of scenarios; its property `history` describes every step and its fields."""
        schema: dict[str, Any] = self._guarded("GET", "schema")
        return schema
