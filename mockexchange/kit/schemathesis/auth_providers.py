"""Signs the requests that schemathesis generates.

The `get` of an auth provider has to return a true value, or its `set` is never called. `set` signs the path as it is
sent, with the prefix. schemathesis does not sign cases that omit or change a credential on purpose.
"""

from collections.abc import Callable
from typing import Any

from schemathesis import AuthContext, AuthProvider, Case

from mockexchange.kit.venue import Signer

AnyCase = Case[Any]


def signing_provider(signer_of: Callable[[AnyCase], Signer | None]) -> type[AuthProvider[str]]:
    """Return an auth provider that signs each case with the key that `signer_of` returns, if any."""

    class Signing:
        def get(self, case: AnyCase, context: AuthContext) -> str:
            return "signed when the rest is known"

        def set(self, case: AnyCase, data: str, context: AuthContext) -> None:
            signer = signer_of(case)
            if signer is not None:
                case.headers.update(signer.headers(case.method, case.as_transport_kwargs()["url"]))

    return Signing
