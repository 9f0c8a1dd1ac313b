"""Makes the bodies of requests that create, fork or restart a sandbox."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mockexchange.api.values.arguments import require_as, to_json, wrong_argument
from mockexchange.named_files import read_file

Scenario = str | Path | Mapping[str, Any]
"""A built-in name, a file, YAML text (of more than one line), or the scenario itself."""
JSON_LINES_SUFFIX = ".jsonl"
IDLE_MAX = "1h"
"""The idle time after which a remote server deletes the sandbox of a killed test; a debugger may pause as long."""


def creation_body(
    scenario: Scenario,
    *,
    api_date: str,
    clock: str,
    faults: Sequence[Mapping[str, Any] | str] = (),
    name: str | None = None,
    own_port: bool = False,
) -> dict[str, Any]:
    """Return the body of a request that creates a sandbox. Raises WrongArgument.

    A fault given as text is the name of a preset.
    """
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


def fork_body(
    log: str | Path | None, sandbox: str, *, at: int | str | datetime | None, clock: str | None, name: str | None
) -> dict[str, Any]:
    """Return the body of a request that forks a sandbox, or the log in the file `log`. Raises WrongArgument."""
    given = {"clock": clock, "name": name}
    source = {"sandbox": sandbox}
    if log is not None:
        require_as("log", log, "log")
        try:
            source = {"log": read_file(log, takes_pipes=True).decode()}
        except (OSError, ValueError) as error:
            raise wrong_argument("log", f"a file with a log ({error})", str(log)) from None
    point = {} if at is None else {"at": to_json(at, "at")}
    return {"fork": {**source, **point}, **{key: value for key, value in given.items() if value is not None}}


def sent_scenario(scenario: Scenario) -> Any:
    """Return a scenario in a form for a remote server: a file, which that machine may lack, becomes its text.

    Raises WrongArgument.
    """
    require_as("scenario", scenario, "scenario")
    return _text_of_file(to_json(scenario, "scenario"))


def require_default(body: Mapping[str, Any]) -> None:
    """Raise WrongArgument if `body` has settings that differ from the defaults.

    The caller uses an existing sandbox, whose settings cannot be changed.
    """
    default = creation_body("demo", api_date="latest", clock="real")
    for name, value in body.items():
        if value != default.get(name):
            raise wrong_argument(
                "own_port" if name == "port" else name, "none beside `sandbox`, which is used as it is", value
            )


def for_remote_server(body: dict[str, Any]) -> dict[str, Any]:
    """Return `body` for a remote server: with the text of the scenario file, and with an expiry of the sandbox.

    The server may not have the client's files, and may run longer than the client. Scenarios of JSON lines, and those
    that name key files, are not sent: the server reads them from its own --scenario-dir.
    """
    body = {**body, "expires_after": IDLE_MAX}
    return body if "fork" in body else {**body, "scenario": _text_of_file(body["scenario"])}


def _text_of_file(scenario: Any) -> Any:
    """Return the text of the file that a scenario names; any other scenario unchanged."""
    if not isinstance(scenario, str) or "\n" in scenario or scenario.endswith(JSON_LINES_SUFFIX):
        return scenario
    path = Path(scenario)
    return read_file(path).decode() + "\n" if scenario and path.is_file() else scenario
