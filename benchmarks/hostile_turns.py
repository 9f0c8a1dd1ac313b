"""The turns of a server's event loop under attack, in processor time, which the load of the machine hardly changes.

    python -m benchmarks.hostile_turns [--seconds 3] [--kind NAME]

A good request that arrives in a turn waits for its end. The table has, for each kind of hostile client, the median and
the 90th and 99th percentile of the turn in which a request arrives at random, and the longest turn: a turn of 4 ms
counts four times as much as one of 1 ms. Times are processor time of the loop's thread, in ms. Collections of garbage
are in it; `gc` is their longest. The journal is full at the start, as in a server that has run for long.
"""

import asyncio
import gc
import json
import signal
import subprocess
import sys
import time
from bisect import bisect_left
from itertools import accumulate
from typing import Any

from starlette.responses import Response

from benchmarks.hostile import HOSTILE, SETTLE_S
from benchmarks.hostile_kinds import read_options
from benchmarks.serving import sandbox_of
from benchmarks.world import loop_factory
from mockexchange.sandbox.journal import ENTRIES_MAX, FrameEntry
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Slot
from mockexchange.server.server_state import ServerState
from mockexchange.venues.request import Request

SHARES = (0.5, 0.9, 0.99)
SECONDS = 3.0


class Collections:
    """Measures the longest collection of garbage."""

    def __init__(self) -> None:
        self.longest_s = self._began_s = 0.0
        gc.callbacks.append(self._note)

    def _note(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._began_s = time.thread_time()
        else:
            self.longest_s = max(self.longest_s, time.thread_time() - self._began_s)


async def turns(seconds: float) -> list[float]:
    """Return the processor time of each turn of the loop, for some seconds."""
    found, ends_s, before_s = [], time.perf_counter() + seconds, time.thread_time()
    while time.perf_counter() < ends_s:
        await asyncio.sleep(0)
        now_s = time.thread_time()
        found.append(now_s - before_s)
        before_s = now_s
    return found


def weighted(found: list[float], share: float) -> float:
    """Return the turn that a share of the time is at most spent in."""
    ordered = sorted(found)
    sums = list(accumulate(ordered))
    return ordered[bisect_left(sums, share * sums[-1])]


async def attacked(name: str, port: int, seconds: float, collections: Collections) -> str:
    """Attack a server of this loop; return the line of the table."""
    arguments = ("-m", "benchmarks.hostile_kinds", name, str(port), str(HOSTILE), "--as-usual")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=subprocess.PIPE)
    assert process.stdout
    await process.stdout.readline()
    await asyncio.sleep(SETTLE_S)
    collections.longest_s = 0.0
    found = await turns(seconds)
    process.send_signal(signal.SIGTERM)
    counted = json.loads((await process.communicate())[0])
    figures = " ".join(f"{one * 1_000:7.2f}" for one in (*(weighted(found, share) for share in SHARES), max(found)))
    return f"{name:30} {figures} {collections.longest_s * 1_000:7.2f} {counted['sent']:9} {counted['connections']:9}"


def fill(sandbox: Sandbox) -> None:
    """Fill the journal with refused requests, and with frames."""
    for number in range(ENTRIES_MAX):
        refused = Request("GET", "/nope", f"number={number}", ((b"host", b"x"), (b"accept", b"*/*")))
        sandbox.journal.close(sandbox.answer(refused)[1])
        sandbox.journal.add_frame(FrameEntry(*sandbox.moment(), 1, None, "in", b"%d" % number))


async def compare(kinds: list[str], seconds: float) -> None:
    sandbox, state = await sandbox_of("positions", 100), ServerState("127.0.0.1")
    gc.freeze()  # as `serve` does after its imports
    fill(sandbox)
    state.bind(0)
    state.sandboxes.add(Slot(sandbox))
    await state.listen(Response(status_code=404))
    assert state.main is not None
    collections = Collections()
    print(f"{'attacked by':30}     p50     p90     p99 longest      gc      sent      conns")
    for name in kinds:
        print(await attacked(name, state.main.port, seconds, collections), flush=True)
    await state.stop()


def main() -> int:
    options = read_options(__doc__, SECONDS)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(compare(options.kinds, 0.5 if options.is_smoke else options.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
