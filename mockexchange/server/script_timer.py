"""Runs the steps of a sandbox's script when they are due, if the sandbox's clock runs by itself."""

import asyncio

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.sandbox.interface import SandboxEnded, StoreUnavailable
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.websocket.stream_transport import streams_drained

running_loop = asyncio.get_running_loop
SLEEP_US_MAX = 3_600 * MICROSECONDS_PER_SECOND
"""The longest timer; for a step that is due later, several timers follow each other."""
RETRY_S = 0.5
"""The seconds after which a step that could not be stored is tried again."""
BATCH_STEPS_MAX = 256
"""The most steps that are executed before clients get a turn, if many are due."""


class ScriptTimer:
    """Executes the steps of a script when they are due. Each sandbox has a timer of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._loop = running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        sandbox.script.on_change = self.arm
        sandbox.script.pause = lambda: streams_drained(sandbox)
        self.arm()

    def arm(self) -> None:
        """Set the timer to the time at which the next step is due."""
        if self._timer:
            self._timer.cancel()
        delay_us = self._sandbox.host_delay_us()
        self._timer = None
        if delay_us is not None:
            delay_s = min(delay_us, SLEEP_US_MAX) / MICROSECONDS_PER_SECOND
            self._timer = self._loop.call_later(delay_s, self._wake)

    def stop(self) -> None:
        self._sandbox.script.on_change = lambda: None
        for running in (self._timer, self._task):
            if running:
                running.cancel()
        self._timer = self._task = None

    def _wake(self) -> None:
        self._timer = None
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._sandbox.script.has_due:
                await self._sandbox.script.run_batch(BATCH_STEPS_MAX)
                await streams_drained(self._sandbox)
        except SandboxEnded:
            pass  # nothing is due any more
        except StoreUnavailable:
            self._timer = self._loop.call_later(RETRY_S, self._wake)
            return
        self.arm()
