"""Long histories are left out of garbage collections, and one that fails is collected."""

import asyncio
import gc

import pytest

from mockexchange.sandbox import opening
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_text

DEPOSIT = "{deposit: {account: alice, amount: 1}}"
SCENARIO = "scenario: long\naccounts: {{alice: {{cash: 5}}}}\nhistory: [{steps}]\n"


@pytest.mark.parametrize("last", [DEPOSIT, "{withdraw: {account: alice, amount: 900}}"], ids=["whole", "refused"])
def test_the_state_of_a_long_history_is_left_out_of_collections_unless_it_fails(
    last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PROGRESS_EVERY", 2)
    plan = load_text(SCENARIO.format(steps=", ".join([*[DEPOSIT] * 4, last])))
    gc.unfreeze()
    try:
        if last == DEPOSIT:
            sandbox = asyncio.run(open_sandbox(plan, SandboxOptions()))
            sandbox.close("over")
        else:
            with pytest.raises(ScenarioError, match="insufficient_cash"):
                asyncio.run(open_sandbox(plan, SandboxOptions()))
        assert bool(gc.get_freeze_count()) == (last == DEPOSIT)
    finally:
        gc.unfreeze()
