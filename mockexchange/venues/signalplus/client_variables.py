"""Names the environment variables that point a client of SignalPlus at a mock server.

No client is published: the names are our own.
"""

from mockexchange.venues.client_setup import (
    EVERY_VERSION,
    CheckedVariables,
    ClientSetup,
    PublishedClient,
    SignatureOptions,
)

POINTERS = {
    "SIGNALPLUS_API_URL": "{base_url}",
    "SIGNALPLUS_WS_URL": "{ws_url}",
    "SIGNALPLUS_API_KEY": "{key_id}",
    "SIGNALPLUS_API_SECRET": "{secret}",
}

CLIENT_SETUP = ClientSetup(
    title="SignalPlus",
    pointers=POINTERS,
    generic=PublishedClient(version=EVERY_VERSION, venue="signalplus", exports=POINTERS, is_rsa_only=False),
    clients={},
    word="SIGNALPLUS",
    key_id_shape=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    secret_shape=r"[\w+/-]{43}=?",  # noqa: S106  # a pattern
    demo_word="test",
    demo_choices={},
    bot_keys={},
    example_request="POST /private/get_positions",
    signature=SignatureOptions(
        required={
            "timestamp": "Signalplus-API-Timestamp as sent",
            "nonce": "Signalplus-API-Nonce as sent",
            "signature": "Signalplus-API-Signature as sent",
            "secret": "the secret of the key",
        },
        arguments=("timestamp", "nonce", "signature", "secret"),
    ),
    checked=CheckedVariables(
        rest_urls={"SIGNALPLUS_API_URL": "/signalplus/api"},
        stream_urls={"SIGNALPLUS_WS_URL": "/signalplus/ws/api"},
    ),
    credential_headers=("signalplus-api-timestamp", "signalplus-api-nonce", "signalplus-api-signature"),
)
