"""The stubs of one sandbox: they replace answers of the exchange by fixed answers or by values of the request.

A stub answers after the venue has authenticated the request; otherwise the venue's own refusal is sent. If several
stubs match, the one installed last answers. Installing and removing a stub is logged, so that a replay knows which
stubs were installed at each position.
"""

from mockexchange.sandbox.stubs.answer import stub_answer
from mockexchange.sandbox.stubs.registry import STUBS_MAX, SUBJECT, InstalledStub, StubError, Stubs, request_number
from mockexchange.sandbox.stubs.request import StubRequest

__all__ = [
    "STUBS_MAX",
    "SUBJECT",
    "InstalledStub",
    "StubError",
    "StubRequest",
    "Stubs",
    "request_number",
    "stub_answer",
]
