"""What the kit has to know of a venue; one value for each, so that everything else is the same for all."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from mockexchange.kit.client.tasks import Task
from mockexchange.kit.rules.list_facts import Facts
from mockexchange.kit.schemathesis.hints import Names, SchemathesisHints
from mockexchange.kit.streaming.protocol import StreamProtocol
from mockexchange.runtime.api_documents import Document


class Signer(Protocol):
    """One key of one account."""

    @property
    def key_id(self) -> str: ...

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        """The headers of a request that is sent now, or was made `age_ms` ago; `url` with its query."""
        ...


class VenueKit(NamedTuple):
    """`prefix` and `stream_path` are where it answers; `load_signer` takes key id and PEM text, or the secret that
    venue and client share, ValueError if wrong.

    Roles of keys are those of `Target`.
    """

    name: str
    prefix: str
    stream_path: str
    load_signer: Callable[[str, str], Signer]
    role_of: Callable[[Mapping[str, Any], str], str | None]
    """The role whose key an operation (document node, path) is asked with; None where it is public."""
    make_hints: Callable[[Document, Names, Collection[str]], SchemathesisHints]
    """Builds the hints for generated requests from the document, the existing names, and the roles that have a key."""
    facts: Facts
    checks: Sequence[Any]
    stream_checks: Sequence[Any] = ()
    stream_protocol: StreamProtocol | None = None
    """How its stream is spoken; None where the kit does not speak it."""
    stream_hosts: Mapping[str, str] = {}
    """Where streams are on another host than the reads: host to host."""
    tasks: Sequence[Task] = ()
    """What adapters of clients can be asked."""
    changes_daily: bool = True
    """Whether a day without a document of its own has another wire; else the document before it holds for it."""
