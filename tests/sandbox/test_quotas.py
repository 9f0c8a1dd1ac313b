"""The quotas of a sandbox: commands, streams, frames a second, and the memory of its journal."""

import pytest

from mockexchange.core.commands import Deposit
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.quotas import (
    REFUSAL_EVERY_S,
    REFUSAL_PAUSE_S_MAX,
    FrameQuota,
    QuotaReached,
    Quotas,
    RefusalPace,
)
from mockexchange.sandbox.sandbox import Sandbox
from tests.helpers.sandboxes import MILLISECOND, POSITIONS, SMALL, WALL, make, run, signed
from tests.sandbox.fake_streams import buy, noted, open_stream, taken

PAYMENT = Deposit(subaccount_ref=SubaccountRef("alice", "0"), amount_micros=1)
SCRIPTED = "script: [{name: later, after: 1s, deposit: {account: alice, amount: 1}}]\n"


def limited(**quotas: int) -> Sandbox:
    return make(quotas=Quotas(**quotas))


def test_the_history_is_free_and_then_commands_are_counted() -> None:
    sandbox = limited(commands=2)
    run(sandbox.submit(PAYMENT))
    run(sandbox.write(PAYMENT))
    before = len(sandbox.log)
    for call in (sandbox.submit, sandbox.write):
        with pytest.raises(QuotaReached, match="'default' has had its quota of 2 commands: reset or delete it"):
            run(call(PAYMENT))
    assert len(sandbox.log) == before
    answer, _ = sandbox.answer(signed(sandbox, POSITIONS))
    assert answer.status == 200


def test_time_passes_at_the_quota_but_not_over_a_step() -> None:
    sandbox = make(SMALL + SCRIPTED, quotas=Quotas(commands=1))
    run(sandbox.submit(PAYMENT))
    run(sandbox.advance(500 * MILLISECOND))
    at, due_at = sandbox.clock.now(), sandbox.script.next_at
    with pytest.raises(QuotaReached):
        run(sandbox.advance(1_000 * MILLISECOND))
    assert (sandbox.clock.now(), sandbox.script.next_at) == (at, due_at)


def test_the_next_stream_is_refused_until_one_is_closed() -> None:
    sandbox = limited(streams=1)
    connection = open_stream(sandbox, "fill")
    with pytest.raises(QuotaReached, match="quota of 1 streams: close one first"):
        sandbox.shake_hands(signed(sandbox, "/trade-api/ws/v2"))
    connection.close(1000)
    assert sandbox.shake_hands(signed(sandbox, "/trade-api/ws/v2"))[0].session


def test_a_frame_above_the_quota_is_lost_and_ends_its_subscription() -> None:
    sandbox = limited(frames_per_second=2)
    connection = open_stream(sandbox, "fill")
    taken(connection)
    for _ in range(3):
        buy(sandbox)
    kinds = [frame["type"] for frame in taken(connection)]
    assert kinds == ["fill", "fill", "error"]
    assert ("fill", "quota") in noted(sandbox.journal, "lost")
    assert [frame.note for frame in sandbox.journal.frames if frame.kind == "error"] == [
        "subscription 1 to fill was ended: the sandbox sent more frames than its quota of a second"
    ]


def test_frames_come_back_with_time() -> None:
    quota = FrameQuota(2)
    assert [quota.count_frame(WALL) for _ in range(3)] == [True, True, False]
    assert [quota.count_frame(WALL + 500 * MILLISECOND) for _ in range(2)] == [True, False]
    assert not quota.count_frame(WALL)


def test_a_journal_of_a_size_drops_the_oldest() -> None:
    sandbox = limited(journal_bytes=40_000)
    for _ in range(50):
        sandbox.answer(signed(sandbox, POSITIONS))
    assert 0 < len(sandbox.journal) < 50
    assert sandbox.journal.bodies_bytes <= 10_000
    assert next(iter(sandbox.journal)).number > 1


def test_a_client_in_a_loop_waits_for_its_refusals() -> None:
    pace = RefusalPace()
    waited = [pace.pause_s(10.0) for _ in range(3)]
    assert waited == pytest.approx([0, REFUSAL_EVERY_S, 2 * REFUSAL_EVERY_S])
    assert max(pace.pause_s(10.0) for _ in range(1_000)) == pytest.approx(REFUSAL_PAUSE_S_MAX)
    assert pace.pause_s(20.0) == 0
