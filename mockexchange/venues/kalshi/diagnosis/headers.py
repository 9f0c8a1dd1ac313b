"""The diagnosis of missing headers and of unknown key ids."""

from collections.abc import Iterable, Iterator

from mockexchange.venues.diagnosis.credentials import (
    HEADERS_MAX,
    KEY_ID_CHARS_MAX,
    KEYS_COMPARED_MAX,
    KEYS_NAMED_MAX,
    STRAY,
    similar_headers,
    similar_ids,
)
from mockexchange.venues.kalshi.signatures import KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, KnownKey
from mockexchange.venues.quoting import plural, quote
from mockexchange.venues.request import Request

WANTED = {
    KEY_HEADER: "the key id",
    TIMESTAMP_HEADER: "Unix milliseconds",
    SIGNATURE_HEADER: "base64 of the signature over timestamp + METHOD + path",
}
ARMOUR = "-----BEGIN"


def explain_missing(request: Request) -> str:
    """Return a text on which of the three headers are missing, what was sent instead, and what to send.

    Never raises.
    """
    sent: dict[bytes, bool] = {}
    for name, value in request.headers[:HEADERS_MAX]:
        sent[name] = sent.get(name, False) or bool(value.decode("latin-1").strip())
    missing = [_spell(name) + (" (sent empty)" if name in sent else "") for name in WANTED if not sent.get(name)]
    present = [_spell(name) for name in WANTED if sent.get(name)]
    needed = ", ".join(f"{_spell(name)} ({what})" for name, what in WANTED.items())
    instead = "".join(f"; {hint}" for hint in _sent_instead(request, sent))
    return f"missing: {', '.join(missing)}; sent: {', '.join(present) or 'none of the three'}{instead}; send {needed}"


def _spell(name: bytes) -> str:
    return name.upper().decode("latin-1")


def _sent_instead(request: Request, sent: dict[bytes, bool]) -> Iterator[str]:
    authorization = request.header(b"authorization")
    if authorization is not None:
        scheme = authorization.strip().partition(" ")[0]
        yield f"Authorization: {quote(scheme, 20)[1:-1]} is not read, each request is signed"
    missing = [name.decode() for name in WANTED if not sent.get(name)]
    looks = [name for name in sent if name not in WANTED and (b"kalshi" in name or b"access" in name)]
    for other, near in similar_headers([name.decode("latin-1") for name in looks], missing):
        yield f"{quote(_spell(other.encode('latin-1')))} is not {near.upper()}"


def explain_unknown_key(key_id: str, known: Iterable[KnownKey]) -> str:
    """Return an explanation of a key id that no key of the sandbox has. Never raises."""
    keys = list(known)
    shown = quote(key_id, KEY_ID_CHARS_MAX)
    if ARMOUR in key_id:
        return f"{shown} is a key, not its id: send the key id"
    if not keys:
        return f"no key has the id {shown}: this sandbox has no keys"
    return f"no key has the id {shown}: {_exact(key_id, keys) or _nearest(key_id, keys)}"


def _exact(key_id: str, keys: list[KnownKey]) -> str | None:
    bare = key_id.replace("\\n", "").strip(STRAY)
    for key in keys:
        if key.key_id == bare:
            return f"it has {_stray(key_id)} around the id of {key.label}: send {quote(key.key_id)}"
        if bare in {key.account, f"{key.account}/{key.name}"}:
            return f"it is a name: send the id of {key.label}, {quote(key.key_id)}"
        if _plain(key.key_id) == _plain(bare):
            return f"send the id of {key.label} as it is spelled, {quote(key.key_id)}"
    return None


def _stray(key_id: str) -> str:
    if "\n" in key_id or "\\n" in key_id or "\r" in key_id:
        return "a line break"
    return "quotes" if set("\"'") & set(key_id) else "stray characters"


def _plain(key_id: str) -> str:
    return key_id.replace("-", "").replace("_", "").lower()


def _nearest(key_id: str, keys: list[KnownKey]) -> str:
    message = {key.key_id: key for key in keys[:KEYS_COMPARED_MAX]} | {
        key.account: key for key in keys[:KEYS_COMPARED_MAX]
    }
    named = {message[word].key_id: message[word] for word in similar_ids(key_id, message)}
    if named:
        return "did you mean " + " or ".join(f"{quote(key.key_id)} ({key.label})" for key in named.values()) + "?"
    some = ", ".join(f"{quote(key.key_id)} ({key.label})" for key in keys[:KEYS_NAMED_MAX])
    return f"this sandbox has {plural(len(keys), 'key')}, {'such as ' if len(keys) > KEYS_NAMED_MAX else ''}{some}"
