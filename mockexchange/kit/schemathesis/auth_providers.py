"""Signs the requests that schemathesis generates.

schemathesis calls `set` of an auth provider only if its `get` returns a true value. `set` signs the path as it is sent,
with the prefix. schemathesis does not sign requests from which it omits a credential on purpose.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from schemathesis import AuthContext, AuthProvider, Case

from mockexchange.kit.venue import Signer

AnyCase = Case[Any]


Sign = Callable[[], Mapping[str, str]]


def signing_provider(
    signer_of: Callable[[AnyCase], Signer | None], on_signed: Callable[[Mapping[str, str], Sign], None]
) -> type[AuthProvider[str]]:
    """Return an auth provider class, which signs each request with the key that `signer_of` returns, if any.

    `on_signed` is called with the signed headers and a function that signs again, since a request may be sent long
    after it was generated and signed.
    """

    class Signing:
        def get(self, case: AnyCase, context: AuthContext) -> str:
            return "signed when the rest is known"

        def set(self, case: AnyCase, data: str, context: AuthContext) -> None:
            signer = signer_of(case)
            if signer is not None:
                sign = partial(signer.headers, case.method, case.as_transport_kwargs()["url"])
                signed = sign()
                case.headers.update(signed)
                on_signed(signed, sign)

    return Signing
