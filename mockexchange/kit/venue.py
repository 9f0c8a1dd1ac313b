"""Defines what the contract kit knows about one venue: its facts and functions, and the API dates of its documents."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from mockexchange.kit.client.read_tasks import ReadTask
from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.list_facts import Facts
from mockexchange.kit.schemathesis.hints import Names, SchemathesisHints
from mockexchange.kit.streaming.protocol import StreamProtocol
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document


class Signer(Protocol):
    """A key of an account with which the kit signs requests. Each venue has its own kind."""

    @property
    def key_id(self) -> str: ...

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        """Return the headers of a request with a timestamp `age_ms` in the past; `url` includes the query."""
        ...


class ClientSigning(NamedTuple):
    """The headers and the environment variable that a venue's published clients use for signing."""

    key_header: str
    timestamp_header: str
    signature_header: str
    key_variable: str
    """The environment variable of the key id."""

    @property
    def headers(self) -> tuple[str, ...]:
        """Return the names of a signed request's headers, each once: one may carry several parts of the signature."""
        return tuple(dict.fromkeys((self.key_header, self.timestamp_header, self.signature_header)))


READS = frozenset({"GET", "HEAD"})


def is_read_by_method(method: str, path: str, body: bytes) -> bool:
    """Return whether a request only reads, judging by its HTTP method alone."""
    return method in READS


def status_as_it_is(status: int, body: bytes) -> int:
    return status


def as_it_came(traffic: Traffic) -> Traffic:
    return traffic


def no_keys(signer: Signer) -> Mapping[str, Signer]:
    return {}


class VenueKit(NamedTuple):
    """What the contract kit knows about one venue. `prefix` and `stream_path` are the paths of its API and its stream.

    `load_signer` gets a key id and a PEM text or a shared secret, and raises ValueError for an invalid one.
    `kit.target` defines the roles of keys.
    """

    name: str
    prefix: str
    stream_path: str
    load_signer: Callable[[str, str], Signer]
    role_of: Callable[[Mapping[str, Any], str], str | None]
    """A function from an operation (document node, path) to the role whose key signs it; None if it is public."""
    make_hints: Callable[[Document, Names, Collection[str]], SchemathesisHints]
    """A function that returns hints for generated requests, from the document, existing names, and roles with a key."""
    facts: Facts
    checks: Sequence[Any]
    write_checks: Sequence[Any] = ()
    """Rules that place orders, which are checked only where that is allowed."""
    stream_checks: Sequence[Any] = ()
    stream_protocol: StreamProtocol | None = None
    """The protocol of the venue's stream; None if the kit does not support it."""
    stream_hosts: Mapping[str, str] = {}
    """Hosts of streams by the host of the API, where the two differ."""
    tasks: Sequence[ReadTask] = ()
    """The tasks of the venue's client adapters."""
    client_signing: ClientSigning | None = None
    """How the venue's clients sign; None if the kit does not test clients of the venue."""
    cards: Path = Path()
    """The folder of the test cards for clients of the venue."""
    client_scenario: str = ""
    """The scenario of test cards, unless the card or the user names another."""
    read_traffic: Callable[[Traffic], Traffic] = as_it_came
    """A function that converts a client's traffic to the form that rules read: one call for each operation called."""
    is_read: Callable[[str, str, bytes], bool] = is_read_by_method
    """A function from a request (method, path below the prefix, body) to whether it only reads."""
    status_of: Callable[[int, bytes], int] = status_as_it_is
    """A function from an answer (status, body) to the status it would have where not every error is a 400."""
    further_keys: Callable[[Signer], Mapping[str, Signer]] = no_keys
    """A function that returns other forms of a member's key that requests may use, by role."""
    probe: str = ""
    """The path of a POST without parameters that any key may send; "" if the document has a GET for that."""
    probe_body: bytes = b""
    key_is_secret: bool = False
    """Whether an account's key is a secret that is shared with the venue, rather than a private key."""
    changes_daily: bool = True
    """Whether the API may change on days that have no document; if not, the previous document applies then."""


# API dates as users write them


LATEST, COMPAT = "latest", "compat"


def aliases(venue: str) -> list[str]:
    """Return the API dates of a venue that have documents, oldest first; `compat`, which is no date, is the last."""
    return [subject.partition("/")[2] for subject in api_documents.subjects() if subject.startswith(f"{venue}/")]


def alias_at(day: str | None, venue: VenueKit) -> str | None:
    """Return the API date whose documents describe a venue on a day; None if no documents do.

    Without a day it is `compat`. If the venue's API changes only on days with documents, the last one before applies.
    """
    alias = api_documents.alias_of(venue.name, day)
    if alias is None and day is not None and not venue.changes_daily:
        return api_documents.alias_before(venue.name, day)
    return alias


def read_alias(text: str, venue: str) -> str:
    """Return the API date with documents for "latest", an alias or an alias's day. Raises ValueError for other text."""
    known = aliases(venue)
    if text == LATEST:
        return max(alias for alias in known if alias[0].isdecimal())
    alias = text if text in known else api_documents.alias_of(venue, text)
    if alias is None:
        raise ValueError(f"no contract document of {text!r}: expected {LATEST}, {', '.join(known)} or the day of one")
    return alias
