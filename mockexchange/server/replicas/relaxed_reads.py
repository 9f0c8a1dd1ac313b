"""Answers reads from this server's copies, without a request to the database: `serve --reads session` and `any`.

Such reads cost no more than with one server, and may lack writes of the last moments. A client that must see a write
sends its number in `X-Mock-Min-Seq`, which `session` obeys.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from mockexchange.sandbox.port import RequestContext
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.http.rest_endpoint import wanted_sequence
from mockexchange.server.serve_options import SESSION, STRICT
from mockexchange.server.workers.reads import Reads

AGE_S_MAX = 1.0
"""The age of the oldest state that is shown. The log is followed ten times a second, so an older one has a reason."""


class RelaxedReads(Reads):
    """A follower's copies of sandboxes, which are at most AGE_S_MAX seconds old when a read is answered from them."""

    is_numbered = True

    def __init__(self, mode: str, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._is_session = mode == SESSION

    async def sandbox_for(self, asked: RequestContext) -> Sandbox | None:
        """Return the copy of the sandbox that answers a request.

        If the copy is too old, or does not know the key, which may be new, it is brought up to date first.
        """
        if asyncio.get_running_loop().time() - self.caught_up_s <= AGE_S_MAX:
            sandbox = self.route(asked.key_id)
            is_known = asked.key_id is None or sandbox.key_of(asked.key_id) is not None
            if is_known and self._has_seen(sandbox, asked):
                return sandbox
        return await super().sandbox_for(asked)

    def _has_seen(self, sandbox: Sandbox, asked: RequestContext) -> bool:
        """Return whether a sandbox has executed the command whose number a request names."""
        if not self._is_session:
            return True
        wanted = wanted_sequence(asked.request.headers)
        return wanted is not None and sandbox.exchange.state.sequence >= wanted


def reads_of(mode: str) -> Callable[..., Reads]:
    """Return the class, or a function, that makes the copies of sandboxes for a mode of `--reads`."""
    return Reads if mode == STRICT else lambda *arguments: RelaxedReads(mode, *arguments)
