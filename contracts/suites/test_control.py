"""The control API against its API document."""

from dataclasses import replace

import pytest

from contracts.suites.control_world import control_target, controlled, hints_of
from contracts.suites.verdict_text import findings_of
from mockexchange.kit.findings import Outcome
from mockexchange.kit.schemathesis.hints import operation_ids
from mockexchange.kit.schemathesis.run import Effort, explore
from mockexchange.runtime import api_documents
from mockexchange.server.control import waits
from tests.helpers.effort import WHOLE, examples

pytestmark = pytest.mark.contract

EXAMPLES = examples(12)
ON_A_SOCKET = Effort(is_brief=True, examples=12)
"""The transport is what differs there: boundary values and most of the generated requests are sent in process only.

With fewer examples no wait is for what has come already, so that none of its answers is good.
"""


TRANSPORTS = [
    pytest.param(True, id="in process"),
    pytest.param(False, id="over a socket", marks=pytest.mark.thorough),  # test_control_situations.py uses a socket
]

# In runs of their own, since names that generated data makes up in one are unknown ones in the others.
MAKING = (
    "GetLive",
    "GetReady",
    "GetHealth",
    "GetMetrics",
    "GetInfo",
    "GetSchema",
    "ListSandboxes",
    "CreateSandbox",
    "PutSandbox",
)
USING = (
    "GetSandbox",
    "GetClock",
    "MoveClock",
    "GetJournal",
    "ClearJournal",
    "GetLog",
    "GetJournalEntry",
    "GetFrame",
    "CallVenue",
    "ListAccounts",
    "GetTruth",
    "GetLedger",
    "ResetSandbox",
    "DeleteSandbox",
    "GetFrames",
    "GetStreams",
    "GetScript",
    "AddScript",
    "ClearScript",
    "GetFaults",
    "AddFaults",
    "ClearFaults",
    "RemoveFault",
    "GetStubs",
    "AddStubs",
    "ClearStubs",
    "RemoveStub",
    "MoveStreams",
)
INSPECTING = (
    "ListMarkets",
    "GetMarket",
    "ListInstruments",
    "GetInstrument",
    "GetPlayedScenario",
    "PlayScenario",
    "ListScenarios",
    "CheckScenario",
    "GetScenario",
    "GetEquity",
    "GetFirings",
    "ListReports",
    "GetReport",
    "PutReport",
    "MakeConsoleCode",
    "ExchangeConsoleCode",
)
LIVING = ("CreateSandbox", "GetSandbox", "ResetSandbox", "GetClock", "DeleteSandbox")
OFF = {"enabled": False}
WAITING = ("Wait",)
COMMANDING = ("SubmitCommands",)
# They answer for as long as the exchange lasts: `test_control_situations` holds events against the document.
WATCHING = ("GetEvents", "GetServerEvents")


@pytest.fixture(autouse=True)
def no_time_to_waste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten waits without a duration."""
    monkeypatch.setattr(waits, "TIMEOUT_US", 1_000)


@pytest.mark.parametrize(
    "operations", [MAKING, USING, COMMANDING, WAITING], ids=["making", "using", "commanding", "waiting"]
)
@pytest.mark.parametrize("is_in_process", TRANSPORTS)
def test_the_control_api_keeps_the_contract(operations: tuple[str, ...], is_in_process: bool) -> None:
    effort = ON_A_SOCKET
    if is_in_process:  # only a wait at a boundary is for what has come already
        effort = Effort(is_brief=not WHOLE and operations is not WAITING, examples=EXAMPLES)
    with controlled() as reached, control_target(reached, is_in_process) as target:
        judged = list(explore(target, hints_of(operations), effort))
    assert findings_of(judged) == ""


def test_what_people_look_at_keeps_the_contract() -> None:
    with controlled() as reached, control_target(reached, is_in_process=True) as target:
        judged = list(explore(target, hints_of(INSPECTING), Effort(is_brief=True, examples=examples(10))))
    assert findings_of(judged) == ""


@pytest.mark.parametrize("is_in_process", TRANSPORTS)
def test_what_is_made_is_there_and_what_is_deleted_is_gone(is_in_process: bool) -> None:
    """Test chains of requests that create, read, replay and delete objects that earlier requests name."""
    checks = {name: {"positive_data_acceptance": OFF, "negative_data_rejection": OFF} for name in LIVING}
    hints = replace(hints_of(LIVING), checks=checks)
    with controlled() as reached, control_target(reached, is_in_process) as target:
        judged = list(explore(target, hints, Effort(is_brief=True, examples=10)))
    assert findings_of(judged) == ""
    kept = {verdict.rule for verdict in judged if verdict.outcome is Outcome.KEPT}
    assert {"schemathesis.use_after_free", "schemathesis.ensure_resource_availability"} <= kept


def test_no_operation_is_left_out() -> None:
    asked = [*MAKING, *USING, *INSPECTING, *COMMANDING, *WAITING, *WATCHING]
    assert sorted(asked) == sorted(operation_ids(api_documents.read("control")))
