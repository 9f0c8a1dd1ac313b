"""The types of a venue's tables of published clients: the settings that point a client at a server, and its signatures.

Each venue has a `client_variables.py` with its `CLIENT_SETUP` and a `request_signer.py` with its `REQUEST_SIGNER`.
These modules import little, so that commands need not load the whole venue.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field

EVERY_VERSION = "(what every known client reads)"
"""The version that is shown for the generic client, whose variables are those of all known clients."""
REQUEST_ID = 1


class PublishedClient(Struct, frozen=True, kw_only=True):
    """A client that is published as a package, with the environment variables that it reads.

    `exports` are the variables to set, as templates filled with an account's values. `unset` are variables to remove,
    because they would point the client elsewhere. `unpointed` says which URLs no variable sets, so that the client
    calls the real exchange in any environment; it continues a sentence that begins with the client's name. `code` are
    the lines that pass what the client does not read from variables.
    """

    version: str
    venue: str
    exports: Mapping[str, str]
    exports_beyond_loopback: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    unpointed: str = ""
    code: tuple[str, ...] = ()
    is_rsa_only: bool = True


class CheckedVariables(Struct, frozen=True, kw_only=True):
    """Environment variables of a venue's clients that `mockexchange doctor` checks."""

    rest_urls: Mapping[str, str] = field(default_factory=dict)
    """Variables that hold a base URL, each with the path that the URL must have."""
    stream_urls: Mapping[str, str] = field(default_factory=dict)
    """Variables that hold the URL of a stream, each with the path that the URL must have."""
    url_overrides: tuple[str, ...] = ()
    """Variables that make some clients ignore the URL that they are given."""
    key_paths: tuple[str, ...] = ()
    """Variables that hold the path of a private key."""
    inline_keys: tuple[str, ...] = ()
    """Variables that hold a private key itself."""
    key_ids: tuple[str, ...] = ()
    key_conflict: str = ""
    """Description of what clients do if the first variables of `inline_keys` and of `key_paths` are both set."""
    plain_url_refusal: str = ""
    """Name of the client that refuses http and ws URLs of other machines; empty if no client does."""


class SignatureOptions(Struct, frozen=True, kw_only=True):
    """The command line options with which `mockexchange explain` checks a signature of the venue."""

    required: Mapping[str, str]
    """Help text of each required option, by the option's name."""
    optional: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...]
    """Arguments of the venue's `explain_offline`, by option name; `target` is the path with the query."""


class ClientSetup(Struct, frozen=True, kw_only=True):
    """The published clients of one venue, the variables that they read, and how users call the venue."""

    title: str
    """The venue's name as users read it."""
    pointers: Mapping[str, str]
    """Variables for the venue's URLs and a key, with the names that the documentation uses."""
    generic: PublishedClient
    """All variables that any known client of the venue reads, for use with an unknown client."""
    clients: Mapping[str, PublishedClient]
    """The known clients, by the name of their package."""
    word: str
    """The word that names of the venue's variables have.

    Such a variable in a user's environment could point a client at the real venue, or sign with a real key.
    """
    other_names: tuple[str, ...] = ()
    """Names of the venue's variables that do not have the word."""
    key_id_shape: str
    """A pattern for ids of real accounts' keys."""
    secret_shape: str = ""
    """A pattern for secrets of real accounts; empty for a venue whose keys are private keys."""
    demo_word: str
    """What programs call the venue's demo in a variable that chooses it."""
    demo_choices: Mapping[str, str]
    """Variables with which known clients and bots select the venue's demo."""
    bot_keys: Mapping[str, str]
    """Names under which public bots read a key, beside those of the published clients."""
    example_request: str
    """A request for examples, as method and path below the prefix; it needs a signature but no parameters."""
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
"""An account as JSON, as the control API gives it: key id, and private key or secret."""


class RequestSigner(NamedTuple):
    """Signs requests as a client of the venue does.

    It is written from the venue's documents alone, independently of the server's verification.
    """

    prefix: str
    """The prefix of REST paths."""
    headers_of: Callable[[Credential, UnsignedRequest, int], dict[str, str]]
    """Return the headers that sign a request: (credential, request, host time in nanoseconds)."""
    id_name: str | None = None
    """The field with the id of a JSON-RPC request; None for a venue with plain REST."""


def envelope(id_name: str, method: str, params: Mapping[str, Any]) -> bytes:
    """Return a JSON-RPC request as bytes.

    `id_name` is the key of the request's id, `method` a path such as private/get_positions.
    """
    return json.dumps({id_name: REQUEST_ID, "method": method, "params": params}).encode()
