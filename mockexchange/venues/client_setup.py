"""The types of a venue's client tables: how its published clients are pointed at an exchange, and how they sign.

Each venue has a `client_variables.py` with its `CLIENT_SETUP` and a `request_signer.py` with its `REQUEST_SIGNER`.
These modules import little, so that commands need not load the whole venue.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

EVERY_VERSION = "(what every known client reads)"
"""The version of a generic client."""
REQUEST_ID = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedClient:
    """A client that is published as a package, with the environment variables that it reads.

    `exports` are the variables to set, as templates filled with an account's values; `unset` are the variables to
    remove, which would point the client elsewhere. `notes` explain, often as lines of code, what no variable can do.
    """

    version: str
    venue: str
    exports: Mapping[str, str]
    exports_beyond_loopback: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_rsa_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedVariables:
    """Environment variables that `mockexchange doctor` checks."""

    rest_urls: Mapping[str, str] = field(default_factory=dict)
    """Variables with a base URL, and the path that it must have."""
    stream_urls: Mapping[str, str] = field(default_factory=dict)
    """Variables with the URL of a stream, and the path that it must have."""
    url_overrides: tuple[str, ...] = ()
    """Switches that make some clients ignore the URL that they are given."""
    key_paths: tuple[str, ...] = ()
    """Variables with the path of a private key."""
    inline_keys: tuple[str, ...] = ()
    """Variables with a private key itself."""
    key_ids: tuple[str, ...] = ()
    key_conflict: str = ""
    """What clients do if the first variable of `inline_keys` and the first of `key_paths` are both set."""
    plain_url_refusal: str = ""
    """The client that refuses http and ws URLs beyond this machine; empty if none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureOptions:
    """The options of `mockexchange explain` for a signature of the venue."""

    required: Mapping[str, str]
    """Option name to help text."""
    optional: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...]
    """The arguments of the venue's `explain_offline`, by option name; `target` is the path with the query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSetup:
    """The client tables of one venue."""

    title: str
    """The venue's name in texts."""
    pointers: Mapping[str, str]
    """Variables for the venue's URLs and a key, under the names that the documentation uses."""
    generic: PublishedClient
    """The variables of every known client of the venue, for a client that is not known."""
    clients: Mapping[str, PublishedClient]
    """The known clients by the name of their package."""
    variable_prefixes: tuple[str, ...]
    """Prefixes of the venue's variables. A user's own would point a client elsewhere, or sign with a key of real
    money."""
    demo_switches: Mapping[str, str]
    """Variables by which known clients choose the venue's demo, and the names of the demo's keys."""
    example_request: str
    """A request that needs a signature and no parameters, as method and path below the prefix."""
    signature: SignatureOptions
    credential_headers: tuple[str, ...] = ()
    """Headers that carry credentials, in lower case."""
    checked: CheckedVariables = field(default_factory=CheckedVariables)


class UnsignedRequest(NamedTuple):
    """A request before it is signed; `target` is the path and the query as sent."""

    method: str
    target: str
    body: bytes = b""


Credential = Mapping[str, Any]
"""An account of the control API as JSON: key id, and private key or secret."""


class RequestSigner(NamedTuple):
    """The client side of a venue: how requests are written and signed, written from its documents alone."""

    prefix: str
    """The prefix of REST paths."""
    headers_of: Callable[[Credential, UnsignedRequest, int], dict[str, str]]
    """Function (credential, request, host time in nanoseconds) that returns the headers that sign the request."""
    id_name: str | None = None
    """The field that numbers JSON-RPC requests; None where requests are plain REST."""


def envelope(id_name: str, method: str, params: Mapping[str, Any]) -> bytes:
    """Return the body of a JSON-RPC request. `method` is a path such as private/get_positions, as in the URL."""
    return json.dumps({id_name: REQUEST_ID, "method": method, "params": params}).encode()
