"""Signs requests as the clients of each venue do."""

import time

from mockexchange.venues.client_setup import Credential, RequestSigner, UnsignedRequest, envelope
from mockexchange.venues.registry import request_signers

__all__ = ["REQUEST_SIGNERS", "RequestSigner", "UnsignedRequest", "envelope", "sign"]

REQUEST_SIGNERS = request_signers()
"""The request signer of each venue, by the venue's name."""


def sign(venue: str, credential: Credential, request: UnsignedRequest) -> dict[str, str]:
    """Return the headers that sign a request at the current time.

    Raises ValueError if the credential has no usable key.
    """
    return REQUEST_SIGNERS[venue].headers_of(credential, request, time.time_ns())
