"""Prepares the inputs of `mockexchange serve`: the scenario, its reloading, and the check of the server's answers."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from mockexchange.cli.click_base import UsageFailure
from mockexchange.cli.commands.verify import require_kit
from mockexchange.cli.serve.request_log import RequestLog
from mockexchange.faults.preset_rules import with_presets
from mockexchange.sandbox.options import Inspector
from mockexchange.scenario.loader import builtin_names, load_scenario
from mockexchange.scenario.plan import Plan
from mockexchange.server.serve_options import Reload
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.registry import DEFAULT


def load_self_check(api_date: ApiDate) -> Inspector:
    """Return an inspector, which compares the server's own answers with the API documents.

    The documents are loaded now, so that the first answer is not late. Raises UsageFailure.
    """
    require_kit()
    from mockexchange.kit.self_check import SelfCheck
    from mockexchange.kit.venues import KITS
    from mockexchange.runtime.api_documents import NoSuchDocument

    inspector = SelfCheck(KITS)
    try:
        inspector.require(DEFAULT.name, api_date.day)
    except NoSuchDocument as error:
        raise UsageFailure(f"--self-check: {error}") from None
    return inspector


def load_plan(scenario: str, chaos: tuple[str, ...]) -> Plan:
    """Load a scenario and add the fault presets named in `chaos`. Raises ScenarioError."""
    return with_presets(load_scenario(scenario), chaos)


def watch_scenario(scenario: str, load: Callable[[], Plan], request_log: RequestLog) -> Reload:
    """Return the settings with which the server reloads a changed scenario file.

    Raises UsageFailure for a built-in scenario, which never changes.
    """
    if scenario in builtin_names():
        raise UsageFailure(f"--reload watches a file, and {scenario!r} is built in: give --scenario FILE")
    return Reload(Path(scenario), load, partial(request_log.log_reload, scenario))
