"""The parameters of public/auth; each grant type requires some of them."""

from mockexchange.venues.deribit.parameters.rows import Parameter, integer, text

GRANT_TYPES = ("client_credentials", "client_signature", "refresh_token")
AUTH: tuple[Parameter, ...] = (
    Parameter(
        name="grant_type",
        kind="choice",
        choices=GRANT_TYPES,
        reason="invalid grant_type",
        required=True,
        source="openapi-2.1.1",
    ),
    *(text(name) for name in ("client_id", "client_secret", "refresh_token", "signature", "nonce", "data", "state")),
    integer("timestamp"),
    text("scope"),
)
