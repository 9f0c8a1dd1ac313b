"""Signatures of requests that waited before they were sent: they are made again, since they hold for some seconds."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

AGE_S_MAX = 1.0
"""Age of a signature from which it is made again; venues accept five seconds and more."""
EXTENSION = "mockexchange.signing"


@dataclass(slots=True)
class Signing:
    """How a request was signed: `headers` signs it again, with the time of now."""

    headers: Callable[[], Mapping[str, str]]
    at_s: float = field(default_factory=time.monotonic)


def note_signing(request: httpx.Request, signing: Signing) -> None:
    """Let a transport sign a request again."""
    request.extensions = {**request.extensions, EXTENSION: signing}


def is_signed_long_ago(request: httpx.Request, now_s: float) -> bool:
    """Whether the signature of a request is old. A request that nobody can sign again has none."""
    signing: Signing | None = request.extensions.get(EXTENSION)
    return signing is not None and now_s - signing.at_s > AGE_S_MAX


def sign_again(request: httpx.Request, now_s: float) -> None:
    """Sign a request again if its signature is old."""
    if is_signed_long_ago(request, now_s):
        signing: Signing = request.extensions[EXTENSION]
        request.headers.update(signing.headers())
        signing.at_s = now_s
