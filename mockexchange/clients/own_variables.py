"""Replaces what belongs to a real account or a real venue in a user's environment by what belongs to a sandbox.

Programs name their keys as they like, so a rule decides and not a list: a variable is a venue's if its name has the
venue's word, and what it holds is told by its value (a private key, the path of one, a URL of the venue), else by its
name. Settings of the program, such as limits and dry runs, are not touched. The names were collected from public bots.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from mockexchange.clients.published import CLIENT_SETUPS, ED25519_MARK
from mockexchange.guard.hosts import find_place
from mockexchange.venues.client_setup import ClientSetup
from mockexchange.venues.keys.development_keys import pkcs1


class Holding(Enum):
    """What a variable holds, as its name says."""

    PASSPHRASE = "passphrase"  # noqa: S105  # a kind of variable
    KEY_PATH = "key path"
    KEY_ID = "key id"
    KEY = "key"
    """The private key or the secret itself."""
    LOGIN = "login"


HOLDINGS_BY_NAME = (
    (Holding.PASSPHRASE, re.compile(r"PASSPHRASE|KEY_PASSWORD")),
    (Holding.KEY_PATH, re.compile(r"(KEY|PEM|CERT|SECRET).*(PATH|FILE|FILENAME|LOCATION)$")),
    (Holding.KEY_ID, re.compile(r"KEY_?ID$")),
    (Holding.KEY, re.compile(r"PRIVATE_?KEY|RSA_KEY|SIGNING_KEY|SECRET|(^|_)PEM(_|$)")),
    (Holding.LOGIN, re.compile(r"(PASSWORD|PASSWD|TOKEN|EMAIL|USERNAME|COOKIE)$")),
    (Holding.KEY_ID, re.compile(r"(^|_)KEY$|APIKEY$|(API|ACCESS|CLIENT|MEMBER|USER)_?ID$")),
)
"""What a variable holds, by its name in upper case; the first pattern that fits decides."""
BARE = re.compile(
    r"((MY|BOT|API|KEY|KEYID|KEYFILE|ID|PRIVATE|ACCESS|SECRET|PATH|FILE|PEM|PROD|PRODUCTION|DEMO|TEST|TESTNET|LIVE"
    r"|SANDBOX|EXCHANGE|TRADING|RSA|CLIENT|BASE64|B64|CONTENTS?)(_|$))+"
)
"""Names of a key without any venue's word, as many bots have them; their values decide whose they are."""
ENCODED = re.compile(r"BASE64|B64")
ENVIRONMENTS = re.compile(r"(ENV|ENVIRONMENT|NETWORK)$")
DEMO_SWITCHES = re.compile(r"(DEMO|DEMO_MODE|TESTNET|USE_SANDBOX)$")
PRODUCTION_SWITCHES = re.compile(r"(PROD|PRODUCTION|MAINNET)$")
PRODUCTION_WORDS = frozenset(("prod", "production", "live", "mainnet", "real"))
DEMO_ON = {"false": "true", "0": "1", "no": "yes", "off": "on"}
"""New values of a switch that has turned the demo off."""
PRODUCTION_OFF = {"true": "false", "1": "0", "yes": "no", "on": "off"}
"""New values of a switch that has turned production on."""
PRIVATE_KEY = re.compile(r"-----BEGIN (?P<kind>[A-Z0-9 ]*)PRIVATE KEY-----")
KEY_FILE_NAME = re.compile(r"\.(pem|key|txt)$", re.IGNORECASE)
KEY_BYTES_MAX = 20_000
"""The most bytes that are read of a file to see whether it is a private key; an RSA key of 8,192 bits has 6,400."""
DER = b"\x30\x82"
"""The first bytes of a private RSA key in DER, of any usual size."""
URL = re.compile(r"(?P<scheme>https?|wss?)://(?P<place>[^/\s\"',;?#]+)(?P<path>[^\s\"',;?#]*)", re.IGNORECASE)
LOGIN_VALUE = "mockexchange"
DOTENV_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*"""
    r"""(?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<plain>[^\n]*))""",
    re.MULTILINE | re.DOTALL,
)
DOTENV_EXAMPLES = re.compile(r"example|sample|template|dist$")


def replacements(
    environment: Mapping[str, str],
    keys: Mapping[str, Mapping[str, str]],
    origins: Mapping[str, str],
    emulated: frozenset[str] = frozenset(),
) -> dict[str, str | None]:
    """Return new values for those variables that must not reach a program; None for one to remove.

    `keys` has the template values of the sandbox's key of each venue (`clients.published.template_values`); of a venue
    without one, keys are removed. `origins` has the URL without a path that takes the place of each venue's;
    URLs of hosts in `emulated` stay.
    """
    found: dict[str, str | None] = {}
    for name, value in environment.items():
        venue = venue_of(name)
        new: str | None = _with_our_urls(value, venue, origins, emulated)
        if new == value and value:
            new = _with_our_key(name, value, venue, keys) if venue else _with_our_bare_key(name, value, keys)
        if new == value and venue:
            new = _as_demo(name, value, CLIENT_SETUPS[venue])
        if new != value:
            found[name] = new
    return found


def venue_of(name: str) -> str | None:
    """Return the venue whose word, or one of whose names, a variable has."""
    upper = name.upper()
    setups = CLIENT_SETUPS.items()
    return next((venue for venue, one in setups if one.word in upper or upper in one.other_names), None)


def is_choice(name: str) -> bool:
    """Return whether a variable selects between a venue's production and its demo."""
    return any(pattern.search(name.upper()) for pattern in (ENVIRONMENTS, DEMO_SWITCHES, PRODUCTION_SWITCHES))


def read_dotenv(folders: Iterable[Path]) -> dict[str, str]:
    """Return the variables of `.env` files, which programs load for variables that their environment lacks."""
    found: dict[str, str] = {}
    for path in (path for folder in folders for path in sorted(folder.glob(".env*"))):
        if DOTENV_EXAMPLES.search(path.name) or not path.is_file():
            continue
        for line in DOTENV_LINE.finditer(path.read_text(encoding="utf-8", errors="replace")):
            quoted = line["single"] if line["single"] is not None else line["double"]
            value = quoted if quoted is not None else re.split(r"\s#|^#", line["plain"])[0].strip()
            found.setdefault(line["name"], value)
    return found


def _with_our_urls(value: str, venue: str | None, origins: Mapping[str, str], emulated: frozenset[str]) -> str:
    """Return a value in which URLs of real venues lead to the sandbox, with their paths."""

    def led_here(url: re.Match[str]) -> str:
        host = _host_of(url["place"])
        place = find_place(host)
        whose = place.venue if place else venue
        if host in emulated or whose is None:
            return url[0]
        if place is None:  # a host that is not known is the venue's if the path is
            checked = CLIENT_SETUPS[whose].checked
            paths = {**checked.rest_urls, **checked.stream_urls}.values()
            if not url["path"].startswith(tuple(path for path in paths if path)):
                return url[0]
        origin = urlsplit(origins[whose])
        is_secure = origin.scheme == "https"
        is_stream = url["scheme"].lower().startswith("ws")
        scheme = ("wss" if is_secure else "ws") if is_stream else origin.scheme
        return f"{scheme}://{origin.netloc}{url['path']}"

    if "://" in value:
        return URL.sub(led_here, value)
    place = value.partition("/")[0]
    real = find_place(_host_of(place))
    if real is None or _host_of(place) in emulated:
        return value
    return urlsplit(origins[real.venue]).netloc + value[len(place) :]


def _host_of(place: str) -> str:
    return place.rpartition("@")[2].partition(":")[0].lower()


def _with_our_key(name: str, value: str, venue: str, keys: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return the value of a venue's variable, with the sandbox's key in place of the user's."""
    setup, holding = CLIENT_SETUPS[venue], _holding_of(name)
    if _is_private_key(value):
        holding = Holding.KEY
    elif _is_key_file(value) or (holding is Holding.KEY and KEY_FILE_NAME.search(value)):
        holding = Holding.KEY_PATH
    elif holding is None and re.fullmatch(setup.key_id_shape, value):
        holding = Holding.KEY_ID
    if holding is None:
        return value
    if holding is Holding.LOGIN:
        return LOGIN_VALUE
    ours = keys.get(venue)
    if ours is None or holding is Holding.PASSPHRASE:
        return None
    if holding is Holding.KEY_ID:
        return ours["key_id"]
    if holding is Holding.KEY_PATH:
        return ours["key_path"] or None
    return _in_its_form(value, ours["key_pem"], name) if ours["key_pem"] else ours["secret"]


def _with_our_bare_key(name: str, value: str, keys: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return the value of a variable without any venue's word, replaced if it holds what could be a venue's key."""
    if not BARE.fullmatch(name.upper()):
        return value
    holding = _holding_of(name)
    for venue, setup in CLIENT_SETUPS.items():
        shape = setup.secret_shape if holding is Holding.KEY else setup.key_id_shape
        is_pem = not setup.secret_shape and (_is_private_key(value) or _is_key_file(value))
        if is_pem or (holding in (Holding.KEY, Holding.KEY_ID) and shape and re.fullmatch(shape, value)):
            return _with_our_key(name, value, venue, keys)
    return value


def _holding_of(name: str) -> Holding | None:
    upper = name.upper()
    return next((holding for holding, pattern in HOLDINGS_BY_NAME if pattern.search(upper)), None)


def _is_private_key(value: str) -> bool:
    decoded = _decoded(value)
    return any(PRIVATE_KEY.search(text) for text in (value, decoded.decode("latin-1"))) or decoded.startswith(DER)


def _decoded(value: str) -> bytes:
    """Return what a value is in base64; empty if it is none."""
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_key_file(value: str) -> bool:
    try:
        with Path(value).expanduser().open("rb") as file:
            return PRIVATE_KEY.search(file.read(KEY_BYTES_MAX).decode("latin-1")) is not None
    except (OSError, ValueError, RuntimeError):  # RuntimeError: there is no home to expand to
        return False


def _in_its_form(value: str, pem: str, name: str) -> str:
    """Return the sandbox's private key in the form in which the user's is: PKCS#1, escaped lines, base64, no armour."""
    kind = PRIVATE_KEY.search(value) or PRIVATE_KEY.search(_decoded(value).decode("latin-1"))
    ours = pkcs1(pem) if kind and kind["kind"].startswith("RSA") and ED25519_MARK not in pem else pem
    if PRIVATE_KEY.search(value):
        is_escaped = "\\n" in value and "\n" not in value.strip()
        return ours.replace("\n", "\\n") if is_escaped else ours
    decoded = _decoded(value)
    if decoded.startswith(DER):
        return "".join(line for line in ours.splitlines() if "-----" not in line)
    return base64.b64encode(ours.encode()).decode() if kind or ENCODED.search(name.upper()) else ours


def _as_demo(name: str, value: str, setup: ClientSetup) -> str:
    """Return the value of a venue's variable, with its demo chosen where it chooses production."""
    upper, lower = name.upper(), value.strip().lower()
    new = value
    if ENVIRONMENTS.search(upper) and lower in PRODUCTION_WORDS:
        new = setup.demo_word
    elif DEMO_SWITCHES.search(upper):
        new = DEMO_ON.get(lower, value)
    elif PRODUCTION_SWITCHES.search(upper):
        new = PRODUCTION_OFF.get(lower, value)
    # in the letter case of the user's value
    return new.upper() if value.isupper() else new.title() if value.istitle() else new
