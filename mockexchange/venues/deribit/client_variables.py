"""Lists the published clients of Deribit, and the environment variables that point them at a mock server.

The variables were found in the clients' code.
"""

from mockexchange.venues.client_setup import (
    EVERY_VERSION,
    CheckedVariables,
    ClientSetup,
    PublishedClient,
    SignatureOptions,
)

POINTERS = {
    "DERIBIT_API_URL": "{base_url}",
    "DERIBIT_WS_URL": "{ws_url}",
    "DERIBIT_CLIENT_ID": "{key_id}",
    "DERIBIT_CLIENT_SECRET": "{secret}",
}

CLIENT_SETUP = ClientSetup(
    title="Deribit",
    pointers=POINTERS,
    generic=PublishedClient(
        version=EVERY_VERSION,
        venue="deribit",
        exports={**POINTERS, "DERIBIT_ORIGIN": "{origin}"},
        is_rsa_only=False,
    ),
    clients={
        "ccxt": PublishedClient(
            venue="deribit",
            version="4.5.90",
            exports={
                "DERIBIT_ORIGIN": "{origin}",
                "DERIBIT_WS_URL": "{ws_url}",
                "DERIBIT_CLIENT_ID": "{key_id}",
                "DERIBIT_CLIENT_SECRET": "{secret}",
            },
            unpointed="reads no variables",
            code=(
                "import os, ccxt",
                'urls = {"api": {"rest": os.environ["DERIBIT_ORIGIN"], "ws": os.environ["DERIBIT_WS_URL"]}}',
                'keys = {"apiKey": os.environ["DERIBIT_CLIENT_ID"], "secret": os.environ["DERIBIT_CLIENT_SECRET"]}',
                'exchange = ccxt.deribit({**keys, "urls": urls})',
            ),
            is_rsa_only=False,
        ),
        "typed-deribit": PublishedClient(
            venue="deribit",
            version="0.4.1",
            exports=POINTERS,
            unpointed="reads no variable for its URLs",
            code=(
                "import os",
                "from typed_deribit import Deribit",
                "from typed_deribit.core.auth import resolve_credentials",
                "from typed_deribit.core.transport.http import OAuthHttpRpcClient",
                "from typed_deribit.core.transport.ws import SocketRpcStreamClient",
                "key = resolve_credentials(None, None, public=False, testnet=False)",
                'http = OAuthHttpRpcClient(base_url=os.environ["DERIBIT_API_URL"], credentials=key)',
                'socket = SocketRpcStreamClient.new(os.environ["DERIBIT_WS_URL"], credentials=key)',
                "client = Deribit(rpc_client=http, ws_client=socket)",
            ),
            is_rsa_only=False,
        ),
    },
    word="DERIBIT",
    key_id_shape=r"[\w-]{8}",
    secret_shape=r"[\w-]{43}",  # noqa: S106  # a pattern
    demo_word="testnet",
    demo_choices={},
    bot_keys={
        "DERIBIT_API_KEY": "{key_id}",
        "DERIBIT_API_SECRET": "{secret}",
        "DERIBIT_TEST_CLIENT_ID": "{key_id}",
        "DERIBIT_TEST_CLIENT_SECRET": "{secret}",
        "DERIBIT_TESTNET_CLIENT_ID": "{key_id}",
        "DERIBIT_TESTNET_CLIENT_SECRET": "{secret}",
        "TEST_DERIBIT_CLIENT_ID": "{key_id}",  # of typed-deribit
        "TEST_DERIBIT_CLIENT_SECRET": "{secret}",
    },
    example_request="GET /private/get_positions",
    signature=SignatureOptions(
        required={
            "method": "the method that was sent, such as GET",
            "path": "the path that was sent, with /api/v2, or the whole URL",
            "authorization": "the header Authorization as sent",
            "secret": "the secret of the key",
        },
        optional={"body": "the body that was sent, if any"},
        arguments=("method", "target", "body", "authorization", "secret"),
    ),
    checked=CheckedVariables(
        rest_urls={"DERIBIT_API_URL": "/api/v2", "DERIBIT_ORIGIN": ""},
        stream_urls={"DERIBIT_WS_URL": "/ws/api/v2"},
    ),
    credential_headers=("authorization",),
)
