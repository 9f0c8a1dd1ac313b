"""The control API against its contract document."""

import pytest

from contracts.suites.control_world import control_target, controlled, told_of
from contracts.suites.saying import findings_of
from mockexchange import documents
from mockexchange.kit.exploring.running import Effort, explore
from mockexchange.kit.exploring.told import operation_ids
from mockexchange.server import wait_requests

pytestmark = pytest.mark.contract

EXAMPLES = 30


# In runs of their own, since names that generated data makes up in one are unknown ones in the others.
MAKING = ("GetLive", "GetReady", "GetHealth", "ListSandboxes", "CreateSandbox", "PutSandbox")
USING = (
    "GetSandbox",
    "GetClock",
    "MoveClock",
    "GetJournal",
    "ClearJournal",
    "GetLog",
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
)
WAITING = ("Wait",)
COMMANDING = ("SubmitCommands",)
# It answers for as long as the exchange lasts: `test_control_situations` holds its events against the document.
WATCHING = ("GetEvents",)


@pytest.fixture(autouse=True)
def no_time_to_waste(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait that does not say how long it is takes next to none."""
    monkeypatch.setattr(wait_requests, "TIMEOUT_US", 1_000)


@pytest.mark.parametrize(
    "operations", [MAKING, USING, COMMANDING, WAITING], ids=["making", "using", "commanding", "waiting"]
)
@pytest.mark.parametrize("is_in_process", [True, False], ids=["in process", "over a socket"])
def test_the_control_api_keeps_the_contract(operations: tuple[str, ...], is_in_process: bool) -> None:
    with controlled() as reached, control_target(reached, is_in_process) as target:
        judged = list(explore(target, told_of(operations), Effort(examples=EXAMPLES)))
    assert findings_of(judged) == ""


def test_no_operation_is_left_out() -> None:
    asked = [*MAKING, *USING, *COMMANDING, *WAITING, *WATCHING]
    assert sorted(asked) == sorted(operation_ids(documents.read("control")))
