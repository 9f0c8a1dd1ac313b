"""How published clients are pointed at an exchange: a table of what each reads, found in its own code.

Some read a variable for the base URL, some take it only as an argument; those get the line of code that passes it.
`.env` files count too: a client that loads one fills in whatever is unset, never what is set, even to nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

BASE_URL = {"KALSHI_API_BASE_URL": "{base_url}"}
STREAM_URL = {"KALSHI_WS_URL": "{ws_origin}/trade-api/ws/v2"}
"""Read by no client: a name for what their lines of code pass."""
KEY = {"KALSHI_API_KEY_ID": "{key_id}", "KALSHI_PRIVATE_KEY_PATH": "{key_path}"}
POINTERS: dict[str, Mapping[str, str]] = {
    "kalshi": {**BASE_URL, **STREAM_URL, **KEY},
    "deribit": {
        "DERIBIT_API_URL": "{base_url}",
        "DERIBIT_WS_URL": "{ws_url}",
        "DERIBIT_CLIENT_ID": "{key_id}",
        "DERIBIT_CLIENT_SECRET": "{secret}",
    },
    "signalplus": {
        "SIGNALPLUS_API_URL": "{base_url}",
        "SIGNALPLUS_WS_URL": "{ws_url}",
        "SIGNALPLUS_API_KEY": "{key_id}",
        "SIGNALPLUS_API_SECRET": "{secret}",
    },
}
"""By venue: where it is, and a key, in the names that our pages use."""
INLINE_KEY_BLANK = {"KALSHI_PRIVATE_KEY": ""}
"""A key in the variable itself: kalshi-sdk refuses it beside a path, kyro prefers it."""
ED25519_MARK = "MC4CAQAwBQYDK2Vw"
"""How every Ed25519 key in PKCS #8 begins: its algorithm identifier is fixed and its length always the same."""
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Where clients of TLS look for whom to trust, each in place of what it trusted before: so they get a bundle."""
OWN_FILE = re.compile(r"[/\\]run-[^/\\]+[/\\]ca-(bundle|cert)\.crt$")
"""How the files end that `serve --tls` writes."""
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedClient:
    """`exports` are templates over an account's words; `unset` names what would point the client elsewhere.

    `notes` say, in lines of code where it takes code, what no variable can do.
    """

    version: str
    exports: Mapping[str, str]
    venue: str = "kalshi"
    exports_beyond_loopback: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_rsa_only: bool = True


def _official(package: str, version: str, is_rsa_only: bool) -> PublishedClient:
    """The generated Python clients read no variables at all."""
    return PublishedClient(
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
_EVERYTHING = "(what every known client reads)"
GENERICS: dict[str, PublishedClient] = {
    "kalshi": PublishedClient(
        version=_EVERYTHING,
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
    "deribit": PublishedClient(
        venue="deribit",
        version=_EVERYTHING,
        exports={**POINTERS["deribit"], "DERIBIT_ORIGIN": "{origin}"},
        is_rsa_only=False,
    ),
    "signalplus": PublishedClient(
        venue="signalplus", version=_EVERYTHING, exports=POINTERS["signalplus"], is_rsa_only=False
    ),
}
"""What a client that is not known here may read, by venue."""
CLIENTS: dict[str, PublishedClient] = {
    GENERIC: GENERICS["kalshi"],
    "pykalshi": PublishedClient(
        version="2.0.0",
        exports={**BASE_URL, **STREAM_URL, **KEY},
        notes=(
            "it reads no variable for its URLs, so without these lines it calls the real exchange:",
            'client = KalshiClient.from_env(api_base=os.environ["KALSHI_API_BASE_URL"])',
            "feed = client.feed()",
            'feed._ws_url = os.environ["KALSHI_WS_URL"]',
        ),
    ),
    "pykalshi-client": PublishedClient(
        version="1.3.0",
        exports={"KALSHI_HTTP_BASE_URL": "{origin}", "KALSHI_WS_BASE_URL": "{ws_origin}", **KEY},
        notes=(
            "it reads the URLs from these variables; the key is passed:",
            'client = create_http_client(os.environ["KALSHI_API_KEY_ID"], os.environ["KALSHI_PRIVATE_KEY_PATH"])',
            'stream = create_ws_client(os.environ["KALSHI_API_KEY_ID"], os.environ["KALSHI_PRIVATE_KEY_PATH"])',
        ),
    ),
    "kalshi-sdk": PublishedClient(
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
    "kalshi-py": PublishedClient(
        version="2.0.6.6",
        exports={**BASE_URL, "KALSHI_API_KEY_ID": "{key_id}", "KALSHI_PY_PRIVATE_KEY_PEM": "{key_pem}"},
        notes=(
            "it reads no variable for the base URL, so without this line it calls the real exchange:",
            'client = create_client(base_url=os.environ["KALSHI_API_BASE_URL"])',
        ),
    ),
    "kyro": PublishedClient(
        version="0.1.2",
        exports={
            "KALSHI_BASE_URL": "{base_url}",
            "KALSHI_ACCESS_KEY": "{key_id}",
            "KALSHI_PRIVATE_KEY_PATH": "{key_path}",
            **INLINE_KEY_BLANK,
        },
        notes=("client = RestClient(config_from_env())",),
    ),
    "kalshi-typescript": PublishedClient(
        version="3.30.0",
        exports={**BASE_URL, **KEY},
        notes=(
            "it reads no variables, so without these lines it calls the real exchange:",
            "const { KALSHI_API_BASE_URL, KALSHI_API_KEY_ID, KALSHI_PRIVATE_KEY_PATH } = process.env",
            "const configuration = new Configuration({",
            "  basePath: KALSHI_API_BASE_URL, apiKey: KALSHI_API_KEY_ID, privateKeyPath: KALSHI_PRIVATE_KEY_PATH })",
        ),
    ),
    "ccxt": PublishedClient(
        venue="deribit",
        version="4.5.90",
        exports={
            "DERIBIT_ORIGIN": "{origin}",
            "DERIBIT_WS_URL": "{ws_url}",
            "DERIBIT_CLIENT_ID": "{key_id}",
            "DERIBIT_CLIENT_SECRET": "{secret}",
        },
        notes=(
            "it reads no variables, so without these lines it calls the real exchange:",
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
        exports=POINTERS["deribit"],
        notes=(
            "it reads the key from these variables; without these lines it calls the real exchange:",
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
}


def client_of(name: str, venue: str) -> PublishedClient:
    """Return the client of that name; a generic one is that of the venue. Raises KeyError."""
    return GENERICS[venue] if name == GENERIC else CLIENTS[name]


def variables_of(
    client: PublishedClient, words: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, str | None]:
    """Return name to value, None for what is to be unset."""
    host = urlsplit(words["base_url"]).hostname or ""
    beyond = {} if host in LOOPBACK else client.exports_beyond_loopback
    exports = {name: template.format(**words) for name, template in {**client.exports, **beyond}.items()}
    trust = trust_of(words.get("ca_bundle")) or dict.fromkeys(_outlived(environment))
    return {**exports, **trust, **_past_proxies(host, environment), **dict.fromkeys(client.unset)}


def trust_of(ca_bundle: str | None) -> dict[str, str]:
    """Return the variables that have clients trust a server; none for one that has no authority of its own."""
    return dict.fromkeys(TRUST, ca_bundle) if ca_bundle else {}


def _outlived(environment: Mapping[str, str]) -> list[str]:
    """Variables left from a server that is gone: who does not find the file trusts nobody, or cannot start."""
    return [name for name in TRUST if OWN_FILE.search(environment.get(name, ""))]


def _past_proxies(host: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Where a proxy is set, most clients would ask it for this host too."""
    if not any(environment.get(spelt) for name in PROXIES for spelt in (name, name.upper())):
        return {}
    hosts = (environment.get("no_proxy") or environment.get("NO_PROXY") or "").split(",")
    value = ",".join(dict.fromkeys([*(entry.strip() for entry in hosts if entry.strip()), host]))
    return {"NO_PROXY": value, "no_proxy": value}


@dataclass(frozen=True, slots=True)
class AccountKey:
    """An account as a client could be it. `read_pem` is None where no private key is known here."""

    name: str
    venue: str
    key_id: str
    read_pem: Callable[[], str] | None
    secret: str | None


class UnusableAccount(ValueError):
    """A client cannot be any of the accounts; the message says why."""


def choose(holders: Sequence[AccountKey], name: str | None, client: str) -> AccountKey:
    """Return the account of that name, or the first that the client can use. Raises UnusableAccount."""
    asked = [holder for holder in holders if name in (None, holder.name)]
    if not asked:
        known = ", ".join(holder.name for holder in holders)
        raise UnusableAccount(f"no account {name!r}; known: {known}" if holders else "the scenario has no accounts")
    usable = next((holder for holder in asked if _problem(holder, client) is None), None)
    if usable is None:
        raise UnusableAccount(_problem(asked[0], client))
    return usable


def _problem(holder: AccountKey, client: str) -> str | None:
    known = client_of(client, holder.venue)
    if known.venue != holder.venue:
        return f"{client} is a client of {known.venue}: the account {holder.name} is on {holder.venue}"
    if not holder.key_id:
        return f"the account {holder.name} has no key"
    if holder.read_pem is None and holder.secret is None:
        return f"the scenario has only the public half of {holder.name}'s key: its private half is with you"
    if known.is_rsa_only and holder.read_pem and ED25519_MARK in holder.read_pem():
        return f"{client} signs with RSA keys only: {holder.name}'s is Ed25519"
    return None


def template_values(urls: Mapping[str, str], holder: AccountKey, key_path: str) -> dict[str, str]:
    """What the templates of exports are filled in with: where the account's venue is, and its key."""
    parts = urlsplit(urls["base_url"])
    return {
        "base_url": urls["base_url"],
        "ws_url": urls["ws_url"],
        "origin": f"{parts.scheme}://{parts.netloc}",
        "ws_origin": f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}",
        "key_id": holder.key_id,
        "key_path": key_path,
        "key_pem": holder.read_pem() if holder.read_pem else "",
        "secret": holder.secret or "",
    }
