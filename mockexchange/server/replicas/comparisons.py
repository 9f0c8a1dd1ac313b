"""Compares digests of a follower's sandboxes with those of the home, while both serve.

A difference is a mistake: of the exchange, if a command depends on something else than the state and the log, or of the
machine's memory. The follower reports it and reads the log of the sandbox again. If the new copy differs too, the
follower passes all requests for the sandbox on to the home.
"""

import asyncio
import time
from collections.abc import Callable

from mockexchange.sandbox.interface import LOGGER
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.state_json.digest import state_digest
from mockexchange.server.workers.mailbox import Compare, Compared, Message
from mockexchange.server.workers.reads import Reads

EVERY_S = 5.0
REST_TIMES = 50
"""The pause after a comparison, as a multiple of its processor time: it takes at most a fiftieth of the processor."""
DIFFERS = "sandbox %s: this server's copy differs from the home's after command %d: %s; please report it"
READ_AGAIN, PASSED_ON = "its log is read again", "all requests for it are passed on to the home"


class Comparisons:
    """The comparisons of one follower with its home; each sandbox is compared once after it has changed."""

    def __init__(self, reads: Reads, send: Callable[[Message], object]) -> None:
        self._reads, self._send = reads, send
        self._compared: dict[int, int] = {}
        """The number of the last command after which a copy was compared, by sandbox id."""
        self._differed: set[int] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        if self._task:
            self._task.cancel()

    def begin_again(self) -> None:
        """Compare every copy once more, because another server is the home."""
        self._compared.clear()

    def note(self, answer: Compared) -> None:
        """Take the home's answer about a copy."""
        sandbox = self._reads.follower.sandbox_of(answer.sandbox)
        if sandbox is None or sandbox.broken:
            return
        if answer.is_equal:
            self._compared[answer.sandbox] = answer.sequence
        else:
            self._distrust(answer, sandbox)

    def _distrust(self, answer: Compared, sandbox: Sandbox) -> None:
        """Show nothing of a copy any more: what is asked of it is passed on to the home."""
        what_next = PASSED_ON if answer.sandbox in self._differed else READ_AGAIN
        LOGGER.error(DIFFERS, sandbox.name, answer.sequence, what_next)
        sandbox.broken = "it differs from the home's"
        if answer.sandbox not in self._differed:
            self._differed.add(answer.sandbox)
            self._reads.follower.open_again(answer.sandbox)

    async def _run(self) -> None:
        while True:
            began_s = time.thread_time()
            for id_, sandbox in self._reads.follower.items():
                if not sandbox.broken and self._compared.get(id_) != sandbox.exchange.state.sequence:
                    await self._ask(id_, sandbox)
            await asyncio.sleep(max(EVERY_S, REST_TIMES * (time.thread_time() - began_s)))

    async def _ask(self, id_: int, sandbox: Sandbox) -> None:
        """Send the digest of a copy; without one, since it changed meanwhile, the next turn does."""
        await self._reads.catch_up()
        state = sandbox.exchange.state
        digest = await state_digest(state)
        if digest is not None:
            self._send(Compare(id_, state.sequence, digest))


async def answer_comparison(sandbox: Sandbox, message: Compare, send: Callable[[Message], object]) -> None:
    """Compare a follower's digest with that of a sandbox; without an answer if it is after another command."""
    state = sandbox.exchange.state
    if sandbox.broken or state.sequence != message.sequence:
        return
    digest = await state_digest(state)
    if digest is not None:
        send(Compared(message.sandbox, message.sequence, digest == message.digest))
