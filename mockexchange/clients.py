"""How published clients are pointed at an exchange: a table of what each reads, found in its own code.

Some read a variable for the base URL, some take it only as an argument; those get the line of code that passes it.
`.env` files count too: a client that loads one fills in whatever is unset, never what is set, even to nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

BASE_URL = {"KALSHI_API_BASE_URL": "{base_url}"}
STREAM_URL = {"KALSHI_WS_URL": "{ws_origin}/trade-api/ws/v2"}
"""Read by no client: a name for what their lines of code pass."""
KEY = {"KALSHI_API_KEY_ID": "{key_id}", "KALSHI_PRIVATE_KEY_PATH": "{key_path}"}
INLINE_KEY_BLANK = {"KALSHI_PRIVATE_KEY": ""}
"""A key in the variable itself: kalshi-sdk refuses it beside a path, kyro prefers it."""
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """`exports` are templates over an account's words; `unset` names what would point the client elsewhere.

    `notes` say, in lines of code where it takes code, what no variable can do.
    """

    version: str
    exports: Mapping[str, str]
    exports_beyond_loopback: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_rsa_only: bool = True


def _official(package: str, version: str, is_rsa_only: bool) -> Client:
    """The generated Python clients read no variables at all."""
    return Client(
        version=version,
        exports={**BASE_URL, **KEY},
        notes=(
            "it reads no variables, so without these lines it calls the real exchange:",
            f"from {package} import Configuration, KalshiClient",
            'configuration = Configuration(host=os.environ["KALSHI_API_BASE_URL"])',
            'configuration.api_key_id = os.environ["KALSHI_API_KEY_ID"]',
            'configuration.private_key_pem = open(os.environ["KALSHI_PRIVATE_KEY_PATH"]).read()',
            "client = KalshiClient(configuration)",
        ),
        is_rsa_only=is_rsa_only,
    )


GENERIC = "generic"
CLIENTS: dict[str, Client] = {
    GENERIC: Client(
        version="(what every known client reads)",
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
            **INLINE_KEY_BLANK,
        },
        exports_beyond_loopback={"KALSHI_ALLOW_UNKNOWN_HOST": "1"},
        unset=("KALSHI_ACCESS_KEY_ID", "KALSHI_DEMO", "KALSHI_PRIVATE_KEY_PASSPHRASE", "KALSHI_PRODUCTION"),
        is_rsa_only=False,
    ),
    "pykalshi": Client(
        version="2.0.0",
        exports={**BASE_URL, **STREAM_URL, **KEY},
        notes=(
            "it reads no variable for its URLs, so without these lines it calls the real exchange:",
            'client = KalshiClient.from_env(api_base=os.environ["KALSHI_API_BASE_URL"])',
            "feed = client.feed()",
            'feed._ws_url = os.environ["KALSHI_WS_URL"]',
        ),
    ),
    "pykalshi-client": Client(
        version="1.3.0",
        exports={"KALSHI_HTTP_BASE_URL": "{origin}", "KALSHI_WS_BASE_URL": "{ws_origin}", **KEY},
        notes=(
            "it reads the URLs from these variables; the key is passed:",
            'client = create_http_client(os.environ["KALSHI_API_KEY_ID"], os.environ["KALSHI_PRIVATE_KEY_PATH"])',
            'stream = create_ws_client(os.environ["KALSHI_API_KEY_ID"], os.environ["KALSHI_PRIVATE_KEY_PATH"])',
        ),
    ),
    "kalshi-sdk": Client(
        version="22.4.0",
        exports={
            **BASE_URL,
            **STREAM_URL,
            "KALSHI_KEY_ID": "{key_id}",
            "KALSHI_PRIVATE_KEY_PATH": "{key_path}",
        },
        exports_beyond_loopback={"KALSHI_ALLOW_UNKNOWN_HOST": "1"},
        unset=("KALSHI_DEMO", "KALSHI_PRIVATE_KEY", "KALSHI_PRIVATE_KEY_PASSPHRASE"),
        notes=(
            "client = KalshiClient.from_env()",
            "its stream reads no variable, so without these lines it is the real exchange's:",
            'urls = {"base_url": os.environ["KALSHI_API_BASE_URL"], "ws_base_url": os.environ["KALSHI_WS_URL"]}',
            "client = AsyncKalshiClient.from_env(config=KalshiConfig(**urls))",
        ),
    ),
    "kalshi-python-sync": _official("kalshi_python_sync", "3.34.0", is_rsa_only=False),
    "kalshi-python-async": _official("kalshi_python_async", "3.34.0", is_rsa_only=False),
    "kalshi-python": _official("kalshi_python", "2.1.4", is_rsa_only=True),
    "kalshi-py": Client(
        version="2.0.6.6",
        exports={**BASE_URL, "KALSHI_API_KEY_ID": "{key_id}", "KALSHI_PY_PRIVATE_KEY_PEM": "{key_pem}"},
        notes=(
            "it reads no variable for the base URL, so without this line it calls the real exchange:",
            'client = create_client(base_url=os.environ["KALSHI_API_BASE_URL"])',
        ),
    ),
    "kyro": Client(
        version="0.1.2",
        exports={
            "KALSHI_BASE_URL": "{base_url}",
            "KALSHI_ACCESS_KEY": "{key_id}",
            "KALSHI_PRIVATE_KEY_PATH": "{key_path}",
            **INLINE_KEY_BLANK,
        },
        notes=("client = RestClient(config_from_env())",),
    ),
    "kalshi-typescript": Client(
        version="3.30.0",
        exports={**BASE_URL, **KEY},
        notes=(
            "it reads no variables, so without these lines it calls the real exchange:",
            "const { KALSHI_API_BASE_URL, KALSHI_API_KEY_ID, KALSHI_PRIVATE_KEY_PATH } = process.env",
            "const configuration = new Configuration({",
            "  basePath: KALSHI_API_BASE_URL, apiKey: KALSHI_API_KEY_ID, privateKeyPath: KALSHI_PRIVATE_KEY_PATH })",
        ),
    ),
}


def variables_of(client: Client, words: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str | None]:
    """Return name to value, None for what is to be unset."""
    host = urlsplit(words["base_url"]).hostname or ""
    beyond = {} if host in LOOPBACK else client.exports_beyond_loopback
    exports = {name: template.format(**words) for name, template in {**client.exports, **beyond}.items()}
    return {**exports, **_past_proxies(host, environment), **dict.fromkeys(client.unset)}


def _past_proxies(host: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Where a proxy is set, most clients would ask it for this host too."""
    if not any(environment.get(spelt) for name in PROXIES for spelt in (name, name.upper())):
        return {}
    hosts = (environment.get("no_proxy") or environment.get("NO_PROXY") or "").split(",")
    value = ",".join(dict.fromkeys([*(entry.strip() for entry in hosts if entry.strip()), host]))
    return {"NO_PROXY": value, "no_proxy": value}
