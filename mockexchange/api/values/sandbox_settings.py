"""What a sandbox is made of, as the control API takes it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mockexchange.api.values.arguments import require_as, wrong_argument
from mockexchange.api.values.json_encoding import to_json

Scenario = str | Path | Mapping[str, Any]
"""A built-in name, a file, YAML text (of more than one line), or the scenario itself."""
JSON_LINES_SUFFIX = ".jsonl"
IDLE_MAX = "1h"
"""What a test that was killed leaves behind at a server elsewhere goes after so long; a debugger may take as long."""


def creation_body(
    scenario: Scenario,
    *,
    api_date: str,
    clock: str,
    faults: Sequence[Mapping[str, Any] | str] = (),
    name: str | None = None,
    own_port: bool = False,
) -> dict[str, Any]:
    """The body of a creation; a fault that is text is a preset's name. Raises WrongArgument on what is no scenario."""
    require_as("scenario", scenario, "scenario")
    rules = [faults] if isinstance(faults, str | Mapping) else faults
    return {
        "scenario": to_json(scenario, "scenario"),
        "api_date": str(api_date),
        "clock": clock,
        **({"faults": to_json(rules, "faults")} if rules else {}),
        **({"name": name} if name is not None else {}),
        **({"port": 0} if own_port else {}),
    }


def require_default(body: Mapping[str, Any]) -> None:
    """Raise WrongArgument where what is asked for is more than a sandbox as it is."""
    default = creation_body("demo", api_date="latest", clock="real")
    for name, value in body.items():
        if value != default.get(name):
            raise wrong_argument(
                "own_port" if name == "port" else name, "none beside `sandbox`, which is used as it is", value
            )


def for_remote_server(body: dict[str, Any]) -> dict[str, Any]:
    """The same for a server that may not see our files, and may outlive us: a scenario's file as its text.

    Files beside it, and JSON lines, are for the server to read.
    """
    body = {**body, "expires_after": IDLE_MAX}
    scenario = body["scenario"]
    if not isinstance(scenario, str) or "\n" in scenario or scenario.endswith(JSON_LINES_SUFFIX):
        return body
    path = Path(scenario)
    if not scenario or not path.is_file():
        return body
    return {**body, "scenario": path.read_text(encoding="utf-8") + "\n"}
