"""Runs a server that does not write: it answers reads from the database.

It forwards all else to the home, the server that writes. With `serve --reads session` and `any`, it answers from its
copies without a request to the database: such reads cost no more than with one server, and may lack writes of the last
moments. A client that must see a write sends its number in `X-Mock-Min-Seq`, which `session` obeys.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from mockexchange.runtime.ready_file import write_ready_file
from mockexchange.sandbox.interface import RequestContext
from mockexchange.sandbox.options import DEFAULT
from mockexchange.sandbox.reopening import find_private_keys
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.control.access import Tokens
from mockexchange.server.http.listener import Listener
from mockexchange.server.http.rest_endpoint import wanted_sequence
from mockexchange.server.ready_content import ready_content
from mockexchange.server.replicas.comparisons import Comparisons
from mockexchange.server.replicas.forwarding import Forwarder, HomeAddress, HomeMessages
from mockexchange.server.replicas.peers import Address
from mockexchange.server.serve_options import SESSION, STRICT, ServeOptions
from mockexchange.server.server_state import ServerState
from mockexchange.server.workers.mailbox import Compared, Done, Message
from mockexchange.server.workers.reads import ReaderApp, ReaderConnection, Reads
from mockexchange.store.followed_store import FollowedStore
from mockexchange.store.postgres.election import HomeSeen
from mockexchange.store.postgres.followed_database import FollowedDatabase
from mockexchange.store.postgres.url import PostgresUrl
from mockexchange.version import __version__

AGE_S_MAX = 1.0
"""The age of the oldest state that is shown. The log is followed ten times a second, so an older one has a reason."""


class FollowerRole:
    """The role of a server while another server is the home, the only one that writes to their database."""

    def __init__(self, options: ServeOptions, sock: socket.socket, home: HomeAddress, forwarder: Forwarder) -> None:
        """Open the database, which a home has made. Raises StoreError."""
        assert isinstance(options.store, PostgresUrl)
        Tokens(home.token, options.sharing.tokens, options.hidden)
        self._options, self._home, self._forwarder = options, home, forwarder
        self._database = FollowedDatabase(options.store, __version__)
        self._home_messages = HomeMessages(self._home, self._take)
        make: Callable[..., Reads] = Reads if options.reads == STRICT else partial(RelaxedReads, options.reads)
        self.reads = make(
            FollowedStore(self._database),
            self._database,
            self._home_messages.send,
            self._forwarder.hand_over,
            options.inspector,
            "this server",
        )
        self._comparisons = Comparisons(self.reads, self._home_messages.send)
        self._state = ServerState(
            options.host, self.reads.sandboxes, public_url=options.public_url, tokens=options.hidden
        )
        self._listener = Listener(
            ReaderApp(self.reads, self._state.diagnosis_worker), sock, connection=ReaderConnection
        )
        self._owner = ""
        self.ready: dict[str, Any] = {}
        """The content of the ready file, once it serves."""

    async def move(self, seen: HomeSeen) -> None:
        """Forward requests to this home (the server that writes) from now on.

        The server serves clients once it can read the sandboxes in the database.
        """
        if seen.owner != self._owner:
            self._owner, self._home.now = seen.owner, Address.read(seen.address)
            self._forwarder.cut()
            self._home_messages.cut()
            self._comparisons.begin_again()
        is_known = await self.reads.catch_up()
        if self.ready or (is_known and not any(slot.sandbox.name == DEFAULT for slot in self.reads.sandboxes)):
            return
        await self._listener.start()
        self._state.main = self._listener
        self.reads.start()
        self._comparisons.start()
        self._write_ready(is_known=is_known)

    def _write_ready(self, *, is_known: bool) -> None:
        """Write the ready file; if this version cannot read what the home writes, without accounts."""
        directory = self._options.run_directory
        assert directory is not None, "the replica has one for all its roles"
        token, credentials, date = self._home.token, [], ""
        if is_known:
            sandbox = self.reads.sandboxes.route(None)
            find_private_keys(sandbox)
            credentials, date = sandbox.credentials(), sandbox.options.api_date.name
        self.ready = ready_content(self._state, token, date, credentials, directory)
        write_ready_file(self._options.ready_file, self.ready, directory.path)

    async def stop(self) -> None:
        """Stop serving after the running requests are answered."""
        self.reads.stop()
        self._comparisons.stop()
        await self._state.stop()
        await self._home_messages.stop()
        self._database.close()
        self._listener.sock.close()

    def _take(self, message: Message) -> None:
        if isinstance(message, Done):
            self.reads.note_done(message.number)
        elif isinstance(message, Compared):
            self._comparisons.note(message)


# --- relaxed reads


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
            sandbox = self.sandboxes.route(asked.key_id)
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
