"""Signs requests again that waited before they were sent, since signatures are valid for some seconds only."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

AGE_S_MAX = 1.0
"""The age in seconds above which a signature is renewed; venues accept five seconds and more."""
EXTENSION = "mockexchange.signing"


@dataclass(slots=True)
class Signing:
    """When and how a request was signed; `headers` returns the headers of a new signature."""

    headers: Callable[[], Mapping[str, str]]
    at_s: float = field(default_factory=time.monotonic)


def note_signing(request: httpx.Request, signing: Signing) -> None:
    """Attach to a request how it was signed, so that the transport can sign it again."""
    request.extensions = {**request.extensions, EXTENSION: signing}


def is_signed_long_ago(request: httpx.Request, now_s: float) -> bool:
    """Return whether a request's signature is older than AGE_S_MAX; False if it cannot be renewed."""
    signing: Signing | None = request.extensions.get(EXTENSION)
    return signing is not None and now_s - signing.at_s > AGE_S_MAX


def renew_old_signature(request: httpx.Request, now_s: float) -> None:
    """Sign a request anew if its signature is old."""
    if is_signed_long_ago(request, now_s):
        signing: Signing = request.extensions[EXTENSION]
        request.headers.update(signing.headers())
        signing.at_s = now_s
