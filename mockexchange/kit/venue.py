"""VenueKit: the facts and functions of one venue that the kit uses."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from mockexchange.kit.client.adapter.tasks import Task
from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.rules.list_facts import Facts
from mockexchange.kit.schemathesis.hints import Names, SchemathesisHints
from mockexchange.kit.streaming.protocol import StreamProtocol
from mockexchange.runtime.api_documents import Document


class Signer(Protocol):
    """A key of an account that signs requests."""

    @property
    def key_id(self) -> str: ...

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        """Return the headers of a request with a timestamp `age_ms` in the past; `url` includes the query."""
        ...


class ClientSigning(NamedTuple):
    """The headers and the environment variable that published clients of a venue use for signing."""

    key_header: str
    timestamp_header: str
    signature_header: str
    key_variable: str
    """Environment variable of the key id."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of a signed request, each once: one header may have several of the parts."""
        return tuple(dict.fromkeys((self.key_header, self.timestamp_header, self.signature_header)))


READS = frozenset({"GET", "HEAD"})


def is_read_by_method(method: str, path: str, body: bytes) -> bool:
    """Return whether a request changes nothing, by its method alone."""
    return method in READS


def status_as_it_is(status: int, body: bytes) -> int:
    return status


def as_it_came(traffic: Traffic) -> Traffic:
    return traffic


def no_keys(signer: Signer) -> Mapping[str, Signer]:
    return {}


class VenueKit(NamedTuple):
    """The kit of one venue. `prefix` and `stream_path` are the paths of its API and its stream.

    `load_signer` takes a key id and a PEM text or a shared secret, and raises ValueError if it is invalid. Roles of
    keys are defined in `kit.target`.
    """

    name: str
    prefix: str
    stream_path: str
    load_signer: Callable[[str, str], Signer]
    role_of: Callable[[Mapping[str, Any], str], str | None]
    """The role whose key signs an operation (document node, path); None if it is public."""
    make_hints: Callable[[Document, Names, Collection[str]], SchemathesisHints]
    """Builds the hints for generated requests from the document, the existing names, and the roles that have a key."""
    facts: Facts
    checks: Sequence[Any]
    write_checks: Sequence[Any] = ()
    """Rules that place orders, judged only where that is allowed."""
    stream_checks: Sequence[Any] = ()
    stream_protocol: StreamProtocol | None = None
    """The protocol of its stream; None if the kit does not support it."""
    stream_hosts: Mapping[str, str] = {}
    """Hosts of the API whose streams are on another host: API host to stream host."""
    tasks: Sequence[Task] = ()
    """The tasks of the venue's client adapters."""
    client_signing: ClientSigning | None = None
    """Headers and variables that clients sign with; None if the kit does not judge clients of the venue."""
    cards: Path = Path()
    """The directory of the cards that clients of the venue are judged by."""
    client_scenario: str = ""
    """The scenario of cards unless the card or the user names another."""
    read_traffic: Callable[[Traffic], Traffic] = as_it_came
    """Brings the traffic of clients into the form that rules read: one call for each operation that is called."""
    is_read: Callable[[str, str, bytes], bool] = is_read_by_method
    """Whether a request (method, path below the prefix, body) changes nothing, so that a read-only run sends it."""
    status_of: Callable[[int, bytes], int] = status_as_it_is
    """The status that an answer (status, body) would have at a venue that uses statuses."""
    further_keys: Callable[[Signer], Mapping[str, Signer]] = no_keys
    """Other forms of a member's key, by role, that requests may use."""
    probe: str = ""
    """Path of a POST without parameters that any key may send; "" if the document has such a GET."""
    probe_body: bytes = b""
    key_is_secret: bool = False
    """Whether the key of an account is a secret that is shared with the venue; else a private key."""
    changes_daily: bool = True
    """Whether the API may change on days that have no document; if not, the previous document applies to them."""
