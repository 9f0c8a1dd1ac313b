"""Lists Kalshi's published clients, and the environment variables that point them at a mock server.

The variables were found in the clients' code. Some clients take the base URL only as an argument; their entry has the
line of code that passes it.
"""

from mockexchange.venues.client_setup import (
    EVERY_VERSION,
    CheckedVariables,
    ClientSetup,
    PublishedClient,
    SignatureOptions,
)

BASE_URL = {"KALSHI_API_BASE_URL": "{base_url}"}
STREAM_URL = {"KALSHI_WS_URL": "{ws_origin}/trade-api/ws/v2"}
"""A variable for the stream's URL. No client reads it; the clients' lines of code use it."""
KEY = {"KALSHI_API_KEY_ID": "{key_id}", "KALSHI_PRIVATE_KEY_PATH": "{key_path}"}
INLINE_KEY_BLANK = {"KALSHI_PRIVATE_KEY": ""}
"""An empty inline key. kalshi-sdk refuses a key in this variable beside a path; kyro prefers it to the path."""

BOT_KEY_IDS = (
    "DEMO_KEYID",
    "KALSHI_API_KEY",
    "KALSHI_KEYID",
    "KALSHI_DEMO_ACCESS_KEY",
    "KALSHI_DEMO_API_KEY",
    "KALSHI_DEMO_API_KEY_ID",
    "KALSHI_DEMO_KEYID",
    "KALSHI_DEMO_KEY_ID",
)
BOT_KEY_PATHS = (
    "DEMO_KEYFILE",
    "KALSHI_DEMO_KEYFILE",
    "KALSHI_DEMO_KEY_FILE",
    "KALSHI_DEMO_KEY_PATH",
    "KALSHI_DEMO_PRIVATE_KEY_FILE",
    "KALSHI_DEMO_PRIVATE_KEY_PATH",
    "KALSHI_KEY_FILE",
    "KALSHI_KEY_PATH",
    "KALSHI_PEM_PATH",
    "KALSHI_PRIVATE_KEY_FILE",
    "KALSHI_PRIVATE_KEY_PEM_PATH",
    "KALSHI_RSA_PRIVATE_KEY_PATH",
)
BOT_INLINE_KEYS = (
    "KALSHI_API_SECRET",
    "KALSHI_DEMO_PRIVATE_KEY",
    "KALSHI_DEMO_PRIVATE_KEY_PEM",
    "KALSHI_PRIVATE_KEY_PEM",
    "KALSHI_RSA_PRIVATE_KEY",
)
BOT_ENCODED_KEYS = ("KALSHI_PRIVATE_KEY_B64", "KALSHI_PRIVATE_KEY_BASE64")
"""Variables that hold the PEM file in base64."""
DEMO_CHOICES = {
    "KALSHI_DEMO": "true",  # of kalshi-sdk and kyro
    "KALSHI_DEMO_MODE": "true",
    "KALSHI_ENV": "demo",
    "KALSHI_ENVIRONMENT": "demo",
    "KALSHI_USE_DEMO": "true",
}
"""Variables that public test suites and bots read to select the demo; docs/run.md has their sources."""


def _official(package: str, version: str, is_rsa_only: bool) -> PublishedClient:
    """Return the entry of a generated Python client, which reads no variables at all."""
    return PublishedClient(
        version=version,
        venue="kalshi",
        exports={**BASE_URL, **KEY},
        unpointed="reads no variables",
        code=(
            f"from {package} import Configuration, KalshiClient",
            'configuration = Configuration(host=os.environ["KALSHI_API_BASE_URL"])',
            'configuration.api_key_id = os.environ["KALSHI_API_KEY_ID"]',
            'configuration.private_key_pem = open(os.environ["KALSHI_PRIVATE_KEY_PATH"]).read()',
            "client = KalshiClient(configuration)",
        ),
        is_rsa_only=is_rsa_only,
    )


CLIENT_SETUP = ClientSetup(
    title="Kalshi",
    pointers={**BASE_URL, **STREAM_URL, **KEY},
    generic=PublishedClient(
        version=EVERY_VERSION,
        venue="kalshi",
        exports={
            **BASE_URL,
            "KALSHI_BASE_URL": "{base_url}",
            "KALSHI_HTTP_BASE_URL": "{origin}",
            "KALSHI_WS_BASE_URL": "{ws_origin}",
            **STREAM_URL,
            "KALSHI_API_KEY_ID": "{key_id}",
            "KALSHI_KEY_ID": "{key_id}",
            "KALSHI_ACCESS_KEY": "{key_id}",
            "KALSHI_PRIVATE_KEY_PATH": "{key_path}",
            "KALSHI_PY_PRIVATE_KEY_PEM": "{key_pem}",
            **INLINE_KEY_BLANK,
        },
        exports_beyond_loopback={"KALSHI_ALLOW_UNKNOWN_HOST": "1"},
        unset=("KALSHI_ACCESS_KEY_ID", "KALSHI_DEMO", "KALSHI_PRIVATE_KEY_PASSPHRASE", "KALSHI_PRODUCTION"),
        is_rsa_only=False,
    ),
    clients={
        "pykalshi": PublishedClient(
            version="2.0.0",
            venue="kalshi",
            exports={**BASE_URL, **STREAM_URL, **KEY},
            unpointed="reads no variable for its URLs",
            code=(
                'client = KalshiClient.from_env(api_base=os.environ["KALSHI_API_BASE_URL"])',
                "feed = client.feed()",
                'feed._ws_url = os.environ["KALSHI_WS_URL"]',
            ),
        ),
        "pykalshi-client": PublishedClient(
            version="1.3.0",
            venue="kalshi",
            exports={"KALSHI_HTTP_BASE_URL": "{origin}", "KALSHI_WS_BASE_URL": "{ws_origin}", **KEY},
            code=(
                'client = create_http_client(os.environ["KALSHI_API_KEY_ID"], os.environ["KALSHI_PRIVATE_KEY_PATH"])',
                'stream = create_ws_client(os.environ["KALSHI_API_KEY_ID"], os.environ["KALSHI_PRIVATE_KEY_PATH"])',
            ),
        ),
        "kalshi-sdk": PublishedClient(
            version="22.4.0",
            venue="kalshi",
            exports={
                **BASE_URL,
                **STREAM_URL,
                "KALSHI_KEY_ID": "{key_id}",
                "KALSHI_PRIVATE_KEY_PATH": "{key_path}",
            },
            exports_beyond_loopback={"KALSHI_ALLOW_UNKNOWN_HOST": "1"},
            unset=("KALSHI_DEMO", "KALSHI_PRIVATE_KEY", "KALSHI_PRIVATE_KEY_PASSPHRASE"),
            unpointed="reads no variable for its stream's URL",
            code=(
                'urls = {"base_url": os.environ["KALSHI_API_BASE_URL"], "ws_base_url": os.environ["KALSHI_WS_URL"]}',
                "client = AsyncKalshiClient.from_env(config=KalshiConfig(**urls))",
            ),
        ),
        "kalshi-python-sync": _official("kalshi_python_sync", "3.34.0", is_rsa_only=False),
        "kalshi-python-async": _official("kalshi_python_async", "3.34.0", is_rsa_only=False),
        "kalshi-python": _official("kalshi_python", "2.1.4", is_rsa_only=True),
        "kalshi-py": PublishedClient(
            version="2.0.6.6",
            venue="kalshi",
            exports={**BASE_URL, "KALSHI_API_KEY_ID": "{key_id}", "KALSHI_PY_PRIVATE_KEY_PEM": "{key_pem}"},
            unpointed="reads no variable for its URL",
            code=('client = create_client(base_url=os.environ["KALSHI_API_BASE_URL"])',),
        ),
        "kyro": PublishedClient(
            version="0.1.2",
            venue="kalshi",
            exports={
                "KALSHI_BASE_URL": "{base_url}",
                "KALSHI_ACCESS_KEY": "{key_id}",
                "KALSHI_PRIVATE_KEY_PATH": "{key_path}",
                **INLINE_KEY_BLANK,
            },
            code=("client = RestClient(config_from_env())",),
        ),
        "kalshi-typescript": PublishedClient(
            version="3.30.0",
            venue="kalshi",
            exports={**BASE_URL, **KEY},
            unpointed="reads no variables",
            code=(
                "const { KALSHI_API_BASE_URL, KALSHI_API_KEY_ID, KALSHI_PRIVATE_KEY_PATH } = process.env",
                "const configuration = new Configuration({",
                (
                    "  basePath: KALSHI_API_BASE_URL, apiKey: KALSHI_API_KEY_ID,"
                    " privateKeyPath: KALSHI_PRIVATE_KEY_PATH })"
                ),
            ),
        ),
    },
    word="KALSHI",
    other_names=("DEMO_KEYID", "DEMO_KEYFILE", "PROD_KEYID", "PROD_KEYFILE"),
    key_id_shape=r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    demo_word="demo",
    demo_choices=DEMO_CHOICES,
    bot_keys={
        **dict.fromkeys(BOT_KEY_IDS, "{key_id}"),
        **dict.fromkeys(BOT_KEY_PATHS, "{key_path}"),
        **dict.fromkeys(BOT_INLINE_KEYS, "{key_pem}"),
        **dict.fromkeys(BOT_ENCODED_KEYS, "{key_base64}"),
    },
    example_request="GET /portfolio/positions",
    signature=SignatureOptions(
        required={
            "method": "the method that was sent, such as GET",
            "path": "the path that was sent, with /trade-api/v2, or the whole URL",
            "timestamp": "KALSHI-ACCESS-TIMESTAMP as sent",
            "signature": "KALSHI-ACCESS-SIGNATURE as sent",
            "key": "PEM file, public or private half",
        },
        arguments=("method", "path", "query", "timestamp", "signature", "key"),
    ),
    checked=CheckedVariables(
        rest_urls={
            "KALSHI_API_BASE_URL": "/trade-api/v2",
            "KALSHI_BASE_URL": "/trade-api/v2",
            "KALSHI_HTTP_BASE_URL": "",
        },
        stream_urls={"KALSHI_WS_URL": "/trade-api/ws/v2", "KALSHI_WS_BASE_URL": ""},
        url_overrides=("KALSHI_DEMO", "KALSHI_PRODUCTION"),
        key_paths=("KALSHI_PRIVATE_KEY_PATH",),
        inline_keys=("KALSHI_PRIVATE_KEY", "KALSHI_PY_PRIVATE_KEY_PEM"),
        key_ids=("KALSHI_API_KEY_ID", "KALSHI_KEY_ID", "KALSHI_ACCESS_KEY"),
        key_conflict="kalshi-sdk refuses that, kyro takes the first",
        plain_url_refusal="kalshi-sdk",
    ),
    credential_headers=("kalshi-access-key", "kalshi-access-timestamp", "kalshi-access-signature"),
)
