"""Expiring orders, cleared scripts, and sandboxes that end during a script."""

import pytest

from mockexchange.core.commands import CancelOrder, ExpireOrder, Note
from mockexchange.core.vocabulary import OrderStatus
from mockexchange.sandbox.interface import SandboxEnded
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.script import script as runner
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.script_entries import SCRIPT
from tests.helpers.sandboxes import SMALL, do, make, run, signed
from tests.helpers.scripts import REST, SAY, SECOND, advance, details_of, fired, scripted

# --- orders expire

EXPIRING = f"""{SMALL}
  - {REST}, order: soon, expires: 2025-11-04T12:00:02Z}}
  - {REST}, order: later, expires: 2025-11-04T12:00:05Z}}
  - {REST}, order: gone, expires: 2025-11-04T12:00:02Z}}
  - {REST}, order: past, expires: 2025-11-04T12:00:00Z}}
  - {REST}, order: as-it-begins, expires: 2025-11-04T12:00:00.009Z}}
  - cancel: {{order: gone}}
"""


def test_an_order_expires_at_its_time() -> None:
    sandbox = make(EXPIRING)
    orders = sandbox.exchange.state.orders
    assert orders["as-it-begins"].expires_at == sandbox.clock.now()
    advance(sandbox, 3 * SECOND)
    resting = [name for name, order in orders.items() if order.status is OrderStatus.RESTING]
    assert resting == ["later", "past", "as-it-begins"]
    last = list(sandbox.log)[-2]
    assert last.cause is not None
    assert (last.cause.step, last.cause.repetition, last.at) == ("expiry", 1, orders["soon"].expires_at)
    assert orders["soon"].updated_at == orders["soon"].expires_at


def test_an_order_that_is_gone_by_then_needs_no_expiry() -> None:
    sandbox = make(EXPIRING)
    do(sandbox, CancelOrder(order="soon"))
    advance(sandbox, 9 * SECOND)
    assert [(name, number) for name, number, _ in fired(sandbox)] == [("expiry", 1)]
    assert list(sandbox.log)[-2].command == ExpireOrder(order="later")


def test_an_order_that_comes_to_rest_later_expires_too_and_before_the_steps_of_its_instant() -> None:
    sandbox = scripted(f"{REST}, expires: 2025-11-04T12:00:02Z}}", f"at: 2025-11-04T12:00:02Z, name: s, {SAY}")
    advance(sandbox, 3 * SECOND)
    assert [step for step, _, _ in fired(sandbox)] == ["script[0]", "expiry", "s"]


def test_clearing_a_script_leaves_orders_to_expire() -> None:
    sandbox = make(EXPIRING + f"script:\n  - {{every: 1s, {SAY}}}\n")
    run(sandbox.script.clear())
    advance(sandbox, 9 * SECOND)
    assert [step for step, _, _ in fired(sandbox)] == ["script[0]", "expiry", "expiry"]
    assert sandbox.script.steps == []
    assert sandbox.script.is_done


def test_a_cleared_script_is_done_and_journalled_as_done() -> None:
    sandbox = scripted(f"every: 1s, {SAY}", f"when: {{request: {{}}}}, {SAY}")
    assert not sandbox.script.is_done
    run(sandbox.script.clear())
    run(sandbox.script.clear())
    assert (sandbox.script.is_done, details_of(sandbox, "script")[-1]) == (True, ("done", {}))
    assert [name for name, _ in details_of(sandbox, "script")].count("done") == 1
    run(sandbox.script.add(SCRIPT.read(read_yaml(f"[{{after: 1s, {SAY}}}]", "more"), "")))
    assert not sandbox.script.is_done
    advance(sandbox, SECOND)
    assert sandbox.script.is_done


def test_a_script_may_be_cleared_while_it_is_carried_out() -> None:
    """The last step clears the script and leaves nothing of it."""
    sandbox = scripted(f"after: 1ms, every: 1ms, times: 64, {SAY}")
    clear = Note(subject="script", text='{"clear":true}')
    sandbox.observers.append(lambda record, _: sandbox.writer.post(clear, print) if record.sequence == last else None)
    last = sandbox.exchange.state.sequence + 64
    advance(sandbox, SECOND)
    assert len(fired(sandbox)) == 64
    assert [name for name, _ in details_of(sandbox, "script")].count("done") == 1


# --- the end of the sandbox


@pytest.fixture(autouse=True)
def timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the script pause by the number of steps alone."""
    monkeypatch.setattr(runner, "SLICE_S", 60.0)


def until_closed(*entries: str) -> Sandbox:
    """Return a sandbox that ends in the middle of its script: at the first pause, after 64 steps."""
    sandbox = scripted(*entries)

    async def end() -> None:
        sandbox.close("reset")

    sandbox.script.pause = end
    return sandbox


def test_an_advance_ends_with_its_sandbox() -> None:
    sandbox = until_closed(f"after: 1ms, every: 1ms, {SAY}")
    with pytest.raises(SandboxEnded, match=r"^the sandbox was reset before all was done$"):
        advance(sandbox, SECOND)
    assert len(fired(sandbox)) == 64
    assert (sandbox.script.has_due, sandbox.script.next_at, sandbox.host_delay_us()) == (False, None, None)


def test_a_clock_that_is_put_to_real_is_as_it_was_where_its_sandbox_ends() -> None:
    with pytest.raises(SandboxEnded):
        run(until_closed(f"after: 1ms, every: 1h, {SAY}").run_clock("real"))


def test_no_command_is_carried_out_after_the_end() -> None:
    sandbox = scripted(f"when: {{request: {{}}}}, {SAY}")
    sandbox.close("deleted")
    with pytest.raises(SandboxEnded, match="deleted"):
        do(sandbox, Note(subject="late", text=""))
    sandbox.answer(signed(sandbox))
    run(sandbox.run_due())
    assert (details_of(sandbox, "trigger"), fired(sandbox)) == ([], [])
