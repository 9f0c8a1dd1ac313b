"""Converts steps from YAML text to JSON for the control API."""

from typing import Any

from mockexchange.api.errors import WrongRequest
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.types.literal_json import plain


def read_step(text: str) -> Any:
    """Return the JSON of a step given as YAML text. Raises WrongRequest."""
    try:
        body = plain(read_yaml(text, "step"))
    except ScenarioError as error:
        raise WrongRequest("bad_step", str(error)) from None
    if not isinstance(body, dict):
        raise WrongRequest("bad_step", f"expected a step such as 'settle: {{market: M, result: yes}}', got {text!r}")
    return body
